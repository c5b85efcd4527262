package move

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"deskmove/shared/desk"
)

// Finish is the step that ends a move, each audit after it, and a repair.
type Finish struct {
	Moves interface {
		MoveReader
		Phases
		Finish(ctx context.Context, m desk.Move, listed Cursor, dueAt time.Time, entry desk.AuditEntry) error
		AwaitRepair(ctx context.Context, m desk.Move, repairAt time.Time) error
		EndRepair(ctx context.Context, r Run, entry desk.AuditEntry) error
	}
	Ledger interface {
		CursorReader
		FailureReader
		BatchReader
		Owners(ctx context.Context, account, job, pass string, do func(map[string]int64) error) error
	}
	Outbox interface {
		// Notify stores notifications. One that exists already is left as it is.
		Notify(ctx context.Context, account string, ns []desk.Notification) error
	}
	Now func() time.Time
	// OnEnded, if not nil, is called once for each move that ends, with the progress
	// of its last pass.
	OnEnded func(m desk.Move, p Progress)
}

// lateAudits are the times of the audits after a move's end: of the minutes around
// the fence, because an index guarantees no time by which it is complete.
var lateAudits = [...]time.Duration{20 * time.Second, 5 * time.Minute, time.Hour}

// repairInterval is how often what came in on a moved channel is compared again.
const repairInterval = 24 * time.Hour

// Step ends what the run was about. After a move, and after all audits but the
// last, it returns how long to wait for the next audit. A move that has ended
// already stays as it is.
func (f Finish) Step(ctx context.Context, r Run) (Run, error) {
	m, err := f.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	switch r.Late {
	case LateAudit:
		return f.audit(ctx, r, m)
	case LateRepair:
		return f.repair(ctx, r, m)
	}
	if m.Status == desk.Running && m.Run == r.Run {
		if m, err = f.end(ctx, r, m); err != nil {
			return r, err
		}
	}
	if m.Choices.Rehearsal || m.EndedAt.IsZero() || r.replaced(m) {
		r.More = false
		return r, nil
	}
	return NewRun(m, f.Now()), nil
}

// untilAudit returns how many seconds there are until an audit.
func untilAudit(m desk.Move, audit int, now time.Time) int {
	since := max(now.Sub(m.EndedAt), 0) // the clock may have been set back
	return seconds(lateAudits[audit-1] - since)
}

// end writes the report and ends the move: done, or at attention if conversations
// failed. It returns the move as it is then.
func (f Finish) end(ctx context.Context, r Run, was desk.Move) (desk.Move, error) {
	listed, err := f.Ledger.Cursor(ctx, r.Account, r.Move)
	if err != nil {
		return was, err
	}
	if listed.Began != r.Began || listed.Pass != r.Pass || !listed.Listed || listed.Closed {
		return was, nil // a step that woke up late: another execution goes on
	}
	m, err := enter(ctx, f.Moves, was, desk.PhaseReport, f.Now())
	if err != nil {
		return was, err
	}
	total, err := f.Ledger.Progress(ctx, r.Account, r.Move, r.PassID())
	if err != nil {
		return was, err
	}
	failures, _, err := f.Ledger.Failures(ctx, r.Account, r.Move, "", "", 1)
	if err != nil {
		return was, err
	}
	m.Report = desk.Report{
		Found: total.Found, Created: total.Created, AsIs: total.AsIs, Redirected: total.Live, Failed: total.Failed,
		OwnersLost: total.OwnersLost, LostBy: total.LostBy, Breaches: total.Breaches, ByStatus: total.ByStatus,
		InboxSum: fmt.Sprintf("%016x", total.Inbox), DeskSum: fmt.Sprintf("%016x", total.Desk),
	}
	m.Expected, m.EndedAt = total.Planned, f.Now()
	m = m.EndPhase(m.EndedAt)
	m.Status = desk.Done
	dueAt := m.EndedAt
	switch {
	case m.Choices.Rehearsal:
		dueAt = time.Time{}
	case len(failures) > 0:
		m.Status = desk.Attention
	case m.Choices.Notifications == desk.Digest:
		if err := f.digest(ctx, r, m); err != nil {
			return was, err
		}
	}
	err = f.Moves.Finish(ctx, m, listed, dueAt, f.entry(m, desk.ActionEnd, fmt.Sprint(m.Run), string(m.Status)))
	if errors.Is(err, desk.ErrChanged) { // this step ran twice
		return was, nil
	}
	if err == nil && f.OnEnded != nil {
		f.OnEnded(m, total)
	}
	return m, err
}

// digest notifies each agent of how many tickets from history they own (R10).
func (f Finish) digest(ctx context.Context, r Run, m desk.Move) error {
	return f.Ledger.Owners(ctx, r.Account, r.Move, r.PassID(), func(owners map[string]int64) error {
		var ns []desk.Notification
		for _, agent := range slices.Sorted(maps.Keys(owners)) {
			ns = append(ns, desk.Notification{
				ID: desk.KindDigest + "-" + m.ID + "-" + agent, Kind: desk.KindDigest, Agent: agent, Tickets: owners[agent],
				Move: m.ID, Channel: m.Choices.Channel, At: m.EndedAt,
			})
		}
		return f.Outbox.Notify(ctx, m.Account, ns)
	})
}

// audit ends an audit. An execution that a retry has replaced stops.
func (f Finish) audit(ctx context.Context, r Run, m desk.Move) (Run, error) {
	r.More = false
	if r.replaced(m) || m.EndedAt.IsZero() {
		return r, nil
	}
	if r.Pass < len(lateAudits) {
		r.Pass++
		r.More, r.Wait = true, untilAudit(m, r.Pass, f.Now())
		return r, nil
	}
	return r, f.Moves.AwaitRepair(ctx, m, m.EndedAt.Add(repairInterval))
}

// repair ends a repair. What it found landed after the move's end and is not in
// the move's report, but in the audit log.
func (f Finish) repair(ctx context.Context, r Run, m desk.Move) (Run, error) {
	r.More = false
	var found, failed int64
	for pass := 1; pass <= r.Pass; pass++ {
		p, err := f.Ledger.Progress(ctx, r.Account, r.Job(), PassID(r.Began, pass))
		if err != nil {
			return r, err
		}
		found, failed = found+p.Landed, max(failed, p.Failed) // a failure may be in both
	}
	detail := fmt.Sprintf("found after the end: %d landed, %d failed", found, failed)
	return r, f.Moves.EndRepair(ctx, r, f.entry(m, desk.ActionRepaired, r.Repair, detail))
}

func (f Finish) entry(m desk.Move, action, of, detail string) desk.AuditEntry {
	return desk.AuditEntry{
		Account: m.Account, ID: fmt.Sprintf("%s-%s-%s", action, m.ID, of), At: f.Now(), By: desk.Program,
		Action: action, Move: m.ID, Channel: m.Choices.Channel, Detail: detail,
	}
}
