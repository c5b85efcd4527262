package desk

import (
	"slices"
	"time"
)

// Phase is what a move does for a while. The words are stable.
type Phase string

// The phases, in the order in which a move goes through them. A rehearsal only
// rehearses and reports.
const (
	PhaseRedirect Phase = "redirect" // the channel is fenced
	PhaseList     Phase = "list"
	PhaseRehearse Phase = "rehearse"
	PhaseConvert  Phase = "convert"
	PhaseCompare  Phase = "compare"
	PhaseReport   Phase = "report"
)

var phases = []Phase{PhaseRedirect, PhaseList, PhaseRehearse, PhaseConvert, PhaseCompare, PhaseReport}

// Stage is a phase of a move, and when it was. EndedAt is zero while it lasts.
type Stage struct {
	Phase              Phase
	StartedAt, EndedAt time.Time
}

// Phase returns what the move does now; "" before its first phase and after its end.
func (m Move) Phase() Phase {
	if n := len(m.Phases); n > 0 && m.Phases[n-1].EndedAt.IsZero() {
		return m.Phases[n-1].Phase
	}
	return ""
}

// Enter returns m as it is once a phase has begun; false if that phase or a later one
// has begun already, or the move has ended. So a step that comes late reopens nothing.
func (m Move) Enter(p Phase, at time.Time) (Move, bool) {
	last := -1
	if n := len(m.Phases); n > 0 {
		last = slices.Index(phases, m.Phases[n-1].Phase)
	}
	if m.Status == Done || m.Status == Attention || slices.Index(phases, p) <= last {
		return m, false
	}
	return m.Begin(p, at), true
}

// Begin returns m with a new phase, whatever was before: a retry begins again.
func (m Move) Begin(p Phase, at time.Time) Move {
	m = m.EndPhase(at)
	m.Phases = append(m.Phases, Stage{Phase: p, StartedAt: at})
	m.Status = Running
	return m
}

// Counted returns since when a move's conversations are counted: its fence, or a
// rehearsal's start; zero before the fence.
func (m Move) Counted() time.Time {
	if m.Choices.Rehearsal {
		return m.StartedAt
	}
	return m.FenceAt
}

// EndPhase returns m with its present phase ended.
func (m Move) EndPhase(at time.Time) Move {
	m.Phases = slices.Clone(m.Phases)
	if m.Phase() != "" {
		s := &m.Phases[len(m.Phases)-1]
		if s.EndedAt = at; at.Before(s.StartedAt) { // the clock has been set back
			s.EndedAt = s.StartedAt
		}
	}
	return m
}

// Began returns when the move, or its last retry, began to list.
func (m Move) Began() time.Time {
	for _, s := range slices.Backward(m.Phases) {
		if s.Phase == PhaseList || s.Phase == PhaseRehearse {
			return s.StartedAt
		}
	}
	return m.StartedAt
}

// Entered returns when the move last began a phase; zero if it has not.
func (m Move) Entered(p Phase) time.Time {
	for _, s := range slices.Backward(m.Phases) {
		if s.Phase == p {
			return s.StartedAt
		}
	}
	return time.Time{}
}
