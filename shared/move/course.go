package move

import (
	"context"
	"time"

	"deskmove/shared/desk"
)

// Courses keeps what running moves note of themselves: Note fails if it was written
// since it was read. Marked says when a job was marked by a name; zero if it is not.
type Courses interface {
	Course(ctx context.Context, account, id string) (desk.Course, error)
	Note(ctx context.Context, account, id string, c desk.Course) error
	Marked(ctx context.Context, account, job, name string) (time.Time, error)
}

// maxNotes is how often a move notes its course, however long it takes.
const maxNotes = 1000

// throttled is the name of the mark of a job whose batches meet a busy store.
const throttled = "throttled"

// pace returns how long a move that has taken so long may go without a look at how
// far it is: the number of looks grows with the logarithm of its duration.
func pace(took time.Duration) time.Duration {
	return max(2*time.Second, (took / 100).Round(time.Second))
}

// seen is what a step saw when it looked.
type seen struct {
	Progress
	open    int
	waits   desk.WaitCode
	stalled bool // nothing has been done since the step looked before
	ended   bool // the pass has
}

// note adds a sample to a move's course, unless the last one is recent and nothing
// else is new. Whatever goes wrong is left out: the move does not wait for it.
func note(ctx context.Context, courses Courses, r Run, m desk.Move, s seen, now time.Time) {
	if r.Late != "" {
		return
	}
	c, err := courses.Course(ctx, r.Account, r.Move)
	if err != nil || c.Written >= maxNotes {
		return
	}
	at, err := courses.Marked(ctx, r.Account, r.Job(), throttled)
	switch {
	case err != nil:
		return
	case !s.ended && now.Sub(at).Abs() < resendAfter:
		s.waits = desk.WaitThrottled
	case s.waits == "" && s.stalled && c.Waits == desk.WaitLate:
		s.waits = desk.WaitLate
	}
	last := c.Last()
	if !s.ended && s.waits == c.Waits && now.Sub(last.At).Abs() < pace(now.Sub(m.Began())) {
		return
	}
	is := desk.Sample{At: now, Done: s.Done, Created: s.Created, AsIs: s.AsIs, Live: s.Live, Failed: s.Failed, Open: int64(s.open)}
	if r.PassID() != countedPass(m) { // a comparison counts again what has been done
		is, s.Planned = last, c.Planned
		is.At, is.Open = now, int64(s.open)
	}
	_ = courses.Note(ctx, r.Account, r.Move, c.Add(is, s.Planned, s.waits)) // a lost race, or a busy store
}

// look reads a job's open batches and the progress of a pass.
func look(ctx context.Context, ledger BatchReader, r Run) ([]Entry, Progress, error) {
	open, err := ledger.Open(ctx, r.Account, r.Job(), openPage)
	if err != nil {
		return nil, Progress{}, err
	}
	p, err := ledger.Progress(ctx, r.Account, r.Job(), r.PassID())
	return open, p, err
}
