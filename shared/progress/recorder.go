// Package progress records how far running moves are, and tells people: how much is
// done, how long the rest will take, what a move waits for and since when it has got
// no further. The steps of package move report to a Recorder; people ask a Monitor.
// No step waits for either.
package progress

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// Recorder adds samples to the courses of running moves.
type Recorder struct {
	Courses Courses
	Moves   interface {
		// Alive records that a move's execution is at work, so that the sweeper need not
		// look after it until then. It does nothing if the move has ended, or another
		// execution goes on.
		Alive(ctx context.Context, m desk.Move, until time.Time) error
	}
	// OnLooked, if not nil, is called each time a step has looked at a move.
	OnLooked func(Report)
}

// Courses keeps what moves note of themselves: Note fails if a course was written
// since it was read. Marked says when a job was marked by a name; zero if it is not.
type Courses interface {
	Course(ctx context.Context, account, id string) (desk.Course, error)
	Note(ctx context.Context, account, id string, c desk.Course) error
	Marked(ctx context.Context, account, job, name string) (time.Time, error)
}

// Report is how far a step found a move's present pass to be.
type Report struct {
	move.Look
	Left     time.Duration // until the move has ended; negative if nobody can say
	StuckFor time.Duration // since it last got any further
}

// maxSamples is how many samples a move's course has at most, however long it takes.
const maxSamples = 1000

// maxQuiet is how long a move's steps may be silent at most, and a minute, before the
// sweeper looks.
const maxQuiet = 10 * time.Minute

// throttledFor is how long a move counts as throttled after its last batch that met a
// busy store.
const throttledFor = time.Minute

// Looked adds what a step saw to the move's course, unless the last sample is recent
// and nothing else is new; whenever it does, the move is alive. Whatever goes wrong is
// left out.
func (r Recorder) Looked(ctx context.Context, l move.Look) {
	report := r.look(ctx, l)
	if r.OnLooked != nil {
		r.OnLooked(report)
	}
}

func (r Recorder) look(ctx context.Context, l move.Look) Report {
	report := Report{Look: l, Left: -1}
	m := l.Move
	c, err := r.Courses.Course(ctx, m.Account, m.ID)
	if err != nil {
		return report
	}
	planned := c.Planned
	if l.PassID() == countedPass(m) {
		planned = l.Planned
	}
	_, report.Left = forecast(m, planned, l.Pass, l.Progress, l.At)
	if stand := fmt.Sprintf("%s: %d of %d", l.PassID(), l.Progress.Done, l.Planned); stand != c.Stand {
		c.Stand, c.MovedAt = stand, l.At
	}
	report.StuckFor = max(l.At.Sub(c.MovedAt), 0)
	// There are at most two paces to the next sample. After the last one there is none.
	if c.Written >= maxSamples || r.add(ctx, l, c) {
		_ = r.Moves.Alive(ctx, m, l.At.Add(min(2*move.Pace(l.At.Sub(m.Began())), maxQuiet)+time.Minute))
	}
	return report
}

// add adds a sample unless it is too early, and reports whether it did.
func (r Recorder) add(ctx context.Context, l move.Look, c desk.Course) bool {
	m, waits := l.Move, l.Waits
	at, err := r.Courses.Marked(ctx, m.Account, l.Job(), move.Throttled)
	switch {
	case err != nil:
		return false
	case !l.Ended && l.At.Sub(at).Abs() < throttledFor:
		waits = desk.WaitThrottled
	case waits == "" && l.Stalled && c.Waits == desk.WaitLate:
		waits = desk.WaitLate
	}
	last := c.Last()
	isNews := waits != c.Waits && c.Written < maxSamples/2 // the other half is for how far it is
	if !l.Ended && !isNews && l.At.Sub(last.At).Abs() < move.Pace(l.At.Sub(m.Began())) {
		return false
	}
	p := l.Progress
	is := desk.Sample{At: l.At, Done: p.Done, Created: p.Created, AsIs: p.AsIs, Live: p.Live, Failed: p.Failed, Open: int64(l.Open)}
	planned := p.Planned
	if l.PassID() != countedPass(m) { // a comparison counts again what has been done
		is, planned = last, c.Planned
		is.At, is.Open = l.At, int64(l.Open)
	}
	return r.Courses.Note(ctx, m.Account, m.ID, c.Add(is, planned, waits)) == nil // not after a lost race, or at a busy store
}
