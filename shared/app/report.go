package app

import (
	"cmp"
	"context"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
	"deskmove/shared/progress"
)

type stepFunc = func(context.Context, move.Run) (move.Run, error)

// reporter emits metrics about moves.
type reporter struct{ *metrics.Writer }

// looked emits how far a move's present phase is.
func (m reporter) looked(l progress.Report) {
	values := append(counts(l.Progress), metrics.Value{Name: metrics.OpenBatches, Value: int64(l.Open)}, stuck(l.StuckFor))
	if l.Left >= 0 {
		values = append(values, metrics.Value{Name: metrics.SecondsLeft, Value: int64(l.Left.Round(time.Second).Seconds())})
	}
	m.Emit(labels(l.Move, string(l.Move.Phase())), values...)
}

// ended emits the last of a move's progress, and counts moves but for rehearsals.
func (m reporter) ended(d desk.Move, p move.Progress) {
	values := counts(p)
	if !d.Choices.Rehearsal {
		done, attention := int64(1), int64(0)
		if d.Status == desk.Attention {
			done, attention = 0, 1
		}
		values = append(values, metrics.Value{Name: metrics.MovesDone, Value: done}, metrics.Value{Name: metrics.MovesAttention, Value: attention})
	}
	m.Emit(labels(d, string(d.Status)), values...)
}

// silent emits since when a running move has got no further whose steps are silent.
func (m reporter) silent(monitor progress.Monitor) func(context.Context, desk.Move) {
	return func(ctx context.Context, d desk.Move) {
		if since, err := monitor.StuckFor(ctx, d); err == nil { // else the next sweep tells
			m.Emit(labels(d, cmp.Or(string(d.Phase()), string(d.Status))), stuck(since))
		}
	}
}

// restarted counts a move that had to be started again.
func (m reporter) restarted(d desk.Move) {
	m.Emit(labels(d, cmp.Or(string(d.Phase()), string(d.Status))), metrics.Value{Name: metrics.MovesRestarted, Value: 1})
}

// attention emits that failures still wait for a person.
func (m reporter) attention(d desk.Move) {
	m.Emit(labels(d, string(d.Status)), metrics.Value{Name: metrics.MovesAttention, Value: 1})
}

func counts(p move.Progress) []metrics.Value {
	return []metrics.Value{
		{Name: metrics.Planned, Value: p.Planned}, {Name: metrics.Done, Value: p.Done},
		{Name: metrics.Remaining, Value: max(p.Planned-p.Done, 0)}, // counters are read one by one
	}
}

func stuck(d time.Duration) metrics.Value {
	return metrics.Value{Name: metrics.SecondsStuck, Value: int64(d.Seconds())}
}

func labels(m desk.Move, phase string) []metrics.Label {
	kind := "move"
	if m.Choices.Rehearsal {
		kind = "rehearsal"
	}
	return append(metrics.OfMove(m.Account, m.ID), metrics.Label{Name: metrics.LabelChannel, ID: m.Choices.Channel},
		metrics.Label{Name: metrics.LabelKind, ID: kind}, metrics.Label{Name: metrics.LabelPhase, ID: phase})
}
