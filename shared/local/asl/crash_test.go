package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"deskmove/shared/local/asl"

	"github.com/google/go-cmp/cmp"
)

// crashes says at which save or call a process dies, and whether what it was
// doing is done by then.
type crashes struct {
	save, call int // counted from 1 in each life; 0 is never
	after      bool
	again      bool // in every life, not just in the first
}

// lives runs a move, restarting it from what was saved after every crash, and
// returns how it ended and the path of all lives.
func lives(t *testing.T, c crashes) (e asl.Execution, path string, n int) {
	t.Helper()
	w := newWorld(t)
	w.rand = 0.5
	tasks := moveTasks(w)
	m := machine(t, moveDefinition(t))
	e, err := m.Start("move-1", json.RawMessage(moveInput), w.now)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for n = 1; n < 1000; n++ {
		e = asl.Execution{}
		if err := json.Unmarshal(disk, &e); err != nil {
			t.Fatal(err)
		}
		ctx, kill := context.WithCancelCause(t.Context())
		saves, calls := 0, 0
		var began time.Time // when the call began whose transition is not saved yet
		dies := func(at, count int) bool { return at == count && (c.again || n == 1) }
		r := w.runner(machine(t, moveDefinition(t))) // nothing is left of the last life
		w.task = func(i int, resource, input string) (string, error) {
			calls++
			began = w.now
			if dies(c.call, calls) {
				kill(errCrash)
				if !c.after {
					return "", errCrash
				}
				_, _ = tasks(i, resource, input)
				w.now = began // the call will take its time again
				return "", errCrash
			}
			return tasks(i, resource, input)
		}
		r.Save = func(_ context.Context, e asl.Execution) error {
			saves++
			die := dies(c.save, saves)
			if die && !c.after {
				if !began.IsZero() {
					w.now = began // the call will take its time again
				}
				return errCrash
			}
			var err error
			if disk, err = json.Marshal(e); err != nil {
				t.Fatal(err)
			}
			began = time.Time{}
			if die {
				return errCrash
			}
			return nil
		}
		e, err = r.Run(ctx, e)
		kill(nil)
		if err == nil {
			return e, w.visited(), n
		}
		if !errors.Is(err, errCrash) && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	t.Fatalf("%+v: still not over after %d lives", c, n)
	return e, "", n
}

// Whatever a crash interrupts, the execution ends as if it had not happened.
func TestCrashAtEveryTransition(t *testing.T) {
	want, path, n := lives(t, crashes{})
	if n != 1 {
		t.Fatalf("%d lives without a crash; want 1", n)
	}
	check := func(c crashes) bool {
		got, visited, n := lives(t, c)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v ends otherwise: -want +got\n%s", c, diff)
		}
		// A crash between a save and the trace loses that name, and no other.
		if !(c.after && c.save > 0) && visited != path {
			t.Errorf("%+v goes by %s; want %s", c, visited, path)
		}
		return n > 1
	}
	for _, after := range []bool{false, true} {
		n := 0
		for check(crashes{save: n + 1, after: after}) {
			n++
		}
		if n < 30 {
			t.Errorf("%d saves to crash at; want the whole move", n)
		}
		n = 0
		for check(crashes{call: n + 1, after: after}) {
			n++
		}
		if n < 10 {
			t.Errorf("%d calls to crash at; want the whole move", n)
		}
	}
	// A process that dies again and again, but after a save, gets there.
	for life := 1; life <= 5; life++ {
		check(crashes{save: life, after: true, again: true})
	}
}
