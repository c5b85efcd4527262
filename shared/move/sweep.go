package move

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Sweeper sees to it that every move goes on: it starts the execution of one
// that has none, because whoever stored it crashed, or its execution failed.
type Sweeper struct {
	Moves interface {
		MoveReader
		Successions
		Due(ctx context.Context, now time.Time) ([]Ref, error)
		Checkpoint(ctx context.Context, account, id string) (Run, bool, error)
	}
	Machine Machine
	Now     func() time.Time
}

// startGrace is how long a move is left alone after its start: its starter is
// about to start the execution.
const startGrace = 10 * time.Second

// Sweep sweeps once, and returns how many moves it started again. What fails
// for one move does not stop the others.
func (s Sweeper) Sweep(ctx context.Context) (restarted int, _ error) {
	due, err := s.Moves.Due(ctx, s.Now().Add(-startGrace))
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, d := range due {
		started, err := s.move(ctx, d)
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep move %s: %w", d.Move, err))
		}
		if started {
			restarted++
		}
	}
	return restarted, errors.Join(errs...)
}

// move sees to one move, and reports whether it started an execution.
func (s Sweeper) move(ctx context.Context, d Ref) (started bool, _ error) {
	m, err := s.Moves.Get(ctx, d.Account, d.Move)
	if err != nil {
		return false, err
	}
	last, known, err := s.Moves.Checkpoint(ctx, d.Account, d.Move)
	if err != nil {
		return false, err
	}
	if !known || last.Run != m.Run { // its first run, or a retry
		last = firstRun(m)
		if m.Run > 1 {
			last = retryRun(m)
		}
	}
	running, err := s.Machine.Running(ctx, last.Name())
	if err != nil || running {
		return false, err
	}
	// It was never started, or it has ended too early. Starting it again
	// settles the first; if that did nothing, a successor settles the second.
	if err := s.Machine.Start(ctx, last.Name(), last); err != nil {
		return false, err
	}
	if running, err = s.Machine.Running(ctx, last.Name()); err != nil || running {
		return running, err
	}
	next := last
	next.Turns, next.Yield = 0, false
	if !m.EndedAt.IsZero() {
		next.Step = StepAudit
	}
	err = handOver(ctx, s.Moves, s.Machine, next)
	return err == nil, err
}

// Ref names a move.
type Ref struct{ Account, Move string }
