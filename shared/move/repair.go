package move

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"deskmove/shared/desk"
)

// Repairer compares all of a moved channel again, and lands what is missing.
type Repairer struct {
	Setups SetupReader
	Moves  interface {
		MoveReader
		RepairRecorder
	}
	Journal Journal
	Machine Machine
	Log     *slog.Logger
	Now     func() time.Time
}

// RepairRecorder records a repair and when the next one is to follow, zero if that
// is not known yet, unless one of the same move is running, which it then returns;
// desk.ErrChanged if the move is no longer as it was read.
type RepairRecorder interface {
	StartRepair(ctx context.Context, r Run, m desk.Move, next time.Time, entry desk.AuditEntry) (Run, error)
}

// Repair is a repair that has been started.
type Repair struct {
	ID      string // unique in the move
	Move    string // by whose rules it lands
	Channel string
	Running bool // it had been started before
}

// Repair starts a repair, or returns the one that is running. Errors:
// *desk.RefusedError if the channel has not moved or the caller is not a super
// administrator, *RunningError while it moves, desk.ErrNotFound. Every refusal is
// in the audit log.
func (p Repairer) Repair(ctx context.Context, caller desk.Caller, channel string) (Repair, error) {
	for range attempts {
		m, err := p.moved(ctx, caller, channel)
		if err != nil {
			return Repair{}, Refused(ctx, p.Journal, p.Now(), caller, desk.ActionRepair, desk.Move{Choices: desk.Choices{Channel: channel}}, err)
		}
		want := repairRun(m, p.Now(), desk.Position{})
		r, err := startRepair(ctx, p.Moves, want, m, caller, p.Now())
		if errors.Is(err, desk.ErrChanged) {
			continue
		}
		if err != nil {
			return Repair{}, err
		}
		startExecution(ctx, p.Machine, p.Log, r)
		return Repair{ID: r.Repair, Move: m.ID, Channel: channel, Running: r.Repair != want.Repair}, nil
	}
	return Repair{}, &desk.BusyError{What: "channel " + channel, After: time.Second}
}

// moved returns the move of a channel that has moved.
func (p Repairer) moved(ctx context.Context, caller desk.Caller, channel string) (desk.Move, error) {
	setup, err := p.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Move{}, err
	}
	if err := caller.MayMove(setup); err != nil {
		return desk.Move{}, err
	}
	c, ok := setup.Channel(channel)
	if !ok {
		return desk.Move{}, fmt.Errorf("channel %s: %w", channel, desk.ErrNotFound)
	}
	if c.Home == desk.Inbox {
		return desk.Move{}, &desk.RefusedError{Code: desk.CodeNotMoved, Problem: "the channel is in the inbox, and only what has moved can be repaired",
			Remedy: "move the channel"}
	}
	m, err := p.Moves.Get(ctx, caller.Account, c.Move)
	if err == nil && m.EndedAt.IsZero() { // one that has ended at attention still has the channel
		err = &RunningError{Move: c.Move}
	}
	return m, err
}

// repairRun returns the state in which a repair's execution starts.
func repairRun(m desk.Move, now time.Time, since desk.Position) Run {
	return Run{
		Account: m.Account, Move: m.ID, Run: 1, Step: StepList, Late: LateRepair, Repair: fmt.Sprintf("repair-%d", now.UnixMilli()), Since: since, Pass: 1,
	}
}

// startRepair records a repair. The next one follows a day after the beginning of
// this one, once the late audits have ended: what comes in while it runs is the next
// one's.
func startRepair(ctx context.Context, moves RepairRecorder, r Run, m desk.Move, by desk.Caller, now time.Time) (Run, error) {
	e := by.Entry(desk.ActionRepair, m.ID+"-"+r.Repair, now)
	e.Account, e.Move, e.Channel, e.Detail = m.Account, m.ID, m.Choices.Channel, "all"
	if !r.Since.IsZero() {
		e.Detail = "since " + r.Since.Joined.Format(time.RFC3339)
	}
	var next time.Time
	if !m.RepairAt.IsZero() {
		next = now.Add(repairInterval)
	}
	return moves.StartRepair(ctx, r, m, next, e)
}
