package app

import (
	"context"

	"deskmove/shared/desk"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
)

type stepFunc = func(context.Context, move.Run) (move.Run, error)

// reporter emits metrics about moves.
type reporter struct{ *metrics.Writer }

// drained emits a move's progress.
func (m reporter) drained(r move.Run, p move.Progress, open int) {
	m.Emit(metrics.OfMove(r.Account, r.Move),
		metrics.Value{Name: metrics.Planned, Value: p.Planned},
		metrics.Value{Name: metrics.Done, Value: p.Done},
		metrics.Value{Name: metrics.Remaining, Value: max(p.Planned-p.Done, 0)}, // counters are read one by one
		metrics.Value{Name: metrics.OpenBatches, Value: int64(open)})
}

// ended counts moves that have ended, without rehearsals.
func (m reporter) ended(d desk.Move) {
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
