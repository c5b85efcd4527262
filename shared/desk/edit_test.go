package desk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
)

func TestEditConversation(t *testing.T) {
	now := fence.Add(-time.Hour)
	closed := old()
	closed.Status, closed.ClosedAt, closed.WaitingSince = desk.Closed, fence.Add(-time.Minute), time.Time{}
	for name, test := range map[string]struct {
		c      desk.Conversation
		e      desk.Edit
		change func(want *desk.Conversation)
	}{
		"close": {old(), desk.Edit{Status: ptr(desk.Closed)}, func(want *desk.Conversation) {
			want.Status, want.ClosedAt, want.WaitingSince = desk.Closed, now, time.Time{}
		}},
		"close again": {closed, desk.Edit{Status: ptr(desk.Closed)}, func(*desk.Conversation) {}},
		"reopen": {closed, desk.Edit{Status: ptr(desk.Open)}, func(want *desk.Conversation) {
			want.Status, want.ClosedAt = desk.Open, time.Time{}
		}},
		"assign":    {old(), desk.Edit{Owner: ptr("cy")}, func(want *desk.Conversation) { want.Owner = "cy" }},
		"to nobody": {old(), desk.Edit{Owner: ptr("")}, func(want *desk.Conversation) { want.Owner = "" }},
	} {
		want := test.c
		want.Version, want.ChangedAt = 2, now
		test.change(&want)
		got, err := test.c.Edit(test.e, acme(), now)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestEditConversationRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		e    desk.Edit
		want []string
	}{
		"unknown agent":  {desk.Edit{Owner: ptr("zoe")}, []string{"owner"}},
		"unknown status": {desk.Edit{Status: ptr(desk.ConversationStatus("ajar"))}, []string{"status"}},
		"both":           {desk.Edit{Owner: ptr("zoe"), Status: ptr(desk.ConversationStatus(""))}, []string{"owner", "status"}},
		"nothing":        {desk.Edit{}, []string{"status"}},
	} {
		got, err := old().Edit(test.e, acme(), fence)
		if f := fields(err); !slices.Equal(f, test.want) || got != old() {
			t.Errorf("%s: %v is about %q", name, err, f)
		}
	}
}

func TestR19_MovedConversationIsEditedOnItsTicket(t *testing.T) {
	c := marked(old())
	got, err := c.Edit(desk.Edit{Status: ptr(desk.Closed)}, acme(), fence)
	var moved *desk.MovedError
	if !errors.As(err, &moved) || moved.Ticket != desk.TicketID("c1") || got != c {
		t.Errorf("%v does not name the ticket", err)
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
		want.Edited = desk.Edited{At: now, By: "ada", Status: want.Status, Owner: want.Owner, SourceVersion: 1}
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
	edited := desk.Edited{At: fence, Status: "spam", Owner: "di", SourceVersion: 3}
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
