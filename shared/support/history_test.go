package support_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// old is history of the year before.
func old(r *apptest.Rig, channel, external string) desk.Message {
	m := r.Message(channel, external)
	m.At = r.Time.AddDate(-1, 0, 0)
	m.History = true
	return m
}

func takeIn(r *apptest.Rig, m desk.Message, references ...string) support.Receipt {
	r.Helper()
	got, err := r.Intake.TakeIn(r.Context(), m, references)
	if err != nil {
		r.Fatal(err)
	}
	return got
}

// notifications are those of an account.
func notifications(r *apptest.Rig) (kinds []string) {
	r.Helper()
	ns, _, err := r.Journal.Outbox(r.Context(), "acme", "", 100)
	if err != nil {
		r.Fatal(err)
	}
	for _, n := range ns {
		kinds = append(kinds, n.Kind)
	}
	return kinds
}

// TestOldMailIsHistory: what is brought in after the fence becomes a ticket as the
// move would have made it, while the channel moves and afterwards, whatever the
// choice of history.
func TestOldMailIsHistory(t *testing.T) {
	none := desk.Choices{Channel: "mail", History: desk.NoHistory, Acknowledged: []string{desk.CodeConnectedLeft}}
	without := apptest.History("mail")
	without.SLA = desk.NoClocks
	for name, test := range map[string]struct {
		choices      desk.Choices
		open, closed desk.Status
		clocks       bool
	}{
		"all":       {apptest.History("mail"), "waiting", "solved", true},
		"no clocks": {without, "waiting", "solved", false},
		"none":      {none, "new", "solved", true},
	} {
		for _, ended := range []bool{false, true} {
			r := apptest.New(t)
			r.StartMove(test.choices)
			r.FenceLast()
			if ended {
				r.Run()
			}
			r.Time = r.Time.Add(time.Minute)
			closed, open, lost := old(r, "mail", "closed"), old(r, "mail", "open"), old(r, "mail", "lost")
			closed.Past = desk.Past{Status: desk.Closed, Owner: "bob", FirstReplyAt: closed.At.Add(time.Hour)}
			open.Past = desk.Past{Owner: "ann", WaitingSince: open.At}
			lost.Past = desk.Past{Status: desk.Closed, Owner: "cem"}
			var ids []string
			for _, m := range []desk.Message{closed, open, lost} {
				ids = append(ids, takeIn(r, m).Conversation.ID)
				r.Changed(ids[len(ids)-1])
			}
			for i, want := range []desk.Ticket{
				{Status: test.closed, Owner: "bob", Closed: true}, {Status: test.open, Owner: "ann"}, {Status: test.closed, LostOwner: "cem", Closed: true},
			} {
				c := r.Conversation(ids[i])
				got := c.Ticket
				if c.Home != desk.HelpDesk || !c.Past || got.Provenance != desk.History || !got.Created.Equal(closed.At) || !got.Imported.Equal(r.Time) ||
					got.Status != want.Status || got.Owner != want.Owner || got.LostOwner != want.LostOwner || got.Closed != want.Closed {
					t.Errorf("%s, ended %t: %+v", name, ended, c)
				}
				wantDue := test.clocks && !want.Closed
				if due := got.Clocks.Due(); due.IsZero() == wantDue || got.Breached || wantDue && due.Before(r.Time) {
					t.Errorf("%s, ended %t: clocks of %s: %+v", name, ended, got.Status, got)
				}
			}
			if c := r.Conversation(ids[0]); !c.FirstReplyAt.Equal(closed.At.Add(time.Hour)) || !c.WaitingSince.IsZero() || c.CustomerRev != 0 {
				t.Errorf("%s, ended %t: %+v", name, ended, c)
			}
			if got := notifications(r); len(got) > 0 {
				t.Errorf("%s, ended %t: notifications %v", name, ended, got)
			}
			if !ended {
				m := r.Run()
				if m.Status != desk.Done || m.Report.Created != 3 || m.Report.Redirected != 0 || m.Report.InboxSum != m.Report.DeskSum {
					t.Errorf("%s: %+v", name, m)
				}
			}
			// The customer's next mail is live as any other.
			r.Time = r.Time.Add(time.Hour)
			takeIn(r, r.Message("mail", "reply"), "closed")
			if got := r.Ticket(ids[0]); got.Closed || got.Clocks == (desk.Clocks{}) {
				t.Errorf("%s, ended %t: after a reply: %+v", name, ended, got)
			}
		}
	}
}

// TestOldMailIsQuiet: added to a conversation of a fenced channel it changes nothing
// but the thread, wherever that conversation is.
func TestOldMailIsQuiet(t *testing.T) {
	for name, make := range map[string]func(r *apptest.Rig) string{
		"closed history": func(r *apptest.Rig) string { id, _ := landed(r); return id },
		"with rules that cannot be read": func(r *apptest.Rig) string {
			id, _ := landed(r)
			setup, err := r.Setups.Setup(r.Context(), "acme")
			if err == nil {
				setup.Account.Zone = "Nowhere/AtAll"
				_, err = r.Setups.Replace(r.Context(), setup, r.Time)
			}
			if err != nil {
				r.Fatal(err)
			}
			return id
		},
		"open, live": func(r *apptest.Rig) string {
			landed(r)
			id := r.TakeIn("mail", "live").ID
			r.Changed(id)
			return id
		},
		"left behind": func(r *apptest.Rig) string {
			id := r.TakeIn("mail", "a").ID
			r.Edit(id, desk.Edit{Status: new(desk.Closed)})
			r.StartMove(desk.Choices{Channel: "mail", History: desk.NoHistory, Acknowledged: []string{desk.CodeConnectedLeft}})
			r.Run()
			return id
		},
		"a ticket of the inbox": func(r *apptest.Rig) string {
			id := r.TakeIn("mail", "a").ID
			r.NewTicket(id, "solved")
			r.StartMove(apptest.History("mail"))
			r.FenceLast()
			return id
		},
		"not landed yet": func(r *apptest.Rig) string {
			id := r.TakeIn("mail", "a").ID
			r.Edit(id, desk.Edit{Status: new(desk.Closed)})
			r.StartMove(apptest.History("mail"))
			r.FenceLast()
			return id
		},
	} {
		r := apptest.New(t)
		id := make(r)
		told := len(notifications(r))
		for i, author := range []desk.Author{desk.ByCustomer, desk.ByAgent} {
			r.Time = r.Time.Add(time.Hour)
			was := r.Conversation(id)
			m := old(r, "mail", string(author))
			m.Author = author
			_, err := r.Intake.Append(t.Context(), m, id)
			if err != nil {
				t.Fatal(err)
			}
			want := was
			want.Rev, want.Messages, want.ChangedAt = was.Rev+1, was.Messages+1, r.Time
			if is := r.Conversation(id); is != want {
				t.Errorf("%s, message %d: %+v, was %+v", name, i, is, was)
			}
		}
		if name == "a ticket of the inbox" { // nor does it when that lands
			r.Run()
			if k := r.Ticket(id); k.Status != "solved" || !k.Closed {
				t.Errorf("%s: landed as %+v", name, k)
			}
		}
		if got := notifications(r); len(got) != told {
			t.Errorf("%s: notifications %v", name, got)
		}
	}
}

// TestTheSignDecidesNotTheDate: a connector's mail that was sent before the fence and
// delivered after it is live, and history that is newer than the fence is refused,
// before anything of it is written.
func TestTheSignDecidesNotTheDate(t *testing.T) {
	r := apptest.New(t)
	r.TakeIn("mail", "a")
	r.StartMove(apptest.History("mail"))
	r.FenceLast()
	fence := r.Channel("mail").FenceAt
	late := r.Message("mail", "late")
	late.At = fence.Add(-10 * time.Minute)
	id := takeIn(r, late).Conversation.ID
	r.Changed(id)
	if got := r.Ticket(id); got.Provenance != desk.Live || !slices.Contains(notifications(r), desk.KindLive) {
		t.Errorf("late mail: %+v, %v", got, notifications(r))
	}
	var invalid *desk.InvalidError
	for name, at := range map[string]time.Time{"at": fence, "after": fence.Add(time.Minute)} {
		m := old(r, "mail", "new "+name)
		m.At = at
		r.Written = nil
		_, err := r.Intake.TakeIn(t.Context(), m, []string{"a"})
		if !errors.As(err, &invalid) || invalid.Code != desk.CodeNotHistory || invalid.Field != "at" {
			t.Errorf("TakeIn, %s the fence: %v", name, err)
		}
		if _, err := r.Intake.Append(t.Context(), m, id); !errors.As(err, &invalid) {
			t.Errorf("Append, %s the fence: %v", name, err)
		}
		if len(r.Written) > 0 {
			t.Errorf("%s the fence: a refused message writes %v", name, r.Written)
		}
		m.History = false
		if got := takeIn(r, m, "late"); got.Known || got.Conversation.ID != id {
			t.Errorf("as live mail: %+v", got)
		}
		m.History = true // what is there already is not refused
		if got := takeIn(r, m); !got.Known {
			t.Errorf("TakeIn again: %+v", got)
		}
		if got, err := r.Intake.Append(t.Context(), m, id); err != nil || !got.Known {
			t.Errorf("Append again: %+v, %v", got, err)
		}
	}
	// In another channel's conversation the fence of that channel counts too.
	m := old(r, "plain", "elsewhere")
	m.At = fence
	if _, err := r.Intake.Append(t.Context(), m, id); !errors.As(err, &invalid) {
		t.Errorf("by another channel: %v", err)
	}
}

// TestHistoryFindsItsThread: a message that is brought in later joins the
// conversation that names it, and who belongs to two is told.
func TestHistoryFindsItsThread(t *testing.T) {
	for _, moved := range []bool{false, true} {
		r := apptest.New(t)
		if moved {
			r.StartMove(apptest.History("mail"))
			r.FenceLast()
		}
		child := takeIn(r, old(r, "mail", "child"), "root", "parent")
		sibling := takeIn(r, old(r, "mail", "sibling"), "parent")
		parent := takeIn(r, old(r, "mail", "parent"))
		if id := child.Conversation.ID; sibling.Conversation.ID != id || parent.Conversation.ID != id || parent.Began {
			t.Errorf("moved %t: %s, %s, %s", moved, id, sibling.Conversation.ID, parent.Conversation.ID)
		}
		// Two that begin apart cannot be joined, and the one between them says so.
		one, two := takeIn(r, old(r, "mail", "one")), takeIn(r, old(r, "mail", "three"), "two")
		between := takeIn(r, old(r, "mail", "two"), "one")
		if between.Conversation.ID != one.Conversation.ID || !slices.Equal(between.Apart, []string{two.Conversation.ID}) {
			t.Errorf("moved %t: %+v, between %s and %s", moved, between, one.Conversation.ID, two.Conversation.ID)
		}
		// Live mail comes in order, and asks for nothing more.
		if live := takeIn(r, r.Message("mail", "root")); !live.Began {
			t.Errorf("moved %t: live mail joined %s", moved, live.Conversation.ID)
		}
	}
}
