package desk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
)

const keepClosed = `{"automation":{"keepClosed":true}}`

// native is old with a ticket that was made, and edited, in the inbox.
func native() desk.Conversation {
	c := old()
	c.Rev = 3
	c.Ticket = desk.Ticket{
		Status: "lead", Owner: "cy", Created: c.Started.Add(time.Hour), Provenance: desk.Native,
		Clocks: desk.Clocks{Policy: "old", Close: fence},
		Edited: desk.LastEdit{At: c.Started, By: "cy", Status: "lead", Owner: "cy", Rev: 3},
	}
	return c
}

func TestR15_TicketMovesAsItIs(t *testing.T) {
	for status, closed := range map[desk.Status]bool{"lead": false, "won": true, "spam": true} {
		c := native()
		c.Ticket.Status = status
		c.Rev, c.CustomerRev, c.CustomerAt = 4, 4, fence.Add(-time.Hour) // wrote before the fence
		want := c
		want.Home, want.Rev, want.Ticket.Closed = desk.HelpDesk, 5, closed
		if diff := cmp.Diff(want, land(t, rules(t, acme(), allOf("mail")), c, fence)); diff != "" {
			t.Errorf("%s: more than the home changed: %s", status, diff)
		}
	}
}

func TestR19_ReplyReopensNativeTicketsOnlySinceTheFence(t *testing.T) {
	for name, test := range map[string]struct {
		settings string
		wrote    time.Time
		edited   int64
		status   desk.Status
		want     desk.Status
	}{
		"since the fence":      {wrote: fence.Add(time.Minute), edited: 3, status: "won", want: "lead"},
		"at the fence":         {wrote: fence, edited: 3, status: "won", want: "lead"},
		"never edited":         {wrote: fence, status: "won", want: "lead"},
		"before the fence":     {wrote: fence.Add(-time.Second), edited: 3, status: "won", want: "won"},
		"edited since":         {wrote: fence.Add(time.Minute), edited: 5, status: "won", want: "won"},
		"open already":         {wrote: fence.Add(time.Minute), edited: 3, status: "waiting", want: "waiting"},
		"mapping's pipeline":   {wrote: fence.Add(time.Minute), edited: 3, status: "spam", want: "new"},
		"automation says no":   {settings: keepClosed, wrote: fence.Add(time.Minute), edited: 3, status: "won", want: "won"},
		"automation, no reply": {settings: keepClosed, wrote: fence.Add(-time.Minute), edited: 3, status: "won", want: "won"},
	} {
		s, c := acme(), native()
		s.Channels[0].Settings = []byte(test.settings)
		c.Ticket.Status, c.Ticket.Edited.Status, c.Ticket.Edited.Rev = test.status, test.status, test.edited
		c.Rev, c.CustomerRev, c.CustomerAt = 5, 4, test.wrote
		want := c
		want.Home, want.Rev = desk.HelpDesk, 6
		if want.Ticket.Status, want.Ticket.Closed = test.want, test.want == "won"; test.want != test.status {
			want.Ticket.Opened = test.wrote
			want.Ticket.Clocks = desk.Clocks{Policy: "rest", FirstReply: c.Ticket.Created.Add(time.Hour)}
			if test.want == "new" {
				want.Ticket.Clocks = desk.Clocks{Policy: "mail", FirstReply: c.Ticket.Created.Add(4 * time.Hour),
					Close: test.wrote.AddDate(0, 0, 2)}
			}
		}
		if diff := cmp.Diff(want, land(t, rules(t, s, allOf("mail")), c, fence.Add(time.Hour))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A customer has written to a moving channel, and before the conversation lands an
// agent makes it a ticket that is closed.
func TestR15_ReplyDoesNotReopenATicketThatWasMadeSince(t *testing.T) {
	s := acme()
	c := receive(t, s, old(), desk.ByCustomer, fence.Add(time.Minute))
	c, err := c.MakeTicket("won", "ada", fence.Add(2*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	r := rules(t, s, allOf("mail"))
	if got := ticket(t, r, c, fence.Add(time.Hour)); got.Status != "won" || !got.Closed {
		t.Errorf("made won, landed %q", got.Status)
	}
	c = receive(t, s, c, desk.ByCustomer, fence.Add(3*time.Minute))
	if got := ticket(t, r, c, fence.Add(time.Hour)); got.Status != "lead" || got.Closed {
		t.Errorf("a later reply leaves it %q", got.Status)
	}
}

func TestR19_ConversationRulesUntilItLands(t *testing.T) {
	s := acme()
	c, err := old().Edit(desk.Edit{Status: ptr(desk.Closed), Owner: ptr("cy")}, "ada", "token", s, fence.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	got := land(t, rules(t, s, allOf("mail")), c, fence.Add(time.Hour))
	if tk := got.Ticket; tk.Status != "solved" || !tk.Closed || tk.LostOwner != "cy" || tk.Owner != "" || got.Rev != 3 {
		t.Errorf("revision %d: %+v", got.Rev, tk)
	}
	if got.LastEdit != "token" {
		t.Error("an edit before the landing would be repeated after it")
	}
}

func TestR19_TicketRulesOnceItHasLanded(t *testing.T) {
	for name, test := range map[string]struct {
		settings string
		mapping  desk.StatusMap
		author   desk.Author
		status   desk.Status
		want     desk.Status
	}{
		"customer, closed":                {author: desk.ByCustomer, status: "solved", want: "new"},
		"customer, closed otherwise":      {author: desk.ByCustomer, status: "spam", want: "new"},
		"customer, mapped to waiting":     {mapping: desk.StatusMap{Open: "waiting", Closed: "solved"}, author: desk.ByCustomer, status: "spam", want: "waiting"},
		"customer, closed elsewhere":      {author: desk.ByCustomer, status: "won", want: "lead"},
		"customer, open":                  {author: desk.ByCustomer, status: "waiting", want: "waiting"},
		"customer, closed for good":       {settings: keepClosed, author: desk.ByCustomer, status: "solved", want: "solved"},
		"agent, closed":                   {author: desk.ByAgent, status: "solved", want: "solved"},
		"agent, open":                     {author: desk.ByAgent, status: "waiting", want: "waiting"},
		"agent, in a pipeline of its own": {author: desk.ByAgent, status: "lead", want: "lead"},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := acme(), allOf("mail")
			if test.settings != "" {
				s.Channels[0].Settings = []byte(test.settings)
			}
			if test.mapping != (desk.StatusMap{}) {
				m.Choices.Statuses = test.mapping
			}
			r := rules(t, s, m)
			c := land(t, r, old(), fence)
			was := c.Ticket.AtLanding()
			c = edit(t, r, c, desk.TicketEdit{Status: &test.status, Owner: ptr("di")}, fence.Add(time.Minute))
			got := follow(t, s, r, c, test.author, fence.Add(time.Hour))
			if got.Ticket.Status != test.want || got.Ticket.Owner != "di" || got.Rev != 4 {
				t.Errorf("%q of %q at revision %d; want %q of di", got.Ticket.Status, got.Ticket.Owner, got.Rev, test.want)
			}
			if closed := test.want == "solved"; got.Ticket.Closed != closed {
				t.Errorf("%q, closed %v", got.Ticket.Status, got.Ticket.Closed)
			}
			if got.Ticket.AtLanding() != was || !got.EditKept() {
				t.Errorf("landed %+v, now said to have landed %+v", was, got.Ticket.AtLanding())
			}
		})
	}
}

// What the ticket was when it landed is kept from its first change on, whoever
// makes it, and not before.
func TestR27_LandingIsKept(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	shut := old()
	shut.Status = desk.Closed
	closed, open := land(t, r, shut, fence), land(t, r, old(), fence)
	at := fence.Add(time.Hour)
	for name, test := range map[string]struct {
		got  desk.Conversation
		want desk.Landed
	}{
		"landed":             {closed, desk.Landed{}},
		"agent's answer":     {follow(t, s, r, closed, desk.ByAgent, at), desk.Landed{}},
		"reply to an open":   {follow(t, s, r, open, desk.ByCustomer, at), desk.Landed{}},
		"reply to a closed":  {follow(t, s, r, closed, desk.ByCustomer, at), desk.Landed{Status: "solved", Owner: "bo"}},
		"assigned":           {edit(t, r, open, desk.TicketEdit{Owner: ptr("")}, at), desk.Landed{Status: "new", Owner: "bo"}},
		"status":             {edit(t, r, open, desk.TicketEdit{Status: ptr(desk.Status("lead"))}, at), desk.Landed{Status: "new", Owner: "bo"}},
		"in the inbox still": {edit(t, r, native(), desk.TicketEdit{Owner: ptr("di")}, at), desk.Landed{}},
	} {
		if test.got.Ticket.Landed != test.want {
			t.Errorf("%s: kept %+v; want %+v", name, test.got.Ticket.Landed, test.want)
		}
		if test.got.Home != desk.HelpDesk {
			continue
		}
		was := test.got.Ticket.AtLanding()
		again := edit(t, r, follow(t, s, r, test.got, desk.ByCustomer, at), desk.TicketEdit{Status: ptr(desk.Status("won")), Owner: ptr("ada")}, at)
		if got := again.Ticket.Landed; got != was || got.Status == "" {
			t.Errorf("%s: later %+v; want %+v", name, got, was)
		}
	}
}

func TestR19_R21_RepliesSetTheClocks(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	c := land(t, r, old(), fence)
	next := func(author desk.Author, at time.Time) desk.Clocks {
		c = follow(t, s, r, c, author, at)
		return c.Ticket.Clocks
	}
	closes := c.Ticket.Clocks.Close
	asked := fence.Add(time.Hour)
	if got := next(desk.ByCustomer, asked); !got.FirstReply.Equal(fence.Add(4*time.Hour)) || !got.NextReply.IsZero() {
		t.Errorf("asked twice: %+v", got)
	}
	if got := next(desk.ByAgent, asked.Add(time.Minute)); !got.FirstReply.IsZero() || !got.NextReply.IsZero() || !got.Close.Equal(closes) {
		t.Errorf("answered: %+v", got)
	}
	asked = asked.Add(time.Hour)
	if got := next(desk.ByCustomer, asked); !got.NextReply.Equal(asked.Add(2*time.Hour)) || !got.Close.Equal(closes) {
		t.Errorf("asked again: %+v", got)
	}
	if got := next(desk.ByCustomer, asked.Add(time.Hour)); !got.NextReply.Equal(asked.Add(2 * time.Hour)) {
		t.Errorf("the reply is due later because the customer asked once more: %+v", got)
	}
}

func TestR19_ReopenedTicketHasNewTimeToClose(t *testing.T) {
	for _, sla := range []desk.SLAMode{desk.FromMove, desk.Original, desk.NoClocks} {
		s, m, c := acme(), allOf("mail"), old()
		m.Choices.SLA = sla
		c.Status, c.FirstReplyAt, c.WaitingSince = desk.Closed, c.Started, time.Time{}
		r := rules(t, s, m)
		got := follow(t, s, r, land(t, r, c, fence), desk.ByCustomer, fence.Add(time.Hour)).Ticket.Clocks
		want := desk.Clocks{Policy: "mail", NextReply: fence.Add(3 * time.Hour), Close: fence.Add(time.Hour).AddDate(0, 0, 2)}
		if got != want {
			t.Errorf("%s: %+v; want %+v", sla, got, want)
		}
	}
}

// Messages that come while the rules cannot be read are applied later: with the
// next one, with the next edit, or by the repair.
func TestR19_MessagesThatCouldNotBeAppliedAreAppliedLater(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	c := old()
	c.Status = desk.Closed
	landed := land(t, r, c, fence)
	at := fence.Add(time.Hour)
	asked := receive(t, s, landed, desk.ByCustomer, at).CannotFollow()
	if asked.Ticket.Behind != 3 || asked.Ticket.Status != "solved" {
		t.Fatalf("behind since %d, %q", asked.Ticket.Behind, asked.Ticket.Status)
	}
	behind := receive(t, s, asked, desk.ByAgent, at.Add(time.Minute)).CannotFollow()
	if behind.Ticket.Behind != 3 {
		t.Fatalf("behind since %d; the first was 3", behind.Ticket.Behind)
	}
	for name, got := range map[string]desk.Conversation{
		"repair":         r.Follow(behind),
		"customer again": follow(t, s, r, behind, desk.ByCustomer, at.Add(2*time.Minute)),
		"agent again":    follow(t, s, r, behind, desk.ByAgent, at.Add(2*time.Minute)),
		"edit":           edit(t, r, behind, desk.TicketEdit{Owner: ptr("di")}, at.Add(2*time.Minute)),
	} {
		tk := got.Ticket
		if tk.Behind != 0 || tk.Status != "new" || tk.Closed || tk.Opened.IsZero() || tk.Clocks.Close.IsZero() || tk.AtLanding().Status != "solved" {
			t.Errorf("%s: %+v", name, tk)
		}
	}
	if got := r.Follow(receive(t, s, landed, desk.ByAgent, at).CannotFollow()); got.Ticket.Status != "solved" || got.Ticket.Behind != 0 {
		t.Errorf("an agent's message alone makes it %q, behind since %d", got.Ticket.Status, got.Ticket.Behind)
	}
	spam := edit(t, r, behind, desk.TicketEdit{Status: ptr(desk.Status("spam"))}, at.Add(2*time.Minute))
	if got := follow(t, s, r, spam, desk.ByAgent, at.Add(3*time.Minute)); got.Ticket.Status != "spam" {
		t.Errorf("what an agent closed since is %q", got.Ticket.Status)
	}
}
