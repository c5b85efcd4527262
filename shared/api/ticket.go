package api

import (
	"time"

	"deskmove/shared/desk"
)

// Ticket is the one ticket of a conversation.
type Ticket struct {
	ID             string    `json:"id" example:"t-c05jg3nrm7gk2v9x0q8s4t" doc:"Derives from the conversation's ID, so that a conversation cannot have two."`
	ConversationID string    `json:"conversationId" example:"c05jg3nrm7gk2v9x0q8s4t"`
	ChannelID      string    `json:"channelId" example:"support-mail"`
	OriginID       string    `json:"originId,omitempty" example:"support-mail" doc:"The channel on which the conversation started."`
	Subject        string    `json:"subject" example:"Where is my order?"`
	Customer       string    `json:"customer" example:"jane@customer.example"`
	CustomerName   string    `json:"customerName,omitempty" example:"Jane Doe" doc:"The name that goes with customer; absent if no other is known."`
	Status         string    `json:"status" example:"new" doc:"ID of a status of one of the account's pipelines."`
	Owner          string    `json:"owner" example:"ann" doc:"ID of the agent who owns it; empty if nobody does."`
	CreatedAt      time.Time `json:"createdAt,omitzero" doc:"When the conversation started; of a ticket made in the inbox, when it was made."`
	Home           string    `json:"home" enum:"inbox,helpdesk" example:"helpdesk" doc:"Where it is worked on. A ticket made in the inbox stays there until its channel moves."`

	Provenance string    `json:"provenance" enum:"native,history,live" example:"history" doc:"native: made in the inbox and moved as it was. history: made by the move from an older conversation. live: made for a conversation that came after the start of the move."`
	ImportedAt time.Time `json:"importedAt,omitzero" doc:"When deskmove made it; absent for native tickets."`
	MoveID     string    `json:"moveId,omitempty" doc:"By which move; absent if it was redirected after the move's end."`
	LostOwner  string    `json:"lostOwner,omitempty" example:"cem" doc:"The agent who owned the conversation and lost it for want of help desk access."`

	ChangedAt    time.Time `json:"changedAt,omitzero" doc:"When a customer or agent last changed it or wrote."`
	WaitingSince time.Time `json:"waitingSince,omitzero" doc:"Since when the customer waits for an answer."`

	OpenedAt time.Time `json:"openedAt,omitzero" doc:"Since when its clock to close counts."`
	Clocks   Clocks    `json:"clocks"`

	MovedStatus string  `json:"movedStatus" example:"new" doc:"The status that it had when it landed, whatever became of it since."`
	MovedOwner  string  `json:"movedOwner" example:"ann" doc:"The owner that it had when it landed, whatever became of it since."`
	Edited      *Edited `json:"edited,omitempty" doc:"The last edit by an agent; absent if none has edited it."`
	Revision    int64   `json:"revision" example:"4" doc:"The version of its conversation, of which it is a part: one more with every change of either."`

	Tags  []string `json:"tags" nullable:"false" example:"[\"invoice\"]" doc:"The labels of its conversation, in order."`
	Edits []Edit   `json:"edits,omitempty" nullable:"false" doc:"What agents did to it and its conversation, the last eight times, the oldest first."`

	Conversation *Conversation `json:"conversation,omitempty" doc:"Its conversation, of the same version; only with with=conversation."`
}

// Clocks are the times by which something is due; an absent one does not run.
type Clocks struct {
	PolicyID     string    `json:"policyId,omitempty" example:"gold" doc:"The SLA policy that applies."`
	FirstReplyAt time.Time `json:"firstReplyAt,omitzero" doc:"When the first answer is due."`
	NextReplyAt  time.Time `json:"nextReplyAt,omitzero" doc:"When the next answer is due."`
	CloseAt      time.Time `json:"closeAt,omitzero" doc:"When the ticket is to be closed."`
}

// Edited is what an agent last made of a ticket.
type Edited struct {
	At       time.Time `json:"at"`
	By       string    `json:"by" example:"ann" doc:"ID of the agent."`
	Status   string    `json:"status" example:"solved"`
	Owner    string    `json:"owner" example:"ann"`
	Revision int64     `json:"revision" example:"4" doc:"The revision that the edit made."`
}

// writeTicket writes the ticket of a conversation that has one.
func writeTicket(c desk.Conversation) Ticket {
	t, was := c.Ticket, c.Ticket.AtLanding()
	w := Ticket{
		ID: c.TicketID(), ConversationID: c.ID, ChannelID: c.Channel, OriginID: c.Origin, Subject: c.Subject,
		Customer: c.Customer, CustomerName: c.CustomerName, Status: string(t.Status), Owner: t.Owner, CreatedAt: t.Created, Home: string(c.Home),
		Provenance: string(t.Provenance), ImportedAt: t.Imported, MoveID: t.Move, LostOwner: t.LostOwner,
		ChangedAt: c.ChangedAt, WaitingSince: c.WaitingSince,
		OpenedAt: t.Opened, MovedStatus: string(was.Status), MovedOwner: was.Owner, Revision: c.Rev, Tags: c.Tags.List(), Edits: writeEdits(c.Edits),
		Clocks: Clocks{t.Clocks.Policy, t.Clocks.FirstReply, t.Clocks.NextReply, t.Clocks.Close},
	}
	if e := t.Edited; !e.At.IsZero() {
		w.Edited = &Edited{e.At, e.By, string(e.Status), e.Owner, e.Rev}
	}
	return w
}
