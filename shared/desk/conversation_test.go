package desk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"deskmove/shared/desk"
)

func TestStartConversation(t *testing.T) {
	now := fence.Add(-time.Hour)
	written := now.Add(-time.Minute)
	want := desk.Conversation{
		Account: "acme", ID: "c1", Origin: "mail", Channel: "mail", Subject: "Printer", Customer: "eve@customer.example",
		Status: desk.Open, Owner: "bo", Started: written, TakenIn: now, Joined: now, ChangedAt: now,
		Rev: 1, CustomerRev: 1, CustomerAt: now, WaitingSince: written, Messages: 1, Home: desk.Inbox,
	}
	got, err := desk.StartConversation("c1", mail(desk.ByCustomer, written), channel(t, acme(), "mail"), "bo", now)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	want.Customer, want.CustomerRev, want.CustomerAt = "", 0, time.Time{}
	want.FirstReplyAt, want.WaitingSince = written, time.Time{}
	got, err = desk.StartConversation("c1", mail(desk.ByAgent, written), channel(t, acme(), "mail"), "bo", now)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("by an agent: %v %s", err, diff)
	}
	if _, err = desk.StartConversation("c1", mail("robot", written), channel(t, acme(), "mail"), "", now); len(fields(err)) != 1 {
		t.Errorf("by a robot: %v", err)
	}
}

func TestConversationHeaderStaysSmall(t *testing.T) {
	m := mail(desk.ByCustomer, fence)
	m.Subject, m.From.Address = strings.Repeat("ä", 500), strings.Repeat("ö", 500)
	got, err := desk.StartConversation("c1", m, channel(t, acme(), "mail"), "", fence)
	if err != nil || len(got.Subject) != desk.MaxSubject || len(got.Customer) != desk.MaxCustomer {
		t.Errorf("subject has %d bytes, customer %d, %v", len(got.Subject), len(got.Customer), err)
	}
}

func TestReceive(t *testing.T) {
	at := fence.Add(-time.Hour)
	closed := old()
	closed.Status, closed.ClosedAt, closed.WaitingSince, closed.FirstReplyAt = desk.Closed, at.Add(-time.Hour), time.Time{}, at.Add(-time.Hour)
	for name, test := range map[string]struct {
		c      desk.Conversation
		author desk.Author
		change func(want *desk.Conversation)
	}{
		"customer, waiting already": {old(), desk.ByCustomer, func(want *desk.Conversation) {
			want.CustomerRev, want.CustomerAt = 2, at
		}},
		"customer, closed": {closed, desk.ByCustomer, func(want *desk.Conversation) {
			want.CustomerRev, want.CustomerAt, want.WaitingSince = 2, at, at
			want.Status, want.ClosedAt = desk.Open, time.Time{}
		}},
		"agent, first": {old(), desk.ByAgent, func(want *desk.Conversation) {
			want.FirstReplyAt, want.WaitingSince = at, time.Time{}
		}},
		"agent, closed": {closed, desk.ByAgent, func(want *desk.Conversation) {}},
	} {
		want := test.c
		want.Rev, want.Messages, want.ChangedAt = 2, 2, at
		test.change(&want)
		if diff := cmp.Diff(want, receive(t, acme(), test.c, test.author, at)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReceiveRefuses(t *testing.T) {
	s := acme()
	ch := channel(t, s, "mail")
	if got, err := old().Receive(mail("robot", fence), ch, ch, fence); !slices.Equal(fields(err), []string{"author"}) || got != old() {
		t.Errorf("a robot: %v", err)
	}
	if got, err := old().Receive(mail(desk.ByAgent, fence), channel(t, s, "chat"), ch, fence); err == nil || got != old() {
		t.Error("the wrong channel is taken for its own")
	}
	ch.Settings = []byte(`{"automation":7}`)
	if got, err := old().Receive(mail(desk.ByCustomer, fence), ch, ch, fence); !slices.Equal(fields(err), []string{"settings.automation"}) || got != old() {
		t.Errorf("settings: %v", err)
	}
}

func TestR19_AutomationKeepsClosed(t *testing.T) {
	s := acme()
	s.Channels[0].Settings = []byte(keepClosed)
	c := old()
	c.Status, c.ClosedAt = desk.Closed, fence.Add(-time.Hour)
	got := receive(t, s, c, desk.ByCustomer, fence)
	if got.Status != desk.Closed || got.ClosedAt.IsZero() || got.CustomerRev != 2 {
		t.Errorf("%q, closed at %s, customer's revision %d", got.Status, got.ClosedAt, got.CustomerRev)
	}
	c.Status = desk.Open
	if got := receive(t, s, c, desk.ByCustomer, fence); got.Status != desk.Open {
		t.Error("an open conversation was closed")
	}
}

func TestR09_DatesCountInTheInboxOnly(t *testing.T) {
	s := acme()
	past, now, future := fence.Add(-48*time.Hour), fence, fence.Add(time.Hour)
	for name, test := range map[string]struct {
		home    desk.Home
		written time.Time
		want    time.Time
	}{
		"inbox":         {desk.Inbox, past, past},
		"no date":       {desk.Inbox, time.Time{}, now},
		"in the future": {desk.Inbox, future, now},
		"moving":        {desk.Moving, past, now},
		"moved":         {desk.HelpDesk, past, now},
	} {
		c := old()
		c.WaitingSince = time.Time{}
		by := channel(t, s, "mail")
		by.Home = test.home
		got, err := c.Receive(mail(desk.ByCustomer, test.written), by, by, now)
		if err != nil || !got.WaitingSince.Equal(test.want) {
			t.Errorf("%s: waits since %s, %v; want %s", name, got.WaitingSince, err, test.want)
		}
	}
}

func TestR14_MailTakesAFormsConversationAlong(t *testing.T) {
	s := acme()
	for name, test := range map[string]struct {
		change func(c *desk.Conversation, belongs, by *desk.Channel)
		author desk.Author
		want   string
	}{
		"customer's mail":       {func(*desk.Conversation, *desk.Channel, *desk.Channel) {}, desk.ByCustomer, "mail"},
		"agent's mail":          {func(*desk.Conversation, *desk.Channel, *desk.Channel) {}, desk.ByAgent, "mail"},
		"the form again":        {func(c *desk.Conversation, belongs, by *desk.Channel) { *by = *belongs }, desk.ByCustomer, "form"},
		"another mail channel":  {func(c *desk.Conversation, belongs, by *desk.Channel) { by.ID = "sales" }, desk.ByCustomer, "form"},
		"form of no channel":    {func(c *desk.Conversation, belongs, by *desk.Channel) { belongs.Connected = "" }, desk.ByCustomer, "form"},
		"moved already":         {func(c *desk.Conversation, belongs, by *desk.Channel) { c.Home = desk.HelpDesk }, desk.ByCustomer, "form"},
		"chat, not a form":      {func(c *desk.Conversation, belongs, by *desk.Channel) { belongs.Type = desk.Chat }, desk.ByCustomer, "form"},
		"answered by telephone": {func(c *desk.Conversation, belongs, by *desk.Channel) { by.Type = desk.Calling }, desk.ByAgent, "form"},
	} {
		c, belongs, by := old(), channel(t, s, "form"), channel(t, s, "mail")
		c.Origin, c.Channel = "form", "form"
		test.change(&c, &belongs, &by)
		got, err := c.Receive(mail(test.author, fence), belongs, by, fence)
		if err != nil || got.Channel != test.want || got.Origin != "form" {
			t.Errorf("%s: belongs to %q from %q, %v; want %q", name, got.Channel, got.Origin, err, test.want)
		}
		if joined := got.Joined.Equal(fence); joined != (test.want == "mail") {
			t.Errorf("%s: joined at %s", name, got.Joined)
		}
	}
}

// What came in on the form since its own fence is the help desk's from the first
// moment on, also while it waits to land.
func TestR14_MailTakesNothingFromAFormThatWasFencedBefore(t *testing.T) {
	s := acme()
	form := channel(t, s, "form")
	form.FenceAt = fence
	for name, test := range map[string]struct {
		takenIn time.Time
		want    string
	}{
		"before": {fence.Add(-time.Millisecond), "mail"}, "at": {fence, "form"}, "after": {fence.Add(time.Minute), "form"},
	} {
		for _, home := range []desk.Home{desk.Moving, desk.HelpDesk} {
			c := old()
			c.Origin, c.Channel, c.TakenIn, c.Joined = "form", "form", test.takenIn, test.takenIn
			form.Home = home
			now := fence.Add(time.Hour)
			got, err := c.Receive(mail(desk.ByAgent, now), form, channel(t, s, "mail"), now)
			if err != nil || got.Channel != test.want || got.Rev != 2 {
				t.Errorf("taken in %s the fence, %s: in %q at revision %d, %v", name, home, got.Channel, got.Rev, err)
			}
			if got.Joined.Equal(now) != (test.want == "mail") {
				t.Errorf("taken in %s the fence, %s: joined at %s", name, home, got.Joined)
			}
		}
	}
}

// The proof is worked out from what the conversation was at its landing.
func TestR27_MessagesLeaveTheSourceAsItWas(t *testing.T) {
	s := acme()
	closed, form := old(), old()
	closed.Status, closed.ClosedAt, closed.WaitingSince, closed.Owner = desk.Closed, fence.Add(-time.Hour), time.Time{}, "cy"
	form.Origin, form.Channel = "form", "form"
	for name, c := range map[string]desk.Conversation{"closed": closed, "form": form} {
		c = land(t, rules(t, s, allOf(c.Channel)), c, fence)
		for _, author := range []desk.Author{desk.ByCustomer, desk.ByAgent} {
			at := fence.Add(time.Hour)
			want := c
			want.Rev, want.Messages, want.ChangedAt = 3, 2, at
			if author == desk.ByCustomer {
				want.CustomerRev, want.CustomerAt = 3, at
				if c.WaitingSince.IsZero() {
					want.WaitingSince = at
				}
			} else {
				want.FirstReplyAt, want.WaitingSince = at, time.Time{}
			}
			if diff := cmp.Diff(want, receive(t, s, c, author, at)); diff != "" {
				t.Errorf("%s, %s: %s", name, author, diff)
			}
		}
	}
	bad := channel(t, s, "mail")
	bad.Settings = []byte(`[]`)
	if _, err := land(t, rules(t, s, allOf("mail")), old(), fence).Receive(mail(desk.ByCustomer, fence), bad, bad, fence); err != nil {
		t.Errorf("settings refuse a message for the help desk: %v", err)
	}
}

func TestR14_AutomationIsThatOfTheChannelItJoined(t *testing.T) {
	s := acme()
	s.Channels[0].Settings = []byte(keepClosed)
	c := old()
	c.Channel, c.Status = "form", desk.Closed
	if got := receive(t, s, c, desk.ByCustomer, fence); got.Status != desk.Closed || got.Channel != "mail" {
		t.Errorf("%q in %q", got.Status, got.Channel)
	}
}

func TestTruncate(t *testing.T) {
	for _, test := range []struct {
		s     string
		bytes int
		want  string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aä", 2, "a"}, {"aä", 3, "aä"}, {"€", 2, ""},
		{"😀😀", 7, "😀"}, {"abc", 0, ""}, {"abc", -1, ""}, {"\x80\x80\x80\x80\x80\x80\x80\x80", 6, "\x80\x80\x80"},
	} {
		if got := desk.Truncate(test.s, test.bytes); got != test.want {
			t.Errorf("Cut(%q, %d) = %q; want %q", test.s, test.bytes, got, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.IntRange(0, 40).Draw(t, "bytes")
		got := desk.Truncate(s, n)
		if len(got) > n || !strings.HasPrefix(s, got) || !utf8.ValidString(got) || len(s)-len(got) > 0 && len(got) < n-3 {
			t.Fatalf("Cut(%q, %d) = %q", s, n, got)
		}
	})
}

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
		want.Rev, want.ChangedAt, want.LastEdit = 2, now, "token"
		test.change(&want)
		got, err := test.c.Edit(test.e, "ada", "token", acme(), now)
		want.Edits = logged(t, desk.LoggedEdit{At: now, By: "ada", Status: (*string)(test.e.Status), Owner: test.e.Owner})
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
		got, err := old().Edit(test.e, "ada", "token", acme(), fence)
		if f := fields(err); !slices.Equal(f, test.want) || got != old() {
			t.Errorf("%s: %v is about %q", name, err, f)
		}
	}
}

func TestR19_MovedConversationIsEditedOnItsTicket(t *testing.T) {
	c := land(t, rules(t, acme(), allOf("mail")), old(), fence)
	for name, change := range map[string]func() (desk.Conversation, error){
		"edit": func() (desk.Conversation, error) {
			return c.Edit(desk.Edit{Status: ptr(desk.Closed)}, "ada", "token", acme(), fence)
		},
		"ticket": func() (desk.Conversation, error) { return c.MakeTicket("new", "ada", fence) },
	} {
		got, err := change()
		var moved *desk.MovedError
		if !errors.As(err, &moved) || moved.Ticket != desk.TicketID("c1") || got != c {
			t.Errorf("%s: %v does not name the ticket", name, err)
		}
	}
}

func TestR15_MakeTicket(t *testing.T) {
	now := fence.Add(-time.Hour)
	want := old()
	want.Rev, want.ChangedAt = 2, now
	want.Ticket = desk.Ticket{Status: "lead", Owner: "bo", Created: now, Provenance: desk.Native, Edited: desk.LastEdit{Rev: 2}}
	want.Edits = logged(t, desk.LoggedEdit{At: now, By: "ada", Made: true, Status: ptr("lead")})
	got, err := old().MakeTicket("lead", "ada", now)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if again, err := got.MakeTicket("new", "ada", fence); err != nil || again != got {
		t.Errorf("made again: %+v, %v", again.Ticket, err)
	}
	if old().TicketID() != "" || got.TicketID() != desk.TicketID("c1") {
		t.Errorf("its ticket was %q, and is %q", old().TicketID(), got.TicketID())
	}
}
