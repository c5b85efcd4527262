package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"

	"deskmove/shared/store"
)

// The stream has a fixed number of shards, so that an item's changes stay in
// one. A change's id in the table is its shard above its sequence number.
const (
	shardCount   = 4
	sequenceBits = 48
	maxSequence  = 1<<sequenceBits - 1
)

// shardOf is FNV-1a of a partition key; it must never change.
func shardOf(pk string) int64 {
	h := uint32(2166136261)
	for i := range len(pk) {
		h = (h ^ uint32(pk[i])) * 16777619
	}
	return int64(h % shardCount)
}

// lastSequences returns the number of the last change of each shard in the file.
func lastSequences(conn *sqlite.Conn) (last [shardCount]int64, _ error) {
	for shard := range int64(shardCount) {
		n, err := number(conn, fmt.Sprintf("SELECT coalesce(max(id), 0) FROM changes WHERE id BETWEEN %d AND %d",
			shard<<sequenceBits, shard<<sequenceBits|maxSequence))
		if err != nil {
			return last, err
		}
		last[shard] = n & maxSequence
	}
	return last, nil
}

// newest is when the last change of all was made, zero if there is none. The
// last one is never trimmed.
func newest(conn *sqlite.Conn) (time.Time, error) {
	var last int64
	for shard := range int64(shardCount) {
		at, err := number(conn, fmt.Sprintf("SELECT coalesce((SELECT at FROM changes WHERE id BETWEEN %d AND %d ORDER BY id DESC LIMIT 1), 0)",
			shard<<sequenceBits, shard<<sequenceBits|maxSequence))
		if err != nil {
			return time.Time{}, err
		}
		last = max(last, at)
	}
	if last == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(last), nil
}

// record writes the change that r makes to the stream.
func (w *writer) record(r *row) error {
	w.sequence++
	w.counts.changes.Add(1)
	shard := shardOf(r.key.PK)
	w.recorded[shard] = w.sequence
	w.change.BindInt64(1, shard<<sequenceBits|w.sequence)
	w.change.BindInt64(2, w.now)
	w.change.BindText(3, r.key.PK)
	w.change.BindText(4, r.key.SK)
	bindImage(w.change, 5, r.old)
	bindImage(w.change, 6, r.new)
	return run(w.change)
}

func bindImage(stmt *sqlite.Stmt, param int, image []byte) {
	if image == nil {
		stmt.BindNull(param)
	} else {
		stmt.BindBytes(param, image)
	}
}

// Shards implements store.Stream.
func (e *Engine) Shards(context.Context) ([]string, error) {
	shards := make([]string, shardCount)
	for i := range shards {
		shards[i] = strconv.Itoa(i)
	}
	return shards, nil
}

// News returns a channel that is closed at the next commit of changes.
func (e *Engine) News() <-chan struct{} { return *e.writer.news.Load() }

// Changes implements store.Stream. A page ends early at about a megabyte.
func (e *Engine) Changes(ctx context.Context, shard, after string, limit int) ([]store.Change, error) {
	from, to, err := span(shard, after)
	if err != nil {
		return nil, err
	}
	// Who follows a stream asks often, mostly for nothing.
	if last := e.writer.committed[from>>sequenceBits].Load(); max(from&maxSequence, 1) > last {
		return nil, e.answers(ctx)
	}
	r, err := e.reader(Live(ctx)) // whoever follows the stream keeps up with it
	if err != nil {
		return nil, err
	}
	defer e.free(r)
	changes, err := r.readChanges(from, to, limit)
	return changes, translate(err)
}

// span returns the ids of a shard's changes after a sequence number.
func span(shard, after string) (from, to int64, err error) {
	n, err := strconv.ParseUint(shard, 10, 8)
	if err != nil || n >= shardCount {
		return 0, 0, fmt.Errorf("no shard %q", shard)
	}
	base := int64(n) << sequenceBits
	if after == "" {
		return base, base | maxSequence, nil
	}
	seq, err := strconv.ParseUint(after, 10, sequenceBits)
	if err != nil {
		return 0, 0, fmt.Errorf("sequence number: %w", err)
	}
	return base | int64(seq) + 1, base | maxSequence, nil
}

func (r *reader) readChanges(from, to int64, limit int) ([]store.Change, error) {
	stmt := r.changes
	stmt.BindInt64(1, from)
	stmt.BindInt64(2, to)
	stmt.BindInt64(3, int64(limit))
	var changes []store.Change
	for bytes := 0; bytes < pageBytes; {
		found, err := stmt.Step()
		if err != nil {
			return nil, err
		}
		if !found {
			return changes, stmt.Reset()
		}
		c := store.Change{
			Sequence: fmt.Sprintf("%015d", stmt.ColumnInt64(0)&maxSequence),
			At:       time.UnixMilli(stmt.ColumnInt64(1)).UTC(),
			Key:      store.Key{PK: stmt.ColumnText(2), SK: stmt.ColumnText(3)},
		}
		if c.Old, err = image(stmt, 4); err == nil {
			c.New, err = image(stmt, 5)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("change %s of %q: %w", c.Sequence, c.Key, err), stmt.Reset())
		}
		bytes += stmt.ColumnLen(4) + stmt.ColumnLen(5)
		changes = append(changes, c)
	}
	return changes, stmt.Reset()
}

// image decodes a column, nil if it is null.
func image(stmt *sqlite.Stmt, col int) (store.Attrs, error) {
	if stmt.ColumnIsNull(col) {
		return nil, nil
	}
	return decodeAttrs(nil, text(appendColumn(nil, stmt, col)))
}
