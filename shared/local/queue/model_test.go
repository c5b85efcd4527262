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
	receipts []string // the last is good
	dead     bool
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
		var model []*entry
		sent := 0
		pick := func() *entry {
			if len(model) == 0 {
				t.Skip("empty")
			}
			return rapid.SampledFrom(model).Draw(t, "message")
		}
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				delay := time.Duration(rapid.IntRange(0, 100).Draw(t, "delay")) * time.Second
				var bodies []string
				for range rapid.IntRange(1, 3).Draw(t, "n") {
					sent++
					bodies = append(bodies, fmt.Sprint(sent))
					model = append(model, &entry{number: sent, visible: now.Add(delay)})
				}
				if err := q.SendLater(t.Context(), delay, bodies); err != nil {
					t.Fatal(err)
				}
			},
			"receive": func(t *rapid.T) {
				limit := rapid.IntRange(1, 4).Draw(t, "limit")
				var want []string
				slices.SortStableFunc(model, func(a, b *entry) int {
					return cmp.Or(a.visible.Compare(b.visible), cmp.Compare(a.number, b.number))
				})
				var taken []*entry
				for _, e := range model {
					switch {
					case e.dead || e.visible.After(now) || len(taken) == limit:
					case e.receives == 2:
						e.dead = true
					default:
						taken = append(taken, e)
						e.receives++
						e.visible = now.Add(time.Minute)
						want = append(want, fmt.Sprint(e.number, " ", e.receives))
					}
				}
				messages, err := q.Receive(t.Context(), limit, 0)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for i, m := range messages {
					got = append(got, fmt.Sprint(m.Body, " ", m.Receives))
					if i < len(taken) {
						taken[i].receipts = append(taken[i].receipts, m.Receipt)
					}
				}
				if !slices.Equal(want, got) {
					t.Fatalf("received %v, want %v", got, want)
				}
			},
			"delete": func(t *rapid.T) {
				e := pick()
				if len(e.receipts) == 0 {
					t.Skip("not received")
				}
				i := rapid.IntRange(0, len(e.receipts)-1).Draw(t, "receipt")
				if err := q.Delete(t.Context(), []string{e.receipts[i]}); err != nil {
					t.Fatal(err)
				}
				if i == len(e.receipts)-1 && e.receipts[i] != lapsed && !e.dead {
					model = slices.DeleteFunc(model, func(x *entry) bool { return x == e })
				}
			},
			"change visibility": func(t *rapid.T) {
				e := pick()
				if len(e.receipts) == 0 {
					t.Skip("not received")
				}
				d := time.Duration(rapid.IntRange(0, 100).Draw(t, "d")) * time.Second
				last := e.receipts[len(e.receipts)-1]
				good := last != lapsed && !e.dead && e.visible.After(now)
				if err := q.ChangeVisibility(t.Context(), last, d); (err == nil) != good {
					t.Fatalf("ChangeVisibility = %v, want it good: %v", err, good)
				}
				if good {
					e.visible = now.Add(d)
				}
			},
			"wait": func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "s")) * time.Second) },
			"expire": func(t *rapid.T) {
				if err := q.Expire(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
			"restart": func(t *rapid.T) {
				if err := reopen(); err != nil {
					t.Fatal(err)
				}
				open()
				for _, e := range model {
					if n := len(e.receipts); n > 0 && !e.dead {
						e.receipts = append(e.receipts, lapsed)
						if e.visible.After(now) {
							e.visible = now
						}
					}
				}
			},
			"": func(t *rapid.T) {
				var want queue.Stats
				wantDead := 0
				for _, e := range model {
					switch {
					case e.dead:
						wantDead++
					case !e.visible.After(now):
						want.Visible++
					case len(e.receipts) > 0 && e.receipts[len(e.receipts)-1] != lapsed:
						want.InFlight++
					default:
						want.Delayed++
					}
				}
				got, err := q.Stats(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				letters, err := dead.List(t.Context(), 0, 10_000)
				if err != nil {
					t.Fatal(err)
				}
				got.Oldest = 0
				if got != want || len(letters) != wantDead {
					t.Fatalf("stats = %+v and %d dead, want %+v and %d", got, len(letters), want, wantDead)
				}
			},
		})
	})
}

// lapsed stands for the receipts of a process before this one.
const lapsed = "a.a"
