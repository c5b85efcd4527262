package desk_test

import (
	"slices"
	"testing"
	"time"

	"deskmove/shared/desk"
)

// TestPhasesGoForward: whatever steps come twice, late or by a wrong clock, the
// phases of a move begin once, in their order, and follow one another.
func TestPhasesGoForward(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(1_800_000_000+s), 0).UTC() }
	m := desk.Move{Status: desk.Starting, StartedAt: at(0)}
	enter := func(p desk.Phase, s int, want bool) {
		t.Helper()
		before := slices.Clone(m.Phases)
		is, ok := m.Enter(p, at(s))
		if ok != want || !slices.Equal(m.Phases, before) {
			t.Errorf("%s at %d: entered %t, want %t; it was %v and is %v", p, s, ok, want, before, m.Phases)
		}
		m = is
	}
	if m.Phase() != "" || m.Began() != at(0) {
		t.Errorf("before it begins: %q since %s", m.Phase(), m.Began())
	}
	enter(desk.PhaseRedirect, 1, true)
	enter(desk.PhaseRedirect, 2, false)
	enter(desk.PhaseList, 3, true)
	enter(desk.PhaseRedirect, 4, false)
	enter(desk.PhaseConvert, 2, true) // by a clock that is behind
	enter(desk.PhaseList, 5, false)
	enter(desk.PhaseReport, 9, true)
	enter(desk.PhaseCompare, 10, false)
	if m.Phase() != desk.PhaseReport || m.Status != desk.Running || m.Began() != at(3) {
		t.Errorf("%+v", m)
	}
	m = m.EndPhase(at(11))
	m.Status = desk.Attention
	enter(desk.PhaseReport, 12, false)
	if m.Phase() != "" {
		t.Errorf("after the end: %q", m.Phase())
	}
	m = m.Begin(desk.PhaseList, at(20))
	enter(desk.PhaseConvert, 21, true)
	want := []desk.Stage{
		{Phase: desk.PhaseRedirect, StartedAt: at(1), EndedAt: at(3)},
		{Phase: desk.PhaseList, StartedAt: at(3), EndedAt: at(3)},
		{Phase: desk.PhaseConvert, StartedAt: at(2), EndedAt: at(9)},
		{Phase: desk.PhaseReport, StartedAt: at(9), EndedAt: at(11)},
		{Phase: desk.PhaseList, StartedAt: at(20), EndedAt: at(21)},
		{Phase: desk.PhaseConvert, StartedAt: at(21)},
	}
	if !slices.Equal(m.Phases, want) || m.Began() != at(20) {
		t.Errorf("%v, want %v", m.Phases, want)
	}
}
