package progress

import (
	"slices"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// Expected returns how many conversations a move is expected to deal with, of which
// so many have been listed.
func Expected(m desk.Move, listed int64) int64 {
	switch {
	case !m.EndedAt.IsZero():
		return m.Expected
	case m.Phase() == desk.PhaseConvert, m.Phase() == desk.PhaseCompare, m.Phase() == desk.PhaseReport:
		return listed
	}
	return max(m.Expected, listed)
}

// StuckFor returns how long a running move has got no further, by its course: since it
// noted so, or its phase or itself began. It may go for a while without a note.
func StuckFor(m desk.Move, c desk.Course, now time.Time) time.Duration {
	since := c.MovedAt
	if n := len(m.Phases); n > 0 && m.Phases[n-1].StartedAt.After(since) {
		since = m.Phases[n-1].StartedAt
	}
	if m.StartedAt.After(since) {
		since = m.StartedAt
	}
	return max(now.Sub(since)-move.Pace(now.Sub(m.Began())), 0)
}

// compareSpeed is about how many times as fast as it converts a move compares: it
// reads and writes nothing but sums. Measured with the demo's sample on one machine.
const compareSpeed = 5

// forecast returns how many conversations a second a move deals with, and how long
// it will take to its end; negative if nobody can say. Total is how many conversations
// the move has listed, and p how far its present pass is.
func forecast(m desk.Move, total int64, pass int, p move.Progress, now time.Time) (rate float64, left time.Duration) {
	rate = perSecond(p.Done, now.Sub(m.Counted()))
	// A comparison counts anew, and what a retry converts after one is little.
	if i := slices.IndexFunc(m.Phases, func(s desk.Stage) bool { return s.Phase == desk.PhaseCompare }); i >= 0 {
		rate = perSecond(total, m.Phases[i].StartedAt.Sub(m.Counted()))
	}
	switch m.Phase() {
	case desk.PhaseReport:
		return rate, 0
	case desk.PhaseRehearse:
		return rate, timeFor(max(total, m.Expected)-p.Done, rate)
	case desk.PhaseConvert:
		if left = timeFor(total-p.Done, rate); left < 0 {
			return rate, -1
		}
		return rate, left + timeFor(total, rate*compareSpeed)
	case desk.PhaseCompare:
		began := m.Phases[len(m.Phases)-1].StartedAt
		speed := perSecond(int64(max(pass-1, 0))*total+p.Done, now.Sub(began)) // a comparison that finds something is followed by another
		if speed == 0 {
			speed = rate * compareSpeed
		}
		return rate, timeFor(max(total, p.Planned)-p.Done, speed)
	}
	return rate, -1 // the total is unknown until the channel has been listed, and nothing is left at the end
}

// left is the forecast by a move's course alone, which says nothing of how far a
// comparison is.
func left(m desk.Move, c desk.Course, now time.Time) time.Duration {
	s := c.Last()
	p := move.Progress{Planned: c.Planned, Done: s.Done}
	if m.Phase() != desk.PhaseCompare {
		_, d := forecast(m, c.Planned, 0, p, s.At)
		return d
	}
	p.Done = 0
	began := m.Phases[len(m.Phases)-1].StartedAt
	_, d := forecast(m, c.Planned, 0, p, now)
	return max(d-now.Sub(began), min(d, 0))
}

func perSecond(n int64, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

// timeFor returns how long n conversations take; negative if they would take for ever.
func timeFor(n int64, perSecond float64) time.Duration {
	if perSecond <= 0 {
		return -1
	}
	return time.Duration(float64(max(n, 0)) / perSecond * float64(time.Second))
}

// countedPass returns the ID of the pass whose counters tell the progress of a
// move: the conversion's, or the first one that does anything.
func countedPass(m desk.Move) string {
	if m.Choices.Rehearsal || m.Choices.History == desk.NoHistory {
		return move.PassID(0, 1)
	}
	return move.PassID(0, 0)
}
