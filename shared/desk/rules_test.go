package desk_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"deskmove/shared/desk"
)

func TestR13_ConversationBelongsToItsChannel(t *testing.T) {
	r := rules(t, acme(), allOf("mail"))
	other, foreign, went := old(), old(), old()
	other.Channel = "chat"
	foreign.Account = "globex"
	went.Origin = "chat" // began as a chat, went on by e-mail: still a chat
	went.Channel = "chat"
	for name, test := range map[string]struct {
		c    desk.Conversation
		want bool
	}{"own": {old(), true}, "other channel": {other, false}, "other account": {foreign, false}, "chat gone on by mail": {went, false}} {
		if got := r.Belongs(test.c); got != test.want {
			t.Errorf("%s: Belongs = %v", name, got)
		}
	}
}

func TestR14_JoinedConversationBelongsToTheMailChannel(t *testing.T) {
	c := old()
	c.Origin, c.Channel = "form", "mail"
	if !rules(t, acme(), allOf("mail")).Belongs(c) {
		t.Error("it does not move with the e-mail channel")
	}
	if rules(t, acme(), allOf("form")).Belongs(c) {
		t.Error("it moves with the form")
	}
	if got := land(t, rules(t, acme(), allOf("mail")), c, fence); got.Origin != "form" || got.Channel != "mail" {
		t.Errorf("landed in %q from %q", got.Channel, got.Origin)
	}
}

func TestProvenance(t *testing.T) {
	at := func(d time.Duration) desk.Conversation {
		c := old()
		c.TakenIn = fence.Add(d)
		return c
	}
	late := native()
	late.TakenIn = fence.Add(time.Hour)
	backdated := at(time.Hour)
	backdated.Started = fence.AddDate(-9, 0, 0)
	for name, test := range map[string]struct {
		c    desk.Conversation
		want desk.Provenance
	}{
		"R16 a year before":        {old(), desk.History},
		"R16 just before":          {at(-time.Millisecond), desk.History},
		"R18 at the fence":         {at(0), desk.Live},
		"R18 after":                {at(time.Hour), desk.Live},
		"R18 after, with old date": {backdated, desk.Live},
		"R15 native":               {native(), desk.Native},
		"R15 native made since":    {late, desk.Native},
		"R16 landed, not native":   {land(t, rules(t, acme(), allOf("mail")), old(), fence), desk.History},
	} {
		if got := rules(t, acme(), allOf("mail")).Provenance(test.c); got != test.want {
			t.Errorf("%s: %q; want %q", name, got, test.want)
		}
	}
	if got := rules(t, acme(), desk.Move{}).Provenance(at(time.Hour)); got != desk.History {
		t.Errorf("without a fence: %q", got)
	}
}

func TestR20_HistoryStaysWhenLeftBehind(t *testing.T) {
	none := allOf("mail")
	none.Choices.History, none.Choices.Statuses = desk.NoHistory, desk.StatusMap{}
	atFence := old()
	atFence.TakenIn = fence
	for name, test := range map[string]struct {
		m    desk.Move
		c    desk.Conversation
		want bool
	}{
		"none, old":     {none, old(), true},
		"none, native":  {none, native(), true},
		"none, fresh":   {none, fresh(), false},
		"none, at once": {none, atFence, false},
		"all, old":      {allOf("mail"), old(), false},
		"all, fresh":    {allOf("mail"), fresh(), false},
	} {
		if got := rules(t, acme(), test.m).StaysInInbox(test.c); got != test.want {
			t.Errorf("%s: StaysInInbox = %v; want %v", name, got, test.want)
		}
	}
	if c := receive(t, acme(), old(), desk.ByCustomer, fence.Add(time.Hour)); !rules(t, acme(), none).StaysInInbox(c) {
		t.Error("a reply takes a conversation out of the inbox")
	}
}

func TestR18_RoutingIsFairAndRepeatable(t *testing.T) {
	s := acme()
	r := rules(t, s, allOf("mail"))
	count := map[string]int{}
	for i := range 3000 {
		c := fresh()
		c.ID = "c" + strconv.Itoa(i)
		owner := ticket(t, r, c, fence).Owner
		count[owner]++
		if again := ticket(t, rules(t, acme(), allOf("mail")), c, fence.Add(time.Hour)).Owner; again != owner {
			t.Fatalf("%s is of %s, then of %s", c.ID, owner, again)
		}
	}
	for _, id := range []string{"ada", "bo", "di"} { // ada by name, the others by team
		if count[id] < 900 || count[id] > 1100 {
			t.Errorf("%s got %d of 3000", id, count[id])
		}
	}
	s.Channels[0].Settings = []byte(`{"routing":{"agents":["cy"],"team":"mixed"}}`)
	for i := range 20 {
		c := fresh()
		c.ID = "c" + strconv.Itoa(i)
		if got := ticket(t, rules(t, s, allOf("mail")), c, fence).Owner; got != "di" {
			t.Errorf("routed to %q; want di, the only one with access (R21)", got)
		}
	}
	s.Channels[0].Settings = []byte(`{"routing":{"team":"empty"}}`)
	if got := ticket(t, rules(t, s, allOf("mail")), fresh(), fence).Owner; got != "" {
		t.Errorf("routed to %q; want nobody", got)
	}
}

func TestNewRulesRefusesWhatWouldFailEveryConversation(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(s *desk.Setup, m *desk.Move)
		want  string
	}{
		"settings":       {func(s *desk.Setup, m *desk.Move) { s.Channels[0].Settings = []byte(`[]`) }, "settings"},
		"status gone":    {func(s *desk.Setup, m *desk.Move) { m.Choices.Statuses.Open = "gone" }, "statusMap.open"},
		"SLA mode":       {func(s *desk.Setup, m *desk.Move) { m.Choices.SLA = "" }, "sla"},
		"no pipelines":   {func(s *desk.Setup, m *desk.Move) { s.Pipelines, m.Choices = nil, desk.Choices{} }, "pipelines"},
		"closed at once": {func(s *desk.Setup, m *desk.Move) { s.Channels[0].Settings = []byte(`{"tickets":{"status":"spam"}}`) }, "settings.tickets.status"},
		"schedule":       {func(s *desk.Setup, m *desk.Move) { s.Policies[1].Schedule.Zone = "Mars/Olympus" }, "policies[1].schedule.zone"},
	} {
		s, m := acme(), allOf("mail")
		test.spoil(&s, &m)
		_, err := desk.NewRules(s, m, s.Channels[0], s.Access())
		if got := fields(err); !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: %v is about %q; want %q", name, err, got, test.want)
		}
	}
}

// After the move an admin may do without its statuses. Its closed tickets are
// closed still, and a reply opens them with the status of new ones.
func TestR19_ReplyReopensAlsoWhenTheClosedStatusIsGone(t *testing.T) {
	s, m := acme(), allOf("mail")
	c := old()
	c.Status = desk.Closed
	c = land(t, rules(t, s, m), c, fence)
	m.EndedAt = fence.Add(time.Minute)
	for i := range s.Pipelines {
		for k := range s.Pipelines[i].Statuses {
			s.Pipelines[i].Statuses[k].ID += "-2"
		}
	}
	s.Channels[0].Settings = nil
	r := rules(t, s, m)
	got := follow(t, s, r, c, desk.ByCustomer, fence.Add(time.Hour))
	if got.Ticket.Status != "new-2" || got.Ticket.Closed || got.Ticket.AtLanding().Status != "solved" {
		t.Errorf("after a reply it is %+v", got.Ticket)
	}
	if _, err := r.EditTicket(c, desk.TicketEdit{Status: ptr(c.Ticket.Status)}, "ada", "", fence); err == nil {
		t.Error("an agent may choose a status that is gone")
	}
}

// The fence is stored in the channel first, and what is taken in is dated after
// that one.
func TestR18_TheFenceIsTheChannels(t *testing.T) {
	s, m := acme(), allOf("mail")
	m.FenceAt = time.Time{}
	s.Channels[0].FenceAt = fence
	r := rules(t, s, m)
	if got := r.Provenance(fresh()); got != desk.Live {
		t.Errorf("a fresh one is %q", got)
	}
	if got := r.Move().FenceAt; !got.Equal(fence) || r.Channel().ID != "mail" {
		t.Errorf("fence of %s at %s", r.Channel().ID, got)
	}
}
