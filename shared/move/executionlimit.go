package move

import (
	"context"
	"errors"

	"deskmove/shared/desk"
)

// ExecutionLimit keeps executions short. Step Functions ends an execution after 25,000
// events; before that, another one goes on from the state of the last step.
type ExecutionLimit struct {
	Moves   Successions
	Machine Machine
	// MaxSteps is how many steps an execution takes at most. A step and what
	// the state machine does around it are about 12 events.
	MaxSteps int
}

// AfterStep counts a step of that name, and hands over when there were enough and
// the step goes on. The run it returns says so in Yield, and the execution
// ends.
func (y ExecutionLimit) AfterStep(ctx context.Context, step string, r Run) (Run, error) {
	r.Turns++
	if r.Turns < y.MaxSteps || !r.More {
		return r, nil
	}
	next := r
	next.Turns, next.Step = 0, step
	if err := handOver(ctx, y.Moves, y.Machine, next); err != nil {
		return r, err
	}
	r.Yield = true
	return r, nil
}

// handOver hands a move over to its next execution.
func handOver(ctx context.Context, moves Successions, machine Machine, r Run) error {
	from := r.Run
	r.Run++
	err := moves.HandOver(ctx, r, from)
	if errors.Is(err, desk.ErrChanged) { // somebody else was faster
		return nil
	}
	if err != nil {
		return err
	}
	return machine.Start(ctx, r.Name(), r)
}
