package app

import (
	"context"

	"deskmove/shared/desk"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
)

type stepFunc = func(context.Context, move.Run) (move.Run, error)

// measures are what steps tell of themselves.
type measures struct{ *metrics.Writer }

// drained says how far a move's batches are.
func (m measures) drained(r move.Run, p move.Progress, open int) {
	m.Emit(metrics.OfMove(r.Account, r.Move),
		metrics.Value{Name: metrics.Planned, Value: p.Planned},
		metrics.Value{Name: metrics.Done, Value: p.Done},
		metrics.Value{Name: metrics.Remaining, Value: max(p.Planned-p.Done, 0)}, // counters are read one by one
		metrics.Value{Name: metrics.OpenBatches, Value: int64(open)})
}

// reconciled says what a step of reconciling found missing.
func (m measures) reconciled(step stepFunc) stepFunc {
	return func(ctx context.Context, r move.Run) (move.Run, error) {
		before := 0
		if r.More { // the step goes on with a pass
			before = r.Found
		}
		next, err := step(ctx, r)
		if err == nil {
			m.Emit(metrics.OfMove(r.Account, r.Move), metrics.Value{Name: metrics.Missing, Value: int64(next.Found - before)})
		}
		return next, err
	}
}

// ended counts the ends of moves; rehearsals are none.
func (m measures) ended(d desk.Move) {
	if d.Choices.Rehearsal {
		return
	}
	done, attention := int64(1), int64(0)
	if d.Status == desk.Attention {
		done, attention = 0, 1
	}
	m.Emit(metrics.OfMove(d.Account, d.ID),
		metrics.Value{Name: metrics.MovesDone, Value: done}, metrics.Value{Name: metrics.MovesAttention, Value: attention})
}

// audited says what an audit found.
func (m measures) audited(r move.Run, n int) {
	m.Emit(metrics.OfMove(r.Account, r.Move), metrics.Value{Name: metrics.AuditFound, Value: int64(n)})
}
