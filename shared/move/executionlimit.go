package move

import (
	"context"
	"errors"

	"deskmove/shared/desk"
)

// ExecutionLimit keeps executions short, because Step Functions ends an execution
// after 25,000 events. Before that, another execution continues from the state
// of the last step.
type ExecutionLimit struct {
	Moves   Successions
	Machine Machine
	// MaxSteps is the most steps of an execution. A step causes about 12 events.
	MaxSteps int
}

// AfterStep counts a step. If the execution has taken MaxSteps and the step has
// more to do, it hands the move over to another execution and sets Yield in the
// run that it returns, which ends this one.
func (y ExecutionLimit) AfterStep(ctx context.Context, step string, r Run) (Run, error) {
	r.Turns++
	if r.Turns < y.MaxSteps || !r.More {
		return r, nil
	}
	next := r
	next.Step = step
	if err := handOver(ctx, y.Moves, y.Machine, next); err != nil {
		return r, err
	}
	r.Yield = true
	return r, nil
}

// handOver hands a move over to its next execution.
func handOver(ctx context.Context, moves Successions, machine Machine, r Run) error {
	from := r.Run
	r.Run, r.Turns, r.Yield = r.Run+1, 0, false
	err := moves.HandOver(ctx, r, from)
	if errors.Is(err, desk.ErrChanged) { // it has been handed over already
		return nil
	}
	if err != nil {
		return err
	}
	return machine.Start(ctx, r.Name(), r)
}
