package move

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"deskmove/shared/desk"
)

// Retrier retries the conversations that a move could not convert (R28).
type Retrier struct {
	Setups SetupReader
	Moves  interface {
		MoveReader
		Resume(ctx context.Context, m desk.Move, entry desk.AuditEntry) error
	}
	Ledger  FailureReader
	Machine Machine
	Log     *slog.Logger
	Now     func() time.Time
}

// Retry starts a move that has ended again for its failures, and returns it.
// Errors: *desk.RefusedError if there is nothing to retry or the caller is not a
// super administrator, *desk.InvalidError if a status that the move gives to
// tickets no longer exists, *RunningError, desk.ErrNotFound.
func (t Retrier) Retry(ctx context.Context, caller desk.Caller, id string) (desk.Move, error) {
	setup, err := t.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Move{}, err
	}
	if err := caller.MayMove(setup); err != nil {
		return desk.Move{}, err
	}
	m, err := t.Moves.Get(ctx, caller.Account, id)
	if err != nil {
		return desk.Move{}, err
	}
	failures, _, err := t.Ledger.Failures(ctx, caller.Account, id, "", "", 1)
	if err != nil {
		return desk.Move{}, err
	}
	if m.Choices.Rehearsal || m.EndedAt.IsZero() || len(failures) == 0 && m.Status != desk.Attention { // the failures may have been settled since
		return desk.Move{}, &desk.RefusedError{Code: desk.CodeNothingToRetry, Problem: "the move has not ended, or no conversation failed",
			Remedy: "wait for its end and look at its failures"}
	}
	if err := setup.CheckMoveStatuses(m, "put them back into the setup, then retry"); err != nil {
		return desk.Move{}, err
	}
	now := t.Now()
	m = m.Begin(desk.PhaseList, now)
	m.Run++
	m.EndedAt, m.RepairAt = time.Time{}, time.Time{}
	err = t.Moves.Resume(ctx, m, desk.AuditEntry{
		Account: m.Account, ID: fmt.Sprintf("%s-%s-%d", desk.ActionRetry, m.ID, m.Run), At: now, By: caller.Agent,
		Action: desk.ActionRetry, Move: m.ID, Channel: m.Choices.Channel, Address: caller.Address,
	})
	if errors.Is(err, desk.ErrExists) {
		running, err := t.Moves.Locked(ctx, caller.Account)
		if err == nil && running == "" { // it has ended meanwhile
			err = &desk.BusyError{What: "move " + id, After: time.Second}
		}
		if err == nil {
			err = &RunningError{Move: running}
		}
		return desk.Move{}, err
	}
	if err != nil {
		return desk.Move{}, err
	}
	startExecution(ctx, t.Machine, t.Log, newRun(m, now))
	return m, nil
}
