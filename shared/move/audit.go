package move

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Audit is the step that checks the minutes around the fence again after a move's
// end, because an index guarantees no time by which it is complete.
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
	// OnFound, if not nil, is called with how many conversations an audit found
	// missing.
	OnFound func(r Run, n int)
}

// lateAudits are the times of the audits after a move's end.
var lateAudits = [...]time.Duration{20 * time.Second, 5 * time.Minute, time.Hour, 24 * time.Hour}

// Step audits once, and returns how long to wait for the next audit, if any. An
// execution that a retry has replaced stops. Found says whether batches are open,
// which the state machine then drains: a delayed step may have recorded them
// after the end, and crashed before it sent them.
func (a Audit) Step(ctx context.Context, r Run) (Run, error) {
	m, err := a.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	r.More, r.Found = false, 0
	if m.Run != r.Run || m.EndedAt.IsZero() {
		return r, nil
	}
	if err := a.check(ctx, m, r); err != nil {
		return r, err
	}
	open, err := a.Ledger.Open(ctx, r.Account, r.Move, 1)
	if err != nil || len(open) > 0 {
		r.Found = len(open)
		return r, err
	}
	since := max(a.Now().Sub(m.EndedAt), 0) // the clock may have been set back
	for _, at := range lateAudits {
		if since < at {
			r.More = true
			r.Wait = int((at-since)/time.Second) + 1
			return r, nil
		}
	}
	return r, a.Moves.EndAudits(ctx, m)
}

// check converts what the survey finds missing around the fence.
func (a Audit) check(ctx context.Context, m desk.Move, r Run) error {
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
