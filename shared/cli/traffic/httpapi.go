package traffic

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// HTTPAPI reaches the API over HTTP, as connectors and agents do. Give both
// clients a negative Patience: traffic repeats requests itself, and counts them.
type HTTPAPI struct {
	Connector *client.Client
	Agent     *client.Client // with help desk access
	// Reader reads all that is compared, more than a person may; Agent if nil. It has
	// help desk access, too.
	Reader *client.Client
}

func (h HTTPAPI) reader() *client.Client { return cmp.Or(h.Reader, h.Agent) }

// translate tells refusals from answers that did not come.
func translate(err error) error {
	var p *client.Problem
	if !errors.As(err, &p) || p.Status >= http.StatusInternalServerError || p.Status == http.StatusTooManyRequests {
		return err
	}
	return &Refused{Status: p.Status, Ticket: p.TicketID, Problem: p.Error()}
}

// Post implements API.
func (h HTTPAPI) Post(ctx context.Context, m desk.Message, references []string) (Posted, error) {
	content := api.MessageContent{
		ExternalID: m.External, From: (*api.Address)(&m.From), Author: string(m.Author), Agent: m.Agent, At: m.At, Subject: m.Subject, Text: m.Text,
	}
	var taken api.Taken
	var err error
	if m.Conversation == "" {
		taken, err = h.Connector.TakeMessage(ctx, m.Channel, api.NewMessage{References: references, MessageContent: content})
	} else {
		taken, err = h.Connector.AddMessage(ctx, m.Conversation, api.AddedMessage{ChannelID: m.Channel, MessageContent: content})
	}
	return Posted{Conversation: taken.ConversationID, Message: taken.MessageID}, translate(err)
}

// EditConversation implements API.
func (h HTTPAPI) EditConversation(ctx context.Context, id string, e desk.Edit) error {
	return translate(h.Agent.EditConversation(ctx, id, e))
}

// EditTicket implements API.
func (h HTTPAPI) EditTicket(ctx context.Context, id string, e desk.TicketEdit) error {
	return translate(h.Agent.EditTicket(ctx, id, e))
}

// Conversation implements API.
func (h HTTPAPI) Conversation(ctx context.Context, id string) (desk.Conversation, []desk.Message, error) {
	t, err := h.reader().Conversation(ctx, id)
	if err != nil {
		return desk.Conversation{}, nil, translate(err)
	}
	var ms []desk.Message
	for m, err := range h.reader().Messages(ctx, id) {
		if err != nil {
			return desk.Conversation{}, nil, translate(err)
		}
		ms = append(ms, desk.Message{ID: m.ID, External: m.ExternalID, Channel: m.ChannelID, Text: m.Text})
	}
	c := desk.Conversation{
		ID: t.ID, Origin: t.OriginID, Channel: t.ChannelID, Status: desk.ConversationStatus(t.Status), Owner: t.Owner,
		Home: desk.Home(t.Home), Started: t.StartedAt, TakenIn: t.TakenInAt, Messages: t.MessageCount,
	}
	if t.TicketID == "" {
		return c, ms, nil
	}
	if c.Ticket, err = h.ticket(ctx, t); err != nil {
		return desk.Conversation{}, nil, err
	}
	return c, ms, nil
}

// ticket reads the ticket of a conversation; the zero Ticket if there is none that
// is where the conversation is.
func (h HTTPAPI) ticket(ctx context.Context, c api.Conversation) (desk.Ticket, error) {
	t, err := h.reader().Ticket(ctx, c.TicketID)
	switch {
	case client.IsNotFound(err), err == nil && (t.ID != desk.TicketID(c.ID) || t.ConversationID != c.ID || t.Home != c.Home):
		return desk.Ticket{}, nil
	case err != nil:
		return desk.Ticket{}, translate(err)
	}
	ticket := desk.Ticket{
		Status: desk.Status(t.Status), Owner: t.Owner, Created: t.CreatedAt, Provenance: desk.Provenance(t.Provenance), LostOwner: t.LostOwner,
	}
	if t.Edited != nil {
		ticket.Edited.At = t.Edited.At
	}
	return ticket, nil
}
