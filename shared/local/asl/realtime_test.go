package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"deskmove/shared/local/asl"

	"github.com/google/go-cmp/cmp"
)

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
	slow := func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(90 * time.Second):
			return json.RawMessage(`"ok"`), nil
		}
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
		"slow task":      {one(`{"Type": "Task", "Resource": "f", "End": true}`), slow, `"ok"`, 90 * time.Second},
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

// A clock that stands still does not give a task more time than a timer does.
func TestStoppedClock(t *testing.T) {
	for definition, want := range map[string]asl.Status{
		one(`{"Type": "Task", "Resource": "f", "TimeoutSeconds": 5, "End": true}`):           asl.Failed,
		`{"TimeoutSeconds": 5, ` + one(`{"Type": "Task", "Resource": "f", "End": true}`)[1:]: asl.TimedOut,
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
			if e, err = r.Run(t.Context(), e); err != nil || e.Status != want || e.Error != "States.Timeout" {
				t.Errorf("%s ends %s, %v; want %s States.Timeout", definition, summary(e), err, want)
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
