package queue

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/local/db"
)

// Message is a message that was received. Times are in ms.
type Message struct {
	ID            string
	Body          string
	Receives      int64 // this one included
	Sent          int64
	FirstReceived int64

	id, visible int64
}

// Receive takes the message that has been visible for longest. It is invisible
// for the queue's visibility time-out, or until deleted. If no message is
// visible, m is nil, and next is when one will be; zero if there is none.
func (q *Queue) Receive(ctx context.Context) (m *Message, next time.Time, err error) {
	err = q.db.Do(ctx, func(tx db.Tx) error {
		now := q.now()
		for {
			if m, err = q.first(tx); err != nil || m == nil {
				return err
			}
			switch {
			case m.visible > now:
				m, next = nil, time.UnixMilli(m.visible)
				return nil
			case now-m.Sent > retention.Milliseconds():
				err = tx.Exec("DELETE FROM message WHERE id = ?", m.id)
			case q.config.DeadLetters != nil && m.Receives >= int64(q.config.MaxReceives):
				err = q.moveToDeadLetters(tx, now, m)
			default:
				return q.take(tx, now, m)
			}
			if err != nil {
				return err
			}
		}
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("queue %s: receive: %w", q.config.Name, err)
	}
	return m, next, nil
}

// first is the message that is, or will be, visible before all others; nil if
// the queue is empty.
func (q *Queue) first(tx db.Tx) (m *Message, err error) {
	err = tx.Query("SELECT id, visible, receives, sent, first, uuid, body FROM message WHERE queue = ? ORDER BY visible, id LIMIT 1", func(r db.Row) error {
		m = &Message{
			id: r.Int(0), visible: r.Int(1), Receives: r.Int(2), Sent: r.Int(3), FirstReceived: r.Int(4), ID: r.Text(5), Body: r.Text(6),
		}
		return nil
	}, q.number)
	return m, err
}

// take makes a message invisible. Its receipt is the number of its receives.
func (q *Queue) take(tx db.Tx, now int64, m *Message) error {
	m.Receives++
	if m.FirstReceived == 0 {
		m.FirstReceived = now
	}
	return tx.Exec("UPDATE message SET visible = ?2, receipt = ?3, receives = ?3, first = ?4 WHERE id = ?1",
		m.id, now+q.config.Visibility.Milliseconds(), m.Receives, m.FirstReceived)
}

// moveToDeadLetters leaves a message the time it was sent and its receives.
func (q *Queue) moveToDeadLetters(tx db.Tx, now int64, m *Message) error {
	return tx.Exec("UPDATE message SET queue = ?2, visible = ?3, receipt = 0, source = ?4 WHERE id = ?1",
		m.id, q.config.DeadLetters.number, now, q.config.Name)
}

// Delete deletes a message, unless it was received again since: then it does
// nothing, and that is no error.
func (q *Queue) Delete(ctx context.Context, m *Message) error {
	err := q.db.Do(ctx, func(tx db.Tx) error {
		return tx.Exec("DELETE FROM message WHERE id = ? AND uuid = ? AND receipt = ?", m.id, m.ID, m.Receives)
	})
	if err != nil {
		return fmt.Errorf("queue %s: delete: %w", q.config.Name, err)
	}
	return nil
}
