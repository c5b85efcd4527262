package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskmove/shared/local/asl"
	"deskmove/shared/move"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// definition is the state machine of a move, which all tests here run.
var definition = string(move.StateMachine)

func moveMachine(t testing.TB) *asl.Machine {
	t.Helper()
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// run is what the steps of a move hand on, as far as the state machine reads
// it.
type run struct {
	Step  string `json:"step"`
	Turns int    `json:"turns"`
	More  bool   `json:"more"`
	Yield bool   `json:"yield"`
	Wait  int    `json:"wait"`
	Again bool   `json:"again"`
}

func (r run) json(t testing.TB) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// world is a simulated clock, a store of one execution, and tasks.
type world struct {
	t       testing.TB
	machine *asl.Machine
	now     time.Time
	rand    float64
	task    asl.TaskFunc

	calls   []string
	entered []string        // states
	pauses  []time.Duration // before retries and of Wait states
}

func newWorld(t testing.TB) *world {
	return &world{t: t, machine: moveMachine(t), now: noon, rand: 0.5}
}

// at returns an execution that has entered a state.
func (w *world) at(state, input string) asl.Execution {
	w.t.Helper()
	e, err := w.machine.Start("move-1", json.RawMessage(input), w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	e.State = state
	return e
}

func (w *world) runner() asl.Runner {
	return asl.Runner{
		Machine: w.machine, Task: w.task,
		Now:  func() time.Time { return w.now },
		Rand: func() float64 { return w.rand },
		Save: func(_ context.Context, e asl.Execution) error {
			switch {
			case !e.WakeAt.IsZero():
				w.pauses = append(w.pauses, e.WakeAt.Sub(w.now))
			case !e.Ended():
				w.entered = append(w.entered, e.State)
			}
			return nil
		},
		Sleep: func(_ context.Context, until time.Time) error { w.now = until; return nil },
	}
}

// step takes one step.
func (w *world) step(e asl.Execution) asl.Execution {
	w.t.Helper()
	e, err := w.runner().Step(w.t.Context(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// run takes an execution to its end.
func (w *world) run(e asl.Execution) asl.Execution {
	w.t.Helper()
	w.entered = append(w.entered, e.State)
	e, err := w.runner().Run(w.t.Context(), e)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// play makes the tasks answer as a script says, one line for each call: the
// function, and what it sets in the run that it returns ("more", "yield",
// "wait", "again"), or "late" if it takes an hour, or the name of its error.
func (w *world) play(script ...string) {
	w.task = func(_ context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
		function := strings.TrimSuffix(strings.TrimPrefix(resource, "${"), "FunctionArn}")
		w.calls = append(w.calls, function)
		if len(w.calls) > len(script) {
			w.t.Errorf("call %d, of %s, is not in the script", len(w.calls), function)
			return nil, errors.New("no answer left")
		}
		line := strings.Fields(script[len(w.calls)-1])
		if line[0] != function {
			w.t.Errorf("call %d is of %s, want %s", len(w.calls), function, line[0])
		}
		var r run
		if err := json.Unmarshal(input, &r); err != nil {
			w.t.Error(err)
		}
		r.Turns++
		r.More, r.Yield, r.Wait, r.Again = false, false, 0, false
		for _, word := range line[1:] {
			switch word {
			case "more":
				r.More = true
			case "yield":
				r.Yield = true
			case "wait":
				r.Wait = 30
			case "again":
				r.Again = true
			case "late":
				w.now = w.now.Add(time.Hour)
			default:
				return nil, &asl.TaskError{Name: word, Cause: "because"}
			}
		}
		return r.json(w.t), nil
	}
}

// answer makes every task answer the same.
func (w *world) answer(result string, err error) {
	w.task = func(context.Context, string, json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(result), err
	}
}

// summary says how an execution stands.
func summary(e asl.Execution) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Status, e.State, e.Error))
}

// busyError is an error as a handler returns it.
type busyError struct{}

func (*busyError) Error() string { return "busy" }
