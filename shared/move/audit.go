package move

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Audit is the step that looks once more, after the end, at the minutes
// around the fence: an index promises no time by which it shows everything.
type Audit struct {
	Moves interface {
		MoveReader
		EndAudits(ctx context.Context, m desk.Move) error
	}
	Rulebook *Rulebook
	Survey   Survey
	Ensure   Ensure
	Ledger   interface {
		FailureRecorder
		BatchReader
	}
	Now func() time.Time
	// OnFound, if not nil, is told how many conversations a page of an audit
	// found missing.
	OnFound func(r Run, n int)
}

// lateAudits is when the audits happen, after the end of the move.
var lateAudits = [...]time.Duration{20 * time.Second, 5 * time.Minute, time.Hour, 24 * time.Hour}

// Step audits once, and asks to wait for the next audit while there is one.
// An execution that has been overtaken by a retry stops. Found says how many
// batches are open, which the state machine then drains: a step that woke up
// after the end may have entered them, and died before it sent them.
func (a Audit) Step(ctx context.Context, r Run) (Run, error) {
	m, err := a.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	r.More, r.Found = false, 0
	if m.Run != r.Run || m.EndedAt.IsZero() {
		return r, nil
	}
	if err := a.look(ctx, m, r); err != nil {
		return r, err
	}
	open, err := a.Ledger.Open(ctx, r.Account, r.Move, 1)
	if err != nil || len(open) > 0 {
		r.Found = len(open)
		return r, err
	}
	since := max(a.Now().Sub(m.EndedAt), 0) // the clock may have been put back
	for _, at := range lateAudits {
		if since < at {
			r.More = true
			r.Wait = int((at-since)/time.Second) + 1
			return r, nil
		}
	}
	return r, a.Moves.EndAudits(ctx, m)
}

// look ensures what the survey of the window finds missing.
func (a Audit) look(ctx context.Context, m desk.Move, r Run) error {
	rules, err := a.Rulebook.Rules(ctx, r.Account, r.Move)
	if err != nil {
		return err
	}
	after, until := window(rules.Move, false)
	for {
		page, err := a.Survey.page(ctx, rules, after, until)
		if err != nil {
			return err
		}
		if a.OnFound != nil && len(page.missing) > 0 {
			a.OnFound(r, len(page.missing))
		}
		for _, o := range a.Ensure.Run(ctx, rules, page.missing, How{Strong: true, Again: true}) {
			if o.Err == nil {
				continue
			}
			f, final := failure(o, a.Now())
			if !final {
				return fmt.Errorf("audit: %w", o.Err)
			}
			if err := a.Ledger.Fail(ctx, r.Account, r.Move, f); err != nil {
				return err
			}
		}
		if !page.more {
			return nil
		}
		after = page.last
	}
}
