package desk_test

import (
	"errors"
	"testing"
	"time"

	"deskmove/shared/desk"
)

// Monday, 2026-03-02, 10:00 in Berlin.
var fence = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// acme is a sound account that uses everything there is: every test starts
// from it and spoils what it is about.
func acme() desk.Setup {
	week := make([]desk.Hours, 0, 5)
	for day := time.Monday; day <= time.Friday; day++ {
		week = append(week, desk.Hours{Day: day, From: "09:00", To: "17:00"})
	}
	return desk.Setup{
		Account: desk.Account{ID: "acme", Name: "Acme", Plan: desk.Enterprise, Zone: "Europe/Berlin"},
		Agents: []desk.Agent{
			{ID: "ada", Email: "ada@desk.example", Role: desk.SuperAdmin, HelpDesk: true},
			{ID: "bo", Email: "bo@desk.example", Role: desk.AgentRole, HelpDesk: true},
			{ID: "cy", Email: "cy@desk.example", Role: desk.AgentRole},
			{ID: "di", Role: desk.AgentRole, HelpDesk: true},
		},
		Teams:      []desk.Team{{ID: "first", Agents: []string{"bo", "di"}}, {ID: "mixed", Agents: []string{"di", "cy"}}, {ID: "empty"}},
		Connectors: []desk.Connector{{ID: "mailer", Channels: []string{"mail"}}, {ID: "widget", Channels: []string{"chat", "form"}}},
		Pipelines: []desk.Pipeline{
			{ID: "support", Statuses: []desk.PipelineStatus{{ID: "new"}, {ID: "waiting"},
				{ID: "solved", Closed: true}, {ID: "spam", Closed: true}}},
			{ID: "sales", Statuses: []desk.PipelineStatus{{ID: "lead"}, {ID: "won", Closed: true}}},
		},
		Policies: []desk.Policy{
			{ID: "mail", Channels: []string{"mail", "form"}, Statuses: []desk.Status{"new", "waiting"},
				Schedule:   desk.Schedule{Weekly: week, Holidays: []string{"2026-12-25"}},
				FirstReply: 4 * time.Hour, NextReply: 2 * time.Hour, Close: 16 * time.Hour},
			{ID: "rest", FirstReply: time.Hour, Channels: []string{"mail", "chat"}},
		},
		Channels: []desk.Channel{
			{Account: "acme", ID: "mail", Type: desk.Email, Home: desk.Inbox, Address: "support@acme.example",
				Settings: []byte(`{"routing":{"agents":["ada"],"team":"first"}}`)},
			{Account: "acme", ID: "form", Type: desk.Form, Home: desk.Inbox, Connected: "mail"},
			{Account: "acme", ID: "chat", Type: desk.Chat, Home: desk.Inbox, Bot: &desk.Bot{
				HandsOverTo: []desk.Target{{Agent: "ada"}, {Team: "first"}}}},
			{Account: "acme", ID: "phone", Type: desk.Calling, Home: desk.Inbox},
			{Account: "acme", ID: "whatsapp", Type: desk.WhatsApp, Home: desk.Inbox},
			{Account: "acme", ID: "facebook", Type: desk.Messenger, Home: desk.Inbox},
			{Account: "acme", ID: "fallback", Type: desk.Email, Home: desk.Inbox, Fallback: true},
		},
	}
}

// channel returns a channel of acme.
func channel(t testing.TB, s desk.Setup, id string) desk.Channel {
	t.Helper()
	c, ok := s.Channel(id)
	if !ok {
		t.Fatalf("no channel %q", id)
	}
	return c
}

// allOf is a move of that channel with history.
func allOf(channel string) desk.Move {
	return desk.Move{Account: "acme", ID: "m1", Status: desk.Running, FenceAt: fence, Choices: desk.Choices{
		Channel: channel, History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "solved"},
		SLA: desk.FromMove, Notifications: desk.Quiet,
	}}
}

// rules are those of acme's mail channel under m.
func rules(t testing.TB, s desk.Setup, m desk.Move) *desk.Rules {
	t.Helper()
	id := m.Choices.Channel
	if id == "" {
		id = "mail"
	}
	r, err := desk.NewRules(s, m, channel(t, s, id), s.Access())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// old is a conversation of last year: one mail of a customer, owned by bo.
func old() desk.Conversation {
	at := time.Date(2025, 6, 4, 8, 30, 0, 0, time.UTC)
	return desk.Conversation{
		Account: "acme", ID: "c1", Origin: "mail", Channel: "mail", Subject: "Printer", Customer: "eve@customer.example",
		Status: desk.Open, Owner: "bo", Started: at, TakenIn: at.Add(time.Minute), Joined: at.Add(time.Minute),
		ChangedAt: at.Add(time.Minute), Rev: 1, CustomerRev: 1, CustomerAt: at.Add(time.Minute), WaitingSince: at, Messages: 1, Home: desk.Inbox,
	}
}

// fresh is one taken in a minute after the fence, with a date before it.
func fresh() desk.Conversation {
	c := old()
	c.Started, c.TakenIn, c.Owner = fence.Add(-time.Hour), fence.Add(time.Minute), ""
	c.Joined, c.CustomerAt, c.WaitingSince, c.ChangedAt = c.TakenIn, c.TakenIn, c.TakenIn, c.TakenIn
	return c
}

// mail is a message by that author.
func mail(author desk.Author, at time.Time) desk.Message {
	return desk.Message{Account: "acme", Conversation: "c1", Author: author, At: at, Subject: "Printer", From: desk.Address{Address: "eve@customer.example"}}
}

// receive takes a mail into c.
func receive(t testing.TB, s desk.Setup, c desk.Conversation, author desk.Author, at time.Time) desk.Conversation {
	t.Helper()
	got, err := c.Receive(mail(author, at), channel(t, s, c.Channel), channel(t, s, "mail"), at)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// land is c as it lands at now.
func land(t testing.TB, r *desk.Rules, c desk.Conversation, now time.Time) desk.Conversation {
	t.Helper()
	got, err := r.Land(c, now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// ticket is the one with which c lands.
func ticket(t testing.TB, r *desk.Rules, c desk.Conversation, now time.Time) desk.Ticket {
	t.Helper()
	return land(t, r, c, now).Ticket
}

// follow takes a mail into c, which has landed, and applies it to its ticket.
func follow(t testing.TB, s desk.Setup, r *desk.Rules, c desk.Conversation, author desk.Author, at time.Time) desk.Conversation {
	t.Helper()
	return r.Follow(receive(t, s, c, author, at))
}

// edit is ada's edit of c's ticket.
func edit(t testing.TB, r *desk.Rules, c desk.Conversation, e desk.TicketEdit, now time.Time) desk.Conversation {
	t.Helper()
	got, err := r.EditTicket(c, e, "ada", "token", now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// code is the stable code of err, "" of nil, and err's text if it has none.
func code(err error) string {
	var refused *desk.RefusedError
	var conversion *desk.ConversionError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return refused.Code
	case errors.As(err, &conversion):
		return conversion.Code
	}
	return err.Error()
}

// fields are the paths of all that err finds invalid.
func fields(err error) []string {
	var paths []string
	for _, e := range desk.Invalid(err) {
		paths = append(paths, e.Field)
	}
	return paths
}

// codes are those of the findings, in order.
func codes(findings []desk.Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Code)
	}
	return all
}

func ptr[T any](v T) *T { return &v }
