package desk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"deskmove/shared/desk"
)

// world is one conversation on its way, with the few promises that the store
// makes: writes of the ticket and of the marker succeed only if what they
// were made from is still there.
type world struct {
	setup  desk.Setup
	rules  *desk.Rules
	now    time.Time
	c      desk.Conversation
	seen   []desk.Conversation // every version that a slow worker may still hold
	ticket *desk.Ticket

	owner  *string     // by the last edit of an agent
	status desk.Status // by the last edit of an agent, "" since the customer wrote
}

// change puts a new version of the conversation.
func (w *world) change(c desk.Conversation) {
	w.c = c
	w.seen = append(w.seen, c)
}

// ensure is a worker that read c, lately or long ago, and now writes.
func (w *world) ensure(t *rapid.T, c desk.Conversation) {
	if w.ticket == nil {
		made, err := w.rules.Ticket(c, w.now)
		if err != nil {
			t.Fatal(err)
		}
		w.ticket = &made
		return
	}
	raised, changed, err := w.rules.Raise(*w.ticket, c, c.Home == desk.HelpDesk)
	if err != nil {
		t.Fatal(err)
	}
	if changed != (raised.Revision == w.ticket.Revision+1) || !changed && raised != *w.ticket {
		t.Fatalf("changed = %v from revision %d to %d", changed, w.ticket.Revision, raised.Revision)
	}
	w.ticket = &raised
}

// edit is an agent, on whichever side the conversation lives.
func (w *world) edit(t *rapid.T, owner *string, closes *bool) {
	var err error
	if w.c.Home != desk.HelpDesk {
		e := desk.Edit{Owner: owner}
		if closes != nil {
			e.Status = ptr(map[bool]desk.ConversationStatus{true: desk.Closed, false: desk.Open}[*closes])
		}
		c, err := w.c.Edit(e, w.setup, w.now)
		if err != nil {
			t.Fatal(err)
		}
		w.change(c)
		return
	}
	e := desk.TicketEdit{Owner: owner}
	if closes != nil {
		e.Status = ptr(map[bool]desk.Status{true: "spam", false: "waiting"}[*closes])
		w.status = *e.Status
	}
	if owner != nil {
		w.owner = owner
	}
	edited, err := w.rules.Edit(*w.ticket, e, w.c, "ada", w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.ticket = &edited
}

func (w *world) write(t *rapid.T, author desk.Author) {
	ch := w.setup.Channels[0]
	c, err := w.c.Receive(mail(author, w.now), ch, ch, w.now)
	if err != nil {
		t.Fatal(err)
	}
	if author == desk.ByCustomer && w.status == "spam" {
		w.status = ""
	}
	w.change(c)
}

// TestR19_NoReplyAndNoEditIsLost lets customers, agents and workers, late
// ones too, act in any order.
func TestR19_NoReplyAndNoEditIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{setup: acme(), now: fence.Add(time.Second), c: old()}
		m := allOf("mail")
		m.Choices.SLA = rapid.SampledFrom([]desk.SLAMode{desk.FromMove, desk.Original, desk.NoClocks}).Draw(t, "sla")
		var err error
		if w.rules, err = desk.NewRules(w.setup, m, w.setup.Channels[0], w.setup.Access()); err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "fresh") {
			w.c = fresh()
		}
		w.change(w.c)
		step := func(act func(t *rapid.T)) func(t *rapid.T) {
			return func(t *rapid.T) {
				w.now = w.now.Add(time.Minute)
				act(t)
			}
		}
		t.Repeat(map[string]func(t *rapid.T){
			"customer": step(func(t *rapid.T) { w.write(t, desk.ByCustomer) }),
			"agent":    step(func(t *rapid.T) { w.write(t, desk.ByAgent) }),
			"assign": step(func(t *rapid.T) {
				w.edit(t, ptr(rapid.SampledFrom([]string{"", "ada", "bo", "di"}).Draw(t, "owner")), nil)
			}),
			"close":  step(func(t *rapid.T) { w.edit(t, nil, ptr(rapid.Bool().Draw(t, "close"))) }),
			"worker": step(func(t *rapid.T) { w.ensure(t, rapid.SampledFrom(w.seen).Draw(t, "read")) }),
			"mark": step(func(t *rapid.T) {
				w.ensure(t, w.c)
				w.c = marked(w.c)
			}),
			"": func(t *rapid.T) { w.check(t) },
		})
		w.ensure(t, w.c)
		w.ensure(t, w.c)
		w.settled(t)
	})
}

// check is what holds at any instant.
func (w *world) check(t *rapid.T) {
	if w.c.Home == desk.HelpDesk && w.ticket == nil {
		t.Fatal("a marker without a ticket")
	}
	if w.ticket != nil && (!w.ticket.Created.Equal(w.c.Started) || !w.ticket.EditKept(w.c)) {
		t.Fatalf("created %s, edit %+v, now %q of %q", w.ticket.Created, w.ticket.Edited, w.ticket.Status, w.ticket.Owner)
	}
}

// settled is what holds once everything has been delivered.
func (w *world) settled(t *rapid.T) {
	if w.ticket.SourceVersion != w.c.Version {
		t.Fatalf("the ticket shows version %d of %d", w.ticket.SourceVersion, w.c.Version)
	}
	if w.owner != nil && w.ticket.Owner != *w.owner {
		t.Fatalf("assigned to %q, but of %q", *w.owner, w.ticket.Owner)
	}
	switch closed := w.ticket.Status == "solved" || w.ticket.Status == "spam"; {
	case w.status != "" && w.ticket.Status != w.status:
		t.Fatalf("set to %q, but %q", w.status, w.ticket.Status)
	case w.status == "" && closed != (w.c.Status == desk.Closed):
		t.Fatalf("conversation %q, ticket %q", w.c.Status, w.ticket.Status)
	case closed && w.ticket.Clocks != (desk.Clocks{}):
		t.Fatalf("closed, with %+v", w.ticket.Clocks)
	case !closed && !w.c.WaitingSince.IsZero() && !w.c.CustomerAt.Before(fence) &&
		w.ticket.Clocks.FirstReply.IsZero() && w.ticket.Clocks.NextReply.IsZero():
		t.Fatalf("the customer waits since %s and no reply is due", w.c.WaitingSince)
	case w.c.WaitingSince.IsZero() && !w.ticket.Clocks.NextReply.IsZero():
		t.Fatal("nobody waits, yet a reply is due")
	}
	start, status, owner, err := w.rules.Expected(w.c, *w.ticket)
	if err != nil || desk.Checksum(w.c.ID, start, status, owner) != w.ticket.Checksum() {
		t.Fatalf("the sides differ: %q of %q (%v); %+v", status, owner, err, w.ticket)
	}
	if w.c.Home != desk.HelpDesk {
		again, err := w.rules.Ticket(w.c, w.ticket.Imported)
		again.Revision = w.ticket.Revision
		if diff := cmp.Diff(again, *w.ticket); diff != "" || err != nil {
			t.Fatalf("raised step by step it is not what it would be now: %v %s", err, diff)
		}
	}
}
