package apptest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// Admin is the super administrator of acme.
var Admin = desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin, Address: "192.0.2.7", IssuedAt: Issued}

// Issued is when the callers' tokens were issued: an hour before the present of New.
var Issued = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// Acme is the account's setup, as the API takes it.
const Acme = `{
	"account": {"id": "acme", "name": "Acme", "plan": "professional", "zone": "Europe/Berlin"},
	"agents": [
		{"id": "ann", "name": "Ann", "email": "ann@acme.example", "role": "super-admin", "helpDesk": true},
		{"id": "bob", "name": "Bob", "role": "agent", "helpDesk": true},
		{"id": "cem", "name": "Cem", "role": "agent"},
		{"id": "dot", "role": "super-admin"}
	],
	"teams": [{"id": "all", "agents": ["ann", "bob"]}],
	"connectors": [{"id": "mailer", "name": "Mailer", "channels": ["mail", "form", "chat", "plain", "phone", "wa", "fb", "catch-all"]}],
	"pipelines": [
		{"id": "support", "statuses": [{"id": "new"}, {"id": "waiting"}, {"id": "solved", "closed": true}]},
		{"id": "sales", "statuses": [{"id": "lead"}, {"id": "won", "closed": true}]}
	],
	"policies": [{
		"id": "gold", "schedule": {"weekly": [{"day": "monday", "from": "09:00", "to": "17:00"}], "holidays": ["2026-12-25"]},
		"firstReply": "4h", "nextReply": "1h30m", "close": "48h"
	}],
	"channels": [
		{"id": "mail", "name": "Mail", "type": "email", "address": "help@acme.example", "settings": {"routing":{"agents":["ann","bob"]}}},
		{"id": "form", "type": "form", "connected": "mail"},
		{"id": "chat", "type": "chat", "bot": {"handsOverTo": [{"agent": "cem"}]}},
		{"id": "plain", "type": "chat"},
		{"id": "phone", "type": "calling"},
		{"id": "wa", "type": "whatsapp"},
		{"id": "fb", "type": "messenger"},
		{"id": "catch-all", "type": "email", "fallback": true}
	]
}`

// Apply sets the account up in an app, in place of what there is.
func Apply(t T, a *app.App) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPut, "/v1/account", strings.NewReader(Acme))
	r.Header.Set("Content-Type", "application/json")
	if setup, err := a.Setups.Setup(t.Context(), "acme"); err == nil {
		r.Header.Set("If-Match", `"`+setup.Version+`"`)
	}
	answer := httptest.NewRecorder()
	a.API().ServeHTTP(answer, r.WithContext(auth.WithCaller(t.Context(), Admin)))
	if answer.Code != http.StatusOK {
		t.Fatalf("account: %d %s", answer.Code, answer.Body)
	}
}

// Change changes the account's setup, which takes a second.
func (r *Rig) Change(change func(*desk.Setup)) {
	r.Helper()
	setup, err := r.Setups.Setup(r.Context(), "acme")
	if err != nil {
		r.Fatal(err)
	}
	change(&setup)
	if _, err := r.Accounts.Replace(r.Context(), Admin, setup); err != nil {
		r.Fatal(err)
	}
	r.Time = r.Time.Add(time.Second)
}

// History are the choices that move a channel with its history.
func History(channel string) desk.Choices {
	return desk.Choices{
		Channel: channel, History: desk.AllHistory, Statuses: desk.StatusMap{Open: "waiting", Closed: "solved"},
		Acknowledged: []string{desk.CodeConnectedLeft, desk.CodeAgentsNoAccess},
	}
}

// StartMove has the administrator start a move.
func (r *Rig) StartMove(choices desk.Choices) desk.Move {
	r.Helper()
	m, err := r.Starter.Start(r.Context(), Admin, choices, desk.Idempotency{})
	if err != nil {
		r.Fatal(err)
	}
	return m
}

// Message is a message that came a moment ago, by a customer unless an agent is
// named.
func (r *Rig) Message(channel, external string) desk.Message {
	return desk.Message{
		Account: "acme", Channel: channel, External: external, Author: desk.ByCustomer, From: desk.Address{Address: "jane@customer.example"},
		At: r.Time.Add(-time.Hour), Subject: "Order " + external, Text: "Where is it?",
	}
}

// TakeIn takes a customer's message in, a minute later, and returns its
// conversation.
func (r *Rig) TakeIn(channel, external string, references ...string) desk.Conversation {
	r.Helper()
	r.Time = r.Time.Add(time.Minute)
	taken, err := r.Intake.TakeIn(r.Context(), r.Message(channel, external), references)
	if err != nil {
		r.Fatal(err)
	}
	return taken.Conversation
}

// Append adds a customer's message to a conversation, a minute later.
func (r *Rig) Append(conversation, channel, external string) desk.Conversation {
	r.Helper()
	r.Time = r.Time.Add(time.Minute)
	added, err := r.Intake.Append(r.Context(), r.Message(channel, external), conversation)
	if err != nil {
		r.Fatal(err)
	}
	return added.Conversation
}

// Edit has the administrator edit a conversation.
func (r *Rig) Edit(id string, e desk.Edit) {
	r.Helper()
	if _, err := r.Editor.EditConversation(r.Context(), Admin, id, "", e); err != nil {
		r.Fatal(err)
	}
}

// NewTicket has the administrator make a ticket in the inbox.
func (r *Rig) NewTicket(conversation string, status desk.Status) desk.Conversation {
	r.Helper()
	c, err := r.Editor.NewTicket(r.Context(), Admin, conversation, status)
	if err != nil {
		r.Fatal(err)
	}
	return c
}

// Import stores n conversations without messages, each a second later.
func (r *Rig) Import(channel string, n int) []desk.Conversation {
	r.Helper()
	cs := make([]desk.Conversation, n)
	for i := range cs {
		r.Time = r.Time.Add(time.Second)
		cs[i] = r.undated(channel, fmt.Sprintf("c%013d", r.Time.UnixMilli()))
		cs[i].Started = r.Time
	}
	for some := range slices.Chunk(cs, 2000) {
		if err := r.Conversations.Import(r.Context(), some); err != nil {
			r.Fatal(err)
		}
	}
	return cs
}

// Undated stores a conversation that cannot be converted, because nobody knows
// when it began.
func (r *Rig) Undated(channel string) desk.Conversation {
	r.Helper()
	c := r.undated(channel, "c0000000000undated")
	if err := r.Conversations.Import(r.Context(), []desk.Conversation{c}); err != nil {
		r.Fatal(err)
	}
	return c
}

func (r *Rig) undated(channel, id string) desk.Conversation {
	return desk.Conversation{
		Account: "acme", ID: id, Origin: channel, Channel: channel, Status: desk.Open,
		TakenIn: r.Time, Joined: r.Time, ChangedAt: r.Time, Rev: 1, Messages: 1, Home: desk.Inbox,
	}
}

// Conversation reads a conversation.
func (r *Rig) Conversation(id string) desk.Conversation {
	r.Helper()
	c, err := r.Conversations.Get(r.Context(), "acme", id)
	if err != nil {
		r.Fatal(err)
	}
	return c
}

// Ticket reads a conversation's ticket; a zero one if it has none.
func (r *Rig) Ticket(conversation string) desk.Ticket {
	r.Helper()
	return r.Conversation(conversation).Ticket
}

// Channel reads a channel.
func (r *Rig) Channel(id string) desk.Channel {
	r.Helper()
	c, err := r.Setups.Channel(r.Context(), "acme", id)
	if err != nil {
		r.Fatal(err)
	}
	return c
}

// Failures are the conversations that a move could not convert.
func (r *Rig) Failures(id string) []string {
	r.Helper()
	failures, _, err := r.Ledger.Failures(r.Context(), "acme", id, "", "", 100)
	if err != nil {
		r.Fatal(err)
	}
	var ids []string
	for _, f := range failures {
		ids = append(ids, f.Conversation)
	}
	return ids
}

// Mend changes a conversation, as whoever imported it would.
func (r *Rig) Mend(old desk.Conversation, change func(*desk.Conversation)) desk.Conversation {
	r.Helper()
	is := old
	change(&is)
	is.Rev++
	if err := r.Conversations.Save(r.Context(), old, is); err != nil {
		r.Fatal(err)
	}
	return is
}
