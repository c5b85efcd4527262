package api

import (
	"cmp"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// NewMessage is a message that a connector sends to a channel.
type NewMessage struct {
	References   []string          `json:"references,omitempty" nullable:"false" maxItems:"1000" example:"[\"<4710@acme.example>\"]" doc:"External IDs of earlier messages of the channel, the most telling first. Like externalId they are the same with and without brackets."`
	Conversation *PastConversation `json:"conversation,omitempty" doc:"With history: what the conversation is that the message begins. If it begins none, it has no effect."`
	MessageContent
}

// PastConversation is what a conversation is that history begins.
type PastConversation struct {
	Status       string    `json:"status,omitempty" enum:"open,closed" example:"closed" doc:"Without it, open."`
	Owner        string    `json:"owner,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"ann" doc:"ID of the agent who owns it; empty if nobody does."`
	FirstReplyAt time.Time `json:"firstReplyAt,omitzero" doc:"When an agent first answered."`
	WaitingSince time.Time `json:"waitingSince,omitzero" doc:"Since when the customer waits for an answer."`
}

// AddedMessage is a message that a connector adds to a conversation.
type AddedMessage struct {
	ChannelID string `json:"channelId,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"support-mail" doc:"The channel by which it came. Without it, the one on which the conversation began."`
	MessageContent
}

// MessageContent is what both have in common. Huma describes embedded types only
// if they are exported.
type MessageContent struct {
	ExternalID string    `json:"externalId" minLength:"1" maxLength:"1000" example:"<4711@customer.example>" doc:"Your ID of the message, unique in the channel, such as a mail's Message-ID. Blanks around it and one pair of brackets are dropped: <4711@customer.example> and 4711@customer.example are the same. Sent again with the same ID, it changes nothing."`
	From       string    `json:"from,omitempty" maxLength:"1000" example:"jane@customer.example" doc:"The sender's address, number or name."`
	Author     string    `json:"author" enum:"customer,agent" example:"customer"`
	Agent      string    `json:"agent,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"ann" doc:"ID of the agent who wrote it, if an agent did and it is known."`
	At         time.Time `json:"at,omitzero" doc:"When it was written, by the sender's date, from 1970 to 2286. Without it, now."`
	Subject    string    `json:"subject,omitempty" example:"Where is my order?"`
	Text       string    `json:"text,omitempty" example:"I ordered on Monday."`
	HTML       string    `json:"html,omitempty"`
	Raw        string    `json:"raw,omitempty" doc:"The source as it came, such as a whole mail. It is kept whole."`
	History    bool      `json:"history,omitempty" doc:"It is old mail that is brought in later, in any order, and not as it arrives. Its references that are unknown are awaited: a message with such an ID that is brought in later joins its conversation. On a channel that moves or has moved it comes in quietly: a conversation that it begins becomes a ticket from history, by the choices of the move, and one that it is added to keeps its status and its clocks. There it must have been written before the move began (422 not-history)."`
}

// read returns the message, as of now if it has no date.
func (c MessageContent) read(account, channel string, now time.Time) (desk.Message, error) {
	m := desk.Message{
		Account: account, Channel: channel, External: external(c.ExternalID), Author: desk.Author(c.Author), From: c.From, Agent: c.Agent,
		At: c.At, Subject: c.Subject, Text: c.Text, HTML: c.HTML, Raw: c.Raw, History: c.History,
	}
	if m.External == "" {
		return m, &desk.InvalidError{Field: "externalId", Code: codeNoExternalID, Problem: "it names no message", Remedy: "send your ID of the message"}
	}
	if m.At.IsZero() {
		m.At = now
	}
	return m, checkDate("at", m.At)
}

// checkDate returns an *InvalidError unless lists can order the date, or it is missing.
func checkDate(field string, t time.Time) error {
	if t.IsZero() || !t.Before(earliest) && !t.After(latest) {
		return nil
	}
	return &desk.InvalidError{Field: field, Code: codeDateRange, Problem: "the date is before 1970 or after 2286", Remedy: "leave it out"}
}

// past returns what the conversation is that m begins.
func (m NewMessage) past() (desk.Past, error) {
	if m.Conversation == nil {
		return desk.Past{}, nil
	}
	p := m.Conversation
	err := cmp.Or(checkDate("conversation.firstReplyAt", p.FirstReplyAt), checkDate("conversation.waitingSince", p.WaitingSince))
	return desk.Past{Status: desk.ConversationStatus(p.Status), Owner: p.Owner, FirstReplyAt: p.FirstReplyAt, WaitingSince: p.WaitingSince}, err
}

// external returns the one form of an external ID. Some who pass mail on write its
// Message-ID with brackets, some without; a reply must find the mail it answers
// whoever took that in (R19).
func external(id string) string {
	id = strings.TrimSpace(id)
	if len(id) > 1 && id[0] == '<' && id[len(id)-1] == '>' {
		return id[1 : len(id)-1]
	}
	return id
}

// references returns the external IDs of earlier messages.
func (m NewMessage) references() []string {
	refs := make([]string, 0, len(m.References))
	for _, r := range m.References {
		if r = external(r); r != "" {
			refs = append(refs, r)
		}
	}
	return refs
}

// Dates that lists can order: keys hold 13 digits of milliseconds.
var (
	earliest = time.UnixMilli(0)
	latest   = time.UnixMilli(9_999_999_999_999)
)

// Taken says what became of a message.
type Taken struct {
	ConversationID string   `json:"conversationId" example:"c05jg3nrm7gk2v9x0q8s4t"`
	MessageID      string   `json:"messageId" example:"5r0m9v3w2k8d1c7x4z6b0a1n"`
	Began          bool     `json:"began" doc:"It began the conversation."`
	Known          bool     `json:"known" doc:"It was there already, and nothing was changed."`
	Apart          []string `json:"apart,omitempty" nullable:"false" doc:"Other conversations that it belongs to by its references, at most ten. Conversations are never joined."`
}
