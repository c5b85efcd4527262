package move

import (
	"context"
	"fmt"
	"slices"
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

// Look is how far a step found a move's present pass to be.
type Look struct {
	Run
	Move     desk.Move
	Progress               // of the pass
	Open     int           // batches that are not done, counted up to a few hundred
	Left     time.Duration // until the move has ended; negative if nobody can say
	StuckFor time.Duration // since it last got any further
}

// noted adds a sample to a move's course, unless the last one is recent and nothing
// else is new; whenever it does, the move is alive. Whatever goes wrong is left out:
// the move does not wait for it. Then it tells whoever listens, if anybody does. What
// runs after the end of a move has no course.
func noted(ctx context.Context, courses Courses, phases Phases, r Run, m desk.Move, s seen, now time.Time, onLooked func(Look)) {
	if r.Late != "" {
		return
	}
	if l := note(ctx, courses, phases, r, m, s, now); onLooked != nil {
		onLooked(l)
	}
}

func note(ctx context.Context, courses Courses, phases Phases, r Run, m desk.Move, s seen, now time.Time) Look {
	l := Look{Run: r, Move: m, Progress: s.Progress, Open: s.open, Left: -1}
	c, err := courses.Course(ctx, r.Account, r.Move)
	if err != nil {
		return l
	}
	planned := c.Planned
	if r.PassID() == countedPass(m) {
		planned = s.Planned
	}
	_, l.Left = forecast(m, planned, r.Pass, s.Progress, now)
	if stand := fmt.Sprintf("%s: %d of %d", r.PassID(), s.Done, s.Planned); stand != c.Stand {
		c.Stand, c.MovedAt = stand, now
	}
	l.StuckFor = max(now.Sub(c.MovedAt), 0)
	// There are at most two paces to the next sample. After the last one there is none.
	if c.Written >= maxNotes || addSample(ctx, courses, r, m, s, c, now) {
		_ = phases.Alive(ctx, m, now.Add(min(2*pace(now.Sub(m.Began())), maxQuiet)+time.Minute))
	}
	return l
}

// maxQuiet is how long a move's steps may be silent at most, and a minute, before the
// sweeper looks.
const maxQuiet = 10 * time.Minute

// addSample adds a sample unless it is too early, and reports whether it did.
func addSample(ctx context.Context, courses Courses, r Run, m desk.Move, s seen, c desk.Course, now time.Time) bool {
	at, err := courses.Marked(ctx, r.Account, r.Job(), throttled)
	switch {
	case err != nil:
		return false
	case !s.ended && now.Sub(at).Abs() < resendAfter:
		s.waits = desk.WaitThrottled
	case s.waits == "" && s.stalled && c.Waits == desk.WaitLate:
		s.waits = desk.WaitLate
	}
	last := c.Last()
	isNews := s.waits != c.Waits && c.Written < maxNotes/2 // the other half is for how far it is
	if !s.ended && !isNews && now.Sub(last.At).Abs() < pace(now.Sub(m.Began())) {
		return false
	}
	is := desk.Sample{At: now, Done: s.Done, Created: s.Created, AsIs: s.AsIs, Live: s.Live, Failed: s.Failed, Open: int64(s.open)}
	if r.PassID() != countedPass(m) { // a comparison counts again what has been done
		is, s.Planned = last, c.Planned
		is.At, is.Open = now, int64(s.open)
	}
	return courses.Note(ctx, r.Account, r.Move, c.Add(is, s.Planned, s.waits)) == nil // not after a lost race, or at a busy store
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
	return max(now.Sub(since)-pace(now.Sub(m.Began())), 0)
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

// compareSpeed is about how many times as fast as it converts a move compares: it
// reads and writes nothing but sums. Measured with the demo's sample on one machine.
const compareSpeed = 5

// forecast returns how many conversations a second a move deals with, and how long
// it will take to its end; negative if nobody can say. Total is how many conversations
// the move has listed, and p how far its present pass is.
func forecast(m desk.Move, total int64, pass int, p Progress, now time.Time) (rate float64, left time.Duration) {
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
