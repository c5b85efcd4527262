package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Step takes an execution one transition further: until its state is left,
// has ended the execution, or waits until WakeAt. It returns e itself if e has
// ended, or is called before WakeAt.
//
// An error means that nothing has happened, and that e can be stepped again:
// ctx is done, or the machine has no state e.State, because e was started with
// another definition. What goes wrong inside the state machine is no error
// here, but in the execution.
func (r Runner) Step(ctx context.Context, e Execution) (Execution, error) {
	now := r.now()
	if e.Ended() || now.Before(e.WakeAt) {
		return e, nil
	}
	if err := ctx.Err(); err != nil {
		return e, err
	}
	s, ok := r.Machine.states[e.State]
	if !ok {
		return e, fmt.Errorf("execution %s: no state %q: run it with the definition it was started with", e.Name, e.State)
	}
	input, err := decode(e.Input)
	if err != nil {
		return e, fmt.Errorf("execution %s: state %q: input: %w", e.Name, e.State, err)
	}
	t := &turn{runner: r, state: s, ex: e, input: input, now: now}
	t.deadline, t.limited = r.Machine.deadline(e)
	if t.expired() {
		t.timeOut()
		return t.ex, nil
	}
	if err := t.take(ctx); err != nil {
		return e, err
	}
	return t.ex, nil
}

// turn is one Step: what it starts from, and the execution that it makes.
type turn struct {
	runner   Runner
	state    *state
	input    any       // of state, before InputPath
	now      time.Time // moves on while a task runs
	deadline time.Time // of the execution, if it is limited
	limited  bool

	ex Execution
}

func (t *turn) take(ctx context.Context) error {
	s := t.state
	switch {
	case s.task != nil:
		return t.runTask(ctx)
	case s.fail != nil:
		t.end(Failed, s.fail)
		return nil
	}
	in, failure := t.effectiveInput()
	if failure != nil {
		t.end(Failed, failure)
		return nil
	}
	next := s.next
	switch {
	case s.wait != nil:
		if failure = t.wait(in); t.ex.WakeAt.After(t.now) {
			return nil
		}
	case s.choice != nil:
		next, failure = t.choose(in)
	case s.pass != nil:
		in, failure = t.pass(in)
	}
	if failure == nil {
		in, failure = t.outputOf(in)
	}
	if failure == nil {
		failure = t.leave(in, next)
	}
	if failure != nil {
		t.end(Failed, failure)
	}
	return nil
}

// wait sets WakeAt, which may have come. It counts from when the state was
// entered, so that a crash does not make a wait longer.
func (t *turn) wait(in any) *TaskError {
	d := t.state.wait.seconds
	if p := t.state.wait.secondsPath; p != nil {
		v, _ := t.look(*p, in)
		number, _ := v.(json.Number)
		n, err := number.Int64()
		if err != nil || n < 0 || n > maxSeconds {
			return t.runtime("the SecondsPath %q does not select a whole number from 0 to %d", p.text, maxSeconds)
		}
		d = seconds(int(n))
	}
	t.wake(t.ex.EnteredAt.Add(d))
	return nil
}

func (t *turn) pass(in any) (any, *TaskError) {
	if r := t.state.pass.result; r != nil {
		in = r.value
	}
	return t.merge(in)
}

// wake sets when to go on, but not beyond the end of the execution's time.
func (t *turn) wake(at time.Time) {
	if t.limited && at.After(t.deadline) {
		at = t.deadline
	}
	t.ex.WakeAt = stamp(at)
}

// leave goes to the next state with the output of this one, or ends the
// execution if next is "".
func (t *turn) leave(output any, next string) *TaskError {
	raw, err := encode(output)
	if err != nil {
		return t.tooBig("output", err)
	}
	if !t.record(1) { // …StateExited
		return nil
	}
	if next == "" {
		t.ex.Output = raw
		t.end(Succeeded, &TaskError{})
		return nil
	}
	if !t.record(1) { // …StateEntered
		return nil
	}
	t.ex.State, t.ex.Input, t.ex.EnteredAt = next, raw, stamp(t.now)
	t.ex.Retries, t.ex.WakeAt = nil, time.Time{}
	return nil
}

// record counts n events, or ends the execution if its history cannot hold
// them and its end.
func (t *turn) record(n int) bool {
	if t.ex.Events+n < maxEvents {
		t.ex.Events += n
		return true
	}
	t.ex.Events = maxEvents - 1
	t.end(Failed, &TaskError{errRuntime, fmt.Sprintf("The execution reached the maximum number of history events (%d).", maxEvents)})
	return false
}

func (t *turn) expired() bool { return t.limited && !t.now.Before(t.deadline) }

func (t *turn) timeOut() { t.end(TimedOut, &TaskError{Name: errTimeout}) }

// end ends the execution, which is one event.
func (t *turn) end(status Status, why *TaskError) {
	t.ex.Events++
	t.ex.Status, t.ex.Error, t.ex.Cause = status, why.Name, shortened(why.Cause)
	t.ex.StoppedAt, t.ex.WakeAt = stamp(t.now), time.Time{}
}

// runtime is an error in the definition or its data, which nothing catches.
func (t *turn) runtime(format string, args ...any) *TaskError {
	return &TaskError{errRuntime, fmt.Sprintf("An error occurred while executing the state '%s'. ", t.state.name) + fmt.Sprintf(format, args...)}
}

func (t *turn) tooBig(what string, err error) *TaskError {
	return &TaskError{errDataLimit, fmt.Sprintf("The %s of the state '%s' is %v.", what, t.state.name, err)}
}
