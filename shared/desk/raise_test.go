package desk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
)

const keepClosed = `{"automation":{"keepClosed":true}}`

// native is a ticket that was made in the inbox for old, and old with it.
func native() (desk.Ticket, desk.Conversation) {
	c := old()
	c.Ticket = "n1"
	return desk.Ticket{
		Account: "acme", ID: "n1", Conversation: "c1", Channel: "mail", Subject: "Printer", Status: "lead", Owner: "cy",
		Created: c.Started.Add(time.Hour), Provenance: desk.Native, Origin: "mail", Home: desk.Inbox,
		Clocks: desk.Clocks{Policy: "old", Close: fence}, SourceVersion: 1, Revision: 3,
		Edited: desk.LastEdit{At: c.Started, By: "cy", Status: "lead", Owner: "cy"},
	}, c
}

func TestR15_TicketMovesAsItIs(t *testing.T) {
	for _, status := range []desk.Status{"lead", "won", "spam"} {
		before, c := native()
		before.Status = status
		c.Version, c.CustomerVersion, c.CustomerAt = 4, 4, fence.Add(-time.Hour) // wrote before the fence
		want := before
		want.Home, want.SourceVersion, want.Revision = desk.HelpDesk, 4, 4
		want.MovedStatus, want.MovedOwner, want.Edited = status, "cy", desk.LastEdit{}
		r := rules(t, acme(), allOf("mail"))
		if diff := cmp.Diff(want, r.AsIs(before, c)); diff != "" {
			t.Errorf("%s: AsIs changed more than the home: %s", status, diff)
		}
		if diff := cmp.Diff(want, raise(t, r, before, c, false)); diff != "" {
			t.Errorf("%s: Raise changed more than the home: %s", status, diff)
		}
	}
}

func TestR15_MovingAsItIsTwiceIsMovingOnce(t *testing.T) {
	before, c := native()
	r := rules(t, acme(), allOf("mail"))
	once := r.AsIs(before, c)
	if diff := cmp.Diff(once, r.AsIs(once, c)); diff != "" {
		t.Error(diff)
	}
	if _, changed, _ := r.Raise(once, c, false); changed {
		t.Error("Raise finds something to do")
	}
}

func TestR19_ReplyReopensNativeTicketsOnlySinceTheFence(t *testing.T) {
	for name, test := range map[string]struct {
		settings string
		wrote    time.Time
		source   int64
		status   desk.Status
		want     desk.Status
	}{
		"since the fence":      {wrote: fence.Add(time.Minute), source: 1, status: "won", want: "lead"},
		"at the fence":         {wrote: fence, source: 1, status: "won", want: "lead"},
		"before the fence":     {wrote: fence.Add(-time.Second), source: 1, status: "won", want: "won"},
		"seen already":         {wrote: fence.Add(time.Minute), source: 2, status: "won", want: "won"},
		"open already":         {wrote: fence.Add(time.Minute), source: 1, status: "waiting", want: "waiting"},
		"mapping's pipeline":   {wrote: fence.Add(time.Minute), source: 1, status: "spam", want: "new"},
		"automation says no":   {settings: keepClosed, wrote: fence.Add(time.Minute), source: 1, status: "won", want: "won"},
		"automation, no reply": {settings: keepClosed, wrote: fence.Add(-time.Minute), source: 1, status: "won", want: "won"},
	} {
		s := acme()
		s.Channels[0].Settings = []byte(test.settings)
		before, c := native()
		before.Status, before.SourceVersion = test.status, test.source
		c.Version, c.CustomerVersion, c.CustomerAt = 2, 2, test.wrote
		got := rules(t, s, allOf("mail")).AsIs(before, c)
		if got.Status != test.want || got.Owner != "cy" {
			t.Errorf("%s: %q of %q; want %q", name, got.Status, got.Owner, test.want)
		}
	}
}

func TestR19_NativeTicketThatLandedFollowsItsCustomerBeforeTheMarker(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	before, c := native()
	before.Status = "won"
	landed := r.AsIs(before, c)
	c = receive(t, s, c, desk.ByCustomer, fence.Add(time.Minute))
	got := raise(t, r, landed, c, false)
	if got.Status != "lead" || got.SourceVersion != 2 || got.Owner != "cy" {
		t.Errorf("%q at version %d of %q", got.Status, got.SourceVersion, got.Owner)
	}
}

func TestR19_UnmarkedConversationRules(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	c := old()
	tk := ticket(t, r, c, fence)
	tk.Status, tk.Owner = "waiting", "di" // whatever it shows is overwritten
	c, err := c.Edit(desk.Edit{Status: ptr(desk.Closed), Owner: ptr("cy")}, s, fence.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	got := raise(t, r, tk, c, false)
	want := ticket(t, r, c, fence) // as if it had been converted now, but imported then
	want.Revision = 2
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Status != "solved" || got.LostOwner != "cy" || got.Owner != "" {
		t.Errorf("%q of %q, lost %q", got.Status, got.Owner, got.LostOwner)
	}
}

func TestR19_RaiseIgnoresWhatItShowsAlready(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	c := old()
	tk := ticket(t, r, c, fence)
	tk.SourceVersion = 5
	for _, version := range []int64{1, 4, 5} {
		for _, m := range []bool{false, true} {
			c.Version, c.CustomerVersion, c.Status = version, version, desk.Closed
			got, changed, err := r.Raise(tk, c, m)
			if changed || err != nil || got != tk {
				t.Errorf("version %d, marked %v: changed = %v, %v", version, m, changed, err)
			}
		}
	}
}

func TestR28_RaiseReportsWhatCannotBeConverted(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	c := old()
	tk := ticket(t, r, c, fence)
	c.Version, c.Status = 2, "ajar"
	if got, changed, err := r.Raise(tk, c, false); code(err) != "unknown-state" || changed || got != tk {
		t.Errorf("changed = %v, %v", changed, err)
	}
}

func TestR19_MarkedTicketRules(t *testing.T) {
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
			s, m, c := acme(), allOf("mail"), old()
			if test.settings != "" {
				s.Channels[0].Settings = []byte(test.settings)
			}
			if test.mapping != (desk.StatusMap{}) {
				m.Choices.Statuses = test.mapping
			}
			r := rules(t, s, m)
			tk := ticket(t, r, c, fence)
			tk.Status, tk.Owner = test.status, "di"
			c = receive(t, s, marked(c), test.author, fence.Add(time.Hour))
			got := raise(t, r, tk, c, true)
			if got.Status != test.want || got.Owner != "di" {
				t.Errorf("%q of %q; want %q of di", got.Status, got.Owner, test.want)
			}
			if got.SourceVersion != c.Version || got.Revision != tk.Revision+1 {
				t.Errorf("version %d, revision %d", got.SourceVersion, got.Revision)
			}
		})
	}
}

func TestR19_R21_RepliesSetTheClocks(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	c := old()
	tk := ticket(t, r, c, fence)
	c = marked(c)
	next := func(author desk.Author, at time.Time) desk.Clocks {
		c = receive(t, s, c, author, at)
		tk = raise(t, r, tk, c, true)
		return tk.Clocks
	}
	closes := tk.Clocks.Close
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
		c.Status, c.FirstReplyAt = desk.Closed, c.Started
		c.WaitingSince = time.Time{}
		r := rules(t, s, m)
		tk := ticket(t, r, c, fence)
		c = receive(t, s, marked(c), desk.ByCustomer, fence.Add(time.Hour))
		got := raise(t, r, tk, c, true).Clocks
		want := desk.Clocks{Policy: "mail", NextReply: fence.Add(3 * time.Hour), Close: fence.Add(time.Hour).AddDate(0, 0, 2)}
		if got != want {
			t.Errorf("%s: %+v; want %+v", sla, got, want)
		}
	}
}
