package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// TaskFunc runs the function that a Task's Resource names, with the Task's
// effective input, and returns its result as JSON; nil is null. An error is
// reported to the machine under ErrorName, a panic as Lambda reports one. It
// must return soon after ctx is done: Step waits for it.
type TaskFunc func(ctx context.Context, resource string, input json.RawMessage) (json.RawMessage, error)

// Runner takes executions of a Machine forward. Only Machine and Task are
// needed by Step, and Save by Run. It may be used by many goroutines, each
// with its own execution; two must not run one execution at the same time.
type Runner struct {
	Machine *Machine
	Task    TaskFunc

	// Save makes a transition durable. Its context is not cancelled with
	// Run's, since the transition has happened: it must end by itself.
	Save func(ctx context.Context, e Execution) error

	// Now is the clock, time.Now if nil. Sleep returns at a time of that
	// clock, or earlier; it waits in real time if nil. Rand is a number in
	// [0,1) for jitter, math/rand/v2's if nil.
	Now   func() time.Time
	Sleep func(ctx context.Context, until time.Time) error
	Rand  func() float64

	// Trace, if not nil, is told by Run the name of each state that an
	// execution has left or ended in, after the save. A crash in between
	// loses one name.
	Trace func(state string)
}

// Run takes a saved execution to its end, saving every transition before it
// goes on. It returns the last saved value, and an error if that is not the
// end: ctx's when it is done, Save's, or Step's. Call Run again with the last
// saved value to go on.
func (r Runner) Run(ctx context.Context, e Execution) (Execution, error) {
	for !e.Ended() {
		if r.now().Before(e.WakeAt) {
			if err := r.sleep(ctx, e.WakeAt); err != nil {
				return e, err
			}
			continue // Sleep may have been early
		}
		next, err := r.Step(ctx, e)
		if err != nil {
			return e, err
		}
		if err := r.Save(context.WithoutCancel(ctx), next); err != nil {
			return e, fmt.Errorf("execution %s: save after %s: %w", e.Name, e.State, err)
		}
		// Only a state that waits, or waits for a retry, sets WakeAt.
		if r.Trace != nil && next.WakeAt.IsZero() {
			r.Trace(e.State)
		}
		e = next
	}
	return e, nil
}

func (r Runner) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

func (r Runner) random() float64 {
	if r.Rand == nil {
		return rand.Float64() // #nosec G404 -- spreads attempts, guards nothing
	}
	return r.Rand()
}

func (r Runner) sleep(ctx context.Context, until time.Time) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, until)
	}
	// A minute at most, so that a clock that was set is noticed.
	t := time.NewTimer(min(until.Sub(r.now()), time.Minute))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
