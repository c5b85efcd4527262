package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// Repairer compares all of a moved channel again, and lands what is missing.
type Repairer struct {
	Setups move.SetupReader
	Moves  interface {
		move.MoveReader
		move.RepairRecorder
	}
	Journal Journal
	Machine move.Machine
	Log     *slog.Logger
	Now     func() time.Time
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
		want := move.NewRepair(m, p.Now(), desk.Position{})
		r, err := move.StartRepair(ctx, p.Moves, want, m, caller, p.Now())
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
