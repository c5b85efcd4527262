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

// drain takes the step without the limit of an execution.
func drain(t *testing.T, r *apptest.Rig, run move.Run) move.Run {
	t.Helper()
	next, err := r.Drain.Do(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestDrainSaysWhatFollows a pass without open batches.
func TestDrainSaysWhatFollows(t *testing.T) {
	for name, test := range map[string]struct {
		run    func(*move.Run)
		marked bool
		again  bool
	}{
		"conversion":            {run: func(*move.Run) {}, again: true},
		"retry":                 {run: func(r *move.Run) { r.Began = 1 }, again: true},
		"comparison":            {run: func(r *move.Run) { r.Pass = 1 }},
		"marked":                {run: func(r *move.Run) { r.Pass = 1 }, marked: true, again: true},
		"marked, the fourth":    {run: func(r *move.Run) { r.Pass = 4 }, marked: true, again: true},
		"marked, the last":      {run: func(r *move.Run) { r.Pass = 5 }, marked: true},
		"audit":                 {run: func(r *move.Run) { r.Late, r.Pass = move.LateAudit, 1 }, marked: true},
		"a repair's failures":   {run: func(r *move.Run) { r.Late, r.Pass, r.Repair = move.LateRepair, 1, "repair-1" }, again: true},
		"a repair's listing":    {run: func(r *move.Run) { r.Late, r.Pass, r.Repair = move.LateRepair, 2, "repair-1" }, marked: true},
		"replaced":              {run: func(r *move.Run) { r.Run = 0 }},
		"marked in another one": {run: func(r *move.Run) { r.Pass, r.Began = 1, 2 }},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			r.StartMove(apptest.History("mail"))
			run := r.FenceLast()
			r.Time = r.Time.Add(time.Minute)
			test.run(&run)
			was := run
			if was.Began = 0; test.marked {
				if err := r.Ledger.Mark(t.Context(), "acme", was.Job(), was.PassID(), r.Time); err != nil {
					t.Fatal(err)
				}
			}
			run.Done, run.At = 7, r.Time
			next := drain(t, r, run)
			if next.Again != test.again || next.More || (next.Pass == run.Pass+1) != test.again {
				t.Errorf("what follows is %+v", next)
			}
			if test.again && (next.Began != run.Began || next.Done != 0 || !next.At.IsZero()) {
				t.Errorf("the next pass is %+v", next)
			}
		})
	}
}

// TestComparingWaitsForWhoHasReadTheHome just before the fence.
func TestComparingWaitsForWhoHasReadTheHome(t *testing.T) {
	r := apptest.New(t)
	r.StartMove(apptest.History("mail"))
	run := r.FenceLast()
	if run = drain(t, r, run); !run.More || run.Again || run.Wait != 2 || run.Pass != 0 {
		t.Errorf("at the fence: %+v", run)
	}
	r.Time = r.Time.Add(2 * time.Second)
	if run = drain(t, r, run); run.More || !run.Again || run.Wait != 0 || run.Pass != 1 {
		t.Errorf("later: %+v", run)
	}
}

// TestDrainSendsWhatIsOverdueAgain, with the conversations that its stretch has now,
// and only while nothing else is done.
func TestDrainSendsWhatIsOverdueAgain(t *testing.T) {
	r := apptest.New(t)
	cs := r.Import("mail", 250)
	id := r.StartMove(apptest.History("mail")).ID
	run := r.ListLast()
	all := r.Sent
	r.Sent = nil
	if run = drain(t, r, run); len(r.Sent) > 0 || !run.More || run.Wait != 1 {
		t.Errorf("at once it sends %d, %+v", len(r.Sent), run)
	}
	r.Time = r.Time.Add(30 * time.Second)
	if run = drain(t, r, run); len(r.Sent) > 0 || run.Wait != 1 {
		t.Errorf("after half a minute it sends %d, %+v", len(r.Sent), run)
	}
	r.Sent = all[:1]
	r.Deliver()
	r.Time = r.Time.Add(40 * time.Second)
	if run = drain(t, r, run); len(r.Sent) > 0 {
		t.Errorf("while others finish it sends %d", len(r.Sent))
	}
	r.Time = r.Time.Add(time.Second)
	// One has gone and one has come since.
	joined := desk.Conversation{
		Account: "acme", ID: cs[0].ID + "x", Origin: "form", Channel: "mail", Status: desk.Open, Started: r.Time, TakenIn: cs[0].TakenIn,
		Joined: cs[0].Joined, ChangedAt: r.Time, Rev: 1, Messages: 1, Home: desk.Inbox,
	}
	if err := r.Conversations.Import(t.Context(), []desk.Conversation{joined}); err != nil {
		t.Fatal(err)
	}
	run = drain(t, r, run)
	ids := map[string]int{}
	for _, b := range r.Sent {
		if !b.Again || b.Kind != move.Convert || b.Job != id {
			t.Errorf("batch = %+v", b)
		}
		for _, id := range b.IDs {
			ids[id]++
		}
	}
	if len(r.Sent) != len(all)-1 || len(ids) != 250-len(all[0].IDs)+1 || ids[joined.ID] != 1 || run.Wait != 1 {
		t.Errorf("it sends %d batches of %d conversations, %+v", len(r.Sent), len(ids), run)
	}
	r.Sent = append(r.Sent, all...) // they come late, too
	r.Deliver()
	for _, c := range append(cs, joined) {
		if r.Conversation(c.ID).Home != desk.HelpDesk {
			t.Fatalf("%s was left behind", c.ID)
		}
	}
	p, err := r.Ledger.Progress(t.Context(), "acme", id, "0")
	if err != nil || p.Planned != 251 || p.Done != 251 {
		t.Errorf("progress = %+v, %v", p, err)
	}
}

// TestDrainWaitsForAHundredth of what the pass has taken, 1 to 60 s, whether anything
// was done or not; the next pass begins anew.
func TestDrainWaitsForAHundredth(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 1000)
	r.StartMove(apptest.History("mail"))
	run := r.ListLast()
	waiting := r.Sent
	var waits []int
	for i, took := range []time.Duration{0, 30 * time.Second, 200 * time.Second, 1000 * time.Second, 3 * time.Hour} {
		r.Sent, waiting = slices.Clone(waiting[:i%2]), waiting[i%2:]
		r.Deliver()
		began := run.At
		if began.IsZero() {
			began = r.Time
		}
		r.Time = began.Add(took)
		run = drain(t, r, run)
		r.Sent = nil
		waits = append(waits, run.Wait)
	}
	if want := []int{1, 1, 1, 10, 1}; !slices.Equal(waits, want) { // the third and the last sent some again
		t.Errorf("it waits for %v s, want %v", waits, want)
	}
	if run = drain(t, r, run); run.Wait != 60 {
		t.Errorf("then it waits for %d s", run.Wait)
	}
	r.Sent = waiting
	r.Deliver()
	if run = drain(t, r, run); !run.Again || !run.At.IsZero() {
		t.Errorf("the next pass begins as %+v", run)
	}
}

// TestDrainLooksAgain within a step where it may pause.
func TestDrainLooksAgain(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 10)
	r.StartMove(apptest.History("mail"))
	run := r.ListLast()
	r.Time = r.Time.Add(time.Minute)
	pauses := 0
	d := move.Drain{
		Moves: r.Moves, Ledger: r.Ledger, Source: move.Source{Listing: r.Conversations, Failures: r.Ledger}, Queue: &sent{}, Phase: r.Moves,
		Now: func() time.Time { return r.Time },
	}
	d.Pause = func(ctx context.Context, _ time.Duration) error {
		if pauses++; pauses == 3 {
			r.Deliver()
		}
		return ctx.Err()
	}
	next, err := d.Step(t.Context(), run)
	if err != nil || pauses != 3 || !next.Again {
		t.Errorf("after %d pauses: %+v, %v", pauses, next, err)
	}
	r.EngineErr = store.ErrThrottled
	if _, err := d.Step(t.Context(), run); !desk.Temporary(err) {
		t.Errorf("on a busy engine: %v", err)
	}
}
