package desk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"deskmove/shared/desk"
)

// world is one conversation on its way, with the one promise that the store
// makes: a write succeeds only if what it was made from is still there.
type world struct {
	setup  desk.Setup
	rules  *desk.Rules
	now    time.Time
	c      desk.Conversation
	seen   []desk.Conversation // all that it has been, which a slow worker may still hold
	landed desk.Conversation   // as it landed; zero before

	owner  *string     // by the last edit of its ticket
	status desk.Status // by the last edit of its ticket, "" once the customer reopened it
	closed bool        // what the ticket must be in the end
	asked  bool        // somebody asked or answered something in the help desk
}

// save puts what somebody made of what they had read, unless another was first.
func (w *world) save(t *rapid.T, read, is desk.Conversation) bool {
	if read.Rev != w.c.Rev {
		return false
	}
	if is.Rev != read.Rev+1 {
		t.Fatalf("from revision %d to %d", read.Rev, is.Rev)
	}
	w.c = is
	w.seen = append(w.seen, is)
	return true
}

// land is a worker that has read c, lately or long ago.
func (w *world) land(t *rapid.T, read desk.Conversation) {
	if read.Home == desk.HelpDesk {
		return
	}
	is, err := w.rules.Land(read, w.now)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.rules.Land(read, w.now)
	if again != is || err != nil {
		t.Fatalf("two workers at once do not agree: %+v, %v", again, err)
	}
	if !w.save(t, read, is) {
		return
	}
	w.landed = is
	w.checkLanding(t, read)
}

// checkLanding checks the landing of what it was.
func (w *world) checkLanding(t *rapid.T, was desk.Conversation) {
	source := w.c
	source.Home, source.Rev, source.Ticket = was.Home, was.Rev, was.Ticket
	if diff := cmp.Diff(was, source); diff != "" {
		t.Fatalf("landing changes the source: %s", diff)
	}
	if !was.HasTicket() {
		w.closed = was.Status == desk.Closed
		return
	}
	wrote := was.CustomerRev > was.Ticket.Edited.Rev && !was.CustomerAt.Before(fence)
	is := w.c.Ticket
	if is.Closed = false; is != was.Ticket && !(wrote && isClosed(was.Ticket.Status)) {
		t.Fatalf("more of a native ticket changed than its home: %s", cmp.Diff(was.Ticket, is))
	}
	if w.closed = isClosed(was.Ticket.Status); wrote {
		w.reopen()
	}
}

// reopen is what a customer's message does to a ticket in the help desk.
func (w *world) reopen() {
	if w.closed {
		w.closed, w.status = false, ""
	}
}

func isClosed(s desk.Status) bool { return s == "solved" || s == "spam" || s == "won" }

// edit is an agent, on whichever side the conversation, or its ticket, lives.
func (w *world) edit(t *rapid.T, owner *string, closes *bool) {
	if !w.c.HasTicket() {
		e := desk.Edit{Owner: owner}
		if closes != nil {
			e.Status = ptr(map[bool]desk.ConversationStatus{true: desk.Closed, false: desk.Open}[*closes])
		}
		is, err := w.c.Edit(e, "ada", "token", w.setup, w.now)
		if err != nil {
			t.Fatal(err)
		}
		w.save(t, w.c, is)
		return
	}
	e := desk.TicketEdit{Owner: owner}
	if closes != nil {
		e.Status = ptr(map[bool]desk.Status{true: "spam", false: "waiting"}[*closes])
	}
	is, err := w.rules.EditTicket(w.c, e, "ada", "token", w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.save(t, w.c, is)
	w.owner, w.status, w.closed = ptr(is.Ticket.Owner), is.Ticket.Status, isClosed(is.Ticket.Status)
}

// aside draws a message that nobody waits for and that answers nobody.
func aside(t *rapid.T, at time.Time) desk.Message {
	m := mail(rapid.SampledFrom([]desk.Author{desk.ByCustomer, desk.ByAgent, desk.ByBot, desk.BySystem}).Draw(t, "author"), at)
	if m.Author == desk.ByBot || m.Author == desk.BySystem {
		return m
	}
	switch rapid.IntRange(0, 3).Draw(t, "aside") {
	case 0:
		m.Automatic = rapid.SampledFrom([]desk.Automatic{desk.Bounce, desk.AutoReplied, desk.Bulk}).Draw(t, "automatic")
	case 1:
		m.Kind = desk.Event
	case 2:
		m.Author, m.Kind = desk.ByAgent, desk.Note
	default:
		m.Author, m.Visibility = desk.ByAgent, desk.Internal
	}
	return m
}

// write takes in a message; whoever does cannot always read the rules.
func (w *world) write(t *rapid.T, m desk.Message, readable bool) {
	ch := w.setup.Channels[0]
	m = m.Complete(ch)
	was := w.c
	is, err := w.c.Receive(m, ch, ch, w.now)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case is.Home != desk.HelpDesk, !m.Counts():
	case readable:
		is = w.rules.Follow(is)
	default:
		is = is.CannotFollow()
	}
	w.asked = w.asked || is.Home == desk.HelpDesk && m.Counts()
	if asks := m.Author == desk.ByCustomer && m.Automatic == "" && m.Kind == desk.Mail; is.Home == desk.HelpDesk && asks {
		w.reopen()
	} else if !asks && is.IsOpen() && !was.IsOpen() && was.Ticket.Behind == 0 {
		t.Fatalf("opened by %+v", m)
	}
	w.save(t, w.c, is)
}

// repair applies the messages that were not.
func (w *world) repair(t *rapid.T) {
	if w.c.Ticket.Behind != 0 {
		is := w.rules.Follow(w.c)
		is.Rev++
		w.save(t, w.c, is)
	}
}

// TestR19_NoReplyAndNoEditIsLost lets customers, agents and workers, late
// ones too, act in any order.
func TestR19_NoReplyAndNoEditIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{setup: acme(), now: fence.Add(-3 * time.Minute)}
		m := allOf("mail")
		m.Choices.SLA = rapid.SampledFrom([]desk.SLAMode{desk.FromMove, desk.Original, desk.NoClocks}).Draw(t, "sla")
		var err error
		if w.rules, err = desk.NewRules(w.setup, m, w.setup.Channels[0], w.setup.Access()); err != nil {
			t.Fatal(err)
		}
		if w.c = old(); rapid.Bool().Draw(t, "fresh") {
			w.c, w.now = fresh(), fence.Add(time.Minute)
		}
		w.seen = append(w.seen, w.c)
		step := func(act func(t *rapid.T)) func(t *rapid.T) {
			return func(t *rapid.T) {
				w.now = w.now.Add(time.Minute)
				act(t)
			}
		}
		readable := func(t *rapid.T) bool { return rapid.Bool().Draw(t, "readable") }
		t.Repeat(map[string]func(t *rapid.T){
			"customer": step(func(t *rapid.T) { w.write(t, mail(desk.ByCustomer, w.now), readable(t)) }),
			"agent":    step(func(t *rapid.T) { w.write(t, mail(desk.ByAgent, w.now), readable(t)) }),
			"aside":    step(func(t *rapid.T) { w.write(t, aside(t, w.now), readable(t)) }),
			"assign": step(func(t *rapid.T) {
				w.edit(t, ptr(rapid.SampledFrom([]string{"", "ada", "bo", "di"}).Draw(t, "owner")), nil)
			}),
			"close": step(func(t *rapid.T) { w.edit(t, nil, ptr(rapid.Bool().Draw(t, "close"))) }),
			"make a ticket": step(func(t *rapid.T) {
				if w.c.HasTicket() {
					return
				}
				is, err := w.c.MakeTicket(rapid.SampledFrom([]desk.Status{"new", "won"}).Draw(t, "status"), "ada", w.now)
				if err != nil {
					t.Fatal(err)
				}
				w.save(t, w.c, is)
				w.status = is.Ticket.Status
			}),
			"worker": step(func(t *rapid.T) {
				if !w.now.Before(fence) {
					w.land(t, rapid.SampledFrom(w.seen).Draw(t, "read"))
				}
			}),
			"repair": step(w.repair),
			"":       func(t *rapid.T) { w.check(t) },
		})
		if w.now.Before(fence) {
			w.now = fence
		}
		w.land(t, w.c)
		w.repair(t)
		w.check(t)
		w.settled(t)
	})
}

// check is what holds at any instant.
func (w *world) check(t *rapid.T) {
	tk := w.c.Ticket
	if !w.c.EditKept() {
		t.Fatalf("edited to %+v, now %q of %q", tk.Edited, tk.Status, tk.Owner)
	}
	if w.landed.Rev == 0 {
		if w.c.Home != desk.Inbox || tk.Landed != (desk.Landed{}) {
			t.Fatalf("it has not landed, but %s and %+v", w.c.Home, tk.Landed)
		}
		return
	}
	if w.c.Home != desk.HelpDesk || !w.c.HasTicket() || tk.Provenance != desk.Native && !tk.Created.Equal(w.c.Started) {
		t.Fatalf("landed, but %s: %+v", w.c.Home, tk)
	}
	if tk.Closed != isClosed(tk.Status) {
		t.Fatalf("%q, closed %v", tk.Status, tk.Closed)
	}
	if was := (desk.Landed{Status: w.landed.Ticket.Status, Owner: w.landed.Ticket.Owner}); tk.AtLanding() != was {
		t.Fatalf("landed %+v, now said to have landed %+v", was, tk.AtLanding())
	}
	inbox, helpDesk := w.rules.Checksums(w.c)
	if inbox != helpDesk {
		t.Fatalf("the sides differ: %+v", tk)
	}
	source := w.landed
	source.Rev, source.ChangedAt, source.CustomerRev, source.CustomerAt = w.c.Rev, w.c.ChangedAt, w.c.CustomerRev, w.c.CustomerAt
	source.FirstReplyAt, source.WaitingSince, source.Messages = w.c.FirstReplyAt, w.c.WaitingSince, w.c.Messages
	source.Tags, source.Edits = w.c.Tags, w.c.Edits
	if source.LastEdit, source.Ticket = w.c.LastEdit, tk; source != w.c {
		t.Fatalf("the source is no longer what it was at the landing: %s", cmp.Diff(source, w.c))
	}
}

// settled is what holds once everything has been delivered.
func (w *world) settled(t *rapid.T) {
	tk := w.c.Ticket
	if tk.Behind != 0 {
		t.Fatalf("behind since %d", tk.Behind)
	}
	if w.owner != nil && tk.Owner != *w.owner {
		t.Fatalf("assigned to %q, but of %q", *w.owner, tk.Owner)
	}
	if w.status != "" && tk.Status != w.status {
		t.Fatalf("set to %q, but %q", w.status, tk.Status)
	}
	if tk.Closed != w.closed {
		t.Fatalf("%q; must be closed: %v", tk.Status, w.closed)
	}
	if tk.Closed && tk.Clocks != (desk.Clocks{}) {
		t.Fatalf("closed, with %+v", tk.Clocks)
	}
	if tk.Provenance == desk.Native && !w.asked {
		return // it was moved as it was, and nothing has set its clocks since
	}
	switch {
	case !tk.Closed && tk.Clocks.Policy == "mail" && !w.c.WaitingSince.IsZero() && !w.c.CustomerAt.Before(fence) &&
		tk.Clocks.FirstReply.IsZero() && tk.Clocks.NextReply.IsZero():
		t.Fatalf("the customer waits since %s and no reply is due", w.c.WaitingSince)
	case !tk.Closed && isClosed(w.landed.Ticket.Status) && tk.Clocks.Policy == "mail" && tk.Clocks.Close.IsZero():
		t.Fatal("reopened, and never due to be closed")
	case w.c.WaitingSince.IsZero() && !tk.Clocks.NextReply.IsZero():
		t.Fatal("nobody waits, yet a reply is due")
	}
}
