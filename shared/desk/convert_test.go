package desk_test

import (
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
		Provenance: desk.History, Imported: now, Move: "m1", From: "mail",
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
