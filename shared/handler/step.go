package handler

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// Step is a task of the state machine.
type Step struct {
	Name  string
	Do    func(context.Context, move.Run) (move.Run, error)
	Limit ExecutionLimit
	Log   *slog.Logger
}

// Handle takes one step. It returns a temporary error as a *desk.BusyError,
// unwrapped, because the state machine retries it by its type's name.
func (s Step) Handle(ctx context.Context, r move.Run) (move.Run, error) {
	next, err := s.Do(ctx, r)
	if err == nil && loops[s.Name] {
		next, err = s.Limit.AfterStep(ctx, s.Name, next)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "step failed", "step", s.Name, "account", r.Account, "move", r.Move, "err", err)
		return r, busy(s.Name, err)
	}
	s.Log.InfoContext(ctx, "step taken", "step", s.Name, "account", r.Account, "move", r.Move, "run", r.Run,
		"more", next.More, "wait", next.Wait, "pass", next.Pass)
	return next, nil
}

// ExecutionLimit keeps executions short, because Step Functions ends an execution
// after 25,000 events. Before that, another execution continues from the state
// of the last step.
type ExecutionLimit struct {
	Moves   move.Successions
	Machine move.Machine
	// MaxSteps is the most steps of an execution. A step causes about 12 events.
	MaxSteps int
}

// AfterStep counts a step. If the execution has taken MaxSteps and the step has
// more to do, it hands the move over to another execution and sets Yield in the
// run that it returns, which ends this one.
func (y ExecutionLimit) AfterStep(ctx context.Context, step string, r move.Run) (move.Run, error) {
	r.Turns++
	if r.Turns < y.MaxSteps || !r.More {
		return r, nil
	}
	next := r
	next.Step = step
	if err := move.HandOver(ctx, y.Moves, y.Machine, next); err != nil {
		return r, err
	}
	r.Yield = true
	return r, nil
}

// loops are the steps that the state machine repeats while there is more to do,
// and that may therefore exceed an execution's limit.
var loops = map[string]bool{move.StepList: true, move.StepDrain: true}

// busy converts errors of an overloaded store, and no others, to a BusyError.
func busy(what string, err error) error {
	var already *desk.BusyError
	switch {
	case errors.As(err, &already):
		return already
	case errors.Is(err, store.ErrThrottled), errors.Is(err, store.ErrFull), errors.Is(err, context.DeadlineExceeded):
		return &desk.BusyError{What: what, After: time.Second, Err: err}
	}
	return err
}
