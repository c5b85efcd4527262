package move_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// sent is a queue.
type sent struct {
	bs  []move.Batch
	err error
}

func (s *sent) Send(_ context.Context, bs []move.Batch) error {
	if s.err == nil {
		s.bs = append(s.bs, bs...)
	}
	return s.err
}

func (s *sent) ids() (ids []string) {
	for _, b := range s.bs {
		ids = append(ids, b.IDs...)
	}
	return ids
}

// lister returns a lister of small batches and steps.
func lister(r *apptest.Rig) (move.Lister, *sent) {
	q := &sent{}
	return move.Lister{
		Moves: r.Moves, Source: move.Source{Listing: r.Conversations, Failures: r.Ledger}, Ledger: r.Ledger, Queue: q, Phase: r.Moves,
		PerStep: 1, Batch: 7, Now: func() time.Time { return r.Time },
	}, q
}

// open are a job's open entries.
func open(r *apptest.Rig, job string) []move.Entry {
	r.Helper()
	es, err := r.Ledger.Open(r.Context(), "acme", job, 1000)
	if err != nil {
		r.Fatal(err)
	}
	return es
}

func list(t *testing.T, l move.Lister, r move.Run) move.Run {
	t.Helper()
	next, err := l.Step(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// listed checks that a pass was entered and sent once, and planned.
func listed(t *testing.T, r *apptest.Rig, run move.Run, q *sent, n int) {
	t.Helper()
	ids := q.ids()
	slices.Sort(ids)
	once := len(slices.Compact(ids))
	p, err := r.Ledger.Progress(t.Context(), "acme", run.Job(), run.PassID())
	if entries := open(r, run.Job()); once != n || len(entries) != len(q.bs) || p.Planned != int64(n) || err != nil {
		t.Errorf("%d of %d sent, in %d batches and %d entries, %d are planned, %v", once, n, len(q.bs), len(entries), p.Planned, err)
	}
}

// TestCursorAndEntriesAreOne: whoever sees an entry sees the cursor behind it.
func TestCursorAndEntriesAreOne(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 1000)
	r.StartMove(apptest.History("mail"))
	run := r.FenceLast()
	l, q := lister(r)
	together := 0
	r.Memory.Wrote = func(ws []storetest.Written) {
		if ws[0].Key == store.CursorKey("acme", run.Move) && len(ws) > 1 {
			together += len(ws) - 2 // the cursor and the counter
			if len(ws) > move.MaxEntries+2 {
				t.Errorf("%d entries in one transaction", len(ws)-2)
			}
		}
	}
	for run.More = true; run.More; {
		run = list(t, l, run)
	}
	if together != 143 {
		t.Errorf("%d entries were entered with the cursor, want 143", together)
	}
	listed(t, r, run, q, 1000)
	for _, b := range q.bs {
		if b.Kind != move.Convert || b.Again || b.Count != len(b.IDs) || b.Pass != "0" || b.Late() {
			t.Errorf("batch = %+v", b)
		}
	}
}

// TestListingStopsAndGoesOn: a queue that takes nothing stops the step after the
// first entries, and the next one goes on behind them: Drain sends these again.
func TestListingStopsAndGoesOn(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 1000)
	r.StartMove(apptest.History("mail"))
	run := r.FenceLast()
	l, q := lister(r)
	q.err = errors.New("no queue")
	if _, err := l.Step(t.Context(), run); !errors.Is(err, q.err) {
		t.Fatal(err)
	}
	q.err = nil
	if n := len(open(r, run.Move)); n != move.MaxEntries {
		t.Errorf("%d entries", n)
	}
	for run.More = true; run.More; {
		run = list(t, l, run)
	}
	if n := len(q.ids()); n != 1000-7*move.MaxEntries {
		t.Errorf("the second step sends %d", n)
	}
	r.Time = r.Time.Add(time.Hour)
	r.Sent = nil
	r.Step(r.Drain, run)
	again := 0
	for _, b := range r.Sent {
		if again += len(b.IDs); !b.Again {
			t.Errorf("batch = %+v", b)
		}
	}
	if again != 1000 { // all are overdue by now
		t.Errorf("%d are sent again", again)
	}
}

// TestTwoListAtOnce: one goes on where the other has come to.
func TestTwoListAtOnce(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 6500) // two pages
	r.StartMove(apptest.History("mail"))
	zombie := r.FenceLast()
	l, q := lister(r)
	l.Batch = 100
	run := list(t, l, zombie)
	if first := len(q.ids()); !run.More || first < 5000 || first == 6500 {
		t.Fatalf("a step lists %d: %+v", len(q.ids()), run)
	}
	if zombie = list(t, l, zombie); len(q.ids()) != 6500 {
		t.Fatalf("the other one goes on to %d", len(q.ids()))
	}
	run, zombie = list(t, l, run), list(t, l, zombie)
	if run.More || zombie.More {
		t.Errorf("they go on: %+v, %+v", run, zombie)
	}
	listed(t, r, run, q, 6500)
}

// TestOfTwoOneEnters: another step has moved the cursor since this one has read it.
func TestOfTwoOneEnters(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 100)
	r.StartMove(apptest.History("mail"))
	run := r.FenceLast()
	l, q := lister(r)
	other := l
	other.Queue = &sent{}
	l.Source.Listing = busyListing{r.Conversations, func() { list(t, other, run) }}
	if run = list(t, l, run); len(q.bs) > 0 {
		t.Errorf("it sends %d, %+v", len(q.bs), run)
	}
	if n := len(open(r, run.Move)); n != 15 {
		t.Errorf("%d entries", n)
	}
}

// busyListing is a listing during whose reading something happens.
type busyListing struct {
	store.ConversationStore
	do func()
}

func (b busyListing) List(ctx context.Context, account, channel string, after, until desk.Position, limit int) ([]desk.Position, bool, error) {
	b.do()
	return b.ConversationStore.List(ctx, account, channel, after, until, limit)
}

// TestAListerAdoptsALaterPass, and lists nothing after the end.
func TestAListerAdoptsALaterPass(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 10)
	r.StartMove(apptest.History("mail"))
	l, q := lister(r)
	l.PerStep = 100
	first := r.FenceLast()
	run := first
	for run.More = true; run.More; {
		run = list(t, l, run)
	}
	later := run
	later.Pass = 1
	list(t, l, later)
	n := len(q.bs)
	if got := list(t, l, first); got.Pass != 1 || got.Began != 0 || len(q.bs) != n {
		t.Errorf("one that was late lists %d batches, %+v", len(q.bs)-n, got)
	}
	r.Deliver()
	r.Sent = append(r.Sent, q.bs...)
	r.Deliver()
	m := r.Run()
	for _, zombie := range []move.Run{first, later} {
		zombie.Pass = 4
		if got := list(t, l, zombie); got.More || len(q.bs) != n {
			t.Errorf("after the end it lists %d batches, %+v", len(q.bs)-n, got)
		}
		r.Time = r.Time.Add(time.Hour)
		if now, err := r.Moves.Get(t.Context(), "acme", m.ID); err != nil || now.Status != desk.Done || now.Phase() != "" || !now.EndedAt.Equal(m.EndedAt) {
			t.Errorf("move = %+v, %v", now, err)
		}
	}
}

// TestRetryListsFailures, from the greatest ID to the least.
func TestRetryListsFailures(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 30)
	undated := r.Undated("mail").ID
	r.StartMove(apptest.History("mail"))
	m := r.Run()
	for i := range 20 {
		fail(r, m.ID, fmt.Sprintf("c0000000000%09d", i))
	}
	r.Sent = nil
	if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, m.ID); err != nil {
		t.Fatal(err)
	}
	l, q := lister(r)
	run := r.LastRun()
	for run.More = true; run.More; {
		run = list(t, l, run)
	}
	ids := q.ids()
	if len(ids) != 21 || ids[0] != undated || !slices.IsSortedFunc(ids, newestFirst) {
		t.Errorf("listed are %v", ids)
	}
	for _, b := range q.bs {
		if b.Kind != move.Retry || !b.Again || b.Pass != "0" {
			t.Errorf("batch = %+v", b)
		}
	}
	if m, err := r.Moves.Get(t.Context(), "acme", m.ID); err != nil || m.Phase() != desk.PhaseList || m.Status != desk.Running {
		t.Errorf("move = %+v, %v", m, err)
	}
}

// TestR07WithoutHistoryTheMinutesAroundTheFenceAreListed, and only to compare them.
// So do audits, with history too.
func TestR07WithoutHistoryTheMinutesAroundTheFenceAreListed(t *testing.T) {
	for name, test := range map[string]struct {
		choices desk.Choices
		run     func(*move.Run)
		want    []string
	}{
		"to convert":        {noHistory("mail"), func(*move.Run) {}, nil},
		"to compare":        {noHistory("mail"), func(r *move.Run) { r.Pass = 1 }, []string{"+4m", "fence", "-4m"}},
		"audit":             {noHistory("mail"), func(r *move.Run) { r.Late, r.Pass = move.LateAudit, 1 }, []string{"+4m", "fence", "-4m"}},
		"audit, history":    {apptest.History("mail"), func(r *move.Run) { r.Late, r.Pass = move.LateAudit, 1 }, []string{"+4m", "fence", "-4m"}},
		"compare, history":  {apptest.History("mail"), func(r *move.Run) { r.Pass = 1 }, []string{"+6m", "+4m", "fence", "-4m", "-6m"}},
		"repair":            {noHistory("mail"), func(r *move.Run) { r.Late, r.Repair, r.Pass = move.LateRepair, "repair-1", 2 }, []string{"+6m", "+4m", "fence", "-4m", "-6m"}},
		"repair's failures": {noHistory("mail"), func(r *move.Run) { r.Late, r.Repair, r.Pass = move.LateRepair, "repair-1", 1 }, nil},
		"daily repair": {noHistory("mail"), func(r *move.Run) {
			r.Late, r.Repair, r.Pass, r.Since = move.LateRepair, "repair-1", 2, desk.Position{Joined: time.Date(2026, 11, 23, 9, 1, 0, 0, time.UTC)}
		}, []string{"+6m", "+4m", "fence"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			names := map[string]string{}
			at := func(d time.Duration, name string) {
				r.Time = r.Time.Add(d)
				names[r.Import("mail", 1)[0].ID] = name
				r.Time = r.Time.Add(-time.Second)
			}
			r.StartMove(test.choices)
			run := r.FenceLast() // at 9:01
			at(0, "fence")
			at(-6*time.Minute, "-6m")
			at(2*time.Minute, "-4m")
			at(8*time.Minute, "+4m")
			at(2*time.Minute, "+6m")
			test.run(&run)
			l, q := lister(r)
			for run.More = true; run.More; {
				run = list(t, l, run)
			}
			var got []string
			for _, id := range q.ids() {
				got = append(got, names[id])
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("listed are %v, want %v", got, test.want)
			}
		})
	}
}

// TestR10BatchesOfADigestAreSmaller: so many owners fit into a transaction.
func TestR10BatchesOfADigestAreSmaller(t *testing.T) {
	for mode, want := range map[desk.NotificationMode]int{desk.Digest: 90, desk.Quiet: 100} {
		r := apptest.New(t)
		r.Import("mail", 1000)
		choices := apptest.History("mail")
		choices.Notifications = mode
		r.StartMove(choices)
		r.ListLast()
		most := 0
		for _, b := range r.Sent {
			most = max(most, len(b.IDs))
		}
		if most != want {
			t.Errorf("%s: the largest batch has %d", mode, most)
		}
	}
}

func TestListingNeedsTheStore(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 10)
	r.StartMove(apptest.History("mail"))
	run := r.FenceLast()
	l, _ := lister(r)
	l.Ledger, run.Pass = changing{r.Ledger}, 1
	l.PerStep = 20
	if next := list(t, l, run); !next.More {
		t.Errorf("where others always come first: %+v", next)
	}
	run.Move = "m0"
	if _, err := l.Step(t.Context(), run); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("without a move: %v", err)
	}
	if _, err := r.Drain.Do(t.Context(), run); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("without a move: %v", err)
	}
}

// changing is a ledger in which others always come first.
type changing struct{ store.LedgerStore }

func (changing) Advance(context.Context, string, string, move.Cursor, move.Cursor, []move.Entry) error {
	return desk.ErrChanged
}

// noHistory are the choices that leave a channel's history behind.
func noHistory(channel string) desk.Choices {
	return desk.Choices{Channel: channel, History: desk.NoHistory, Acknowledged: []string{desk.CodeConnectedLeft}}
}

func TestR07OnlyWithHistoryIsTheChannelListed(t *testing.T) {
	for _, choices := range []desk.Choices{apptest.History("phone"), noHistory("phone")} {
		r := apptest.New(t)
		id := r.TakeIn("phone", "a").ID
		r.StartMove(choices)
		all := choices.History == desk.AllHistory
		m := r.Run()
		if home := r.Conversation(id).Home; (home == desk.HelpDesk) != all || (m.Report.Found == 1) != all {
			t.Errorf("%s: the conversation is in %s, the report is %+v", choices.History, home, m.Report)
		}
	}
}
