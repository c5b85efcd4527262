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

func TestStepIsPure(t *testing.T) {
	w := newWorld(t)
	w.task = moveTasks(w)
	m := machine(t, moveDefinition(t))
	e, err := m.Start("move-1", json.RawMessage(moveInput), w.now)
	if err != nil {
		t.Fatal(err)
	}
	r := w.runner(m)
	for !e.Ended() {
		if w.now.Before(e.WakeAt) {
			early, err := r.Step(t.Context(), e)
			if diff := cmp.Diff(e, early); diff != "" || err != nil {
				t.Fatalf("Step before WakeAt: %v\n%s", err, diff)
			}
			w.now = e.WakeAt
		}
		before, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		now := w.now
		next, err := r.Step(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if after, _ := json.Marshal(e); string(after) != string(before) {
			t.Fatalf("Step changed its argument from %s to %s", before, after)
		}
		w.now = now
		again, err := r.Step(t.Context(), e)
		if diff := cmp.Diff(next, again); diff != "" || err != nil {
			t.Fatalf("Step twice: %v\n%s", err, diff)
		}
		if next.Events <= e.Events && next.WakeAt.IsZero() {
			t.Fatalf("Step from %s counted no events", e.State)
		}
		e = next
	}
	if over, err := r.Step(t.Context(), e); err != nil || !cmp.Equal(over, e) {
		t.Errorf("Step after the end: %v, %s", err, cmp.Diff(e, over))
	}
}

func TestRunStopsWhenSaveFails(t *testing.T) {
	w := newWorld(t)
	m := machine(t, one(`{"Type": "Pass", "Next": "B"}, "B": {"Type": "Task", "Resource": "f", "End": true}`))
	e, err := m.Start("move-1", nil, w.now)
	if err != nil {
		t.Fatal(err)
	}
	r := w.runner(m)
	r.Save = func(context.Context, asl.Execution) error { return errCrash }
	got, err := r.Run(t.Context(), e)
	if !errors.Is(err, errCrash) || !strings.Contains(err.Error(), "execution move-1: save after A") {
		t.Errorf("Run = %v; want the error of Save, and where", err)
	}
	if diff := cmp.Diff(e, got); diff != "" || len(w.calls) > 0 || len(w.path) > 0 {
		t.Errorf("Run went on after a failed save: %d calls, path %q\n%s", len(w.calls), w.path, diff)
	}
}

// A Sleep that returns early is called again, and nothing else happens.
func TestEarlySleep(t *testing.T) {
	w := newWorld(t)
	r := w.runner(machine(t, one(`{"Type": "Wait", "Seconds": 60, "End": true}`)))
	sleeps := 0
	r.Sleep = func(_ context.Context, until time.Time) error {
		sleeps++
		w.now = w.now.Add(min(25*time.Second, until.Sub(w.now)))
		return nil
	}
	e, err := r.Machine.Start("move-1", nil, w.now)
	if err != nil {
		t.Fatal(err)
	}
	if e, err = r.Run(t.Context(), e); err != nil || e.Status != asl.Succeeded || sleeps != 3 || len(w.saved) != 2 {
		t.Errorf("Run = %s, %v with %d sleeps and %d saves; want 3 and 2", summary(e), err, sleeps, len(w.saved))
	}
	w.now = noon
	r.Sleep = func(context.Context, time.Time) error { return errCrash }
	if e, err = r.Run(t.Context(), w.saved[0]); !errors.Is(err, errCrash) || !cmp.Equal(e, w.saved[0]) {
		t.Errorf("Run = %v; want the error of Sleep, and nothing done", err)
	}
}

func TestOtherDefinition(t *testing.T) {
	w := newWorld(t)
	e, err := machine(t, one(`{"Type": "Succeed"}`)).Start("move-1", nil, w.now)
	if err != nil {
		t.Fatal(err)
	}
	e.State = "Gone"
	got, err := w.runner(machine(t, one(`{"Type": "Succeed"}`))).Run(t.Context(), e)
	if err == nil || !strings.Contains(err.Error(), `execution move-1: no state "Gone": run it with the definition it was started with`) || !cmp.Equal(got, e) {
		t.Errorf("Run = %+v, %v", got, err)
	}
	e.State, e.StartInput = "A", json.RawMessage(`{`)
	reads := machine(t, one(`{"Type": "Succeed", "InputPath": "$$.Execution.Input"}`))
	if got, err = w.runner(reads).Run(t.Context(), e); err != nil || got.Error != "States.Runtime" {
		t.Errorf("Run without the execution's input = %s, %v", summary(got), err)
	}
	e.Input = json.RawMessage(`{`)
	if _, err = w.runner(machine(t, one(`{"Type": "Succeed"}`))).Run(t.Context(), e); err == nil {
		t.Error("Run took an input that is not JSON")
	}
}

// Retries of a definition with more retriers than the saved counts do no harm.
func TestRetriersAdded(t *testing.T) {
	w := newWorld(t).answers(named("B"), `1`)
	m := machine(t, one(`{"Type": "Task", "Resource": "f", "Retry": [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B"]}], "End": true}`))
	e, err := m.Start("move-1", nil, w.now)
	if err != nil {
		t.Fatal(err)
	}
	e.Retries = []int{1}
	if e, err = w.runner(m).Run(t.Context(), e); err != nil || e.Status != asl.Succeeded {
		t.Errorf("Run = %s, %v", summary(e), err)
	}
}

// Without a Rand of its own, a Runner draws delays between none and all.
func TestJitterIsRandom(t *testing.T) {
	w := newWorld(t)
	w.task = func(int, string, string) (string, error) { return "", named("E") }
	r := w.runner(machine(t, one(`{"Type": "Task", "Resource": "f", "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 10, "BackoffRate": 1, "JitterStrategy": "FULL", "MaxAttempts": 50}], "End": true}`)))
	r.Rand = nil
	e, err := r.Machine.Start("move-1", nil, w.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Run(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	different := map[string]bool{}
	for _, p := range w.pauses() {
		if d, err := time.ParseDuration(p); err != nil || d < 0 || d > 10*time.Second {
			t.Errorf("a delay of %s; want 0s to 10s", p)
		}
		different[p] = true
	}
	if len(different) < 10 {
		t.Errorf("%d different delays of 50", len(different))
	}
}
