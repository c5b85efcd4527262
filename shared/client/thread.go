package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Thread is a conversation with its messages.
type Thread struct {
	Conversation

	Subject  string    `json:"subject"`
	Customer string    `json:"customer"`
	Messages []Message `json:"messages"`
}

// Message is one message of a thread.
type Message struct {
	ID         string    `json:"id"`
	ExternalID string    `json:"externalId"`
	ChannelID  string    `json:"channelId"`
	Author     string    `json:"author"`
	From       string    `json:"from"`
	Agent      string    `json:"agent"`
	At         time.Time `json:"at"`
	TakenInAt  time.Time `json:"takenInAt"`
	Subject    string    `json:"subject"`
	Text       string    `json:"text"`
}

// Thread reads a conversation with its messages.
func (c *Client) Thread(ctx context.Context, id string) (t Thread, err error) {
	return t, c.get(ctx, "/v1/conversations/"+url.PathEscape(id), nil, &t)
}

// TicketEdit changes the fields that are not nil.
type TicketEdit struct {
	Status *string `json:"status,omitempty"`
	Owner  *string `json:"owner,omitempty"`
}

// EditTicket changes a ticket.
func (c *Client) EditTicket(ctx context.Context, id string, e TicketEdit) error {
	_, err := c.do(ctx, request{method: http.MethodPatch, path: "/v1/tickets/" + url.PathEscape(id), in: e}, nil)
	return err
}

// MakeTicket creates a ticket for a conversation in the inbox.
func (c *Client) MakeTicket(ctx context.Context, conversation, status string) (t Ticket, err error) {
	_, err = c.do(ctx, request{
		method: http.MethodPost, path: "/v1/conversations/" + url.PathEscape(conversation) + "/tickets", in: map[string]string{"status": status},
	}, &t)
	return t, err
}
