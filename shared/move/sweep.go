package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Sweep sees to it that every move goes on: it starts the execution of one
// that has none, because whoever stored it crashed, or its execution failed.
type Sweep struct {
	Moves interface {
		Due(ctx context.Context, now time.Time) ([]Name, error)
		Get(ctx context.Context, account, id string) (desk.Move, error)
		Succeed(ctx context.Context, r Run, from int) error
		Checkpoint(ctx context.Context, account, id string) (Run, bool, error)
	}
	Machine Machine
	Now     func() time.Time
}

// fresh is how long a move is left alone after its start: its starter is
// about to start the execution.
const fresh = 10 * time.Second

// Run sweeps once. What fails for one move does not stop the others.
func (s Sweep) Run(ctx context.Context) error {
	due, err := s.Moves.Due(ctx, s.Now().Add(-fresh))
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range due {
		if err := s.move(ctx, d); err != nil {
			errs = append(errs, fmt.Errorf("sweep move %s: %w", d.Move, err))
		}
	}
	return errors.Join(errs...)
}

func (s Sweep) move(ctx context.Context, d Name) error {
	m, err := s.Moves.Get(ctx, d.Account, d.Move)
	if err != nil {
		return err
	}
	last, known, err := s.Moves.Checkpoint(ctx, d.Account, d.Move)
	if err != nil {
		return err
	}
	if !known || last.Run != m.Run { // its first run, or a retry
		last = firstRun(m)
		if m.Run > 1 {
			last = retryRun(m)
		}
	}
	running, err := s.Machine.Running(ctx, last.Name())
	if err != nil || running {
		return err
	}
	// It was never started, or it has ended too early. Starting it again
	// settles the first; if that did nothing, a successor settles the second.
	if err := s.Machine.Start(ctx, last.Name(), last); err != nil {
		return err
	}
	if running, err = s.Machine.Running(ctx, last.Name()); err != nil || running {
		return err
	}
	next := last
	next.Turns, next.Yield = 0, false
	if !m.EndedAt.IsZero() {
		next.Step = StepAudit
	}
	return succeed(ctx, s.Moves, s.Machine, next)
}

// succeed hands a move over to its next execution.
func succeed(ctx context.Context, moves interface {
	Succeed(ctx context.Context, r Run, from int) error
}, machine Machine, r Run) error {
	from := r.Run
	r.Run++
	err := moves.Succeed(ctx, r, from)
	if errors.Is(err, ErrChanged) { // somebody else was faster
		return nil
	}
	if err != nil {
		return err
	}
	return machine.Start(ctx, r.Name(), r)
}
