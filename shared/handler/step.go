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
	Yield move.ExecutionLimit
	Log   *slog.Logger
}

// Handle takes one step. An error that will pass is a *desk.BusyError, as it
// is: the state machine knows it by its name.
func (s Step) Handle(ctx context.Context, r move.Run) (move.Run, error) {
	next, err := s.Do(ctx, r)
	if err == nil && loops[s.Name] {
		next, err = s.Yield.AfterStep(ctx, s.Name, next)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "step failed", "step", s.Name, "account", r.Account, "move", r.Move, "err", err)
		return r, busy(s.Name, err)
	}
	s.Log.InfoContext(ctx, "step taken", "step", s.Name, "account", r.Account, "move", r.Move, "run", r.Run,
		"more", next.More, "wait", next.Wait, "pass", next.Pass, "found", next.Found)
	return next, nil
}

// loops are the steps that the state machine repeats while there is more. The
// audits are few.
var loops = map[string]bool{move.StepList: true, move.StepDrain: true, move.StepReconcile: true}

// busy makes the errors of a store that is out of breath, and only those, a
// BusyError.
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
