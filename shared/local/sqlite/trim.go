package sqlite

import (
	"context"
	"fmt"
)

// trimmed is the most changes that are dropped in one transaction, so that
// other writes get their turn.
const trimmed = 1000

// Trim drops the changes of shards up to and including the sequence numbers
// given, such as those that every reader of the stream has read. The newest
// change of all stays, as the sequence goes on from there after a restart.
func (e *Engine) Trim(ctx context.Context, read map[string]string) error {
	for shard, sequence := range read {
		if sequence == "" {
			continue
		}
		after, to, err := span(shard, sequence)
		if err != nil {
			return err
		}
		if err := e.trim(ctx, to-maxSequence, after-1); err != nil {
			return fmt.Errorf("trim shard %s: %w", shard, err)
		}
	}
	return nil
}

// trim drops the changes with these ids.
func (e *Engine) trim(ctx context.Context, from, to int64) error {
	for {
		var dropped int
		err := e.do(ctx, &request{answer: make(chan struct{}, 1), job: func(w *writer) (err error) {
			dropped, err = w.trim(from, min(to, to&^maxSequence|(w.sequence-1)))
			return err
		}})
		if err != nil || dropped < trimmed {
			return err
		}
	}
}

func (w *writer) trim(from, to int64) (int, error) {
	stmt, err := w.conn.Prepare("DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?)")
	if err != nil {
		return 0, err
	}
	stmt.BindInt64(1, from)
	stmt.BindInt64(2, to)
	stmt.BindInt64(3, trimmed)
	if err := run(stmt); err != nil {
		return 0, err
	}
	return w.conn.Changes(), nil
}
