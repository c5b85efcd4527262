package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"deskmove/shared/local/db"
)

// Send puts messages into the queue: all, or none if there is an error.
func (q *Queue) Send(ctx context.Context, bodies []string) error {
	return q.SendLater(ctx, q.config.Delay, bodies)
}

// SendLater is Send of messages that are invisible for delay.
func (q *Queue) SendLater(ctx context.Context, delay time.Duration, bodies []string) error {
	if delay < 0 || delay > maxDelay {
		return fmt.Errorf("queue %s: delay is %v: use at most 15m", q.config.Name, delay)
	}
	for i, b := range bodies {
		if err := checkBody(b); err != nil {
			return fmt.Errorf("queue %s: message %d of %d: %w", q.config.Name, i+1, len(bodies), err)
		}
	}
	if len(bodies) == 0 {
		return nil
	}
	err := q.db.Do(ctx, func(tx db.Tx) error {
		now := q.now()
		for _, b := range bodies {
			if err := q.send(tx, now, delay, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("queue %s: send: %w", q.config.Name, err)
	}
	q.ring()
	return nil
}

func (q *Queue) send(tx db.Tx, now int64, delay time.Duration, body string) error {
	return q.insert(tx, row{id: q.nextID(), visible: now + delay.Milliseconds(), sent: now, uuid: uuid.NewString(), body: body})
}

func (q *Queue) insert(tx db.Tx, r row) error {
	return tx.Exec(`INSERT INTO message (id, queue, visible, receipt, receives, sent, first, source, uuid, body)
		VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?)`,
		r.id, q.number, r.visible, r.receives, r.sent, r.first, r.source, r.uuid, r.body)
}

// checkBody refuses what SQS refuses.
func checkBody(b string) error {
	switch {
	case b == "":
		return errors.New("is empty")
	case len(b) > maxBody:
		return fmt.Errorf("has %d bytes: send at most %d", len(b), maxBody)
	case !utf8.ValidString(b):
		return errors.New("is not UTF-8")
	}
	for _, r := range b {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return fmt.Errorf("contains the character %U, which SQS refuses", r)
		}
	}
	return nil
}

func (q *Queue) nextID() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lastID++
	return q.lastID
}

// ring wakes everybody who waits for a message.
func (q *Queue) ring() {
	q.mu.Lock()
	defer q.mu.Unlock()
	close(q.wake)
	q.wake = make(chan struct{})
}

func (q *Queue) bell() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.wake
}
