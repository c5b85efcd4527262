package api

import (
	"time"

	"deskmove/shared/desk"
)

// Conversation is a thread with one customer, without its messages, of which there
// may be many.
type Conversation struct {
	ID              string    `json:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation. IDs of conversations taken in later sort later."`
	ChannelID       string    `json:"channelId" example:"support-mail" doc:"The channel it belongs to."`
	OriginID        string    `json:"originId" example:"support-mail" doc:"The channel on which it started. It differs from channelId when a form submission went on by e-mail."`
	Subject         string    `json:"subject" example:"Where is my order?"`
	Customer        string    `json:"customer" example:"jane@customer.example" doc:"Address, number or name of the customer."`
	CustomerName    string    `json:"customerName,omitempty" example:"Jane Doe" doc:"The name that goes with customer; absent if no other is known."`
	Status          string    `json:"status" enum:"open,closed" example:"open" doc:"In the help desk, as it was when it landed: its ticket has the status from then on."`
	Owner           string    `json:"owner" example:"ann" doc:"ID of the agent who owns it; empty if nobody does. In the help desk, as it was when it landed."`
	Home            string    `json:"home" enum:"inbox,helpdesk" example:"inbox" doc:"Where people work on it. It never goes back from helpdesk to inbox."`
	TicketID        string    `json:"ticketId,omitempty" example:"t-c05jg3nrm7gk2v9x0q8s4t" doc:"Its ticket, if it has one. In the help desk it always has one."`
	MoveID          string    `json:"moveId,omitempty" doc:"The move that brought it to the help desk; absent if it was redirected after the move's end."`
	StartedAt       time.Time `json:"startedAt,omitzero" doc:"When the customer began it, by the customer's date."`
	TakenInAt       time.Time `json:"takenInAt,omitzero" doc:"When deskmove first saw it."`
	JoinedAt        time.Time `json:"joinedAt,omitzero" doc:"When it came to belong to its channel. Lists are ordered by this."`
	History         bool      `json:"history,omitempty" doc:"It began with history that was brought in later: its ticket is one from history, whenever it came."`
	ChangedAt       time.Time `json:"changedAt,omitzero" doc:"When a customer or agent last changed it."`
	Version         int64     `json:"version" example:"3" doc:"One more with every change."`
	CustomerAt      time.Time `json:"customerAt,omitzero" doc:"When the customer's last message was taken in, but for history."`
	CustomerVersion int64     `json:"customerVersion" example:"3" doc:"The version that the customer's last message made; 0 if the customer has not written, but for history."`
	FirstReplyAt    time.Time `json:"firstReplyAt,omitzero" doc:"When an agent first answered."`
	WaitingSince    time.Time `json:"waitingSince,omitzero" doc:"Since when the customer waits for an answer."`
	ClosedAt        time.Time `json:"closedAt,omitzero"`
	MessageCount    int64     `json:"messageCount" example:"3"`
	Tags            []string  `json:"tags" nullable:"false" example:"[\"invoice\"]" doc:"Its labels, in order; a move keeps them."`
	Edits           []Edit    `json:"edits,omitempty" nullable:"false" doc:"What agents did to it and its ticket, the last eight times, the oldest first."`
}

// Edit is what an agent did to a conversation or its ticket. What was not changed is
// absent.
type Edit struct {
	At     time.Time `json:"at"`
	By     string    `json:"by" example:"ann" doc:"ID of the agent."`
	Made   bool      `json:"made,omitempty" doc:"The agent made the ticket."`
	Status *string   `json:"status,omitempty" example:"solved" doc:"To which status it was set."`
	Owner  *string   `json:"owner,omitempty" example:"ann" doc:"To whom it was given; empty if to nobody."`
	Tags   bool      `json:"tags,omitempty" doc:"The tags were changed."`
}

func writeEdits(l desk.EditLog) (es []Edit) {
	for _, e := range l.Edits() {
		es = append(es, Edit(e))
	}
	return es
}

func writeConversation(c desk.Conversation) Conversation {
	return Conversation{
		ID: c.ID, ChannelID: c.Channel, OriginID: c.Origin, Subject: c.Subject, Customer: c.Customer, CustomerName: c.CustomerName,
		Status: string(c.Status), Owner: c.Owner, Home: string(c.Home), TicketID: c.TicketID(), MoveID: c.Ticket.Move,
		StartedAt: c.Started, TakenInAt: c.TakenIn, JoinedAt: c.Joined, History: c.Past, ChangedAt: c.ChangedAt, Version: c.Rev,
		CustomerAt: c.CustomerAt, CustomerVersion: c.CustomerRev, FirstReplyAt: c.FirstReplyAt, WaitingSince: c.WaitingSince, ClosedAt: c.ClosedAt,
		MessageCount: c.Messages, Tags: c.Tags.List(), Edits: writeEdits(c.Edits),
	}
}
