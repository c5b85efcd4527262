package desk_test

import (
	"strconv"
	"testing"
	"time"

	"deskmove/shared/desk"
)

func TestR27_ChecksumTellsEverythingApart(t *testing.T) {
	type line struct {
		conversation string
		start        time.Time
		status       desk.Status
		owner        string
	}
	lines := []line{
		{"c1", fence, "new", "bo"}, {"c2", fence, "new", "bo"}, {"c1", fence.Add(time.Millisecond), "new", "bo"},
		{"c1", fence, "old", "bo"}, {"c1", fence, "new", "di"}, {"c1", fence, "new", ""},
		{"c1n", fence, "ew", "bo"}, {"c1", fence, "newb", "o"}, {"", fence, "c1new", "bo"}, {"c1", time.Time{}, "new", "bo"},
	}
	seen := map[uint64]line{}
	for _, l := range lines {
		sum := desk.Checksum(l.conversation, l.start, l.status, l.owner)
		if other, ok := seen[sum]; ok {
			t.Errorf("%v and %v have the same sum", l, other)
		}
		seen[sum] = l
	}
}

// The sum is stored and compared between releases: it must not change.
func TestR27_ChecksumIsStable(t *testing.T) {
	if got := desk.Checksum("c1", fence, "new", "bo"); got != 0xcdf33f34efc55200 {
		t.Errorf("Checksum = %#x", got)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	if desk.Checksum("c1", fence.In(berlin).Add(time.Microsecond), "new", "bo") != desk.Checksum("c1", fence, "new", "bo") {
		t.Error("it depends on the zone, or on what the store does not keep")
	}
}

func TestR27_SumsDoNotDependOnTheOrder(t *testing.T) {
	var up, down uint64
	for i := range 1000 {
		up += desk.Checksum("c"+strconv.Itoa(i), fence, "new", "")
		down += desk.Checksum("c"+strconv.Itoa(999-i), fence, "new", "")
	}
	if up != down {
		t.Errorf("%x and %x", up, down)
	}
}

// expected is the inbox's side of the sum.
func expected(t testing.TB, r *desk.Rules, c desk.Conversation, tk desk.Ticket) uint64 {
	t.Helper()
	start, status, owner, err := r.Expected(c, tk)
	if err != nil {
		t.Fatal(err)
	}
	return desk.Checksum(c.ID, start, status, owner)
}

func TestR27_BothSidesAgree(t *testing.T) {
	s, m := acme(), allOf("mail")
	r := rules(t, s, m)
	closed, lost, live, taken := old(), old(), fresh(), fresh()
	closed.Status, lost.Owner, taken.Owner = desk.Closed, "cy", "bo"
	tickets := map[string]func() (desk.Conversation, desk.Ticket){
		"history": func() (desk.Conversation, desk.Ticket) { return old(), ticket(t, r, old(), fence) },
		"closed":  func() (desk.Conversation, desk.Ticket) { return closed, ticket(t, r, closed, fence) },
		"lost":    func() (desk.Conversation, desk.Ticket) { return lost, ticket(t, r, lost, fence) },
		"live":    func() (desk.Conversation, desk.Ticket) { return live, ticket(t, r, live, fence) },
		"taken":   func() (desk.Conversation, desk.Ticket) { return taken, ticket(t, r, taken, fence) },
		"native":  func() (desk.Conversation, desk.Ticket) { tk, c := native(); return c, r.AsIs(tk, c) },
	}
	for name, make := range tickets {
		c, tk := make()
		if expected(t, r, c, tk) != tk.Checksum() {
			t.Errorf("%s: the sides differ: %+v", name, tk)
		}
		edited, err := r.Edit(tk, desk.TicketEdit{Status: ptr(desk.Status("spam")), Owner: ptr("ada")}, marked(c), "ada", fence)
		if err != nil || expected(t, r, c, edited) != edited.Checksum() {
			t.Errorf("%s: an agent's edit makes the sides differ, %v", name, err)
		}
		for what, spoil := range map[string]func(*desk.Ticket){
			"status":       func(tk *desk.Ticket) { tk.Status = "won" },
			"owner":        func(tk *desk.Ticket) { tk.Owner = "ada2" },
			"conversation": func(tk *desk.Ticket) { tk.Conversation = "c2" },
		} {
			wrong := tk
			if spoil(&wrong); expected(t, r, c, wrong) == wrong.Checksum() {
				t.Errorf("%s: a wrong %s is not noticed", name, what)
			}
		}
		wrong := tk
		if wrong.Created = fence.Add(time.Hour); name != "native" && expected(t, r, c, wrong) == wrong.Checksum() {
			t.Errorf("%s: a wrong date is not noticed", name)
		}
	}
}

func TestR27_ConversationThatMovedOnIsNoticed(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	for name, c := range map[string]desk.Conversation{"history": old(), "live": fresh()} {
		c.Owner = "bo"
		tk := ticket(t, r, c, fence)
		closed, assigned := c, c
		closed.Status, assigned.Owner = desk.Closed, "ada"
		if expected(t, r, closed, tk) == tk.Checksum() || expected(t, r, assigned, tk) == tk.Checksum() {
			t.Errorf("%s: the ticket lags behind and nobody notices", name)
		}
	}
}

// Routing and settings may change while a channel moves; that proves nothing
// wrong.
func TestR27_LiveTicketsKeepTheRoutingOfTheirMinute(t *testing.T) {
	s := acme()
	tk := ticket(t, rules(t, s, allOf("mail")), fresh(), fence)
	s.Channels[0].Settings = []byte(`{"routing":{"agents":["bo"]},"tickets":{"status":"waiting"}}`)
	tk2 := ticket(t, rules(t, s, allOf("mail")), fresh(), fence)
	if tk2.Status == tk.Status {
		t.Fatal("the settings change nothing")
	}
	if expected(t, rules(t, s, allOf("mail")), fresh(), tk) != tk.Checksum() {
		t.Error("a change of settings makes the sides differ")
	}
}

func TestR28_ExpectedReportsWhatCannotBeConverted(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	c, tk := old(), ticket(t, r, old(), fence)
	c.Status = "ajar"
	if _, _, _, err := r.Expected(c, tk); code(err) != "unknown-state" {
		t.Error(err)
	}
}
