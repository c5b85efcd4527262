package queue

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/local/db"
)

// Stats says how full a queue is.
type Stats struct {
	Visible, InFlight, Delayed int
	Oldest                     time.Duration // age of the oldest message
}

// Stats counts the messages.
func (q *Queue) Stats(ctx context.Context) (s Stats, err error) {
	err = q.db.Do(ctx, func(tx db.Tx) error {
		now := q.now()
		if err := tx.Query(`SELECT
				count(*) FILTER (WHERE visible <= ?2),
				count(*) FILTER (WHERE visible > ?2 AND receipt != 0),
				count(*) FILTER (WHERE visible > ?2 AND receipt = 0)
			FROM message WHERE queue = ?1`, func(r db.Row) error {
			s.Visible, s.InFlight, s.Delayed = int(r.Int(0)), int(r.Int(1)), int(r.Int(2))
			return nil
		}, q.number, now); err != nil {
			return err
		}
		first := q.number * idsPerQueue
		return tx.Query("SELECT sent FROM message WHERE id >= ? AND id < ? ORDER BY id LIMIT 1", func(r db.Row) error {
			s.Oldest = time.Duration(max(0, now-r.Int(0))) * time.Millisecond
			return nil
		}, first, first+idsPerQueue)
	})
	if err != nil {
		return Stats{}, fmt.Errorf("queue %s: stats: %w", q.config.Name, err)
	}
	return s, nil
}

// List looks at up to limit messages, the oldest first, without receiving
// them. After skips that many.
func (q *Queue) List(ctx context.Context, after, limit int) (messages []Message, err error) {
	first := q.number * idsPerQueue
	err = q.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT "+columns+" FROM message WHERE id >= ? AND id < ? ORDER BY id LIMIT ? OFFSET ?", func(r db.Row) error {
			m := scan(r).message()
			m.Receipt = ""
			messages = append(messages, m)
			return nil
		}, first, first+idsPerQueue, limit, after)
	})
	if err != nil {
		return nil, fmt.Errorf("queue %s: list: %w", q.config.Name, err)
	}
	return messages, nil
}

// Expire deletes the messages that are older than the queue keeps them.
func (q *Queue) Expire(ctx context.Context) error {
	first := q.number * idsPerQueue
	err := q.db.Do(ctx, func(tx db.Tx) error {
		return tx.Exec("DELETE FROM message WHERE id >= ? AND id < ? AND sent < ?",
			first, first+idsPerQueue, q.now()-q.config.Retention.Milliseconds())
	})
	if err != nil {
		return fmt.Errorf("queue %s: expire: %w", q.config.Name, err)
	}
	return nil
}

// Redrive moves all messages that came from source back into it, as new
// messages: with new IDs, not yet received. It returns how many.
func (q *Queue) Redrive(ctx context.Context, source *Queue) (moved int, err error) {
	for {
		n := 0
		err := q.db.Do(ctx, func(tx db.Tx) error {
			var rows []row
			if err := tx.Query("SELECT "+columns+" FROM message WHERE queue = ? AND source = ? AND visible <= ? LIMIT 100", func(r db.Row) error {
				rows = append(rows, scan(r))
				return nil
			}, q.number, source.config.Name, q.now()); err != nil {
				return err
			}
			n = len(rows)
			for _, r := range rows {
				if err := tx.Exec("DELETE FROM message WHERE id = ?", r.id); err != nil {
					return err
				}
				if err := source.send(tx, q.now(), 0, r.body); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return moved, fmt.Errorf("queue %s: redrive to %s: %w", q.config.Name, source.config.Name, err)
		}
		if n == 0 {
			return moved, nil
		}
		moved += n
		source.ring()
	}
}
