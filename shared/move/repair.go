package move

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// RepairRecorder records a repair and when the next one is to follow, zero if that
// is not known yet, unless one of the same move is running, which it then returns;
// desk.ErrChanged if the move is no longer as it was read.
type RepairRecorder interface {
	StartRepair(ctx context.Context, r Run, m desk.Move, next time.Time, entry desk.AuditEntry) (Run, error)
}

// NewRepair returns the state in which a repair's execution starts.
func NewRepair(m desk.Move, now time.Time, since desk.Position) Run {
	return Run{
		Account: m.Account, Move: m.ID, Run: 1, Step: StepList, Late: LateRepair, Repair: fmt.Sprintf("repair-%d", now.UnixMilli()), Since: since, Pass: 1,
	}
}

// StartRepair records a repair. The next one follows a day after the beginning of
// this one, once the late audits have ended: what comes in while it runs is the next
// one's.
func StartRepair(ctx context.Context, moves RepairRecorder, r Run, m desk.Move, by desk.Caller, now time.Time) (Run, error) {
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
