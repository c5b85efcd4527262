package progress

import (
	"context"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// ending is a store whose move ends between one answer and the next.
type ending struct{}

func (ending) Setup(context.Context, string) (desk.Setup, error) {
	return desk.Setup{Channels: []desk.Channel{{ID: "mail", Home: desk.Moving, Move: "m1"}}}, nil
}

func (ending) Get(context.Context, string, string) (desk.Move, error) {
	return desk.Move{ID: "m1", Choices: desk.Choices{Channel: "mail"}, Status: desk.Done, EndedAt: time.UnixMilli(1)}, nil
}

func (ending) Locked(context.Context, string) (string, error) { return "", nil }

func (ending) Access(context.Context, string, string) (map[string]bool, error) { return nil, nil }

func (ending) Open(context.Context, string, string, int) ([]move.Entry, error) { return nil, nil }

func (ending) Progress(context.Context, string, string, string) (move.Progress, error) {
	return move.Progress{}, nil
}

func (ending) Cursor(context.Context, string, string) (move.Cursor, error) { return move.Cursor{}, nil }

func (ending) Course(context.Context, string, string) (desk.Course, error) { return desk.Course{}, nil }

func TestNoBannerForAMoveThatJustEnded(t *testing.T) {
	w := Monitor{Setups: ending{}, Moves: ending{}, Ledger: ending{}, Now: time.Now}
	if notices, err := w.Notices(t.Context(), "acme"); err != nil || len(notices) > 0 {
		t.Errorf("notices = %+v, %v", notices, err)
	}
}

// TestLeftByTheCourse: everybody may ask what is left of a move, so that is worked out
// from what the move has noted alone.
func TestLeftByTheCourse(t *testing.T) {
	at := func(seconds int) time.Time {
		return time.Date(2026, 11, 23, 9, 0, seconds, 0, time.UTC)
	}
	phases := []desk.Stage{{Phase: desk.PhaseList, StartedAt: at(0), EndedAt: at(1)}, {Phase: desk.PhaseConvert, StartedAt: at(1)}}
	comparing := []desk.Stage{phases[0], {Phase: desk.PhaseConvert, StartedAt: at(1), EndedAt: at(40)}, {Phase: desk.PhaseCompare, StartedAt: at(40)}}
	halfway := desk.Course{Planned: 400, Samples: []desk.Sample{{At: at(10), Done: 100}}}
	for name, c := range map[string]struct {
		phases []desk.Stage
		course desk.Course
		now    int
		want   time.Duration
	}{
		"nobody knows while it is listed":       {[]desk.Stage{{Phase: desk.PhaseList, StartedAt: at(0)}}, halfway, 10, -1},
		"nor before the first sample":           {phases, desk.Course{Planned: 400}, 10, -1},
		"300 at 10/s, and 400 at 50/s":          {phases, halfway, 10, 38 * time.Second},
		"that is so until it looks again":       {phases, halfway, 13, 38 * time.Second},
		"400 at 50/s, of which some have gone":  {comparing, desk.Course{Planned: 400}, 43, 5 * time.Second},
		"and no less than nothing, if it takes": {comparing, desk.Course{Planned: 400}, 60, 0},
	} {
		m := desk.Move{StartedAt: at(0), FenceAt: at(0), Phases: c.phases}
		if got := left(m, c.course, at(c.now)); got.Round(time.Second) != c.want && (got >= 0 || c.want >= 0) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
