package api

import (
	"context"
	"net/http"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

func (r *routes) intake() {
	add(r, operation{
		id: "take-message", method: http.MethodPost, path: "/v1/channels/{id}/conversations", tag: tagConnectors, roles: connectors,
		limit: messageLimit, status: http.StatusCreated, also: http.StatusOK,
		summary: "Take a message in",
		description: "What a customer or agent wrote, by this channel. It joins the first conversation that one of its references belongs " +
			"to, else it begins one. Sent again with the same externalId it changes nothing, and answers 200 instead of 201: " +
			"whoever got no answer sends it again. The body may have 10 MB.\n\nA move disturbs nothing of this. While the channel " +
			"moves, and afterwards, conversations appear in the help desk within seconds.",
	}, r.api.takeMessage)
	add(r, operation{
		id: "append-message", method: http.MethodPost, path: "/v1/conversations/{id}/messages", tag: tagConnectors, roles: connectors,
		limit: messageLimit, status: http.StatusCreated, also: http.StatusOK,
		summary: "Add a message to a conversation",
		description: "As when a channel takes a message in, but to a conversation that is known. An externalId that the channel knows " +
			"already stays with its own conversation.",
	}, r.api.appendMessage)
}

type takeInput struct {
	ID   string `path:"id" example:"support-mail" doc:"ID of the channel by which it came."`
	Body newMessage
}

type appendInput struct {
	ID   string `path:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation."`
	Body addedMessage
}

type takenOutput struct {
	Status int
	Body   taken
}

func (a *api) takeMessage(ctx context.Context, c desk.Caller, in *takeInput) (*takenOutput, error) {
	b := in.Body
	m := desk.Message{
		Account: c.Account, Channel: in.ID, External: b.ExternalID, Author: desk.Author(b.Author), From: b.From, Agent: b.Agent,
		Subject: b.Subject, Text: b.Text, HTML: b.HTML, Raw: b.Raw,
	}
	var err error
	if m.At, err = a.written(b.At); err != nil {
		return nil, err
	}
	t, err := a.Intake.TakeIn(ctx, m, b.References)
	return writeTaken(t, err)
}

func (a *api) appendMessage(ctx context.Context, c desk.Caller, in *appendInput) (*takenOutput, error) {
	b := in.Body
	m := desk.Message{
		Account: c.Account, Channel: b.ChannelID, External: b.ExternalID, Author: desk.Author(b.Author), From: b.From, Agent: b.Agent,
		Subject: b.Subject, Text: b.Text, HTML: b.HTML, Raw: b.Raw,
	}
	var err error
	if m.At, err = a.written(b.At); err != nil {
		return nil, err
	}
	t, err := a.Intake.Append(ctx, m, in.ID)
	return writeTaken(t, err)
}

// Dates that lists can order: keys hold 13 digits of milliseconds.
var (
	earliest = time.UnixMilli(0)
	latest   = time.UnixMilli(9_999_999_999_999)
)

// written is when a message was written: now if its sender does not say.
func (a *api) written(at time.Time) (time.Time, error) {
	if at.IsZero() {
		return a.Now(), nil
	}
	if at.Before(earliest) || at.After(latest) {
		return at, &desk.InvalidError{Field: "at", Problem: "the date is before 1970 or after 2286", Remedy: "leave it out; it counts as now"}
	}
	return at, nil
}

func writeTaken(t support.Receipt, err error) (*takenOutput, error) {
	if err != nil {
		return nil, err
	}
	status := http.StatusCreated
	if t.Known {
		status = http.StatusOK
	}
	return &takenOutput{status, taken{t.Conversation.ID, t.Message, t.Began, t.Known}}, nil
}
