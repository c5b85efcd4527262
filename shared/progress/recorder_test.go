package progress_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/progress"
	"deskmove/shared/store"
)

// nowhere is a queue that keeps nothing.
type nowhere struct{}

func (nowhere) Send(context.Context, []move.Batch) error { return nil }

// recorder returns a recorder of the rig's moves, with courses of one's own.
func recorder(r *apptest.Rig, courses progress.Courses, onLooked func(progress.Report)) progress.Recorder {
	return progress.Recorder{Courses: courses, Moves: r.Moves, OnLooked: onLooked}
}

// months is a ledger whose batches take months, and are all open.
type months struct {
	store.LedgerStore
	p *move.Progress
}

func (m months) Open(context.Context, string, string, int) ([]move.Entry, error) {
	return make([]move.Entry, 400), nil
}

func (m months) Progress(context.Context, string, string, string) (move.Progress, error) {
	return *m.p, nil
}

func (m months) Sent(context.Context, string, string, string, time.Time) error { return nil }

// TestALongMoveLooksSeldom: however long a move takes, it is written 1,000 times at
// most. A day of it needs few executions, which have 25,000 events each.
func TestALongMoveLooksSeldom(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 10)
	id := r.StartMove(apptest.History("mail")).ID
	run := r.ListLast()
	ledger := months{store.LedgerStore{Engine: r.Memory}, &move.Progress{Planned: 1 << 62, Done: 1}}
	var stuck time.Duration
	d := move.Drain{
		Moves: r.Moves, Ledger: ledger, Phase: r.Moves, Queue: nowhere{}, Now: func() time.Time { return r.Time },
		Watch: recorder(r, ledger, func(l progress.Report) { stuck = max(stuck, l.StuckFor) }),
	}
	silent := 0
	sweeper := move.Sweeper{
		Moves: r.Moves, Machine: running{}, Now: func() time.Time { return r.Time },
		OnSilent: func(ctx context.Context, m desk.Move) { silent, stuck = silent+1, max(stuck, stuckFor(t, r, m)) },
	}
	began := r.Time
	course := func() desk.Course {
		t.Helper()
		c, err := r.Ledger.Course(t.Context(), "acme", id)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	looks, at := 0, map[time.Duration]int{}
	for took := time.Duration(0); took < 60*24*time.Hour; took = r.Time.Sub(began) {
		var err error
		if run, err = d.Step(t.Context(), run); err != nil || !run.More || run.Wait < 1 || run.Wait > 60 {
			t.Fatalf("%+v, %v", run, err)
		}
		if longest := max(2, int(took.Seconds()/100)+1); run.Wait > longest {
			t.Fatalf("after %s it waits for %d s, more than %d", took, run.Wait, longest)
		}
		looks++
		for _, mark := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 60 * 24 * time.Hour} {
			if took <= mark {
				at[mark] = looks
			}
		}
		step := time.Duration(run.Wait) * time.Second
		if took > 24*time.Hour { // a thousand looks more would be no news
			step = took / 500
		}
		r.Time = r.Time.Add(step)
		if _, err := sweeper.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took < 12*time.Hour && silent > 0 {
			t.Fatalf("after %s the sweeper looks at a move that has just reported", took)
		}
		if took < 24*time.Hour && stuck > 2*time.Minute {
			t.Fatalf("after %s a move that goes on is said to have got no further for %s", took, stuck)
		}
		ledger.p.Done += int64(step)
	}
	c := course()
	if c.Written > 1000 || len(c.Samples) > desk.MaxSamples || len(c.Samples) < desk.MaxSamples/2 {
		t.Errorf("it was written %d times and has %d samples", c.Written, len(c.Samples))
	}
	t.Logf("looks by then: %v; written %d times", at, c.Written)
	if at[time.Minute] > 65 || at[time.Hour] > 500 || at[24*time.Hour] > 2500 {
		t.Errorf("looks: %v", at)
	}
	if !slices.IsSortedFunc(c.Samples, func(a, b desk.Sample) int { return a.At.Compare(b.At) }) {
		t.Errorf("samples: %v", c.Samples)
	}
}

func stuckFor(t *testing.T, r *apptest.Rig, m desk.Move) time.Duration {
	t.Helper()
	since, err := r.Monitor.StuckFor(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return since
}

// running is a state machine whose executions all run.
type running struct{}

func (running) Start(context.Context, string, move.Run) error { return nil }
func (running) Running(context.Context, string) (bool, error) { return true, nil }

// TestAStuckMoveIsKnown by its steps, in whichever execution they are, and by the
// sweeper when they are silent; until it goes on.
func TestAStuckMoveIsKnown(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 250)
	r.StartMove(apptest.History("mail"))
	run := r.ListLast()
	begun := r.Time
	var looked progress.Report
	d := move.Drain{
		Moves: r.Moves, Ledger: r.Ledger, Source: move.Source{Listing: r.Conversations, Failures: r.Ledger}, Queue: nowhere{},
		Phase: r.Moves, Now: func() time.Time { return r.Time },
		Watch: recorder(r, r.Ledger, func(l progress.Report) { looked = l }),
	}
	var silent time.Duration
	sweeper := move.Sweeper{
		Moves: r.Moves, Machine: running{}, Now: func() time.Time { return r.Time },
		OnSilent: func(_ context.Context, m desk.Move) { silent = stuckFor(t, r, m) },
	}
	look := func(after, want time.Duration) {
		t.Helper()
		r.Time = r.Time.Add(after)
		run.Done, run.At = 0, time.Time{} // as another execution's
		if _, err := d.Step(t.Context(), run); err != nil || looked.StuckFor != want {
			t.Errorf("stuck for %s, not %s; %v", looked.StuckFor, want, err)
		}
	}
	look(0, 0)
	look(20*time.Minute, 20*time.Minute)
	look(20*time.Minute, 40*time.Minute)
	r.Time = r.Time.Add(time.Hour) // its steps are silent
	if _, err := sweeper.Sweep(t.Context()); err != nil || silent < 95*time.Minute || silent > r.Time.Sub(begun) {
		t.Errorf("the sweeper says %s; %v", silent, err)
	}
	all := r.Sent
	r.Sent = all[:1]
	r.Deliver()
	look(time.Minute, 0)
	look(time.Minute, time.Minute)
}

// TestWhatIsLeftCoversTheComparison from when it is known how many conversations
// there are; while they are compared it follows the comparison itself.
func TestWhatIsLeftCoversTheComparison(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 400)
	id := r.StartMove(apptest.History("mail")).ID
	run := r.ListLast()
	left := func(after, want time.Duration) {
		t.Helper()
		r.Time = r.Time.Add(after)
		o, err := r.Monitor.Overview(t.Context(), "acme", id)
		if err != nil || o.Left != want || o.Rate != 10 {
			t.Errorf("left %s at %g a second; want %s at 10; %v", o.Left, o.Rate, want, err)
		}
	}
	all := r.Sent
	r.Sent = all[:2]
	r.Deliver()
	r.Time = r.Time.Add(20 * time.Second)
	run = r.Step(r.Drain, run)
	left(0, 28*time.Second) // 20 s for the other half, 8 s to compare all five times as fast
	r.Sent = all[2:]
	r.Deliver()
	r.Time = r.Time.Add(20 * time.Second)
	run = r.Step(r.Drain, run)
	left(0, 8*time.Second)
	run = r.Step(r.List, run)
	left(0, 8*time.Second)
	r.Sent = r.Sent[:1]
	r.Deliver()
	left(2*time.Second, 6*time.Second) // 100 took 2 s, 300 are left
	left(2*time.Second, 12*time.Second)
	if run.Pass != 1 {
		t.Errorf("run = %+v", run)
	}
}

// TestWhatIsLeftOfFurtherComparisons counts those that have been made, and of a retry not the
// days before it.
func TestWhatIsLeftOfFurtherComparisons(t *testing.T) {
	r := apptest.New(t)
	all := r.Import("mail", 200)
	id := r.StartMove(apptest.History("mail")).ID
	run := r.ListLast()
	lost := r.Sent
	r.Sent = nil
	r.Time = r.Time.Add(10 * time.Second)
	for _, b := range lost { // but for one conversation
		b.IDs = slices.DeleteFunc(b.IDs, func(id string) bool { return id == all[0].ID })
		r.Sent = append(r.Sent, b)
	}
	r.Deliver()
	r.Time = r.Time.Add(10 * time.Second) // 200 in 20 s
	run = r.Step(r.Drain, run)
	run = r.Step(r.List, run)
	r.Time = r.Time.Add(4 * time.Second) // the first comparison
	r.Deliver()
	run = r.Step(r.Drain, run)
	if !run.Again || run.Pass != 2 {
		t.Fatalf("run = %+v, want a second comparison", run)
	}
	run = r.Step(r.List, run)
	r.Sent = r.Sent[:1] // 100 of it
	r.Deliver()
	r.Time = r.Time.Add(2 * time.Second)
	o, err := r.Monitor.Overview(t.Context(), "acme", id)
	if err != nil || o.Left.Round(100*time.Millisecond) != 2*time.Second || o.Rate < 9.9 || o.Rate > 10 {
		t.Errorf("left %s at %g a second; want 2s at 10; %v", o.Left, o.Rate, err)
	}
}

// busyTable writes no conversation.
type busyTable struct{ store.ConversationStore }

func (busyTable) SaveMany(_ context.Context, changes []desk.Change) []error {
	return slices.Repeat([]error{store.ErrThrottled}, len(changes))
}

// TestWhatAMoveWaitsFor is noted, with since when, and goes when it goes on.
func TestWhatAMoveWaitsFor(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 250)
	id := r.StartMove(apptest.History("mail")).ID
	run := r.ListLast()
	waits := func(want desk.WaitCode, since time.Time) {
		t.Helper()
		m, err := r.Monitor.Overview(t.Context(), "acme", id)
		if err != nil || m.Course.Waits != want || want != "" && !m.Course.Since.Equal(since) {
			t.Errorf("waits for %q since %s, not %q since %s; %v", m.Course.Waits, m.Course.Since, want, since, err)
		}
	}
	look := func() {
		t.Helper()
		var err error
		if run, err = r.Drain.Do(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		r.Time = r.Time.Add(time.Duration(max(run.Wait, 1)) * time.Second)
	}
	look()
	waits("", time.Time{})
	all := r.Sent
	r.Sent = all[:1]
	r.Deliver()
	look()
	r.Time = r.Time.Add(2 * time.Minute)
	late := r.Time
	look() // and sends the late ones again
	waits(desk.WaitLate, late)
	look()
	waits(desk.WaitLate, late)

	now := func() time.Time { return r.Time }
	c := move.Converter{
		Rulebook: &store.Rulebook{Setups: r.Setups, Moves: r.Moves, Now: now}, Lander: move.Lander{Conversations: busyTable{r.Conversations}, Now: now},
		Ledger: r.Ledger, Now: now,
	}
	if _, err := c.Do(t.Context(), all[1], 1); !desk.Temporary(err) {
		t.Fatalf("on a busy table: %v", err)
	}
	at := r.Time
	look()
	waits(desk.WaitThrottled, at)
	r.Time = r.Time.Add(2 * time.Minute)
	r.Sent = all
	r.Deliver()
	for run.More {
		look()
	}
	waits("", time.Time{})
}

// TestACourseIsNoObstacle: what cannot be read or noted is left out.
func TestACourseIsNoObstacle(t *testing.T) {
	for name, busy := range map[string]unnoted{"note": {note: true}, "course": {course: true}, "mark": {mark: true}} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			r.Import("mail", 250)
			id := r.StartMove(apptest.History("mail")).ID
			run := r.ListLast()
			busy.LedgerStore = r.Ledger
			d := move.Drain{
				Moves: r.Moves, Ledger: busy, Source: move.Source{Listing: r.Conversations, Failures: r.Ledger}, Queue: nowhere{},
				Phase: r.Moves, Now: func() time.Time { return r.Time }, Watch: recorder(r, busy, nil),
			}
			if next, err := d.Step(t.Context(), run); err != nil || !next.More {
				t.Errorf("%+v, %v", next, err)
			}
			if c, err := r.Ledger.Course(t.Context(), "acme", id); err != nil || c.Written > 0 {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
}

// unnoted is a ledger that is too busy for courses.
type unnoted struct {
	store.LedgerStore
	note, course, mark bool
}

func (u unnoted) Note(ctx context.Context, account, id string, c desk.Course) error {
	if u.note {
		return store.ErrThrottled
	}
	return u.LedgerStore.Note(ctx, account, id, c)
}

func (u unnoted) Course(ctx context.Context, account, id string) (desk.Course, error) {
	if u.course {
		return desk.Course{}, store.ErrThrottled
	}
	return u.LedgerStore.Course(ctx, account, id)
}

func (u unnoted) Marked(ctx context.Context, account, job, name string) (time.Time, error) {
	if u.mark {
		return time.Time{}, store.ErrThrottled
	}
	return u.LedgerStore.Marked(ctx, account, job, name)
}

// TestOverview watches a move from its start to its end.
func TestOverview(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 300)
	r.Undated("mail")
	look := func(id string) progress.Overview {
		t.Helper()
		o, err := r.Monitor.Overview(t.Context(), "acme", id)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	id := r.StartMove(apptest.History("mail")).ID
	if o := look(id); o.Status != desk.Starting || o.Access != nil || o.Open != 0 || o.Rate != 0 || o.Left >= 0 {
		t.Errorf("at the start: %+v", o)
	}
	notice := func(percent int) {
		t.Helper()
		ns, err := r.Monitor.Notices(t.Context(), "acme")
		if percent < 0 {
			if len(ns) > 0 || err != nil {
				t.Errorf("notices = %+v, %v", ns, err)
			}
			return
		}
		if err != nil || len(ns) != 1 || ns[0].Percent != percent || ns[0].Channel.ID != "mail" || ns[0].Move.ID != id {
			t.Errorf("notices = %+v, %v; want %d %%", ns, err, percent)
		}
	}
	notice(0)
	run := r.ListLast()
	if o := look(id); o.Planned != 301 || o.Done != 0 || o.Open != 4 || len(o.Access) != 2 || o.Left >= 0 {
		t.Errorf("when it is listed: %+v", o)
	}
	r.Sent, _ = r.Sent[:2], r.Sent[2:]
	r.Deliver()
	r.Time = r.Time.Add(10 * time.Second)
	r.Step(r.Drain, run)
	if o := look(id); o.Done != 200 || o.Rate != 20 || o.Left != 8060*time.Millisecond {
		t.Errorf("while it drains: %+v", o)
	}
	notice(66)
	m := r.Run()
	o := look(id)
	r.Time = r.Time.Add(time.Hour)
	if later := look(id); o.Status != desk.Attention || o.Done != 301 || o.Failed != 1 || o.Open != 0 || later.Rate != o.Rate || !m.EndedAt.Equal(o.EndedAt) {
		t.Errorf("at the end: %+v", o)
	}
	notice(100)
	r.Mend(r.Conversation("c0000000000undated"), func(c *desk.Conversation) { c.Started = r.Time })
	if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, id); err != nil {
		t.Fatal(err)
	}
	r.Run()
	notice(-1)
	choices := apptest.History("phone")
	choices.Rehearsal = true
	r.StartMove(choices)
	m = r.Run()
	if o := look(m.ID); o.Status != desk.Done {
		t.Errorf("of a rehearsal: %+v", o)
	}
	if _, err := r.Monitor.Overview(t.Context(), "acme", "m0"); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("of no move: %v", err)
	}
}
