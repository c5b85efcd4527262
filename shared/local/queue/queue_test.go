package queue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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

func (e *engine) queue(c queue.Config) *queue.Queue {
	e.t.Helper()
	if c.Name == "" {
		c.Name = "convert"
	}
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

func receive(t testing.TB, q *queue.Queue, limit int, wait time.Duration) []queue.Message {
	t.Helper()
	messages, err := q.Receive(t.Context(), limit, wait)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func one(t testing.TB, q *queue.Queue) queue.Message {
	t.Helper()
	messages := receive(t, q, 1, 0)
	if len(messages) != 1 {
		t.Fatalf("received %d messages, want 1", len(messages))
	}
	return messages[0]
}

func remove(t testing.TB, q *queue.Queue, receipts ...string) {
	t.Helper()
	if err := q.Delete(t.Context(), receipts); err != nil {
		t.Fatal(err)
	}
}

func stats(t testing.TB, q *queue.Queue) queue.Stats {
	t.Helper()
	s, err := q.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bodies(messages []queue.Message) []string {
	all := make([]string, len(messages))
	for i, m := range messages {
		all[i] = m.Body
	}
	slices.Sort(all)
	return all
}

func TestReceivedMessageIsInvisibleUntilItsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{Visibility: time.Minute})
		send(t, q, "a")
		first := one(t, q)
		if first.Body != "a" || first.Receives != 1 || !first.FirstReceived.Equal(time.Now()) {
			t.Errorf("first receive = %+v", first)
		}
		time.Sleep(time.Minute - time.Millisecond)
		if got := receive(t, q, 1, 0); len(got) != 0 {
			t.Fatalf("received %d messages within the visibility time-out", len(got))
		}
		time.Sleep(time.Millisecond)
		second := one(t, q)
		if second.ID != first.ID || second.Receives != 2 || !second.FirstReceived.Equal(first.FirstReceived) || second.Receipt == first.Receipt {
			t.Errorf("second receive = %+v after %+v", second, first)
		}
	})
}

func TestStaleReceiptDeletesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{})
		send(t, q, "a")
		stale := one(t, q)
		time.Sleep(30 * time.Second)
		fresh := one(t, q)
		remove(t, q, stale.Receipt)
		if s := stats(t, q); s.InFlight != 1 {
			t.Errorf("after a stale delete: %+v", s)
		}
		if err := q.ChangeVisibility(t.Context(), stale.Receipt, 0); !errors.Is(err, queue.ErrNotInFlight) {
			t.Errorf("ChangeVisibility of a stale receipt = %v", err)
		}
		remove(t, q, fresh.Receipt, fresh.Receipt)
		if s := stats(t, q); s != (queue.Stats{}) {
			t.Errorf("after a delete: %+v", s)
		}
	})
}

func TestLateReceiptDeletesIfNobodyElseReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{})
		send(t, q, "a")
		m := one(t, q)
		time.Sleep(time.Hour)
		remove(t, q, m.Receipt)
		if s := stats(t, q); s != (queue.Stats{}) {
			t.Errorf("after a late delete: %+v", s)
		}
	})
}

func TestChangeVisibility(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{})
		send(t, q, "a")
		m := one(t, q)
		if err := q.ChangeVisibility(t.Context(), m.Receipt, time.Hour); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour - time.Second)
		if got := receive(t, q, 1, 0); len(got) != 0 {
			t.Fatal("visible before the hour is over")
		}
		if err := q.ChangeVisibility(t.Context(), m.Receipt, 0); err != nil {
			t.Fatal(err)
		}
		if got := one(t, q); got.Receives != 2 {
			t.Errorf("received %+v", got)
		}
	})
}

func TestLongPoll(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, q *queue.Queue)
		want    time.Duration
		got     int
	}{
		"nothing comes": {func(*testing.T, *queue.Queue) {}, 20 * time.Second, 0},
		"a message is sent": {func(t *testing.T, q *queue.Queue) {
			time.AfterFunc(3*time.Second, func() { send(t, q, "a") })
		}, 3 * time.Second, 1},
		"a delay ends": {func(t *testing.T, q *queue.Queue) {
			if err := q.SendLater(t.Context(), 7*time.Second, []string{"a"}); err != nil {
				t.Fatal(err)
			}
		}, 7 * time.Second, 1},
		"a visibility time-out ends": {func(t *testing.T, q *queue.Queue) {
			send(t, q, "a")
			one(t, q)
			time.Sleep(25 * time.Second)
		}, 5 * time.Second, 1},
		"a visibility time-out is cut": {func(t *testing.T, q *queue.Queue) {
			send(t, q, "a")
			m := one(t, q)
			time.AfterFunc(2*time.Second, func() {
				if err := q.ChangeVisibility(t.Context(), m.Receipt, 0); err != nil {
					t.Error(err)
				}
			})
		}, 2 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newEngine(t).queue(queue.Config{})
				c.prepare(t, q)
				start := time.Now()
				got := receive(t, q, 10, 20*time.Second)
				if d := time.Since(start); d != c.want || len(got) != c.got {
					t.Errorf("received %d messages after %v, want %d after %v", len(got), d, c.got, c.want)
				}
			})
		})
	}
}

func TestLongPollEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := q.Receive(ctx, 1, time.Minute)
		if d := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || d != time.Second {
			t.Errorf("Receive = %v after %v", err, d)
		}
	})
}

func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		dead := e.queue(queue.Config{Name: "dead", Visibility: time.Minute})
		q := e.queue(queue.Config{MaxReceives: 3, DeadLetters: dead})
		sent := time.Now()
		send(t, q, "good", "poison")
		for range 3 {
			got := receive(t, q, 10, 0)
			for _, m := range got {
				if m.Body == "good" {
					remove(t, q, m.Receipt)
				}
			}
			time.Sleep(30 * time.Second)
		}
		if s := stats(t, dead); s != (queue.Stats{}) {
			t.Errorf("dead letters before the fourth receive: %+v", s)
		}
		start := time.Now()
		time.AfterFunc(time.Second, func() { receive(t, q, 10, 0) })
		letters := receive(t, dead, 10, 20*time.Second)
		if len(letters) != 1 || time.Since(start) != time.Second {
			t.Fatalf("received %d dead letters after %v, want 1 as soon as it is dead", len(letters), time.Since(start))
		}
		m := letters[0]
		if m.Body != "poison" || m.Source != "convert" || !m.Sent.Equal(sent) || m.Receives != 4 {
			t.Errorf("dead letter = %+v", m)
		}
		if s := stats(t, q); s != (queue.Stats{}) {
			t.Errorf("after the fourth receive: %+v", s)
		}
		if s, want := stats(t, dead), (queue.Stats{InFlight: 1, Oldest: 91 * time.Second}); s != want {
			t.Errorf("dead letters = %+v, want %+v", s, want)
		}
	})
}

func TestRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		dead := e.queue(queue.Config{Name: "dead"})
		q := e.queue(queue.Config{MaxReceives: 1, DeadLetters: dead})
		other := e.queue(queue.Config{Name: "other", MaxReceives: 1, DeadLetters: dead})
		var want []string
		for i := range 250 {
			want = append(want, fmt.Sprint("body ", i))
		}
		slices.Sort(want)
		send(t, q, want...)
		send(t, other, "stays")
		ids := map[string]bool{}
		for _, m := range receive(t, q, 1000, 0) {
			ids[m.ID] = true
		}
		receive(t, other, 1, 0)
		time.Sleep(time.Minute)
		receive(t, q, 1, 0)
		receive(t, other, 1, 0)
		if list, err := dead.List(t.Context(), 0, 1000); err != nil || len(list) != 251 {
			t.Fatalf("List = %d dead letters, %v", len(list), err)
		}
		n, err := dead.Redrive(t.Context(), q)
		if n != 250 || err != nil {
			t.Fatalf("Redrive = %d, %v", n, err)
		}
		got := receive(t, q, 1000, 0)
		if diff := cmp.Diff(want, bodies(got)); diff != "" {
			t.Errorf("bodies (-want +got):\n%s", diff)
		}
		for _, m := range got {
			if ids[m.ID] || m.Receives != 1 || !m.Sent.Equal(time.Now()) || m.Source != "" {
				t.Fatalf("redriven message is not new: %+v", m)
			}
		}
		if list, err := dead.List(t.Context(), 0, 1000); err != nil || len(list) != 1 || list[0].Body != "stays" || list[0].Source != "other" {
			t.Errorf("left = %+v, %v", list, err)
		}
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{Delay: time.Minute})
		send(t, q, "a")
		if s := stats(t, q); s.Delayed != 1 || s.Visible != 0 || s.InFlight != 0 {
			t.Errorf("stats = %+v", s)
		}
		if got := receive(t, q, 1, 0); len(got) != 0 {
			t.Error("received before the delay is over")
		}
		time.Sleep(time.Minute)
		one(t, q)
	})
}

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		short := e.queue(queue.Config{Name: "short", Retention: time.Hour})
		send(t, q, "a")
		send(t, short, "a", "b")
		time.Sleep(time.Hour)
		if got := receive(t, short, 1, 0); len(got) != 1 {
			t.Fatal("gone before its time")
		}
		time.Sleep(time.Minute)
		if got := receive(t, short, 10, 0); len(got) != 0 {
			t.Error("received after its retention")
		}
		if err := short.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := stats(t, short); s != (queue.Stats{}) {
			t.Errorf("stats = %+v", s)
		}
		time.Sleep(14*24*time.Hour - time.Hour - time.Minute)
		if err := q.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := stats(t, q); s.Visible != 1 || s.Oldest != 14*24*time.Hour {
			t.Errorf("after 14 days: %+v", s)
		}
		time.Sleep(time.Millisecond)
		if err := q.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := stats(t, q); s != (queue.Stats{}) {
			t.Errorf("after more than 14 days: %+v", s)
		}
	})
}

func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{Visibility: time.Hour})
		send(t, q, "waits", "in flight")
		var held queue.Message
		for held.Body != "in flight" {
			held = one(t, q)
		}
		if err := q.SendLater(t.Context(), time.Minute, []string{"later"}); err != nil {
			t.Fatal(err)
		}

		e.restart()
		q = e.queue(queue.Config{Visibility: time.Hour})
		remove(t, q, held.Receipt) // of a process that is dead
		got := receive(t, q, 10, 0)
		if diff := cmp.Diff([]string{"in flight", "waits"}, bodies(got)); diff != "" {
			t.Errorf("after a restart (-want +got):\n%s", diff)
		}
		for _, m := range got {
			if m.Body == "in flight" && m.Receives != 2 {
				t.Errorf("receives = %d after a restart", m.Receives)
			}
		}
		time.Sleep(time.Minute)
		if m := one(t, q); m.Body != "later" {
			t.Errorf("after the delay: %q", m.Body)
		}
		send(t, q, "new") // with an ID of its own
		one(t, q)
	})
}

// TestRestartWithTheClockSetBack: what was sent in what is now the future can
// be received.
func TestRestartWithTheClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		q := e.queue(queue.Config{})
		send(t, q, "a")
		e.restart()
		e.host = &function.Host{Log: e.host.Log, Clock: clock.Clock{Time: func() time.Time { return time.Now().Add(-time.Hour) }}}
		q = e.queue(queue.Config{})
		one(t, q)
		if s := stats(t, q); s.Oldest < 0 {
			t.Errorf("stats = %+v", s)
		}
	})
}

func TestInFlightLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newEngine(t).queue(queue.Config{})
		q.LimitInFlight(120)
		send(t, q, slices.Repeat([]string{"a"}, 121)...)
		receive(t, q, 60, 0)
		last := receive(t, q, 70, 0)
		if len(last) != 60 {
			t.Errorf("received %d messages, want as many as may be in flight", len(last))
		}
		if _, err := q.Receive(t.Context(), 1, 0); !errors.Is(err, queue.ErrInFlight) {
			t.Errorf("with 120 in flight: %v", err)
		}
		remove(t, q, last[0].Receipt)
		one(t, q)
	})
	if queue.MaxInFlight != 120_000 {
		t.Errorf("limit is %d", queue.MaxInFlight)
	}
}

func TestSendRefuses(t *testing.T) {
	q := newEngine(t).queue(queue.Config{})
	for name, body := range map[string]string{
		"empty":     "",
		"too long":  strings.Repeat("a", 1<<20+1),
		"not UTF-8": "\xff",
		"control":   "a\x00",
		"non-char":  "\uffff",
	} {
		if err := q.Send(t.Context(), []string{"good", body}); err == nil {
			t.Errorf("%s: sent", name)
		}
	}
	if s := stats(t, q); s != (queue.Stats{}) {
		t.Errorf("a refused batch left %+v", s)
	}
	send(t, q, strings.Repeat("a", 1<<20), "\t\r\nä\U0001F600")
	if err := q.Send(t.Context(), nil); err != nil {
		t.Errorf("Send of nothing = %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	e := newEngine(t)
	dead := e.queue(queue.Config{Name: "dead"})
	for name, c := range map[string]queue.Config{
		"no name":                 {},
		"bad name":                {Name: "a b"},
		"visibility":              {Name: "a", Visibility: 13 * time.Hour},
		"retention":               {Name: "a", Retention: 15 * 24 * time.Hour},
		"delay":                   {Name: "a", Delay: 16 * time.Minute},
		"receives without a dead": {Name: "a", MaxReceives: 1},
		"dead without receives":   {Name: "a", DeadLetters: dead},
	} {
		if _, err := queue.Open(t.Context(), e.db, e.host, c); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestDeleteRefusesWhatIsNoReceipt(t *testing.T) {
	q := newEngine(t).queue(queue.Config{})
	for _, s := range []string{"", "a", "a.", ".a", "a.0", "!.a"} {
		if err := q.Delete(t.Context(), []string{s}); err == nil {
			t.Errorf("Delete(%q) = nil", s)
		}
	}
}
