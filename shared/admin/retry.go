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

// Retrier retries the conversations that a move could not convert (R28).
type Retrier struct {
	Setups move.SetupReader
	Moves  interface {
		move.MoveReader
		Resume(ctx context.Context, m desk.Move, entry desk.AuditEntry) error
	}
	Journal Journal
	Ledger  move.FailureReader
	Machine move.Machine
	Log     *slog.Logger
	Now     func() time.Time
}

// Retry starts a move that has ended again for its failures, and returns it.
// Errors: *desk.RefusedError if there is nothing to retry or the caller is not a
// super administrator, *desk.InvalidError if a status that the move gives to
// tickets no longer exists, *RunningError, desk.ErrNotFound. Every refusal is in the
// audit log.
func (t Retrier) Retry(ctx context.Context, caller desk.Caller, id string) (desk.Move, error) {
	m, err := t.retry(ctx, caller, id)
	if err != nil {
		return desk.Move{}, Refused(ctx, t.Journal, t.Now(), caller, desk.ActionRetry, m, err)
	}
	startExecution(ctx, t.Machine, t.Log, move.NewRun(m, t.Now()))
	return m, nil
}

// retry returns the move as it runs again, or, with an error, as far as it was read.
func (t Retrier) retry(ctx context.Context, caller desk.Caller, id string) (m desk.Move, _ error) {
	setup, err := t.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return m, err
	}
	if err := caller.MayMove(setup); err != nil {
		return m, err
	}
	m, err = t.Moves.Get(ctx, caller.Account, id)
	if err != nil {
		return m, err
	}
	failures, _, err := t.Ledger.Failures(ctx, caller.Account, id, "", "", 1)
	if err != nil {
		return m, err
	}
	if m.Choices.Rehearsal || m.EndedAt.IsZero() || len(failures) == 0 && m.Status != desk.Attention { // the failures may have been settled since
		return m, &desk.RefusedError{Code: desk.CodeNothingToRetry, Problem: "the move has not ended, or no conversation failed",
			Remedy: "wait for its end and look at its failures"}
	}
	if err := setup.CheckMoveStatuses(m, "put them back into the setup, then retry"); err != nil {
		return m, err
	}
	now := t.Now()
	m = m.Begin(desk.PhaseList, now)
	m.Run++
	m.EndedAt, m.RepairAt = time.Time{}, time.Time{}
	entry := caller.Entry(desk.ActionRetry, fmt.Sprintf("%s-%d", m.ID, m.Run), now)
	entry.Move, entry.Channel = m.ID, m.Choices.Channel
	err = t.Moves.Resume(ctx, m, entry)
	if errors.Is(err, desk.ErrExists) {
		var running string
		running, err = t.Moves.Locked(ctx, caller.Account)
		switch {
		case err == nil && running == "": // it has ended meanwhile
			err = &desk.BusyError{What: "move " + id, After: time.Second}
		case err == nil:
			err = &RunningError{Move: running}
		}
	}
	return m, err
}
