package move

import (
	"context"
	"fmt"
)

// Reconcile is the step that finds and dispatches what the listing missed, and
// counts what has moved.
type Reconcile struct {
	Moves    MoveReader
	Rulebook *Rulebook
	Survey   Survey
	Ledger   TallyRecorder
	Dispatch Dispatcher
	Phase    PhaseRecorder
	// Pages is how many pages of the listing a step compares.
	Pages int
}

// maxPasses is more passes than an execution can make. A tally's number is made
// of the execution's and the pass's.
const maxPasses = 1_000_000

// Step compares both sides from the run's cursor on. Found, at the end of the
// pass, says how many conversations it had to dispatch. A pass that finds none is
// the last, and its tallies become the move's report.
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
	if !r.More { // a new pass
		r.Pass, r.Page, r.Found = r.Pass+1, 0, 0
		r.Tally = r.Run*maxPasses + r.Pass
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
