package queue_test

import (
	"cmp"
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"deskmove/shared/local/clock"
	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/local/queue"
)

// engine is a file with the queues of a test.
type engine struct {
	t    testing.TB
	path string
	db   *db.DB
	host *function.Host
}

func newEngine(t testing.TB) *engine {
	t.Helper()
	e := &engine{t: t, path: filepath.Join(t.TempDir(), "local.db"), host: &function.Host{Log: slog.New(slog.DiscardHandler)}}
	e.open()
	t.Cleanup(func() { e.db.Close() })
	return e
}

func (e *engine) open() {
	e.t.Helper()
	var err error
	if e.db, err = db.Open(e.path, queue.Schema); err != nil {
		e.t.Fatal(err)
	}
}

// restart opens the file again.
func (e *engine) restart() {
	e.t.Helper()
	if err := e.db.Close(); err != nil {
		e.t.Fatal(err)
	}
	e.open()
}

// queue opens a queue, whose visibility time-out is 30 s unless c has another.
func (e *engine) queue(c queue.Config) *queue.Queue {
	e.t.Helper()
	c.Name, c.Visibility = cmp.Or(c.Name, "convert"), cmp.Or(c.Visibility, 30*time.Second)
	q, err := queue.Open(e.t.Context(), e.db, e.host, c)
	if err != nil {
		e.t.Fatal(err)
	}
	return q
}

func send(t testing.TB, q *queue.Queue, bodies ...string) {
	t.Helper()
	if err := q.Send(t.Context(), bodies); err != nil {
		t.Fatal(err)
	}
}

func receive(t testing.TB, q *queue.Queue) *queue.Message {
	t.Helper()
	m, _, err := q.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func receiveOne(t testing.TB, q *queue.Queue) *queue.Message {
	t.Helper()
	m := receive(t, q)
	if m == nil {
		t.Fatal("no message is visible")
	}
	return m
}

func remove(t testing.TB, q *queue.Queue, m *queue.Message) {
	t.Helper()
	if err := q.Delete(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func wantLen(t testing.TB, q *queue.Queue, want int) {
	t.Helper()
	if n, err := q.Len(t.Context()); n != want || err != nil {
		t.Errorf("queue %s has %d messages, %v; want %d", q.Name(), n, err, want)
	}
}

func TestReceivedMessageIsInvisibleUntilItsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{Visibility: time.Minute})
		send(t, q, "a")
		first := receiveOne(t, q)
		if first.Body != "a" || first.Receives != 1 || first.FirstReceived != time.Now().UnixMilli() {
			t.Errorf("first receive = %+v", first)
		}
		time.Sleep(time.Minute - time.Millisecond)
		if m := receive(t, q); m != nil {
			t.Fatalf("received %+v within the visibility time-out", m)
		}
		time.Sleep(time.Millisecond)
		if second := receiveOne(t, q); second.ID != first.ID || second.Receives != 2 || second.FirstReceived != first.FirstReceived {
			t.Errorf("second receive = %+v after %+v", second, first)
		}
	})
}

func TestDeleteAfterTheTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{})
		send(t, q, "a")
		first := receiveOne(t, q)
		time.Sleep(30 * time.Second)
		second := receiveOne(t, q)
		remove(t, q, first)
		wantLen(t, q, 1)
		time.Sleep(time.Hour)
		remove(t, q, second) // nobody has received it since
		wantLen(t, q, 0)
		send(t, q, "b")
		third := receiveOne(t, q)
		remove(t, q, first)
		wantLen(t, q, 1)
		remove(t, q, third)
		remove(t, q, third)
		wantLen(t, q, 0)
	})
}

func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		dead := e.queue(queue.Config{Name: "dead"})
		q := e.queue(queue.Config{MaxReceives: 3, DeadLetters: dead})
		sent := time.Now().UnixMilli()
		send(t, q, "good", "poison")
		for range 3 {
			for m := receive(t, q); m != nil; m = receive(t, q) {
				if m.Body == "good" {
					remove(t, q, m)
				}
			}
			time.Sleep(30 * time.Second)
		}
		wantLen(t, dead, 0)
		if m := receive(t, q); m != nil {
			t.Errorf("received a fourth time: %+v", m)
		}
		wantLen(t, q, 0)
		wantLen(t, dead, 1)
		if m := receiveOne(t, dead); m.Body != "poison" || m.Sent != sent || m.Receives != 4 {
			t.Errorf("dead letter = %+v", m)
		}
		var source string
		if err := e.db.Do(t.Context(), func(tx db.Tx) error {
			return tx.Query("SELECT source FROM message", func(r db.Row) error { source = r.Text(0); return nil })
		}); err != nil || source != "convert" {
			t.Errorf("dead letter came from queue %q, %v", source, err)
		}
	})
}

// TestRedrive sends dead letters back, those of this queue alone, as new messages.
func TestRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		dead := e.queue(queue.Config{Name: "dead"})
		q := e.queue(queue.Config{MaxReceives: 1, DeadLetters: dead})
		other := e.queue(queue.Config{Name: "other", MaxReceives: 1, DeadLetters: dead})
		send(t, q, "a", "b")
		send(t, other, "c")
		was := receiveOne(t, q)
		receiveOne(t, q)
		receiveOne(t, other)
		time.Sleep(time.Minute)
		for _, q := range []*queue.Queue{q, other} {
			if m := receive(t, q); m != nil {
				t.Fatalf("received %+v a second time", m)
			}
		}
		wantLen(t, dead, 3)

		time.Sleep(13 * 24 * time.Hour)
		for _, want := range []int{2, 0} {
			if n, err := q.Redrive(t.Context()); n != want || err != nil {
				t.Errorf("redrove %d, %v; want %d", n, err, want)
			}
		}
		wantLen(t, dead, 1)
		wantLen(t, q, 2)
		time.Sleep(2 * 24 * time.Hour) // they would have expired
		m := receiveOne(t, q)
		if m.Body != "a" || m.Receives != 1 || m.ID == was.ID || m.Sent != time.Now().Add(-2*24*time.Hour).UnixMilli() {
			t.Errorf("received %+v, want a new message", m)
		}
		remove(t, q, was) // of a message that is no more
		wantLen(t, q, 2)
	})
}

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{})
		send(t, q, "a", "b")
		time.Sleep(14 * 24 * time.Hour)
		if err := q.DeleteExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		receiveOne(t, q)
		time.Sleep(time.Millisecond)
		if m := receive(t, q); m != nil {
			t.Errorf("received %+v after more than 14 days", m)
		}
		wantLen(t, q, 1)
		if err := q.DeleteExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantLen(t, q, 0)
	})
}

func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{Visibility: time.Hour})
		send(t, q, "in flight", "waits")
		held := receiveOne(t, q)

		e.restart()
		q = e.queue(queue.Config{Visibility: time.Hour})
		remove(t, q, held) // by a process that is dead
		receives := map[string]int64{}
		for m := receive(t, q); m != nil; m = receive(t, q) {
			receives[m.Body] = m.Receives
		}
		if len(receives) != 2 || receives["in flight"] != 2 || receives["waits"] != 1 {
			t.Errorf("receives after a restart = %v", receives)
		}
		send(t, q, "new")
		if m := receiveOne(t, q); m.Body != "new" {
			t.Errorf("received %+v", m)
		}
	})
}

// TestRestartWithTheClockSetBack: what was sent in what is now the future can
// be received.
func TestRestartWithTheClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		send(t, e.queue(queue.Config{}), "a")
		e.restart()
		e.host = &function.Host{Log: e.host.Log, Clock: clock.Clock{Time: func() time.Time { return time.Now().Add(-time.Hour) }}}
		receiveOne(t, e.queue(queue.Config{}))
	})
}
