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
	want := old()
	want.Home, want.Rev = desk.HelpDesk, 2
	want.Ticket = desk.Ticket{
		Status: "new", Owner: "bo", Created: old().Started, Provenance: desk.History, Imported: now, Move: "m1", Opened: now,
		Clocks: desk.Clocks{Policy: "mail", FirstReply: now.Add(4 * time.Hour),
			Close: time.Date(2026, 3, 4, 9, 1, 0, 0, time.UTC)}, // 16 working hours are two days
	}
	if diff := cmp.Diff(want, land(t, rules(t, acme(), allOf("mail")), old(), now)); diff != "" {
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
	if got.Status != "solved" || !got.Closed || !got.Opened.IsZero() || got.Clocks != (desk.Clocks{}) {
		t.Errorf("%+v", got)
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
			if got.Status != test.status || got.Owner != test.has || got.Provenance != desk.Live || got.Closed != (test.was != "") {
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

// What lands after the end of the move goes by today's access, and is of no move.
func TestR18_AfterTheEndThereIsNoMove(t *testing.T) {
	s := acme()
	snapshot := s.Access()
	s.Channels[0].Home = desk.HelpDesk
	s.Channels[0].Settings = []byte(`{"routing":{"agents":["bo","cy"]}}`)
	s.Agents[1].HelpDesk = false // bo, since then
	s.Agents[2].HelpDesk = true  // cy, since then
	r, err := desk.NewRules(s, allOf("mail"), s.Channels[0], snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if got := ticket(t, r, fresh(), fence.Add(time.Hour)); got.Move != "" || got.Provenance != desk.Live || got.Owner != "cy" {
		t.Errorf("a new conversation: %+v", got)
	}
	if got := ticket(t, r, old(), fence.Add(time.Hour)); got.Move != "" || got.Provenance != desk.History || got.LostOwner != "bo" {
		t.Errorf("history that an audit found: %+v", got)
	}
}

func TestR28_WhatCannotBeConvertedSaysWhy(t *testing.T) {
	for want, spoil := range map[string]func(c *desk.Conversation){
		"":                func(c *desk.Conversation) {},
		"no-start-date":   func(c *desk.Conversation) { c.Started = time.Time{} },
		"no-arrival-date": func(c *desk.Conversation) { c.TakenIn = time.Time{} },
		"unknown-state":   func(c *desk.Conversation) { c.Status = "ajar" },
		"no-revision":     func(c *desk.Conversation) { c.Rev = 0 },
	} {
		c := old()
		spoil(&c)
		got, err := rules(t, acme(), allOf("mail")).Land(c, fence)
		if code(err) != want {
			t.Errorf("%v; want code %q", err, want)
		}
		if (got != c) != (want == "") {
			t.Errorf("%q becomes %+v", want, got)
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

func TestR19_EditTicket(t *testing.T) {
	now := fence.Add(time.Hour)
	r := rules(t, acme(), allOf("mail"))
	shut, started := old(), native().Ticket.Created
	shut.Status = desk.Closed
	open, closed := land(t, r, old(), fence), land(t, r, shut, fence)
	for name, test := range map[string]struct {
		from   desk.Conversation
		e      desk.TicketEdit
		change func(want *desk.Ticket)
	}{
		"close": {open, desk.TicketEdit{Status: ptr(desk.Status("spam"))}, func(want *desk.Ticket) {
			want.Status, want.Closed, want.Clocks = "spam", true, desk.Clocks{}
		}},
		"reopen": {closed, desk.TicketEdit{Status: ptr(desk.Status("waiting"))}, func(want *desk.Ticket) {
			want.Status, want.Closed, want.Opened = "waiting", false, now
			want.Clocks = desk.Clocks{Policy: "mail", FirstReply: fence.Add(4 * time.Hour), Close: now.AddDate(0, 0, 2)}
		}},
		"to another pipeline and policy": {open, desk.TicketEdit{Status: ptr(desk.Status("lead"))}, func(want *desk.Ticket) {
			want.Status, want.Clocks = "lead", desk.Clocks{Policy: "rest", FirstReply: fence.Add(time.Hour)}
		}},
		"assign":      {open, desk.TicketEdit{Owner: ptr("di")}, func(want *desk.Ticket) { want.Owner = "di" }},
		"to nobody":   {open, desk.TicketEdit{Owner: ptr("")}, func(want *desk.Ticket) { want.Owner = "" }},
		"nothing new": {open, desk.TicketEdit{Status: ptr(desk.Status("new"))}, func(*desk.Ticket) {}},
		"in the inbox": {native(), desk.TicketEdit{Status: ptr(desk.Status("spam"))}, func(want *desk.Ticket) {
			want.Status, want.Clocks = "spam", desk.Clocks{}
		}},
		"in the inbox, to another policy": {native(), desk.TicketEdit{Status: ptr(desk.Status("new")), Owner: ptr("di")}, func(want *desk.Ticket) {
			want.Status, want.Owner = "new", "di"
			want.Clocks = desk.Clocks{Policy: "mail", FirstReply: started.Add(4 * time.Hour)}
		}},
	} {
		want := test.from
		test.change(&want.Ticket)
		want.Rev, want.ChangedAt, want.LastEdit = test.from.Rev+1, now, "token"
		if want.Home == desk.HelpDesk {
			want.Ticket.Landed = test.from.Ticket.AtLanding()
		}
		want.Ticket.Edited = desk.LastEdit{At: now, By: "ada", Status: want.Ticket.Status, Owner: want.Ticket.Owner, Rev: want.Rev}
		want.Edits = logged(t, desk.LoggedEdit{At: now, By: "ada", Status: (*string)(test.e.Status), Owner: test.e.Owner})
		if diff := cmp.Diff(want, edit(t, r, test.from, test.e, now)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestR21_TicketOwnerNeedsAccess(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	c := land(t, r, old(), fence)
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
		got, err := r.EditTicket(c, test.e, "ada", "token", fence)
		if f := fields(err); !slices.Equal(f, test.want) || got != c {
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
	c := land(t, r, old(), fence)
	if got := edit(t, r, c, desk.TicketEdit{Owner: ptr("bo")}, fence).Ticket.Owner; got != "bo" {
		t.Errorf("owner is %q", got)
	}
}

func TestR21_VisibleTo(t *testing.T) {
	desked, inboxed := desk.Conversation{Home: desk.HelpDesk}, native()
	for name, test := range map[string]struct {
		c    desk.Conversation
		a    desk.Agent
		want bool
	}{
		"with access":                 {desked, desk.Agent{Role: desk.AgentRole, HelpDesk: true}, true},
		"without":                     {desked, desk.Agent{Role: desk.AgentRole}, false},
		"super admin without":         {desked, desk.Agent{Role: desk.SuperAdmin}, false},
		"ticket in the inbox still":   {inboxed, desk.Agent{Role: desk.AgentRole}, true},
		"in the inbox, access or not": {inboxed, desk.Agent{HelpDesk: true}, true},
	} {
		if got := test.c.VisibleTo(test.a); got != test.want {
			t.Errorf("%s: VisibleTo = %v", name, got)
		}
	}
}

func TestR19_EditKept(t *testing.T) {
	edited := desk.LastEdit{At: fence, Status: "spam", Owner: "di", Rev: 3}
	c := desk.Conversation{Rev: 4, CustomerRev: 3}
	for name, test := range map[string]struct {
		t    desk.Ticket
		last int64 // revision of the customer's last message
		want bool
	}{
		"never edited":     {desk.Ticket{Status: "new"}, 3, true},
		"holds":            {desk.Ticket{Status: "spam", Owner: "di", Edited: edited}, 3, true},
		"status lost":      {desk.Ticket{Status: "new", Owner: "di", Edited: edited}, 3, false},
		"reopened":         {desk.Ticket{Status: "new", Owner: "di", Edited: edited}, 4, true},
		"owner lost":       {desk.Ticket{Status: "spam", Owner: "bo", Edited: edited}, 3, false},
		"owner lost later": {desk.Ticket{Status: "new", Owner: "bo", Edited: edited}, 4, false},
	} {
		c.CustomerRev, c.Ticket = test.last, test.t
		if got := c.EditKept(); got != test.want {
			t.Errorf("%s: EditKept = %v", name, got)
		}
	}
}

func TestTicketIDIsTheConversations(t *testing.T) {
	for _, id := range []string{"c1", "t-c1", "c1#"} {
		if got, ok := desk.OfTicket(desk.TicketID(id)); got != id || !ok {
			t.Errorf("the ticket of %q is of %q, %v", id, got, ok)
		}
	}
	for _, id := range []string{"", "c1", "T-c1", " t-c1"} {
		if got, ok := desk.OfTicket(id); ok {
			t.Errorf("%q is the ticket of %q", id, got)
		}
	}
}
