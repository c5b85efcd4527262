package api

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
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

// MessageContent is a message as it is written and read. Huma describes embedded
// types only if they are exported.
type MessageContent struct {
	ExternalID  string       `json:"externalId" minLength:"1" maxLength:"1000" example:"<4711@customer.example>" doc:"Your ID of the message, unique in the channel, such as a mail's Message-ID. Blanks around it and one pair of brackets are dropped: <4711@customer.example> and 4711@customer.example are the same. Sent again with the same ID, it changes nothing."`
	Kind        string       `json:"kind,omitempty" enum:"email,form,call,chat,note,event" example:"email" doc:"What it is. Without it, what people write by the channel. A note is an agent's for colleagues, an event something that was done, such as an assignment: neither opens a conversation, starts or stops a clock."`
	Author      string       `json:"author" enum:"customer,agent,bot,system" example:"customer" doc:"Who wrote it. Only what a customer asks opens a conversation or reopens its ticket, and only what an agent answers is a first reply."`
	Agent       string       `json:"agent,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"ann" doc:"ID of the agent who wrote it, if an agent of the account did and it is known who."`
	Visibility  string       `json:"visibility,omitempty" enum:"public,internal" example:"public" doc:"Who may see it: public, also the customer. Without it, notes and events are internal, all else is public. What is internal is no answer."`
	Automatic   string       `json:"automatic,omitempty" enum:"bounce,receipt,auto-replied,auto-generated,bulk,no-return-path" example:"auto-replied" doc:"Why a program and not a person wrote it. Such a message is kept on its conversation, and changes nothing else; one that begins a conversation begins a closed one."`
	Forged      bool         `json:"forged,omitempty" doc:"Whoever received it found that its sender is forged, such as by DMARC. It never counts as an agent's answer."`
	From        *Address     `json:"from,omitempty" doc:"Who sent it."`
	ReplyTo     []Address    `json:"replyTo,omitempty" nullable:"false" maxItems:"1000" doc:"To whom answers go. Where a form, or the channel's own address, sent it, this is the customer."`
	To          []Address    `json:"to,omitempty" nullable:"false" maxItems:"1000"`
	Cc          []Address    `json:"cc,omitempty" nullable:"false" maxItems:"1000" doc:"Who got a copy. Nobody becomes the customer by that."`
	Bcc         []Address    `json:"bcc,omitempty" nullable:"false" maxItems:"1000"`
	At          time.Time    `json:"at,omitzero" doc:"When it was written, by the sender's date, from 1970 to 2286. Without it, now."`
	Subject     string       `json:"subject,omitempty" example:"Where is my order?"`
	Text        string       `json:"text,omitempty" example:"I ordered on Monday."`
	HTML        string       `json:"html,omitempty" doc:"The HTML part, at most 8 MB. A conversation's messages come without it: it is read by an address of its own, cleaned."`
	Call        *Call        `json:"call,omitempty" doc:"Of a call: what is known of it. It began at at."`
	Fields      []FormField  `json:"fields,omitempty" nullable:"false" maxItems:"200" doc:"What was filled in, of a form."`
	Attachments []Attachment `json:"attachments,omitempty" nullable:"false" maxItems:"50" doc:"The files that came with it. They are uploaded first: see POST /v1/files."`
	Source      string       `json:"source,omitempty" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"The SHA-256 of its untouched source, such as a whole mail, uploaded like an attachment."`
	Repairs     []string     `json:"repairs,omitempty" nullable:"false" maxItems:"50" example:"[\"date-guessed\"]" doc:"Codes of what was repaired or guessed when it was read."`
	Tags        []string     `json:"tags,omitempty" nullable:"false" maxItems:"50" example:"[\"invoice\"]" doc:"Labels that its conversation gets beside those that it has, as many as it holds: 12."`
	History     bool         `json:"history,omitempty" doc:"It is old mail that is brought in later, in any order, and not as it arrives. Its references that are unknown are awaited: a message with such an ID that is brought in later joins its conversation. On a channel that moves or has moved it comes in quietly: a conversation that it begins becomes a ticket from history, by the choices of the move, and one that it is added to keeps its status and its clocks. There it must have been written before the move began (422 not-history)."`
}

// Address is the address, number or name by which somebody writes.
type Address struct {
	Name    string `json:"name,omitempty" maxLength:"1000" example:"Jane Doe"`
	Address string `json:"address,omitempty" maxLength:"1000" example:"jane@customer.example" doc:"E-mail address, telephone number or the like."`
}

// Call is what is known of a call.
type Call struct {
	Seconds int64  `json:"seconds,omitempty" minimum:"0" maximum:"604800" example:"184" doc:"How long it took."`
	Outcome string `json:"outcome,omitempty" maxLength:"100" example:"answered" doc:"How it ended, in the words of the telephone system."`
}

// FormField is a field of a form, as it was filled in.
type FormField struct {
	Name  string `json:"name" minLength:"1" maxLength:"1000" example:"Order number"`
	Value string `json:"value" example:"4711"`
}

// Attachment is a file that came with a message.
type Attachment struct {
	ID        string `json:"id,omitempty" maxLength:"10" example:"1" doc:"Its number in the message, by which it is downloaded. It has no effect when a message is sent."`
	Name      string `json:"name" example:"invoice.pdf" doc:"At most 255 bytes, without slashes."`
	Type      string `json:"type,omitempty" maxLength:"255" example:"application/pdf" doc:"As the sender says."`
	Size      int64  `json:"size,omitempty" minimum:"0" example:"48213" doc:"In bytes. When a message is sent, it must be right or left out."`
	SHA256    string `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"Of its bytes, in hexadecimal digits."`
	ContentID string `json:"contentId,omitempty" maxLength:"1000" example:"logo@customer.example" doc:"By which the HTML part refers to it, without brackets."`
	Inline    bool   `json:"inline,omitempty" doc:"It is shown in the message rather than beside it."`
}

func readAddresses(as []Address) []desk.Address {
	if len(as) == 0 {
		return nil
	}
	of := make([]desk.Address, len(as))
	for i, a := range as {
		of[i] = desk.Address(a)
	}
	return of
}

func writeAddresses(as []desk.Address) []Address {
	of := make([]Address, len(as))
	for i, a := range as {
		of[i] = Address(a)
	}
	return of
}

// read returns the message, as of now if it has no date.
func (c MessageContent) read(account, channel string, now time.Time) (desk.Message, error) {
	m := desk.Message{
		Account: account, Channel: channel, External: external(c.ExternalID), Kind: desk.Kind(c.Kind), Author: desk.Author(c.Author), Agent: c.Agent,
		Visibility: desk.Visibility(c.Visibility), Automatic: desk.Automatic(c.Automatic), Forged: c.Forged,
		ReplyTo: readAddresses(c.ReplyTo), To: readAddresses(c.To), Cc: readAddresses(c.Cc), Bcc: readAddresses(c.Bcc),
		At: c.At, Subject: c.Subject, Text: c.Text, HTML: c.HTML, Source: desk.Attachment{SHA256: c.Source}, Repairs: c.Repairs, Tags: c.Tags, History: c.History,
	}
	if c.From != nil {
		m.From = desk.Address(*c.From)
	}
	if c.Call != nil {
		m.Call = desk.CallFacts{Duration: time.Duration(c.Call.Seconds) * time.Second, Outcome: c.Call.Outcome}
	}
	for _, f := range c.Fields {
		m.Fields = append(m.Fields, desk.FormField(f))
	}
	for _, a := range c.Attachments {
		m.Attachments = append(m.Attachments, desk.Attachment{Name: a.Name, Type: a.Type, SHA256: a.SHA256, Size: a.Size, ContentID: a.ContentID, Inline: a.Inline})
	}
	if m.External == "" {
		return m, &desk.InvalidError{Field: "externalId", Code: codeNoExternalID, Problem: "it names no message", Remedy: "send your ID of the message"}
	}
	if m.At.IsZero() {
		m.At = now
	}
	if err := errors.Join(checkDate("at", m.At), m.Check()); err != nil {
		return m, err
	}
	return m, store.CheckMessage(m)
}

// writeContent returns a message as it is read, without its HTML part.
func writeContent(m desk.Message) MessageContent {
	c := MessageContent{
		ExternalID: m.External, Kind: string(m.Kind), Author: string(m.Author), Agent: m.Agent, Visibility: string(m.Visibility),
		Automatic: string(m.Automatic), Forged: m.Forged, ReplyTo: writeAddresses(m.ReplyTo), To: writeAddresses(m.To), Cc: writeAddresses(m.Cc),
		Bcc: writeAddresses(m.Bcc), At: m.At, Subject: m.Subject, Text: m.Text, Source: m.Source.SHA256, Repairs: m.Repairs,
	}
	if !m.From.IsZero() {
		from := Address(m.From)
		c.From = &from
	}
	if m.Call != (desk.CallFacts{}) {
		c.Call = &Call{int64(m.Call.Duration / time.Second), m.Call.Outcome}
	}
	for _, f := range m.Fields {
		c.Fields = append(c.Fields, FormField(f))
	}
	for i, a := range m.Attachments {
		c.Attachments = append(c.Attachments, Attachment{
			ID: strconv.Itoa(i + 1), Name: a.Name, Type: a.Type, Size: a.Size, SHA256: a.SHA256, ContentID: a.ContentID, Inline: a.Inline,
		})
	}
	return c
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
	Home           string   `json:"home" enum:"inbox,helpdesk" example:"inbox" doc:"Where the conversation is now."`
	Status         string   `json:"status" enum:"open,closed" example:"open" doc:"Of the conversation now. In the help desk its ticket has one of its own."`
	Owner          string   `json:"owner,omitempty" example:"ann" doc:"ID of the agent who owns the conversation."`
	Version        int64    `json:"version" example:"3" doc:"Of the conversation now."`
	MessageCount   int64    `json:"messageCount" example:"2" doc:"How many messages the conversation has now."`
	Apart          []string `json:"apart,omitempty" nullable:"false" doc:"Other conversations that it belongs to by its references, at most ten. Conversations are never joined."`
}
