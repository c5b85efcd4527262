package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Sweeper restarts moves that have stalled: those without an execution because
// the starting process crashed, and those whose execution failed. It looks only at
// moves whose steps have not reported lately. It also starts the daily repairs.
type Sweeper struct {
	Moves interface {
		MoveReader
		Successions
		RepairRecorder
		AwaitRepair(ctx context.Context, m desk.Move, repairAt time.Time) error
		Repairing(ctx context.Context, account, id string) (Run, bool, error)
		Due(ctx context.Context, now time.Time) ([]Ref, error)
	}
	Machine Machine
	Now     func() time.Time
	// OnSilent, if not nil, is called for each move that is looked at and has not
	// ended.
	OnSilent func(ctx context.Context, m desk.Move)
	// OnRestarted, if not nil, is called for each move that was started again.
	OnRestarted func(m desk.Move)
	// OnAttention, if not nil, is called after each repair, so at least once a day, for
	// each move that has ended and whose failures wait for a person.
	OnAttention func(m desk.Move)
}

// startGrace is how long after its start a move is left to the process that
// stored it and is about to start its execution.
const startGrace = 10 * time.Second

// Sweep restarts all stalled moves and starts the repairs that are due, and returns
// how many executions it started. An error with one move
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
	if m.EndedAt.IsZero() {
		if s.OnSilent != nil {
			s.OnSilent(ctx, m)
		}
	} else if started, err := s.repair(ctx, m); started || err != nil || !m.RepairAt.IsZero() {
		return started, err
	}
	if started, err = s.restart(ctx, NewRun(m, s.Now())); started && s.OnRestarted != nil {
		s.OnRestarted(m)
	}
	return started, err
}

// repairOverlap is how long before the last repair a daily one looks again, for
// clocks that differ.
const repairOverlap = time.Hour

// repair continues a repair that has stalled, or starts the daily one if it is due.
func (s Sweeper) repair(ctx context.Context, m desk.Move) (started bool, _ error) {
	r, running, err := s.Moves.Repairing(ctx, m.Account, m.ID)
	if err != nil || running {
		if err == nil {
			started, err = s.restart(ctx, r)
		}
		return started, err
	}
	now := s.Now()
	switch left := m.RepairAt.Sub(now); {
	case m.RepairAt.IsZero():
		return false, nil
	case left > 0 && left <= repairInterval: // it was due for a repair that has ended
		if m.Status == desk.Attention && s.OnAttention != nil {
			s.OnAttention(m) // one by hand, too: it puts the daily one off
		}
		return false, s.Moves.AwaitRepair(ctx, m, m.RepairAt)
	}
	r = NewRepair(m, now, desk.Position{Joined: m.RepairAt.Add(-repairInterval - repairOverlap)})
	if r, err = StartRepair(ctx, s.Moves, r, m, desk.Caller{Agent: desk.Program}, now); err != nil {
		return false, err
	}
	return s.restart(ctx, r)
}

// restart sees to it that an execution runs: the last one, or else the next.
func (s Sweeper) restart(ctx context.Context, r Run) (started bool, _ error) {
	running, err := s.Machine.Running(ctx, r.Name())
	if err != nil || running {
		return false, err
	}
	// Either it was never started, or it has failed. Starting it again helps in
	// the first case and does nothing in the second, which needs a successor.
	if err := s.Machine.Start(ctx, r.Name(), r); err != nil {
		return false, err
	}
	if running, err = s.Machine.Running(ctx, r.Name()); err != nil || running {
		return running, err
	}
	err = HandOver(ctx, s.Moves, s.Machine, r)
	return err == nil, err
}

// HandOver hands a move over to its next execution.
func HandOver(ctx context.Context, moves Successions, machine Machine, r Run) error {
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

// Ref names a move.
type Ref struct{ Account, Move string }
