package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
)

func TestR16_HistoryGetsATicket(t *testing.T) {
	now := fence.Add(time.Minute)
	got := ticket(t, rules(t, acme(), allOf("mail")), old(), now)
	want := desk.Ticket{
		Account: "acme", ID: desk.TicketID("c1"), Conversation: "c1", Channel: "mail",
		Subject: "Printer", Customer: "eve@customer.example",
		Status: "new", Owner: "bo", Created: old().Started,
		Provenance: desk.History, Imported: now, Move: "m1", Origin: "mail",
		MovedStatus: "new", MovedOwner: "bo", Opened: now, Home: desk.HelpDesk, SourceVersion: 1, Revision: 1,
		Clocks: desk.Clocks{Policy: "mail", FirstReply: now.Add(4 * time.Hour),
			Close: time.Date(2026, 3, 4, 9, 1, 0, 0, time.UTC)}, // 16 working hours are two days
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestR16_OwnerNeedsAccess(t *testing.T) {
	for owner, want := range map[string]desk.Ticket{
		"bo":  {Owner: "bo"},
		"":    {},
		"cy":  {LostOwner: "cy"},  // has no access
		"zoe": {LostOwner: "zoe"}, // has left
	} {
		c := old()
		c.Owner = owner
		got := ticket(t, rules(t, acme(), allOf("mail")), c, fence)
		if got.Owner != want.Owner || got.LostOwner != want.LostOwner {
			t.Errorf("owner %q became %q, lost %q", owner, got.Owner, got.LostOwner)
		}
	}
}

func TestR16_AccessIsThatOfTheFence(t *testing.T) {
	s := acme()
	access := s.Access()
	s.Agents[1].HelpDesk = false // bo, since then
	s.Agents[2].HelpDesk = true  // cy, since then
	r, err := desk.NewRules(s, allOf("mail"), s.Channels[0], access)
	if err != nil {
		t.Fatal(err)
	}
	c := old()
	if got := ticket(t, r, c, fence); got.Owner != "bo" {
		t.Errorf("bo's ticket is of %q", got.Owner)
	}
	if c.Owner = "cy"; ticket(t, r, c, fence).Owner != "" {
		t.Error("cy owns a ticket")
	}
}

func TestR16_ClosedHistoryIsClosed(t *testing.T) {
	c := old()
	c.Status = desk.Closed
	got := ticket(t, rules(t, acme(), allOf("mail")), c, fence)
	if got.Status != "solved" || got.Clocks != (desk.Clocks{}) {
		t.Errorf("status %q with %+v", got.Status, got.Clocks)
	}
}

func TestR18_LiveTickets(t *testing.T) {
	now := fence.Add(time.Hour)
	for name, test := range map[string]struct {
		settings string
		history  desk.HistoryChoice
		statuses desk.StatusMap
		owner    string
		was      desk.ConversationStatus
		status   desk.Status
		has      string
	}{
		"first open of the mapping's pipeline": {statuses: desk.StatusMap{Open: "waiting", Closed: "spam"}, status: "new"},
		"mapping of another pipeline":          {statuses: desk.StatusMap{Open: "lead", Closed: "won"}, status: "lead"},
		"without history":                      {history: desk.NoHistory, status: "new"},
		"by the settings":                      {settings: `{"tickets":{"status":"waiting"}}`, status: "waiting"},
		"closed, mapped":                       {was: desk.Closed, statuses: desk.StatusMap{Open: "new", Closed: "spam"}, status: "spam"},
		"closed without history":               {was: desk.Closed, history: desk.NoHistory, status: "solved"},
		"its owner first":                      {owner: "bo", settings: `{"routing":{"agents":["ada"]}}`, status: "new", has: "bo"},
		"routing for an owner without access":  {owner: "cy", settings: `{"routing":{"agents":["ada"]}}`, status: "new", has: "ada"},
		"routing":                              {settings: `{"routing":{"agents":["ada"]}}`, status: "new", has: "ada"},
	} {
		t.Run(name, func(t *testing.T) {
			s, m, c := acme(), allOf("mail"), fresh()
			s.Channels[0].Settings = []byte(test.settings)
			c.Owner = test.owner
			if test.was != "" {
				c.Status = test.was
			}
			if test.statuses != (desk.StatusMap{}) {
				m.Choices.Statuses = test.statuses
			}
			if test.history != "" {
				m.Choices.History, m.Choices.Statuses = test.history, desk.StatusMap{}
			}
			got := ticket(t, rules(t, s, m), c, now)
			if got.Status != test.status || got.Owner != test.has || got.Provenance != desk.Live {
				t.Errorf("%q ticket, %q, of %q; want %q of %q", got.Provenance, got.Status, got.Owner, test.status, test.has)
			}
			if !got.Created.Equal(c.Started) || got.Move != "m1" {
				t.Errorf("created %s by %q", got.Created, got.Move)
			}
		})
	}
}

func TestR18_LiveTicketsAlwaysHaveClocks(t *testing.T) {
	for _, sla := range []desk.SLAMode{desk.FromMove, desk.Original, desk.NoClocks} {
		m := allOf("mail")
		m.Choices.SLA = sla
		got := ticket(t, rules(t, acme(), m), fresh(), fence.Add(time.Hour)).Clocks
		if want := fresh().TakenIn.Add(4 * time.Hour); !got.FirstReply.Equal(want) || got.Close.IsZero() {
			t.Errorf("%s: %+v; want the first reply due %s", sla, got, want)
		}
	}
}

func TestR18_AfterTheEndThereIsNoMove(t *testing.T) {
	m := allOf("mail")
	m.Status = desk.Done
	if got := ticket(t, rules(t, acme(), m), fresh(), fence.Add(time.Hour)); got.Move != "" {
		t.Errorf("redirected after the end, yet by move %q", got.Move)
	}
	if got := ticket(t, rules(t, acme(), m), old(), fence.Add(time.Hour)); got.Move != "m1" {
		t.Errorf("history found by a late audit is of move %q", got.Move)
	}
}

func TestR28_WhatCannotBeConvertedSaysWhy(t *testing.T) {
	for want, spoil := range map[string]func(c *desk.Conversation){
		"":                func(c *desk.Conversation) {},
		"no-start-date":   func(c *desk.Conversation) { c.Started = time.Time{} },
		"no-arrival-date": func(c *desk.Conversation) { c.TakenIn = time.Time{} },
		"unknown-state":   func(c *desk.Conversation) { c.Status = "ajar" },
		"no-version":      func(c *desk.Conversation) { c.Version = 0 },
		"has-ticket":      func(c *desk.Conversation) { c.Ticket = "n1" },
	} {
		c := old()
		spoil(&c)
		got, err := rules(t, acme(), allOf("mail")).Ticket(c, fence)
		if code(err) != want {
			t.Errorf("%v; want code %q", err, want)
		}
		if want != "" && (got != desk.Ticket{}) {
			t.Errorf("%s comes with a ticket", want)
		}
		if want != "" && !strings.Contains(err.Error(), "c1") {
			t.Errorf("%q does not name the conversation", err)
		}
	}
	c := old()
	c.Started = fence.AddDate(9, 0, 0)
	if got := ticket(t, rules(t, acme(), allOf("mail")), c, fence); !got.Created.Equal(c.Started) {
		t.Error("a start in the future is not kept")
	}
}

func TestTicketHeaderStaysSmall(t *testing.T) {
	c := old()
	c.Subject, c.Customer = strings.Repeat("ä", 500), strings.Repeat("ö", 500)
	got := ticket(t, rules(t, acme(), allOf("mail")), c, fence)
	if len(got.Subject) != desk.MaxSubject || len(got.Customer) != desk.MaxCustomer {
		t.Errorf("subject has %d bytes, customer %d", len(got.Subject), len(got.Customer))
	}
}

func TestEditTicket(t *testing.T) {
	now := fence.Add(time.Hour)
	r := rules(t, acme(), allOf("mail"))
	c := marked(old())
	open := ticket(t, r, old(), fence)
	shut := old()
	shut.Status = desk.Closed
	closed := ticket(t, r, shut, fence)
	for name, test := range map[string]struct {
		from   desk.Ticket
		e      desk.TicketEdit
		change func(want *desk.Ticket)
	}{
		"close": {open, desk.TicketEdit{Status: ptr(desk.Status("spam"))}, func(want *desk.Ticket) {
			want.Status, want.Clocks = "spam", desk.Clocks{}
		}},
		"reopen": {closed, desk.TicketEdit{Status: ptr(desk.Status("waiting"))}, func(want *desk.Ticket) {
			want.Status, want.Opened = "waiting", now
			want.Clocks = desk.Clocks{Policy: "mail", FirstReply: fence.Add(4 * time.Hour), Close: now.AddDate(0, 0, 2)}
		}},
		"to another pipeline and policy": {open, desk.TicketEdit{Status: ptr(desk.Status("lead"))}, func(want *desk.Ticket) {
			want.Status, want.Clocks = "lead", desk.Clocks{Policy: "rest", FirstReply: fence.Add(time.Hour)}
		}},
		"assign":    {open, desk.TicketEdit{Owner: ptr("di")}, func(want *desk.Ticket) { want.Owner = "di" }},
		"to nobody": {open, desk.TicketEdit{Owner: ptr("")}, func(want *desk.Ticket) { want.Owner = "" }},
	} {
		want := test.from
		test.change(&want)
		want.Revision = 2
		want.Edited = desk.LastEdit{At: now, By: "ada", Status: want.Status, Owner: want.Owner, SourceVersion: 1}
		got, err := r.Edit(test.from, test.e, c, "ada", now)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestR21_TicketOwnerNeedsAccess(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	tk := ticket(t, r, old(), fence)
	for name, test := range map[string]struct {
		e    desk.TicketEdit
		want []string
	}{
		"without access": {desk.TicketEdit{Owner: ptr("cy")}, []string{"owner"}},
		"unknown agent":  {desk.TicketEdit{Owner: ptr("zoe")}, []string{"owner"}},
		"unknown status": {desk.TicketEdit{Status: ptr(desk.Status("ajar"))}, []string{"status"}},
		"both":           {desk.TicketEdit{Status: ptr(desk.Status("")), Owner: ptr("cy")}, []string{"status", "owner"}},
		"nothing":        {desk.TicketEdit{}, []string{"status"}},
	} {
		got, err := r.Edit(tk, test.e, marked(old()), "ada", fence)
		if f := fields(err); !slices.Equal(f, test.want) || got != tk {
			t.Errorf("%s: %v is about %q", name, err, f)
		}
	}
}

func TestR21_WhoHasAccessNowMayOwn(t *testing.T) {
	s := acme()
	r, err := desk.NewRules(s, allOf("mail"), s.Channels[0], nil) // at the fence nobody had
	if err != nil {
		t.Fatal(err)
	}
	tk := ticket(t, r, old(), fence)
	if got, err := r.Edit(tk, desk.TicketEdit{Owner: ptr("bo")}, marked(old()), "ada", fence); err != nil || got.Owner != "bo" {
		t.Errorf("owner is %q, %v", got.Owner, err)
	}
}

func TestR19_TicketIsNotEditedBeforeItsConversationIsMarked(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	tk := ticket(t, r, old(), fence)
	if got, err := r.Edit(tk, desk.TicketEdit{Owner: ptr("di")}, old(), "ada", fence); code(err) != "not-moved-yet" || got != tk {
		t.Errorf("%v", err)
	}
	nat, c := native()
	if _, err := r.Edit(nat, desk.TicketEdit{Owner: ptr("di")}, c, "ada", fence); err != nil {
		t.Errorf("a native ticket cannot be edited: %v", err)
	}
	nat.Home = desk.HelpDesk // it may yet be taken back (R14)
	got, err := r.Edit(nat, desk.TicketEdit{Owner: ptr("di")}, c, "ada", fence)
	if code(err) != "not-moved-yet" || !strings.Contains(err.Error(), "try again in a moment") || got != nat {
		t.Errorf("a native ticket that has landed: %v", err)
	}
}

func TestR19_EditOfATicketInTheInboxDoesNotMoveIt(t *testing.T) {
	r := rules(t, acme(), desk.Move{})
	before, c := native()
	before.Status, c.Version, c.CustomerVersion = "won", 2, 2
	got, err := r.Edit(before, desk.TicketEdit{Owner: ptr("di")}, c, "ada", fence)
	if err != nil || got.Home != desk.Inbox || got.Status != "won" || got.Owner != "di" {
		t.Errorf("%q of %q in %s, %v", got.Status, got.Owner, got.Home, err)
	}
}

// An edit that was made after a reply, but before the reply was processed,
// must neither be undone by it nor make it forgotten.
func TestR19_EditAfterAReplyThatIsProcessedLate(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	c := old()
	c.Status = desk.Closed
	tk := ticket(t, r, c, fence)
	at := fence.Add(time.Hour)
	c = receive(t, s, marked(c), desk.ByCustomer, at)

	closed, err := r.Edit(tk, desk.TicketEdit{Status: ptr(desk.Status("spam"))}, c, "ada", at)
	if err != nil || closed.Status != "spam" || closed.Revision != tk.Revision+1 {
		t.Fatalf("closed: %+v, %v", closed, err)
	}
	if got, changed, _ := r.Raise(closed, c, true); changed || got != closed {
		t.Errorf("the late reply undid the edit: %q", got.Status)
	}
	assigned, err := r.Edit(tk, desk.TicketEdit{Owner: ptr("di")}, c, "ada", at)
	if err != nil || assigned.Status != "new" || assigned.Owner != "di" {
		t.Errorf("assigning made the reply forgotten: %q of %q, %v", assigned.Status, assigned.Owner, err)
	}
	if assigned.Clocks.FirstReply.IsZero() {
		t.Error("assigning made the reply's clock forgotten")
	}
	c = receive(t, s, c, desk.ByCustomer, at.Add(time.Minute))
	if got := raise(t, r, closed, c, true); got.Status != "new" {
		t.Errorf("a reply after the edit leaves it %q", got.Status)
	}
}

func TestR21_VisibleTo(t *testing.T) {
	desked, inboxed := desk.Ticket{Home: desk.HelpDesk}, desk.Ticket{Home: desk.Inbox}
	for name, test := range map[string]struct {
		t    desk.Ticket
		a    desk.Agent
		want bool
	}{
		"with access":                 {desked, desk.Agent{Role: desk.AgentRole, HelpDesk: true}, true},
		"without":                     {desked, desk.Agent{Role: desk.AgentRole}, false},
		"super admin without":         {desked, desk.Agent{Role: desk.SuperAdmin}, false},
		"ticket in the inbox still":   {inboxed, desk.Agent{Role: desk.AgentRole}, true},
		"in the inbox, access or not": {inboxed, desk.Agent{HelpDesk: true}, true},
	} {
		if got := test.t.VisibleTo(test.a); got != test.want {
			t.Errorf("%s: VisibleTo = %v", name, got)
		}
	}
}

func TestR19_EditKept(t *testing.T) {
	edited := desk.LastEdit{At: fence, Status: "spam", Owner: "di", SourceVersion: 3}
	c := desk.Conversation{Version: 4, CustomerVersion: 3}
	for name, test := range map[string]struct {
		t    desk.Ticket
		last int64 // version of the customer's last message
		want bool
	}{
		"never edited":     {desk.Ticket{Status: "new"}, 3, true},
		"holds":            {desk.Ticket{Status: "spam", Owner: "di", Edited: edited}, 3, true},
		"status lost":      {desk.Ticket{Status: "new", Owner: "di", Edited: edited}, 3, false},
		"reopened":         {desk.Ticket{Status: "new", Owner: "di", Edited: edited}, 4, true},
		"owner lost":       {desk.Ticket{Status: "spam", Owner: "bo", Edited: edited}, 3, false},
		"owner lost later": {desk.Ticket{Status: "new", Owner: "bo", Edited: edited}, 4, false},
	} {
		c.CustomerVersion = test.last
		if got := test.t.EditKept(c); got != test.want {
			t.Errorf("%s: EditKept = %v", name, got)
		}
	}
}

func TestTicketIDIsTheConversations(t *testing.T) {
	if a, b := desk.TicketID("c1"), desk.TicketID("c1"); a != b || a == "" {
		t.Errorf("%q and %q", a, b)
	}
	if desk.TicketID("c1") == desk.TicketID("c2") {
		t.Error("two conversations share a ticket")
	}
}
