package move

import (
	"context"
	"fmt"
)

// Reconcile is the step that looks for what the listing missed, and counts.
type Reconcile struct {
	Moves    MoveReader
	Rulebook *Rulebook
	Survey   Survey
	Ledger   TallyRecorder
	Dispatch Dispatcher
	Phase    PhaseRecorder
	// Pages is how many pages of the listing a step surveys.
	Pages int
}

// passes is more passes than an execution can make.
const passes = 1_000_000

// Step surveys from the run's cursor on. Found, at the end of the pass, says
// how many conversations it had to dispatch; only a pass that found none is
// the last, and its tallies are the move's report.
func (c Reconcile) Step(ctx context.Context, r Run) (Run, error) {
	m, err := c.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	if err := c.Phase.Enter(ctx, m, "reconcile"); err != nil {
		return r, err
	}
	rules, err := c.Rulebook.Rules(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	if !r.More { // the step before was not of this pass
		r.Pass, r.Page, r.Found = r.Pass+1, 0, 0
		r.Tally = r.Run*passes + r.Pass
		r.Cursor, _ = window(rules.Move, r.History)
	}
	_, until := window(rules.Move, r.History)
	for range c.Pages {
		page, err := c.Survey.page(ctx, rules, r.Cursor, until)
		if err != nil {
			return r, err
		}
		if len(page.missing) > 0 {
			err := c.Dispatch.SendIDs(ctx, r.Account, r.Move, fmt.Sprintf("pass%d.%d", r.Run, r.Pass), false, page.missing)
			if err != nil {
				return r, err
			}
		}
		if err := c.Ledger.Tally(ctx, r.Account, r.Move, r.Tally, r.Page, page.tally); err != nil {
			return r, err
		}
		r.Page++
		r.Found += len(page.missing)
		r.Cursor, r.More = page.last, page.more
		if !r.More {
			break
		}
	}
	return r, nil
}
