package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/local/asl"

	"github.com/google/go-cmp/cmp"
)

var errCrash = errors.New("crash")

// aMove makes the tasks answer as in a move that lists two pages, is busy for
// ten seconds, and waits once. The answers follow from the input and the time.
func (w *world) aMove() {
	w.task = func(_ context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
		var r run
		if err := json.Unmarshal(input, &r); err != nil {
			return nil, err
		}
		if r.Turns == 2 && w.now.Sub(noon) < 10*time.Second {
			return nil, &asl.TaskError{Name: busy}
		}
		r.Turns++
		r.More, r.Again, r.Wait = r.Turns%2 == 0 && r.Turns < 20, r.Turns == 5, 30
		return r.json(w.t), nil
	}
}

// TestStep: a step changes nothing but what it returns, and can be repeated.
func TestStep(t *testing.T) {
	w := newWorld(t)
	w.aMove()
	e := w.at("Begin", string(run{Step: "fence"}.json(t)))
	for !e.Ended() {
		if w.now.Before(e.WakeAt) {
			if diff := cmp.Diff(e, w.step(e)); diff != "" {
				t.Fatalf("Step before WakeAt (-want +got):\n%s", diff)
			}
			w.now = e.WakeAt
		}
		before, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		next := w.step(e)
		if diff := cmp.Diff(next, w.step(e)); diff != "" {
			t.Fatalf("the second time (-first +second):\n%s", diff)
		}
		if after, err := json.Marshal(e); err != nil || string(after) != string(before) {
			t.Fatalf("Step changed its argument from %s to %s (%v)", before, after, err)
		}
		e = next
	}
	if diff := cmp.Diff(e, w.step(e)); diff != "" {
		t.Errorf("Step after the end (-want +got):\n%s", diff)
	}
}

// TestCrash stops a move at each save, before or after it, and goes on with
// what was saved: it ends as if nothing had happened.
func TestCrash(t *testing.T) {
	// move runs a move that crashes at one save, and returns its end and the
	// number of saves. 0 is no crash.
	move := func(crash int, after bool) (asl.Execution, int) {
		w := newWorld(t)
		w.aMove()
		saves := 0
		e := w.at("Begin", string(run{Step: "fence"}.json(t)))
		saved, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		r := w.runner()
		r.Save = func(_ context.Context, e asl.Execution) (err error) {
			saves++
			if saves != crash || after {
				saved, err = json.Marshal(e)
			}
			if saves == crash {
				err = errCrash
			}
			return err
		}
		e, err = r.Run(t.Context(), e)
		if errors.Is(err, errCrash) {
			e = asl.Execution{}
			if err = json.Unmarshal(saved, &e); err == nil {
				e, err = r.Run(t.Context(), e)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return e, saves
	}
	want, saves := move(0, false)
	if summary(want) != "SUCCEEDED Done" || saves < 20 {
		t.Fatalf("without a crash: %s after %d saves", summary(want), saves)
	}
	for n := range saves {
		for _, after := range []bool{false, true} {
			if got, _ := move(n+1, after); !cmp.Equal(want, got) {
				t.Errorf("crash at save %d (after it: %t): -want +got\n%s", n+1, after, cmp.Diff(want, got))
			}
		}
	}
}

func TestRunStops(t *testing.T) {
	w := newWorld(t)
	w.answer("{}", nil)
	for name, c := range map[string]struct {
		state string
		spoil func(*asl.Runner)
		says  string
	}{
		"save":  {"Begin", func(r *asl.Runner) { r.Save = func(context.Context, asl.Execution) error { return errCrash } }, `execution move-1: save after state "Begin": crash`},
		"sleep": {"DrainWait", func(r *asl.Runner) { r.Sleep = func(context.Context, time.Time) error { return errCrash } }, "crash"},
		"state": {"Gone", func(*asl.Runner) {}, `execution move-1: no state "Gone"`},
	} {
		r := w.runner()
		c.spoil(&r)
		e := w.at(c.state, `{"step": "list", "wait": 9}`)
		got, err := r.Run(t.Context(), e)
		if err == nil || !strings.HasPrefix(err.Error(), c.says) || got.State != c.state || got.Ended() {
			t.Errorf("%s: %s, %v; want it where it was, and %q", name, summary(got), err, c.says)
		}
	}
}

// TestEarlySleep: a Sleep that returns early is called again.
func TestEarlySleep(t *testing.T) {
	w := newWorld(t)
	w.play("Drain yield")
	r := w.runner()
	sleeps := 0
	r.Sleep = func(context.Context, time.Time) error {
		sleeps++
		w.now = w.now.Add(25 * time.Second)
		return nil
	}
	if e, err := r.Run(t.Context(), w.at("DrainWait", `{"wait": 60}`)); err != nil || !e.Ended() || sleeps != 3 || len(w.pauses) != 1 {
		t.Errorf("Run = %s, %v after %d sleeps, with %d saves before; want 3, and 1", summary(e), err, sleeps, len(w.pauses))
	}
}
