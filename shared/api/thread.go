package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"deskmove/shared/desk"
	"deskmove/shared/store"
)

func (r *routes) thread() {
	add(r, operation{
		id: "list-messages", method: http.MethodGet, path: "/v1/conversations/{id}/messages", tag: tagConversations, roles: agents,
		summary: "Read a conversation's messages",
		description: "The messages, those written last first. A page has at most 50 messages and 1 MB, and may be shorter before the last. " +
			"Of a text above 16 KB and a subject above 1 KB it has the beginning; what is long is read in pieces at addresses of its own, " +
			"and so is the HTML part.",
		problems: []error{noAccess()},
	}, r.api.listMessages)
	add(r, operation{
		id: "read-message", method: http.MethodGet, path: "/v1/conversations/{id}/messages/{message}/{part}", tag: tagConversations, roles: agents,
		summary: "Read one part of a message",
		description: "A part of a message, in pieces of at most 128 KB: ask for next as offset until there is none, and join the texts.\n\n" +
			"html is the HTML part, cleaned: texts, lists, tables and links remain. Nothing in it runs, and nothing is fetched when it is shown: " +
			"there are no styles, forms or addresses other than links to http, https, mailto and tel. Where an image was that came with the message, " +
			"<img data-file=\"2\"> says which of its files it is; it shows nothing until you give it that file. Other images are left out. " +
			"It may have tags that do not close, so show it in a document of its own. The first 1 MB of the HTML part is cleaned, without what is longer than 64 KB in one word, such as an image " +
			"inside an address. The others are as they came: html-source is not safe to show as HTML.",
		problems: []error{noAccess()},
	}, r.api.readMessage)
}

// Message is one mail, form submission, call, chat line, note or event of a
// conversation.
type Message struct {
	ID         string    `json:"id" example:"05jg3nrm7g5r0m9v3w2k8d1c7x" doc:"IDs of messages written later sort later."`
	ChannelID  string    `json:"channelId,omitempty" example:"support-mail" doc:"The channel by which it came."`
	TakenInAt  time.Time `json:"takenInAt,omitzero" doc:"When deskmove took it in."`
	Stranger   bool      `json:"stranger,omitempty" doc:"It joined the conversation by its references, and its sender had had no part in it."`
	SubjectCut bool      `json:"subjectCut" doc:"The subject is only its beginning; the whole is the part subject."`
	TextCut    bool      `json:"textCut" doc:"The text is only its beginning; the whole is the part text."`
	HasHTML    bool      `json:"hasHtml" doc:"It has an HTML part; cleaned, it is the part html."`
	Size       int64     `json:"size" example:"20" doc:"Bytes of its text and HTML part together."`
	MessageContent
}

func writeMessage(m store.Message) Message {
	return Message{
		ID: m.ID, ChannelID: m.Channel, TakenInAt: m.TakenIn, Stranger: m.Stranger, SubjectCut: m.Cut(store.Subject), TextCut: m.Cut(store.Text),
		HasHTML: m.Sizes[store.HTML] > 0, Size: m.Sizes[store.Text] + m.Sizes[store.HTML], MessageContent: writeContent(m.Message),
	}
}

type messagesInput struct {
	ID     string `path:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation."`
	Cursor string `query:"cursor" doc:"next of the page before; without it, the messages that were written last."`
	Limit  int    `query:"limit" minimum:"1" maximum:"50" default:"50" doc:"The most items of the page."`
}

// pageSize is the most bytes of a page of messages, as JSON. It passes the gateway of
// Lambda, whatever it has in it.
const pageSize = 900_000

func (a *api) listMessages(ctx context.Context, c desk.Admitted, in *messagesInput) (*body[list[Message]], error) {
	if _, err := a.visible(ctx, c, in.ID); err != nil {
		return nil, err
	}
	cursors := "messages of " + in.ID
	after, err := readCursor(cursors, in.Cursor)
	if err != nil {
		return nil, err
	}
	if after != "" && desk.CheckID("cursor", after) != nil {
		return nil, notACursor()
	}
	l := list[Message]{Items: []Message{}}
	more := true
	for size := 0; more && len(l.Items) < in.Limit; {
		var ms []store.Message
		ms, more, err = a.Messages.Page(ctx, c.Account, in.ID, after, in.Limit-len(l.Items))
		if err != nil {
			return nil, err
		}
		for _, m := range ms {
			item := writeMessage(m)
			if size += jsonSize(item); size > pageSize {
				l.Next = writeCursor(cursors, after)
				return &body[list[Message]]{l}, nil
			}
			l.Items, after = append(l.Items, item), m.ID
		}
	}
	if more {
		l.Next = writeCursor(cursors, after)
	}
	return &body[list[Message]]{l}, nil
}

// jsonSize is how many bytes a value is in an answer.
func jsonSize(v any) int {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // what cannot be encoded is an error of the answer
	return b.Len()
}

type messageInput struct {
	ID      string `path:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation."`
	Message string `path:"message" example:"05jg3nrm7g5r0m9v3w2k8d1c7x" doc:"ID of the message."`
	Part    string `path:"part" enum:"text,html,subject,html-source" example:"text" doc:"Which part: the text, the cleaned HTML part, the subject, or the HTML part as it came."`
	Offset  int64  `query:"offset" minimum:"0" doc:"next of the piece before; without it, the first piece."`
}

// MessagePart is a piece of a part of a message.
type MessagePart struct {
	Text string `json:"text" doc:"The piece; empty at the end, or if the message has no such part."`
	Next int64  `json:"next,omitempty" example:"131072" doc:"The offset of the next piece; absent at the end."`
	Size int64  `json:"size" example:"262144" doc:"Bytes of the whole part as it came."`
	Cut  bool   `json:"cut,omitempty" doc:"Of the last piece of html: the HTML part is too long, and its end is left out."`
}

func (a *api) readMessage(ctx context.Context, c desk.Admitted, in *messageInput) (*body[MessagePart], error) {
	if _, err := a.visible(ctx, c, in.ID); err != nil {
		return nil, err
	}
	of := map[string]store.Content{
		"text": store.Text, "html": store.HTML, "subject": store.Subject, "html-source": store.HTML,
	}[in.Part]
	b, err := a.Messages.Body(ctx, c.Account, in.ID, in.Message, of)
	if err != nil {
		return nil, err
	}
	w := MessagePart{Size: b.Size}
	var text string
	if in.Part == "html" {
		var m desk.Message
		if m, err = a.Messages.Get(ctx, c.Account, in.ID, in.Message); err == nil {
			text, w.Cut, err = cleaned(ctx, b, m.Attachments, in.Offset, store.PartSize+utf8.UTFMax)
		}
	} else {
		text, err = b.Read(ctx, in.Offset, store.PartSize+utf8.UTFMax)
	}
	if err != nil {
		return nil, err
	}
	if text != "" && !utf8.RuneStart(text[0]) {
		return nil, &desk.InvalidError{Field: "offset", Code: codeMidCharacter, Problem: "it is in the middle of a character", Remedy: "use next of the piece before"}
	}
	if w.Text = desk.Truncate(text, store.PartSize); len(w.Text) < len(text) {
		w.Next = in.Offset + int64(len(w.Text))
	}
	return &body[MessagePart]{w}, nil
}
