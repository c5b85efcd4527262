package sqlite

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"

	"deskmove/shared/store"
)

// pageBytes is the size of the items at which a page ends, as in DynamoDB.
const pageBytes = 1 << 20

// reader is a connection that only reads, used by one goroutine at a time.
type reader struct {
	conn          *sqlite.Conn
	home          chan<- *reader // where it is when it is free
	begin, commit *sqlite.Stmt
	get           [len(tables)]*sqlite.Stmt
	ofTable       [len(tables)]directions
	ofIndex       []directions // of each of store.Indexes
	countTable    [len(tables)]*sqlite.Stmt
	countIndex    []*sqlite.Stmt // of each of store.Indexes
	changes       *sqlite.Stmt
}

// directions are the statements of a query, ascending and descending.
type directions [2]*sqlite.Stmt

func newReader(path string) (*reader, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	r := &reader{conn: conn}
	if err := r.prepare(); err != nil {
		_ = conn.Close() // the first error counts
		return nil, err
	}
	return r, nil
}

func (r *reader) prepare() (err error) {
	if err := pragmas(r.conn, fmt.Sprintf("cache_size = -%d", readerCache)); err != nil {
		return err
	}
	prepare := func(sql string, args ...any) *sqlite.Stmt {
		stmt, e := r.conn.Prepare(fmt.Sprintf(sql, args...))
		if err == nil {
			err = e
		}
		return stmt
	}
	r.begin, r.commit = prepare("BEGIN"), prepare("COMMIT")
	r.changes = prepare("SELECT id, at, pk, sk, old, new FROM changes WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?")
	for i, t := range tables {
		r.get[i] = prepare("SELECT item FROM %s WHERE pk = ? AND sk = ?", t)
		r.ofTable[i] = directions{prepare(tableQuery, t, "ASC"), prepare(tableQuery, t, "DESC")}
		r.countTable[i] = prepare(tableCount, t)
	}
	for _, i := range store.Indexes {
		item := ""
		if i.Projects != nil {
			item = ", item"
		}
		r.ofIndex = append(r.ofIndex, directions{prepare(indexQuery, entries(i), "ASC", item), prepare(indexQuery, entries(i), "DESC", item)})
		r.countIndex = append(r.countIndex, prepare(indexCount, entries(i)))
	}
	return err
}

// reader takes a free reader, waiting for one if need be.
func (e *Engine) reader(ctx context.Context) (*reader, error) {
	if err := e.answers(ctx); err != nil {
		return nil, err
	}
	kept := e.kept
	if priorityOf(ctx) != live {
		kept = nil
	}
	select {
	case r := <-e.readers:
		e.reading.RLock()
		return r, nil
	case r := <-kept:
		e.reading.RLock()
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.done:
		return nil, ErrClosed
	}
}

// readerOf takes a free reader of a table.
func (e *Engine) readerOf(ctx context.Context, t store.Table) (*reader, error) {
	isLate := ctx.Err() != nil
	r, err := e.reader(ctx)
	if !isLate && isBusy(err) {
		e.meter.Refused(t, false)
	}
	return r, err
}

// answers returns an error if the engine is closed, or nobody waits any more.
func (e *Engine) answers(ctx context.Context) error {
	select {
	case <-e.done:
		return ErrClosed
	default:
		return ctx.Err()
	}
}

func (e *Engine) free(r *reader) {
	e.reading.RUnlock()
	r.home <- r
}

// Get implements store.Engine. All keys are read as of one moment.
func (e *Engine) Get(ctx context.Context, t store.Table, keys []store.Key, _ store.Consistency) ([]store.Item, error) {
	n, err := tableNumber(t)
	if err != nil {
		return nil, err
	}
	r, err := e.readerOf(ctx, t)
	if err != nil {
		return nil, err
	}
	defer e.free(r)
	items, err := r.getAll(ctx, r.get[n], keys)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", t, translate(err))
	}
	return items, nil
}

// getAll reads items as of one moment. One alone needs no transaction for that.
func (r *reader) getAll(ctx context.Context, get *sqlite.Stmt, keys []store.Key) ([]store.Item, error) {
	if len(keys) == 1 {
		return r.items(ctx, get, keys)
	}
	if err := run(r.begin); err != nil {
		return nil, err
	}
	items, err := r.items(ctx, get, keys)
	if e := run(r.commit); err == nil {
		err = e
	}
	return items, err
}

func (r *reader) items(ctx context.Context, get *sqlite.Stmt, keys []store.Key) ([]store.Item, error) {
	items := make([]store.Item, 0, len(keys))
	for _, k := range keys {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := readItem(get, k, nil)
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue
		}
		attrs, err := decodeAttrs(nil, text(b))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", k, err)
		}
		items = append(items, store.Item{Key: k, Attrs: attrs})
	}
	return items, nil
}
