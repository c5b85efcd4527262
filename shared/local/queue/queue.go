package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"deskmove/shared/local/clock"
	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
)

// Limits of SQS.
const (
	maxBody      = 1 << 20
	maxInFlight  = 120_000
	maxRetention = 14 * 24 * time.Hour
	maxDelay     = 15 * time.Minute
)

// Schema is the part of the file that queues need. The messages of a queue
// have the IDs from its number times 2⁴⁰, so that the oldest is quick to find.
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
CREATE INDEX IF NOT EXISTS message_by_time ON message (queue, visible, receipt);
`

const idsPerQueue = 1 << 40

// Config is what a queue's template says.
type Config struct {
	Name       string
	Visibility time.Duration // 30 s if 0
	Retention  time.Duration // 14 days, which is the most, if 0
	Delay      time.Duration // of every message
	// MaxReceives is after how many receives a message goes to DeadLetters;
	// both or neither.
	MaxReceives int
	DeadLetters *Queue
}

// Queue is a standard queue of SQS: at least once, in any order.
type Queue struct {
	config Config
	number int64
	db     *db.DB
	clock  clock.Clock

	inFlight int // most messages in flight

	mu     sync.Mutex
	lastID int64
	room   int           // receives before messages in flight are counted again
	wake   chan struct{} // closed when a message is sent
}

// Open opens a queue, which is made if it is not there. Messages that were in
// flight are visible at once: the process that held them is dead. One process
// opens a queue once.
func Open(ctx context.Context, d *db.DB, h *function.Host, c Config) (*Queue, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("queue %q: %w", c.Name, err)
	}
	if c.Visibility == 0 {
		c.Visibility = 30 * time.Second
	}
	if c.Retention == 0 {
		c.Retention = maxRetention
	}
	q := &Queue{config: c, db: d, clock: h.Clock, inFlight: maxInFlight, wake: make(chan struct{})}
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
		first := q.number * idsPerQueue
		if err := tx.Query("SELECT ifnull(max(id), ?1) FROM message WHERE id >= ?1 AND id < ?2", func(r db.Row) error {
			q.lastID = r.Int(0)
			return nil
		}, first, first+idsPerQueue); err != nil {
			return err
		}
		// What is delayed for longer than can be was sent before the clock was
		// set back.
		return tx.Exec(`UPDATE message SET visible = min(visible, ?2), receipt = 0
			WHERE queue = ?1 AND (receipt != 0 OR visible > ?2 + ?3)`,
			q.number, q.now(), maxDelay.Milliseconds())
	})
	if err != nil {
		return nil, fmt.Errorf("queue %q: %w", c.Name, err)
	}
	return q, nil
}

func (c Config) check() error {
	switch {
	case c.Name == "" || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" || len(c.Name) > 80:
		return errors.New("use a name of at most 80 letters, digits, - and _")
	case c.Visibility < 0 || c.Visibility > 12*time.Hour:
		return fmt.Errorf("visibility time-out is %v: use at most 12h", c.Visibility)
	case c.Retention < 0 || c.Retention > maxRetention:
		return fmt.Errorf("retention is %v: use at most 14 days", c.Retention)
	case c.Delay < 0 || c.Delay > maxDelay:
		return fmt.Errorf("delay is %v: use at most 15m", c.Delay)
	case c.MaxReceives < 0 || c.MaxReceives > 1000, c.MaxReceives > 0 != (c.DeadLetters != nil):
		return fmt.Errorf("maximum receives is %d: use 1 to 1000, together with a dead-letter queue", c.MaxReceives)
	}
	return nil
}

// Name is the queue's name.
func (q *Queue) Name() string { return q.config.Name }

// ARN is the queue's ARN.
func (q *Queue) ARN() string { return arn(q.config.Name) }

func arn(name string) string {
	return "arn:aws:sqs:" + function.Region + ":" + function.Account + ":" + name
}

func (q *Queue) now() int64 { return q.clock.Now().UnixMilli() }
