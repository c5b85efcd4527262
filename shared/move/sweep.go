package move

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Sweeper restarts moves that have stalled: those without an execution because
// the starting process crashed, and those whose execution failed.
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

// startGrace is how long after its start a move is left to the process that
// stored it and is about to start its execution.
const startGrace = 10 * time.Second

// Sweep restarts all stalled moves, and returns how many. An error with one move
// does not keep others from being restarted.
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

// move checks one move, and reports whether it started an execution.
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
	// Either it was never started, or it has failed. Starting it again helps in
	// the first case and does nothing in the second, which needs a successor.
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
