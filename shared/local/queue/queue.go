package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
)

// retention is how long a message is kept: the most that SQS offers.
const retention = 14 * 24 * time.Hour

// Schema is the part of the file that queues need.
const Schema = `
CREATE TABLE IF NOT EXISTS queue (
  number INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS message (
  id       INTEGER PRIMARY KEY,
  queue    INTEGER NOT NULL,
  visible  INTEGER NOT NULL, -- from when, in ms
  receipt  INTEGER NOT NULL, -- 0: never received, or by a process that died
  receives INTEGER NOT NULL,
  sent     INTEGER NOT NULL, -- ms
  first    INTEGER NOT NULL, -- first received, in ms; 0: never
  source   TEXT NOT NULL,    -- of a dead letter: the queue that it was in
  uuid     TEXT NOT NULL,
  body     TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS message_by_time ON message (queue, visible);
`

// Config is what a queue's template says.
type Config struct {
	Name       string
	Visibility time.Duration // how long a message that was received is invisible
	// MaxReceives is after how many receives a message goes to DeadLetters;
	// both or neither.
	MaxReceives int
	DeadLetters *Queue
	// Ready, if not nil, waits until who polls may receive the next message.
	Ready func(ctx context.Context)
}

// Queue is a standard queue of SQS: at least once, in any order.
type Queue struct {
	config Config
	number int64
	db     *db.DB
	host   *function.Host
	sent   chan struct{} // wakes who polls
}

// Open opens a queue, which is made if it is not there. Messages that were in
// flight are visible at once: the process that held them is dead. One process
// opens a queue once.
func Open(ctx context.Context, d *db.DB, h *function.Host, c Config) (*Queue, error) {
	q := &Queue{config: c, db: d, host: h, sent: make(chan struct{}, 1)}
	err := d.Do(ctx, func(tx db.Tx) error {
		if err := tx.Exec("INSERT INTO queue (name) VALUES (?) ON CONFLICT DO NOTHING", c.Name); err != nil {
			return err
		}
		if err := tx.Query("SELECT number FROM queue WHERE name = ?", func(r db.Row) error {
			q.number = r.Int(0)
			return nil
		}, c.Name); err != nil {
			return err
		}
		return tx.Exec("UPDATE message SET visible = min(visible, ?2), receipt = 0 WHERE queue = ?1 AND (receipt != 0 OR visible > ?2)",
			q.number, q.now())
	})
	if err != nil {
		return nil, fmt.Errorf("queue %q: %w", c.Name, err)
	}
	return q, nil
}

// Name is the queue's name.
func (q *Queue) Name() string { return q.config.Name }

// Send puts messages into the queue: all, or none if there is an error.
func (q *Queue) Send(ctx context.Context, bodies []string) error {
	err := q.db.Do(ctx, func(tx db.Tx) error {
		now := q.now()
		for _, body := range bodies {
			if err := tx.Exec(`INSERT INTO message (queue, visible, receipt, receives, sent, first, source, uuid, body)
				VALUES (?1, ?2, 0, 0, ?2, 0, '', ?3, ?4)`, q.number, now, uuid.NewString(), body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("queue %s: send: %w", q.config.Name, err)
	}
	q.wake()
	return nil
}

func (q *Queue) wake() {
	select {
	case q.sent <- struct{}{}:
	default: // who polls has yet to wake up
	}
}

// Len counts the messages, those in flight included.
func (q *Queue) Len(ctx context.Context) (n int, err error) {
	err = q.db.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT count(*) FROM message WHERE queue = ?", func(r db.Row) error {
			n = int(r.Int(0))
			return nil
		}, q.number)
	})
	if err != nil {
		return 0, fmt.Errorf("queue %s: count: %w", q.config.Name, err)
	}
	return n, nil
}

// State is what a queue holds.
type State struct {
	Visible, InFlight int64
	Oldest            time.Duration // age of the oldest message; 0 if there is none
}

// State counts the messages.
func (q *Queue) State(ctx context.Context) (s State, _ error) {
	err := q.db.Do(ctx, func(tx db.Tx) error {
		now := q.now()
		return tx.Query("SELECT count(*), coalesce(sum(visible > ?2), 0), coalesce(min(sent), ?2) FROM message WHERE queue = ?1", func(r db.Row) error {
			s = State{Visible: r.Int(0) - r.Int(1), InFlight: r.Int(1), Oldest: time.Duration(max(now-r.Int(2), 0)) * time.Millisecond}
			return nil
		}, q.number, now)
	})
	if err != nil {
		return State{}, fmt.Errorf("queue %s: state: %w", q.config.Name, err)
	}
	return s, nil
}

// Redrive sends the queue's dead letters back to it, and returns how many. As with
// SQS they are new messages there.
func (q *Queue) Redrive(ctx context.Context) (n int, _ error) {
	err := q.db.Do(ctx, func(tx db.Tx) error {
		var ids []int64
		if err := tx.Query("SELECT id FROM message WHERE queue = ? AND source = ? ORDER BY id", func(r db.Row) error {
			ids = append(ids, r.Int(0))
			return nil
		}, q.config.DeadLetters.number, q.config.Name); err != nil {
			return err
		}
		for _, id := range ids {
			if err := tx.Exec("UPDATE message SET queue = ?2, visible = ?3, receipt = 0, receives = 0, sent = ?3, first = 0, source = '', uuid = ?4 WHERE id = ?1",
				id, q.number, q.now(), uuid.NewString()); err != nil {
				return err
			}
		}
		n = len(ids)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("queue %s: redrive: %w", q.config.Name, err)
	}
	q.wake()
	return n, nil
}

// DeleteExpired deletes the messages that were sent more than 14 days ago.
func (q *Queue) DeleteExpired(ctx context.Context) error {
	err := q.db.Do(ctx, func(tx db.Tx) error {
		return tx.Exec("DELETE FROM message WHERE queue = ? AND sent < ?", q.number, q.now()-retention.Milliseconds())
	})
	if err != nil {
		return fmt.Errorf("queue %s: delete expired messages: %w", q.config.Name, err)
	}
	return nil
}

func (q *Queue) now() int64 { return q.host.Clock.Now().UnixMilli() }
