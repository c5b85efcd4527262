package move_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

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
		Moves: r.Moves, Ledger: ledger, Phase: r.Moves, Queue: &sent{}, Now: func() time.Time { return r.Time },
		OnLooked: func(l move.Look) { stuck = max(stuck, l.StuckFor) },
	}
	silent := 0
	sweeper := move.Sweeper{
		Moves: r.Moves, Ledger: r.Ledger, Machine: running{}, Now: func() time.Time { return r.Time },
		OnSilent: func(_ desk.Move, since time.Duration) { silent, stuck = silent+1, max(stuck, since) },
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
	if at[time.Minute] > 35 || at[time.Hour] > 500 || at[24*time.Hour] > 2500 {
		t.Errorf("looks: %v", at)
	}
	if !slices.IsSortedFunc(c.Samples, func(a, b desk.Sample) int { return a.At.Compare(b.At) }) {
		t.Errorf("samples: %v", c.Samples)
	}
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
	var looked move.Look
	d := move.Drain{
		Moves: r.Moves, Ledger: r.Ledger, Source: move.Source{Listing: r.Conversations, Failures: r.Ledger}, Queue: &sent{},
		Phase: r.Moves, Now: func() time.Time { return r.Time }, OnLooked: func(l move.Look) { looked = l },
	}
	var silent time.Duration
	sweeper := move.Sweeper{
		Moves: r.Moves, Ledger: r.Ledger, Machine: running{}, Now: func() time.Time { return r.Time },
		OnSilent: func(_ desk.Move, since time.Duration) { silent = since },
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
		run = drain(t, r, run)
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

	c, w := converter(r, id)
	w.saving = func(changes []desk.Change) []error { return slices.Repeat([]error{store.ErrThrottled}, len(changes)) }
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
				Moves: r.Moves, Ledger: busy, Source: move.Source{Listing: r.Conversations, Failures: r.Ledger}, Queue: &sent{},
				Phase: r.Moves, Now: func() time.Time { return r.Time },
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

// TestAReportNamesThoseWhoLose conversations, as far as the plan named them.
func TestAReportNamesThoseWhoLose(t *testing.T) {
	r := apptest.New(t)
	for i, c := range r.Import("mail", 4) {
		r.Mend(c, func(c *desk.Conversation) { c.Owner = []string{"cem", "cem", "dot", "bob"}[i] })
	}
	plan, err := r.Planner.Plan(t.Context(), "acme", "mail", apptest.History("mail"))
	if err != nil || len(plan.Warnings) == 0 {
		t.Errorf("plan = %+v, %v", plan, err)
	}
	for channel, choices := range map[string]desk.Choices{"none": apptest.History("mail"), "mail": {History: "some"}} {
		if _, err := r.Planner.Plan(t.Context(), "acme", channel, choices); err == nil {
			t.Errorf("a plan of %s", channel)
		}
	}
	choices := apptest.History("mail")
	for _, w := range plan.Warnings {
		choices.Acknowledged = append(choices.Acknowledged, w.Code)
	}
	r.StartMove(choices)
	if m := r.Run(); m.Report.OwnersLost != 3 || m.Report.LostBy["cem"] != 2 || m.Report.LostBy["dot"] != 1 || len(m.Report.LostBy) != 2 || m.Expected != 4 {
		t.Errorf("move = %+v", m)
	}
}
