package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"deskmove/shared/local/db"
)

// ErrInFlight says that 120,000 messages are in flight: nothing is received
// until some are deleted or visible again.
var ErrInFlight = errors.New("too many messages in flight")

// Receive takes up to limit messages, and waits for the first up to wait. They
// are invisible for the queue's visibility time-out, or until deleted.
func (q *Queue) Receive(ctx context.Context, limit int, wait time.Duration) ([]Message, error) {
	deadline := q.clock.Now().Add(wait)
	for {
		bell := q.bell()
		messages, next, err := q.receive(ctx, limit)
		if err != nil {
			return nil, fmt.Errorf("queue %s: receive: %w", q.config.Name, err)
		}
		now := q.clock.Now()
		rest := deadline.Sub(now)
		if len(messages) > 0 || rest <= 0 {
			return messages, nil
		}
		if next > 0 {
			rest = min(rest, max(time.Millisecond, time.UnixMilli(next).Sub(now)))
		}
		q.clock.Wait(ctx, rest, bell)
	}
}

// receive is Receive without waiting; next is when the next message will be
// visible, if there is one.
func (q *Queue) receive(ctx context.Context, limit int) (messages []Message, next int64, err error) {
	dead := false
	err = q.db.Do(ctx, func(tx db.Tx) error {
		now := q.now()
		room, err := q.roomFor(tx, now, limit)
		if err != nil {
			return err
		}
		for len(messages) < room {
			rows, err := q.visible(tx, now, room-len(messages))
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				break
			}
			for _, r := range rows {
				switch {
				case now-r.sent > q.config.Retention.Milliseconds():
					err = tx.Exec("DELETE FROM message WHERE id = ?", r.id)
				case q.config.DeadLetters != nil && r.receives >= int64(q.config.MaxReceives):
					dead = true
					err = q.bury(tx, now, r)
				default:
					err = q.take(tx, now, &r)
					messages = append(messages, r.message())
				}
				if err != nil {
					return err
				}
			}
		}
		if len(messages) > 0 {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.room -= len(messages)
			return nil
		}
		return tx.Query("SELECT ifnull(min(visible), 0) FROM message WHERE queue = ?", func(r db.Row) error {
			next = r.Int(0)
			return nil
		}, q.number)
	})
	if err != nil {
		return nil, 0, err
	}
	if dead {
		q.config.DeadLetters.ring()
	}
	return messages, next, nil
}

func (q *Queue) visible(tx db.Tx, now int64, limit int) (rows []row, err error) {
	query := "SELECT " + columns + " FROM message WHERE queue = ? AND visible <= ? ORDER BY visible, id LIMIT ?"
	err = tx.Query(query, func(r db.Row) error {
		rows = append(rows, scan(r))
		return nil
	}, q.number, now, limit)
	return rows, err
}

// take makes a message invisible and gives it a new receipt.
func (q *Queue) take(tx db.Tx, now int64, r *row) error {
	r.visible = now + q.config.Visibility.Milliseconds()
	r.receipt = rand.Int64() | 1 // #nosec G404 -- tells receives apart, no secret
	r.receives++
	if r.first == 0 {
		r.first = now
	}
	return tx.Exec("UPDATE message SET visible = ?, receipt = ?, receives = ?, first = ? WHERE id = ?",
		r.visible, r.receipt, r.receives, r.first, r.id)
}

// bury moves a message to the dead-letter queue, with the time it was sent
// and its receives.
func (q *Queue) bury(tx db.Tx, now int64, r row) error {
	if err := tx.Exec("DELETE FROM message WHERE id = ?", r.id); err != nil {
		return err
	}
	d := q.config.DeadLetters
	r.id, r.visible, r.source = d.nextID(), now, q.config.Name
	return d.insert(tx, r)
}

// roomFor is limit, or less if more would be too many in flight. The messages
// in flight are counted only when there could be that many.
func (q *Queue) roomFor(tx db.Tx, now int64, limit int) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.room < limit {
		if err := tx.Query("SELECT count(*) FROM message WHERE queue = ? AND visible > ? AND receipt != 0", func(r db.Row) error {
			q.room = q.inFlight - int(r.Int(0))
			return nil
		}, q.number, now); err != nil {
			return 0, err
		}
	}
	if q.room <= 0 {
		return 0, ErrInFlight
	}
	return min(limit, q.room), nil
}

// Delete deletes messages by their receipts. A receipt that is stale, because
// the message was received again, deletes nothing and is no error.
func (q *Queue) Delete(ctx context.Context, receipts []string) error {
	err := q.db.Do(ctx, func(tx db.Tx) error {
		for _, s := range receipts {
			id, receipt, err := parseReceipt(s)
			if err != nil {
				return err
			}
			if err := tx.Exec("DELETE FROM message WHERE id = ? AND receipt = ?", id, receipt); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("queue %s: delete: %w", q.config.Name, err)
	}
	return nil
}

// ErrNotInFlight says that a receipt is stale, or its message deleted or
// visible.
var ErrNotInFlight = errors.New("message is not in flight")

// ChangeVisibility makes a message in flight visible after d from now.
func (q *Queue) ChangeVisibility(ctx context.Context, receipt string, d time.Duration) error {
	if d < 0 || d > 12*time.Hour {
		return fmt.Errorf("queue %s: visibility time-out is %v: use at most 12h", q.config.Name, d)
	}
	id, nonce, err := parseReceipt(receipt)
	if err == nil {
		err = q.db.Do(ctx, func(tx db.Tx) error {
			now := q.now()
			if err := tx.Exec("UPDATE message SET visible = ? WHERE id = ? AND receipt = ? AND visible > ?",
				now+d.Milliseconds(), id, nonce, now); err != nil {
				return err
			}
			if tx.Changes() == 0 {
				return ErrNotInFlight
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("queue %s: change visibility: %w", q.config.Name, err)
	}
	q.ring()
	return nil
}
