package move

import (
	"context"
	"testing"
	"time"

	"deskmove/shared/desk"
)

// formRules are the rules of a move of a form, fenced at a time.
func formRules(t *testing.T, fence time.Time) *RuleSet {
	setup := desk.Setup{
		Account:   desk.Account{ID: "acme", Zone: "UTC"},
		Pipelines: []desk.Pipeline{{ID: "support", Statuses: []desk.PipelineStatus{{ID: "new"}, {ID: "solved", Closed: true}}}},
	}
	r := &RuleSet{
		Setup: setup, Channel: desk.Channel{Account: "acme", ID: "form", Type: desk.Form, Home: desk.Moving, FenceAt: fence},
		Move: desk.Move{Account: "acme", ID: "m1", FenceAt: fence, Choices: desk.Choices{
			Channel: "form", History: desk.AllHistory, SLA: desk.NoClocks, Statuses: desk.StatusMap{Open: "new", Closed: "solved"},
		}},
	}
	var err error
	if r.backlog, err = desk.NewRules(setup, r.Move, r.Channel, nil); err != nil {
		t.Fatal(err)
	}
	r.live = r.backlog
	return r
}

// joining is a store in which a form's conversation has gone on by e-mail, and
// its ticket was edited in the inbox, between the two reads of a worker.
type joining struct {
	reads   []desk.Conversation // what one read after the other sees
	ticket  desk.Ticket
	written []desk.Ticket
}

func (j *joining) GetMany(context.Context, string, []string, bool) ([]desk.Conversation, error) {
	c := j.reads[0]
	if len(j.reads) > 1 {
		j.reads = j.reads[1:]
	}
	return []desk.Conversation{c}, nil
}

func (j *joining) Mark(_ context.Context, cs []desk.Conversation) []error {
	return []error{desk.ErrChanged}
}

// tickets are the tickets of joining.
type tickets struct{ *joining }

func (t tickets) GetMany(context.Context, string, []string, bool) ([]desk.Ticket, error) {
	return []desk.Ticket{t.ticket}, nil
}

func (t tickets) Create(context.Context, []desk.Ticket) []error { return []error{desk.ErrExists} }

func (t tickets) Replace(_ context.Context, is, _ desk.Ticket) error {
	t.ticket = is
	t.written = append(t.written, is)
	return nil
}

func (t tickets) Delete(context.Context, desk.Ticket) error { return desk.ErrChanged }

// TestR14TicketOfAnotherChannelStays: a worker that reads the ticket later
// than the conversation must not take it to the help desk: it could not tell
// afterwards that it was the one who did, and would leave it there.
func TestR14TicketOfAnotherChannelStays(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	form := desk.Conversation{
		Account: "acme", ID: "c1", Channel: "form", Status: desk.Open, Started: at, TakenIn: at, Version: 2, Home: desk.Inbox, Ticket: "t-c1",
	}
	mail := form
	mail.Channel, mail.Version = "mail", 3
	edited := desk.Ticket{
		Account: "acme", ID: "t-c1", Conversation: "c1", Channel: "form", Status: "new", Provenance: desk.Native, Home: desk.Inbox,
		SourceVersion: 3, Revision: 2,
	}
	j := &joining{reads: []desk.Conversation{form, mail}, ticket: edited}
	e := Ensure{Conversations: j, Tickets: tickets{j}, Now: func() time.Time { return at }}
	got := e.Run(t.Context(), formRules(t, at), []string{"c1"}, How{})
	if len(got) != 1 || !got[0].Stayed || got[0].Err != nil || len(j.written) > 0 {
		t.Errorf("outcomes = %+v, written %+v; want c1 stayed, its ticket as it was", got, j.written)
	}
}

// TestR14AnotherChannelsTicketIsItsAffair: a batch or a change that comes late,
// when the conversation has moved with another channel, leaves the ticket to
// that channel's settings, which may let a reply reopen it (R19).
func TestR14AnotherChannelsTicketIsItsAffair(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	mail := desk.Conversation{
		Account: "acme", ID: "c1", Channel: "mail", Status: desk.Open, Started: at, TakenIn: at, Version: 3, CustomerVersion: 3, CustomerAt: at,
		Home: desk.HelpDesk, Ticket: "t-c1", Move: "m2",
	}
	closed := desk.Ticket{
		Account: "acme", ID: "t-c1", Conversation: "c1", Channel: "mail", Status: "solved", MovedStatus: "solved", Provenance: desk.History,
		Home: desk.HelpDesk, SourceVersion: 2, Revision: 1,
	}
	j := &joining{reads: []desk.Conversation{mail}, ticket: closed}
	e := Ensure{Conversations: j, Tickets: tickets{j}, Now: func() time.Time { return at }}
	got := e.Run(t.Context(), formRules(t, at), []string{"c1"}, How{Strong: true})
	if len(got) != 1 || !got[0].Stayed || len(j.written) > 0 {
		t.Errorf("outcomes = %+v, written %+v; want nothing done", got, j.written)
	}
}
