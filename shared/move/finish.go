package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Finish is the step that ends a move.
type Finish struct {
	Moves interface {
		MoveReader
		Finish(ctx context.Context, m desk.Move, dueAt time.Time, entry desk.AuditEntry) error
	}
	Ledger interface {
		FailureReader
		Tallies(ctx context.Context, account, id string, pass, pages int) ([]Tally, error)
	}
	Outbox Outbox
	Now    func() time.Time
	// OnEnded, if not nil, is called once for each move that ends.
	OnEnded func(m desk.Move)
}

// Step writes the report and ends the move: done, or at attention if
// conversations failed. A move that has ended already stays as it is. Step
// returns how long to wait for the first audit.
func (f Finish) Step(ctx context.Context, r Run) (Run, error) {
	m, err := f.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	r.More, r.Wait = !r.Rehearsal, int(lateAudits[0]/time.Second)
	if m.Status != desk.Running || m.Run != r.Run {
		return r, nil
	}
	ts, err := f.Ledger.Tallies(ctx, r.Account, r.Move, r.Tally, r.Page)
	if err != nil {
		return r, err
	}
	failures, _, err := f.Ledger.Failures(ctx, r.Account, r.Move, "", 1)
	if err != nil {
		return r, err
	}
	total := sum(ts)
	m.Report = total.Report
	m.Report.InboxSum, m.Report.DeskSum = fmt.Sprintf("%016x", total.Inbox), fmt.Sprintf("%016x", total.Desk)
	m.Status, m.Phase, m.EndedAt = desk.Done, "", f.Now()
	dueAt := m.EndedAt
	switch {
	case r.Rehearsal:
		dueAt = time.Time{}
	case len(failures) > 0:
		m.Status = desk.Attention
	default:
		if err := f.digest(ctx, m, total.Owners); err != nil {
			return r, err
		}
	}
	err = f.Moves.Finish(ctx, m, dueAt, desk.AuditEntry{
		Account: m.Account, ID: fmt.Sprintf("%s-%s-%d", desk.ActionEnd, m.ID, m.Run), At: m.EndedAt, By: "deskmove",
		Action: desk.ActionEnd, Move: m.ID, Channel: m.Choices.Channel, Detail: string(m.Status),
	})
	if errors.Is(err, desk.ErrChanged) { // this step ran twice
		return r, nil
	}
	if err == nil && f.OnEnded != nil {
		f.OnEnded(m)
	}
	return r, err
}

// digest notifies each agent of how many tickets from history they own (R10).
func (f Finish) digest(ctx context.Context, m desk.Move, owners map[string]int64) error {
	if m.Choices.Notifications != desk.Digest || len(owners) == 0 {
		return nil
	}
	var ns []desk.Notification
	for agent, n := range owners {
		ns = append(ns, desk.Notification{
			ID: desk.KindDigest + "-" + m.ID + "-" + agent, Kind: desk.KindDigest, Agent: agent, Tickets: n,
			Move: m.ID, Channel: m.Choices.Channel, At: m.EndedAt,
		})
	}
	return f.Outbox.Notify(ctx, m.Account, ns)
}
