package queue

import (
	"context"
	"crypto/md5" // #nosec G501 -- SQS's own checksum, not a secret
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"deskmove/infra/local/clock"
	"deskmove/infra/local/db"
	"deskmove/infra/local/faults"
	"deskmove/infra/local/function"
)

// Limits of SQS.
const (
	maxBody      = 1 << 20
	maxInFlight  = 120_000
	maxRetention = 14 * 24 * time.Hour
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
	faults *faults.Faults

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
	q := &Queue{config: c, db: d, clock: h.Clock, faults: h.Faults, inFlight: maxInFlight, wake: make(chan struct{})}
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
		return tx.Exec("UPDATE message SET visible = min(visible, ?2), receipt = 0 WHERE queue = ?1 AND receipt != 0",
			q.number, q.now())
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
	case c.Delay < 0 || c.Delay > 15*time.Minute:
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

// Send puts messages into the queue: all, or none if there is an error.
func (q *Queue) Send(ctx context.Context, bodies []string) error {
	return q.SendLater(ctx, q.config.Delay, bodies)
}

// SendLater is Send of messages that are invisible for delay.
func (q *Queue) SendLater(ctx context.Context, delay time.Duration, bodies []string) error {
	if delay < 0 || delay > 15*time.Minute {
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
	id, name := q.nextID(), uuid.NewString()
	key := q.key(id)
	if q.faults.Strike(faults.Delay, key, 1) {
		delay += q.faults.Span(faults.Delay, key, 1)
	}
	if err := q.insert(tx, row{id: id, visible: now + delay.Milliseconds(), sent: now, uuid: name, body: body}); err != nil {
		return err
	}
	if !q.faults.Strike(faults.Duplicate, key, 1) {
		return nil
	}
	delay += q.faults.Span(faults.Duplicate, key, 1)
	return q.insert(tx, row{id: q.nextID(), visible: now + delay.Milliseconds(), sent: now, uuid: name, body: body})
}

// key names a message to Faults: by its place in the queue, as its ID is
// random.
func (q *Queue) key(id int64) string {
	return q.config.Name + "/" + strconv.FormatInt(id-q.number*idsPerQueue, 10)
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

// row is a message as the file has it.
type row struct {
	id, visible, receipt, receives, sent, first int64

	source, uuid, body string
}

const columns = "id, visible, receipt, receives, sent, first, source, uuid, body"

func scan(r db.Row) row {
	return row{
		id: r.Int(0), visible: r.Int(1), receipt: r.Int(2), receives: r.Int(3), sent: r.Int(4), first: r.Int(5),
		source: r.Text(6), uuid: r.Text(7), body: r.Text(8),
	}
}

// Message is a message that was received or looked at.
type Message struct {
	ID            string // of the message; a duplicate has the same
	Receipt       string // of this receive; "" if only looked at
	Body          string
	Receives      int // this one included
	Sent          time.Time
	FirstReceived time.Time // zero if never
	Source        string    // of a dead letter: the queue that it was in

	id int64
}

func (r row) message() Message {
	m := Message{id: r.id, ID: r.uuid, Body: r.body, Receives: int(r.receives), Sent: time.UnixMilli(r.sent).UTC(), Source: r.source}
	if r.receipt != 0 {
		m.Receipt = strconv.FormatInt(r.id, 36) + "." + strconv.FormatInt(r.receipt, 36)
	}
	if r.first != 0 {
		m.FirstReceived = time.UnixMilli(r.first).UTC()
	}
	return m
}

func parseReceipt(s string) (id, receipt int64, err error) {
	a, b, _ := strings.Cut(s, ".")
	id, err1 := strconv.ParseInt(a, 36, 64)
	receipt, err2 := strconv.ParseInt(b, 36, 64)
	if err1 != nil || err2 != nil || receipt == 0 {
		return 0, 0, errors.New("receipt handle is invalid")
	}
	return id, receipt, nil
}

// md5Of is the checksum that SQS adds to a body.
func md5Of(body string) string {
	sum := md5.Sum([]byte(body)) // #nosec G401 -- as above
	return hex.EncodeToString(sum[:])
}

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
	if q.faults.Strike(faults.Reorder, q.config.Name, int(now)) {
		query = "SELECT " + columns + " FROM message WHERE queue = ? AND visible <= ? ORDER BY visible DESC, id DESC LIMIT ?"
	}
	err = tx.Query(query, func(r db.Row) error {
		rows = append(rows, scan(r))
		return nil
	}, q.number, now, limit)
	return rows, err
}

// take makes a message invisible and gives it a new receipt.
func (q *Queue) take(tx db.Tx, now int64, r *row) error {
	visibility := q.config.Visibility
	key := q.key(r.id)
	if n := int(r.receives) + 1; q.faults.Strike(faults.Expire, key, n) {
		visibility = min(visibility, q.faults.Span(faults.Expire, key, n))
	}
	r.visible = now + visibility.Milliseconds()
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
			key := q.key(id)
			if q.faults.Strike(faults.DropAck, key, 1) {
				back := q.now() + q.faults.Span(faults.DropAck, key, 1).Milliseconds()
				err = tx.Exec("UPDATE message SET visible = ? WHERE id = ? AND receipt = ?", back, id, receipt)
			} else {
				err = tx.Exec("DELETE FROM message WHERE id = ? AND receipt = ?", id, receipt)
			}
			if err != nil {
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
