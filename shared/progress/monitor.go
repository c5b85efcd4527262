package progress

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// Monitor reports the progress of moves.
type Monitor struct {
	Setups move.SetupReader
	Moves  move.MoveReader
	Ledger interface {
		move.BatchReader
		move.CursorReader
		Course(ctx context.Context, account, id string) (desk.Course, error)
	}
	Now func() time.Time
}

// Overview is a move and its progress.
type Overview struct {
	desk.Move
	move.Progress
	Course desk.Course
	Access []string      // sorted IDs of the agents who had help desk access at the fence; nil before it
	Open   int           // batches that are not done, counted up to a limit
	Rate   float64       // conversations a second that it has converted, or would have
	Left   time.Duration // until it has ended; negative if nobody can say
}

// openPage is up to how many open batches of a shard are counted.
const openPage = 25

// Overview reads a move and its progress; desk.ErrNotFound if there is none.
func (w Monitor) Overview(ctx context.Context, account, id string) (Overview, error) {
	m, err := w.Moves.Get(ctx, account, id)
	if err != nil {
		return Overview{}, err
	}
	watched := Overview{Move: m, Left: -1}
	if watched.Progress, err = w.Ledger.Progress(ctx, account, id, countedPass(m)); err != nil {
		return Overview{}, err
	}
	if watched.Course, err = w.Ledger.Course(ctx, account, id); err != nil {
		return Overview{}, err
	}
	access, err := w.Moves.Access(ctx, account, id)
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return Overview{}, err
	}
	watched.Access = slices.Sorted(maps.Keys(access))
	// They are counted after the end too, when there should be none: who verifies
	// the move needs the facts.
	open, err := w.Ledger.Open(ctx, account, id, openPage)
	if err != nil {
		return Overview{}, err
	}
	watched.Open = len(open)
	watched.Expected = Expected(m, watched.Planned)
	number, pass := 0, watched.Progress
	if m.Phase() == desk.PhaseCompare {
		if number, pass, err = w.comparison(ctx, m); err != nil {
			return Overview{}, err
		}
	}
	watched.Rate, watched.Left = forecast(m, watched.Planned, number, pass, w.Now())
	return watched, nil
}

// comparison returns which comparison a move makes, and how far that is.
func (w Monitor) comparison(ctx context.Context, m desk.Move) (pass int, p move.Progress, err error) {
	at, err := w.Ledger.Cursor(ctx, m.Account, m.ID)
	if err != nil || at.Pass == 0 { // it is about to begin
		return 0, p, err
	}
	p, err = w.Ledger.Progress(ctx, m.Account, m.ID, move.PassID(at.Began, at.Pass))
	return at.Pass, p, err
}

// StuckFor returns how long a running move has got no further.
func (w Monitor) StuckFor(ctx context.Context, m desk.Move) (time.Duration, error) {
	c, err := w.Ledger.Course(ctx, m.Account, m.ID)
	return StuckFor(m, c, w.Now()), err
}

// Notice is a banner that says that a channel is moving (R25).
type Notice struct {
	Channel desk.Channel
	Move    desk.Move
	Since   time.Time
	Percent int
	Left    time.Duration // until it has ended, as of its last look; negative if nobody can say
}

// Notices returns the banners of an account. A move at attention keeps its banner
// until its failures have been settled.
func (w Monitor) Notices(ctx context.Context, account string) ([]Notice, error) {
	setup, err := w.Setups.Setup(ctx, account)
	if err != nil {
		return nil, err
	}
	moves, err := w.moving(ctx, setup)
	if err != nil {
		return nil, err
	}
	var notices []Notice
	for _, id := range moves {
		n, ok, err := w.notice(ctx, setup, id)
		if err != nil {
			return nil, err
		}
		if ok {
			notices = append(notices, n)
		}
	}
	return notices, nil
}

// moving returns the IDs of the moves whose channels are moving, and of one that
// has been started but has not fenced its channel yet.
func (w Monitor) moving(ctx context.Context, setup desk.Setup) ([]string, error) {
	started, err := w.Moves.Locked(ctx, setup.Account.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range setup.Channels {
		if c.Home == desk.Moving {
			ids = append(ids, c.Move)
		}
		if c.Move == started {
			started = ""
		}
	}
	if started != "" {
		ids = append(ids, started)
	}
	return ids, nil
}

func (w Monitor) notice(ctx context.Context, setup desk.Setup, id string) (Notice, bool, error) {
	m, err := w.Moves.Get(ctx, setup.Account.ID, id)
	if err != nil {
		return Notice{}, false, err
	}
	course, err := w.Ledger.Course(ctx, setup.Account.ID, id) // one item, since everyone polls this
	if err != nil {
		return Notice{}, false, err
	}
	c, ok := setup.Channel(m.Choices.Channel)
	n := Notice{Channel: c, Move: m, Since: m.StartedAt, Percent: 100, Left: -1}
	if m.EndedAt.IsZero() {
		n.Percent = 0
		if all := Expected(m, course.Planned); all > 0 {
			n.Percent = int(min(99, course.Last().Done*100/all))
		}
		n.Left = left(m, course, w.Now())
	}
	return n, ok && m.Status != desk.Done, nil
}
