package move_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

func outbox(r *apptest.Rig) []desk.Notification {
	r.Helper()
	ns, _, err := r.Journal.Outbox(r.Context(), "acme", "", 100)
	if err != nil {
		r.Fatal(err)
	}
	return ns
}

// TestR10DigestIsOnceAndOfWhatTheMoveGave: of history and of tickets moved as
// they were, by the owner whom the move set; not of live ones, nor before the
// last failure is settled.
func TestR10DigestIsOnceAndOfWhatTheMoveGave(t *testing.T) {
	r := apptest.New(t)
	ids := make(map[string]string)
	for external, owner := range map[string]string{"a": "bob", "b": "bob", "c": "ann", "d": "cem", "e": ""} {
		ids[external] = r.TakeIn("mail", external).ID
		r.Edit(ids[external], desk.Edit{Owner: &owner})
	}
	r.NewTicket(ids["b"], "lead")
	undated := r.Undated("mail")
	choices := apptest.History("mail")
	choices.Notifications = desk.Digest
	told := func() map[string]int64 {
		t.Helper()
		n := make(map[string]int64)
		for _, item := range outbox(r) {
			n[item.Kind+" "+item.Agent] += item.Tickets
		}
		return n
	}
	rehearse(r, choices)
	if got := told(); len(got) != 0 {
		t.Errorf("a rehearsal tells %v", got)
	}
	id := r.StartMove(choices).ID
	r.FenceLast()
	live := r.TakeIn("mail", "live").ID
	r.Changed(live)
	r.Run()
	want := map[string]int64{"live " + r.Ticket(live).Owner: 0}
	if got := told(); !cmp.Equal(got, want) {
		t.Errorf("at attention agents are told %v, want %v", got, want)
	}
	if _, err := r.Editor.EditTicket(t.Context(), apptest.Admin, ids["c"], "", desk.TicketEdit{Owner: new("bob")}); err != nil {
		t.Fatal(err)
	}
	r.Mend(undated, func(c *desk.Conversation) { c.Started, c.Owner = r.Time, "bob" })
	if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, id); err != nil {
		t.Fatal(err)
	}
	r.Run()
	want["digest bob"], want["digest ann"] = 3, 1
	if got := told(); !cmp.Equal(got, want) {
		t.Errorf("at the end agents are told %v, want %v", got, want)
	}
}

// TestR10Modes moves a conversation and a native ticket, and takes in a live
// conversation.
func TestR10Modes(t *testing.T) {
	for mode, want := range map[desk.NotificationMode][]string{
		desk.Quiet:  {"live"},
		desk.Digest: {"digest", "live"},
		desk.All:    {"live", "ticket", "ticket"},
	} {
		t.Run(string(mode), func(t *testing.T) {
			r := apptest.New(t)
			for _, external := range []string{"a", "b"} {
				id := r.TakeIn("mail", external).ID
				r.Edit(id, desk.Edit{Owner: new("bob")})
				if external == "b" {
					r.NewTicket(id, "lead")
				}
			}
			choices := apptest.History("mail")
			choices.Notifications = mode
			r.StartMove(choices)
			r.Run()
			live := r.TakeIn("mail", "live").ID
			r.Changed(live)
			r.Append(live, "mail", "reply")
			r.Changed(live)
			var kinds []string
			for _, n := range outbox(r) {
				kinds = append(kinds, n.Kind)
			}
			if slices.Sort(kinds); !slices.Equal(kinds, want) {
				t.Errorf("agents are told %v, want %v", kinds, want)
			}
		})
	}
}

// TestR10ADigestOfManyAgents: nobody is left out of pages and shards.
func TestR10ADigestOfManyAgents(t *testing.T) {
	r := apptest.New(t)
	const agents = 7000 // over 100 in a shard
	m := digested(r, agents/70, agents)
	if _, err := r.Finish.Do(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	told := map[string]int64{}
	for cursor, more := "", true; more; more = cursor != "" {
		ns, next, err := r.Journal.Outbox(t.Context(), "acme", cursor, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range ns {
			told[n.Agent] += n.Tickets
		}
		cursor = next
	}
	if len(told) != agents || told["agent0"] != 2 || told[fmt.Sprint("agent", agents-1)] != 1 {
		t.Errorf("%d agents are told", len(told))
	}
}

// digested brings a move with a digest to its last step: so many stretches have been
// counted, of so many owners.
func digested(r *apptest.Rig, stretches, owners int) move.Run {
	r.Helper()
	choices := apptest.History("mail")
	choices.Notifications = desk.Digest
	r.StartMove(choices)
	run := r.FenceLast()
	r.Time = r.Time.Add(time.Minute)
	run = r.Step(r.Drain, r.Step(r.List, run))
	run = r.Step(r.Drain, r.Step(r.List, run))
	at, err := r.Ledger.Cursor(r.Context(), "acme", run.Move)
	if err != nil || !at.Listed || run.Pass != 1 || run.Again {
		r.Fatalf("%+v, %+v, %v", run, at, err)
	}
	first, some := 0, min(owners, 90) // so many fit into a transaction
	for stretch := 0; stretch < stretches; {
		var es []move.Entry
		for ; len(es) < move.MaxEntries && stretch < stretches; stretch++ {
			es = append(es, move.Entry{ID: fmt.Sprintf("0.1-%013d", stretch), Pass: 1, Count: some, SentAt: r.Time})
		}
		if err := r.Ledger.Advance(r.Context(), "acme", run.Move, at, at, es); err != nil {
			r.Fatal(err)
		}
		for _, e := range es {
			f := move.Found{Owners: map[string]int64{}}
			for i := range some {
				f.Owners[fmt.Sprint("agent", (first+i)%owners)] = 1
			}
			f.Found, f.Created, f.Inbox, f.Desk = int64(some), int64(some), 1<<63, 1<<63
			b := move.Batch{Account: "acme", Move: run.Move, Job: run.Move, Pass: "0.1", Kind: move.Compare, Entry: e.ID, Count: some, IDs: make([]string, some)}
			if err := r.Ledger.Done(r.Context(), b, f); err != nil {
				r.Fatal(err)
			}
			first += some
		}
	}
	return run
}

// TestR28FailuresNeedAttention, until they are settled: the channel redirects, and
// is not in the help desk yet.
func TestR28FailuresNeedAttention(t *testing.T) {
	r := apptest.New(t)
	undated := r.Undated("mail")
	r.StartMove(apptest.History("mail"))
	m := r.Run()
	if m.Status != desk.Attention || m.Report.Failed != 1 || m.Report.Found != 1 || m.Report.InboxSum != m.Report.DeskSum || r.Channel("mail").Home != desk.Moving {
		t.Errorf("move = %+v", m)
	}
	if locked, err := r.Moves.Locked(t.Context(), "acme"); locked != "" || err != nil {
		t.Errorf("the lock is %q's, %v", locked, err)
	}
	r.Mend(undated, func(c *desk.Conversation) { c.Started = r.Time })
	if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, m.ID); err != nil {
		t.Fatal(err)
	}
	if m = r.Run(); m.Status != desk.Done || m.Report.Failed != 0 || m.Report.Created != 1 || r.Channel("mail").Home != desk.HelpDesk {
		t.Errorf("after a retry: %+v", m)
	}
	_, err := r.Retrier.Retry(t.Context(), apptest.Admin, m.ID)
	if refused, ok := errors.AsType[*desk.RefusedError](err); !ok || refused.Code != "nothing-to-retry" {
		t.Errorf("another retry = %v", err)
	}
}

// TestAuditsFollowTheEnd at their times, and then the daily repair.
func TestAuditsFollowTheEnd(t *testing.T) {
	r := apptest.New(t)
	r.StartMove(apptest.History("mail"))
	m := r.Run()
	var audits []time.Duration
	r.OnTask = func(name string, run move.Run) {
		if name == "Finish" && run.Late == move.LateAudit {
			audits = append(audits, r.Time.Sub(m.EndedAt))
			if now, err := r.Moves.Get(t.Context(), "acme", m.ID); err != nil || now.RepairAt.IsZero() != (run.Pass < 3) {
				t.Errorf("after audit %d a repair is due at %s, %v", run.Pass, now.RepairAt, err)
			}
		}
	}
	r.RunOut()
	if want := []time.Duration{20 * time.Second, 5 * time.Minute, time.Hour}; !slices.Equal(audits, want) {
		t.Errorf("audits at %v, want %v", audits, want)
	}
	m, err := r.Moves.Get(t.Context(), "acme", m.ID)
	if err != nil || !m.RepairAt.Equal(m.EndedAt.Add(24*time.Hour)) {
		t.Errorf("a repair is due at %s, %v", m.RepairAt, err)
	}
}

// TestAnAuditFindsWhatPassesMissed, as of an index that lagged behind, and does
// not rewrite the report.
func TestAnAuditFindsWhatPassesMissed(t *testing.T) {
	r := apptest.New(t)
	r.StartMove(apptest.History("mail"))
	m := r.Run()
	late := desk.Conversation{
		Account: "acme", ID: "c1", Origin: "mail", Channel: "mail", Status: desk.Open, Started: m.FenceAt, TakenIn: m.FenceAt,
		Joined: m.FenceAt, ChangedAt: m.FenceAt, Rev: 1, Messages: 1, Home: desk.Inbox,
	}
	if err := r.Conversations.Import(t.Context(), []desk.Conversation{late}); err != nil {
		t.Fatal(err)
	}
	r.RunOut()
	if c := r.Conversation("c1"); c.Home != desk.HelpDesk || c.Ticket.Provenance != desk.Live || c.Ticket.Move != "" {
		t.Errorf("conversation = %+v", c)
	}
	now, err := r.Moves.Get(t.Context(), "acme", m.ID)
	if diff := cmp.Diff(m.Report, now.Report); diff != "" || err != nil {
		t.Errorf("the report is another: %s, %v", diff, err)
	}
	if p, err := r.Ledger.Progress(t.Context(), "acme", m.ID+".audit", "0.1"); err != nil || p.Landed != 1 || p.Found != 1 {
		t.Errorf("the audit found %+v, %v", p, err)
	}
}

// TestAStepThatWakesUpLateEndsNothing that it may not.
func TestAStepThatWakesUpLateEndsNothing(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 10)
	undated := r.Undated("mail")
	id := r.StartMove(apptest.History("mail")).ID
	early := r.ListLast() // its batches are not done
	same := func(what string, run move.Run) move.Run {
		t.Helper()
		before, err := r.Moves.Get(t.Context(), "acme", id)
		if err != nil {
			t.Fatal(err)
		}
		next, err := r.Finish.Do(t.Context(), run)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if after, err := r.Moves.Get(t.Context(), "acme", id); err != nil || !cmp.Equal(before, after) {
			t.Errorf("%s: move = %+v, %v", what, after, err)
		}
		return next
	}
	later := early
	later.Pass = 1
	if next := same("before the pass", later); next.More {
		t.Errorf("it goes on with %+v", next)
	}
	at, err := r.Ledger.Cursor(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	// As if another step were listing the pass.
	listing := move.Cursor{Pass: 1}
	if err := r.Ledger.Advance(t.Context(), "acme", id, at, listing, nil); err != nil {
		t.Fatal(err)
	}
	same("while it is listed", later)
	if err := r.Ledger.Advance(t.Context(), "acme", id, listing, at, nil); err != nil {
		t.Fatal(err)
	}
	m := r.Run()
	if next := same("after the end", later); next.Late != move.LateAudit || !next.More {
		t.Errorf("it goes on with %+v", next)
	}
	r.Mend(undated, func(c *desk.Conversation) { c.Started = r.Time })
	if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, m.ID); err != nil {
		t.Fatal(err)
	}
	audit := later
	audit.Late = move.LateAudit
	for what, run := range map[string]move.Run{"during a retry": later, "an audit during a retry": audit} {
		if next := same(what, run); next.More {
			t.Errorf("%s it goes on with %+v", what, next)
		}
	}
	r.Run()
	r.RunOut()
}
