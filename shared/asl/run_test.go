package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"deskmove/shared/asl"

	"github.com/google/go-cmp/cmp"
)

var errCrash = errors.New("crash")

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

// In real time, which the bubble makes fast: it also fails the test if a
// goroutine is left.
func TestRealTime(t *testing.T) {
	blocked := func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	deaf := func(context.Context, string, json.RawMessage) (json.RawMessage, error) {
		time.Sleep(90 * time.Second)
		return json.RawMessage(`"ok"`), nil
	}
	for name, c := range map[string]struct {
		definition string
		task       asl.TaskFunc
		want       string
		after      time.Duration
	}{
		"wait":           {one(`{"Type": "Wait", "Seconds": 3601, "End": true}`), nil, `{}`, 3601 * time.Second},
		"retry":          {one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 100, "MaxAttempts": 2}], "End": true}`), blocked, "FAILED States.Timeout", 315 * time.Second},
		"task timeout":   {one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 5, "End": true}`), blocked, "FAILED States.Timeout", 5 * time.Second},
		"deaf task":      {one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 5, "End": true}`), deaf, "FAILED States.Timeout", 90 * time.Second},
		"slow task":      {one(`{"Type": "Task", "Resource": "f", "End": true}`), deaf, `"ok"`, 90 * time.Second},
		"machine":        {`{"TimeoutSeconds": 60, ` + one(`{"Type": "Task", "Resource": "f", "End": true}`)[1:], blocked, "TIMED_OUT States.Timeout", time.Minute},
		"machine in all": {`{"TimeoutSeconds": 60, ` + one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 50, "Retry": [{"ErrorEquals": ["States.ALL"]}], "End": true}`)[1:], blocked, "TIMED_OUT States.Timeout", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := machine(t, c.definition)
				start := time.Now()
				e, err := m.Start("move-1", nil, start)
				if err != nil {
					t.Fatal(err)
				}
				r := asl.Runner{Machine: m, Task: c.task, Save: func(context.Context, asl.Execution) error { return nil }}
				e, err = r.Run(t.Context(), e)
				if err != nil || summary(e) != c.want || time.Since(start) != c.after {
					t.Errorf("ends %s, %v after %s; want %s after %s", summary(e), err, time.Since(start), c.want, c.after)
				}
			})
		})
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

// A clock that stands still does not give a task more time than a timer does.
func TestStoppedClock(t *testing.T) {
	for _, definition := range []string{
		one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 5, "End": true}`),
		`{"TimeoutSeconds": 5, ` + one(`{"Type": "Task", "Resource": "f", "End": true}`)[1:],
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			r := w.runner(machine(t, definition))
			r.Task = func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			e, err := r.Machine.Start("move-1", nil, w.now)
			if err != nil {
				t.Fatal(err)
			}
			if e, err = r.Run(t.Context(), e); err != nil || e.Error != "States.Timeout" {
				t.Errorf("%s ends %s, %v; want States.Timeout", definition, summary(e), err)
			}
		})
	}
}

// Cancelling leaves an execution that goes on as if it had not been cancelled.
func TestCancel(t *testing.T) {
	task := `{"Type": "Task", "Resource": "f", "TimeoutSeconds": 60, "Retry": [{"ErrorEquals": ["States.ALL"]}], "Next": "B"}, "B": {"Type": "Succeed"}`
	for name, c := range map[string]struct {
		state string
		task  asl.TaskFunc
		want  string // the state in which it stands, and the status
	}{
		"wait": {`{"Type": "Wait", "Seconds": 60, "Next": "B"}, "B": {"Type": "Succeed"}`, nil, "A RUNNING"},
		"task": {task, func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
			<-ctx.Done()
			return nil, &asl.TaskError{Name: "E"}
		}, "A RUNNING"},
		"task that finishes": {task, func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
			<-ctx.Done()
			return json.RawMessage(`1`), nil
		}, "B RUNNING"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				m := machine(t, one(c.state))
				e, err := m.Start("move-1", nil, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				saved := e
				r := asl.Runner{Machine: m, Task: c.task, Save: func(ctx context.Context, e asl.Execution) error {
					saved = e
					return ctx.Err()
				}}
				e, err = r.Run(ctx, e)
				if !errors.Is(err, context.DeadlineExceeded) || !cmp.Equal(e, saved) {
					t.Errorf("Run = %v, and a value that was not saved: %s", err, cmp.Diff(saved, e))
				}
				if got := e.State + " " + string(e.Status); got != c.want || e.Retries != nil {
					t.Errorf("cancelled, it stands at %s with retries %v; want %s", got, e.Retries, c.want)
				}
				if again, err := r.Step(ctx, e); !errors.Is(err, context.DeadlineExceeded) && e.WakeAt.IsZero() || !cmp.Equal(e, again) {
					t.Errorf("Step with a context that is done: %v", err)
				}
				r.Task = func(context.Context, string, json.RawMessage) (json.RawMessage, error) { return nil, nil }
				if e, err = r.Run(t.Context(), e); err != nil || e.Status != asl.Succeeded {
					t.Errorf("Run again = %s, %v", summary(e), err)
				}
			})
		})
	}
}
