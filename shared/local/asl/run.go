package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// TaskFunc runs the function that a Task's Resource names and returns its
// result as JSON. The state machine sees a *TaskError under its Name and any
// other error under the name that Lambda would report. It must return soon
// after ctx is done: Step waits for it.
type TaskFunc func(ctx context.Context, resource string, input json.RawMessage) (json.RawMessage, error)

// Runner advances executions of a Machine. Step needs Machine, Task, Now and
// Rand; Run needs all fields. A Runner is safe for concurrent use, but only one
// goroutine at a time may run the same execution.
type Runner struct {
	Machine *Machine
	Task    TaskFunc
	Now     func() time.Time
	Rand    func() float64 // in [0,1), for the jitter of retries

	// Save makes a transition durable. Its context is not cancelled with that
	// of Run, because the transition has already happened.
	Save func(ctx context.Context, e Execution) error
	// Sleep waits until Now returns that time. It may return earlier.
	Sleep func(ctx context.Context, until time.Time) error
}

// Run advances a saved execution to its end and saves each transition before it
// goes on. It returns the last saved value, and an error if that is not the
// end; call Run again with that value to continue.
func (r Runner) Run(ctx context.Context, e Execution) (Execution, error) {
	for !e.Ended() {
		if r.Now().Before(e.WakeAt) {
			if err := r.Sleep(ctx, e.WakeAt); err != nil {
				return e, err
			}
			continue // Sleep may have been early
		}
		next, err := r.Step(ctx, e)
		if err != nil {
			return e, err
		}
		if err := r.Save(context.WithoutCancel(ctx), next); err != nil {
			return e, fmt.Errorf("execution %s: save after state %q: %w", e.Name, e.State, err)
		}
		e = next
	}
	return e, nil
}

// Step advances an execution by one transition: until it has left its state,
// has ended, or must wait until WakeAt. It returns e unchanged if e has ended
// or WakeAt has not come.
//
// An error means that nothing has happened and that Step can be called again:
// ctx was cancelled, or e was started with another definition, so that its
// state does not exist. What goes wrong inside the state machine ends up in the
// execution.
func (r Runner) Step(ctx context.Context, e Execution) (Execution, error) {
	t := &transition{runner: r, now: r.Now(), next: e}
	if e.Ended() || t.now.Before(e.WakeAt) {
		return e, nil
	}
	if err := ctx.Err(); err != nil {
		return e, err
	}
	s, ok := r.Machine.definition.States[e.State]
	if !ok {
		return e, fmt.Errorf("execution %s: no state %q: run it with the definition it was started with", e.Name, e.State)
	}
	if err := s.run(ctx, t); err != nil {
		return e, err
	}
	return t.next, nil
}

// transition is what one Step makes of an execution.
type transition struct {
	runner Runner
	now    time.Time // moves on while a task runs
	next   Execution // what Step returns
}

// leave goes to another state with the output of this one.
func (t *transition) leave(output json.RawMessage, next string) {
	if len(output) > maxData {
		t.end(Failed, &TaskError{errDataLimit, fmt.Sprintf("The output of the state '%s' is %v.", t.next.State, errTooBig)})
		return
	}
	if t.countEvents(2) { // …StateExited, …StateEntered
		t.next.State, t.next.Input, t.next.EnteredAt = next, output, inUTC(t.now)
		t.next.Retries, t.next.WakeAt = nil, time.Time{}
	}
}

// countEvents counts n events. It ends the execution and returns false if its
// history has no room for them and its end.
func (t *transition) countEvents(n int) bool {
	if t.next.Events+n < maxEvents {
		t.next.Events += n
		return true
	}
	t.next.Events = maxEvents - 1
	t.end(Failed, &TaskError{errRuntime, fmt.Sprintf("The execution reached the maximum number of history events (%d).", maxEvents)})
	return false
}

// end ends the execution, which is one event.
func (t *transition) end(status Status, reason *TaskError) {
	t.next.Events++
	t.next.Status, t.next.Error, t.next.Cause = status, reason.Name, shortened(reason.Cause)
	t.next.WakeAt = time.Time{}
}

// runtimeError returns an error of the definition or its data, which cannot be
// caught.
func (t *transition) runtimeError(format string, args ...any) *TaskError {
	return &TaskError{errRuntime, fmt.Sprintf("An error occurred while executing the state '%s'. ", t.next.State) + fmt.Sprintf(format, args...)}
}
