package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/local/asl"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// machine parses a definition that is known to be good.
func machine(t testing.TB, definition string) *asl.Machine {
	t.Helper()
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, definition)
	}
	return m
}

// one is a machine of the state A, with what may follow it.
func one(state string) string {
	return `{"StartAt": "A", "States": {"A": ` + state + `}}`
}

// world is a simulated clock, a store of one execution, and scripted tasks.
type world struct {
	t     testing.TB
	now   time.Time
	saved []asl.Execution
	path  []string
	calls []string // input of each call of a task
	task  func(call int, resource, input string) (string, error)
	rand  float64
}

func newWorld(t testing.TB) *world {
	return &world{t: t, now: noon, rand: 1, task: func(int, string, string) (string, error) { return `{}`, nil }}
}

// answers makes the tasks answer in turn; a string is a result, an error an
// error, a duration passes first.
func (w *world) answers(script ...any) *world {
	w.task = func(call int, _, _ string) (string, error) {
		if call >= len(script) {
			w.t.Errorf("call %d of a task; want %d", call+1, len(script))
			return "", errors.New("no answer left")
		}
		switch a := script[call].(type) {
		case error:
			return "", a
		case time.Duration:
			w.now = w.now.Add(a)
			return `"late"`, nil
		default:
			return a.(string), nil
		}
	}
	return w
}

func (w *world) runner(m *asl.Machine) asl.Runner {
	return asl.Runner{
		Machine: m,
		Task: func(_ context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
			w.calls = append(w.calls, string(input))
			out, err := w.task(len(w.calls)-1, resource, string(input))
			if out == "" {
				return nil, err
			}
			return json.RawMessage(out), err
		},
		Save: func(_ context.Context, e asl.Execution) error {
			w.saved = append(w.saved, e)
			return nil
		},
		Now:   func() time.Time { return w.now },
		Sleep: func(_ context.Context, until time.Time) error { w.now = until; return nil },
		Rand:  func() float64 { return w.rand },
		Trace: func(state string) { w.path = append(w.path, state) },
	}
}

// run takes a new execution to its end.
func (w *world) run(definition, input string) asl.Execution {
	w.t.Helper()
	m := machine(w.t, definition)
	e, err := m.Start("move-1", json.RawMessage(input), w.now)
	if err != nil {
		w.t.Fatalf("Start: %v", err)
	}
	e, err = w.runner(m).Run(w.t.Context(), e)
	if err != nil {
		w.t.Fatalf("Run: %v", err)
	}
	return e
}

// summary is how an execution ended: its output, or its error.
func summary(e asl.Execution) string {
	if e.Status == asl.Succeeded {
		return string(e.Output)
	}
	return string(e.Status) + " " + e.Error
}

func (w *world) visited() string { return strings.Join(w.path, " ") }

// busy is an error as a handler returns it.
type busyError struct{}

func (*busyError) Error() string { return "busy" }

func named(name string) error { return &asl.TaskError{Name: name, Cause: "because"} }
