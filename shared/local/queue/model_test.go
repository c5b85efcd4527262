package queue_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"deskmove/shared/local/clock"
	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/local/queue"
)

// entry is a message of the model.
type entry struct {
	number   int
	visible  time.Time
	receives int
	received []*queue.Message
	latest   bool // the last of received can still be deleted by
}

// TestModel compares the queue with a model of it under any sequence of calls.
func TestModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.db")
	runs := 0
	var d *db.DB
	reopen := func() (err error) {
		if d != nil {
			if err := d.Close(); err != nil {
				return err
			}
		}
		d, err = db.Open(path, queue.Schema)
		return err
	}
	if err := reopen(); err != nil {
		t.Fatal(err)
	}
	defer func() { d.Close() }()
	rapid.Check(t, func(t *rapid.T) {
		runs++
		now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		host := &function.Host{Clock: clock.Clock{Time: func() time.Time { return now }}}
		var q, dead *queue.Queue
		open := func() {
			var err error
			if dead, err = queue.Open(t.Context(), d, host, queue.Config{Name: fmt.Sprint("dead", runs)}); err != nil {
				t.Fatal(err)
			}
			if q, err = queue.Open(t.Context(), d, host, queue.Config{Name: fmt.Sprint("q", runs), Visibility: time.Minute, MaxReceives: 2, DeadLetters: dead}); err != nil {
				t.Fatal(err)
			}
		}
		open()
		var model []*entry // in the order in which they are received
		sent := 0
		var letters []int // that are dead
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				var bodies []string
				for range rapid.IntRange(1, 3).Draw(t, "n") {
					sent++
					bodies = append(bodies, fmt.Sprint(sent))
					model = append(model, &entry{number: sent, visible: now})
				}
				if err := q.Send(t.Context(), bodies); err != nil {
					t.Fatal(err)
				}
			},
			"receive": func(t *rapid.T) {
				want, next := "none", time.Time{}
				for len(model) > 0 && !model[0].visible.After(now) && model[0].receives == 2 {
					letters = append(letters, model[0].number)
					model = model[1:]
				}
				var taken *entry
				if len(model) > 0 {
					if e := model[0]; e.visible.After(now) {
						next = e.visible
					} else {
						taken = e
						e.receives++
						e.visible = now.Add(time.Minute)
						want = fmt.Sprint(e.number, " ", e.receives)
					}
				}
				m, at, err := q.Receive(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got := "none"
				if m != nil {
					got = fmt.Sprint(m.Body, " ", m.Receives)
				}
				if got != want || !at.Equal(next) {
					t.Fatalf("received %s, next at %v; want %s, %v", got, at, want, next)
				}
				if taken != nil {
					taken.received, taken.latest = append(taken.received, m), true
				}
			},
			"delete": func(t *rapid.T) {
				received := slices.DeleteFunc(slices.Clone(model), func(e *entry) bool { return len(e.received) == 0 })
				if len(received) == 0 {
					t.Skip("none was received")
				}
				e := rapid.SampledFrom(received).Draw(t, "message")
				i := rapid.IntRange(0, len(e.received)-1).Draw(t, "receive")
				if err := q.Delete(t.Context(), e.received[i]); err != nil {
					t.Fatal(err)
				}
				if i == len(e.received)-1 && e.latest {
					model = slices.DeleteFunc(model, func(x *entry) bool { return x == e })
				}
			},
			"wait": func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "s")) * time.Second) },
			"redrive": func(t *rapid.T) {
				n, err := q.Redrive(t.Context())
				if n != len(letters) || err != nil {
					t.Fatalf("redrove %d, %v; want %d", n, err, len(letters))
				}
				for _, number := range letters {
					model = append(model, &entry{number: number, visible: now})
				}
				letters = nil
			},
			"delete expired": func(t *rapid.T) {
				if err := q.DeleteExpired(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
			"restart": func(t *rapid.T) {
				if err := reopen(); err != nil {
					t.Fatal(err)
				}
				open()
				for _, e := range model {
					e.latest = false
					if e.visible.After(now) {
						e.visible = now
					}
				}
			},
			"": func(t *rapid.T) {
				slices.SortStableFunc(model, func(a, b *entry) int {
					return cmp.Or(a.visible.Compare(b.visible), cmp.Compare(a.number, b.number))
				})
				n, err := q.Len(t.Context())
				died, errDead := dead.Len(t.Context())
				if n != len(model) || died != len(letters) || err != nil || errDead != nil {
					t.Fatalf("%d messages, %v, and %d dead, %v; want %d and %d", n, err, died, errDead, len(model), len(letters))
				}
			},
		})
	})
}
