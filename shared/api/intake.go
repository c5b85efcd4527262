package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

func (r *routes) intake() {
	add(r, operation{
		id: "take-message", method: http.MethodPost, path: "/v1/channels/{id}/conversations", tag: tagConnectors, roles: connectors,
		limit: messageLimit, status: http.StatusCreated, also: http.StatusOK, problems: []error{notOfConnector("mailer", "hotline")},
		summary: "Take a message in",
		description: "What a customer or agent wrote, by this channel. It joins the first conversation that one of its references belongs " +
			"to, else it begins one. Sent again with the same externalId it changes nothing, and answers 200 instead of 201: " +
			"whoever got no answer sends it again. A connector takes messages in on its own channels. The body may have 10 MB.\n\nA move disturbs nothing of this. While the channel " +
			"moves, and afterwards, conversations appear in the help desk within seconds.",
	}, r.api.takeMessage)
	add(r, operation{
		id: "append-message", method: http.MethodPost, path: "/v1/conversations/{id}/messages", tag: tagConnectors, roles: connectors,
		limit: messageLimit, status: http.StatusCreated, also: http.StatusOK, problems: []error{notOfConnector("mailer", "hotline")},
		summary: "Add a message to a conversation",
		description: "As when a channel takes a message in, but to a conversation that is known. An externalId that the channel knows " +
			"already stays with its own conversation. A connector finds conversations of its own channels, where they are or where they began.",
	}, r.api.appendMessage)
}

type takeInput struct {
	ID   string `path:"id" example:"support-mail" doc:"ID of the channel by which it came."`
	Body NewMessage
}

type appendInput struct {
	ID   string `path:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation."`
	Body AddedMessage
}

type takenOutput struct {
	Status int
	Body   Taken
}

func (a *api) takeMessage(ctx context.Context, c desk.Admitted, in *takeInput) (*takenOutput, error) {
	if err := mayUse(c, in.ID); err != nil {
		return nil, err
	}
	m, err := in.Body.read(c.Account, in.ID, a.Now())
	if err != nil {
		return nil, err
	}
	if m.Past, err = in.Body.past(); err != nil {
		return nil, err
	}
	if err := cmp.Or(a.knownAgent(ctx, c.Account, "conversation.owner", m.Past.Owner), a.knownAgent(ctx, c.Account, "agent", m.Agent)); err != nil {
		return nil, err
	}
	r, err := a.Intake.TakeIn(ctx, m, in.Body.references())
	return writeTaken(r, err)
}

// knownAgent returns an *InvalidError unless a field names an agent, or nobody.
func (a *api) knownAgent(ctx context.Context, account, field, id string) error {
	if id == "" {
		return nil
	}
	m, err := a.Setups.Membership(ctx, desk.Caller{Account: account, Agent: id})
	if err == nil && m.Agent == nil {
		err = &desk.InvalidError{Field: field, Code: desk.CodeUnknownID, Params: desk.Params{"kind": "agent", "value": id},
			Problem: fmt.Sprintf("agent %q is unknown", id), Remedy: "use an ID that exists in the account, or leave it out"}
	}
	return err
}

func (a *api) appendMessage(ctx context.Context, c desk.Admitted, in *appendInput) (*takenOutput, error) {
	m, err := in.Body.read(c.Account, in.Body.ChannelID, a.Now())
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(a.mayAppend(ctx, c, m, in.ID), a.knownAgent(ctx, c.Account, "agent", m.Agent)); err != nil {
		return nil, err
	}
	r, err := a.Intake.Append(ctx, m, in.ID)
	return writeTaken(r, err)
}

// mayAppend returns an error if a connector may not add the message: it has to have
// the channel by which the message came, and the conversation's own or that on which
// it began. Of other channels' conversations it finds nothing.
func (a *api) mayAppend(ctx context.Context, c desk.Admitted, m desk.Message, conversation string) error {
	if c.Role != desk.ConnectorRole {
		return nil
	}
	of, err := a.Conversations.Get(ctx, c.Account, conversation)
	if err != nil {
		return err
	}
	if !c.MayUse(of.Channel) && !c.MayUse(of.Origin) {
		return fmt.Errorf("conversation %s: %w", conversation, desk.ErrNotFound)
	}
	return mayUse(c, cmp.Or(m.Channel, of.Origin))
}

func writeTaken(r support.Receipt, err error) (*takenOutput, error) {
	if err != nil {
		return nil, err
	}
	status := http.StatusCreated
	if r.Known {
		status = http.StatusOK
	}
	c := r.Conversation
	return &takenOutput{status, Taken{
		ConversationID: c.ID, MessageID: r.Message, Began: r.Began, Known: r.Known, Apart: r.Apart,
		Home: string(c.Home), Status: string(c.Status), Owner: c.Owner, Version: c.Rev, MessageCount: c.Messages,
	}}, nil
}
