package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

func (r *routes) conversations() {
	add(r, operation{
		id: "list-conversations", method: http.MethodGet, path: "/v1/conversations", tag: tagConversations, roles: agents,
		summary: "List conversations",
		description: "Conversations of the account or of one channel, those first that joined their channel last. What has moved is in " +
			"the list of the help desk and no longer in that of the inbox. A page of closed ones of an owner, or of waiting ones, may end early, even empty: " +
			"next tells whether it goes on, and reachedAt how far it came. Agents without help desk access see the inbox only.",
		problems: []error{noAccess()},
	}, r.api.listConversations)
	add(r, operation{
		id: "get-conversation", method: http.MethodGet, path: "/v1/conversations/{id}", tag: tagConversations, roles: agents,
		summary: "Read a conversation", description: "The conversation without its messages, which come in pages.",
		problems: []error{noAccess()},
	}, r.api.getConversation)
	add(r, operation{
		id: "edit-conversation", method: http.MethodPatch, path: "/v1/conversations/{id}", tag: tagConversations, roles: agents,
		summary:     "Close, reopen, assign or label a conversation",
		description: "Fields that are absent stay as they are. Once a conversation has moved, its status and owner are edited on its ticket.",
		problems:    []error{exampleMoved, exampleChanged, noAccess()},
	}, r.api.editConversation)
}

type conversationsInput struct {
	Home    string `query:"home" enum:"inbox,helpdesk" example:"inbox" doc:"Only what lives there; without it, all that you may see."`
	Channel string `query:"channel" example:"support-mail" doc:"Only conversations of this channel."`
	Status  string `query:"status" enum:"open,closed" example:"open" doc:"Only conversations with this status; of what has moved, the one that it had when it landed."`
	Owner   string `query:"owner" example:"ann" doc:"Only conversations of this agent."`
	Unowned bool   `query:"unowned" doc:"Only conversations that nobody owns."`
	Tag     string `query:"tag" maxLength:"40" example:"invoice" doc:"Only conversations with this label."`
	Waiting bool   `query:"waiting" doc:"Only open conversations whose customer waits for an answer."`
	Order
	Search
	Cursor string `query:"cursor" doc:"next of the page before; without it, the first page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most items of the page."`
}

// Order is how a list is sorted. Huma describes embedded types only if they are
// exported.
type Order struct {
	Sort string `query:"sort" enum:"activity" example:"activity" doc:"activity: only what is open, the last changed first. At most 1,000 can be put in this order; of more, ask for those of an owner, a channel or a status."`
}

// cursors names the cursors of a list in this order.
func (o Order) cursors(of string) string { return strings.TrimSpace(of + " " + o.Sort) }

// Search is what is looked for in a list.
type Search struct {
	Q string `query:"q" maxLength:"1000" example:"4711@customer.example" doc:"Only what this names exactly: the ID of a conversation or a ticket, or the external ID of one of its messages. There is one page of it."`
}

// names returns what is looked for: an ID as it is, and an external ID.
func (s Search) names(cursor string) (name, externalID string, err error) {
	if cursor != "" {
		return "", "", notACursor()
	}
	name, externalID = strings.TrimSpace(s.Q), external(s.Q)
	if externalID == "" {
		err = &desk.InvalidError{Field: "q", Code: codeNoExternalID, Problem: "it names nothing", Remedy: "send an ID of a conversation or a ticket, or an external ID"}
	}
	return name, externalID, err
}

func (a *api) listConversations(ctx context.Context, c desk.Admitted, in *conversationsInput) (*body[list[Conversation]], error) {
	owner, err := ownerFilter(in.Owner, in.Unowned)
	if err != nil {
		return nil, err
	}
	of := support.ConversationFilter{
		Channel: in.Channel, Home: desk.Home(in.Home), Status: desk.ConversationStatus(in.Status), Owner: owner,
		Tag: in.Tag, Waiting: in.Waiting, ByActivity: in.Sort != "",
	}
	if of.Home != desk.Inbox {
		switch err := helpDesk(c); {
		case err != nil && of.Home == "":
			of.Home = desk.Inbox
		case err != nil:
			return nil, err
		}
	}
	if in.Q != "" {
		name, externalID, err := in.names(in.Cursor)
		if err != nil {
			return nil, err
		}
		found, err := a.Finder.FindConversations(ctx, c.Account, name, externalID, of)
		return writeFound(found, err, writeConversation)
	}
	cursors := in.cursors("conversations")
	after, err := readPosition(cursors, in.Cursor)
	if err != nil {
		return nil, err
	}
	p, err := a.ConversationList.Page(ctx, c.Account, of, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return &body[list[Conversation]]{writePage(cursors, p, writeConversation)}, nil
}

// writeFound writes all that was found.
func writeFound[W any](found []desk.Conversation, err error, write func(desk.Conversation) W) (*body[list[W]], error) {
	if err != nil {
		return nil, err
	}
	return &body[list[W]]{writePage("", support.Page[desk.Conversation]{Items: found}, write)}, nil
}

type conversationInput struct {
	ID string `path:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation."`
}

func (a *api) getConversation(ctx context.Context, c desk.Admitted, in *conversationInput) (*item[Conversation], error) {
	found, err := a.visible(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	return writeItem(found), nil
}

// visible reads a conversation that the caller may see: in the help desk only
// with access (R21).
func (a *api) visible(ctx context.Context, c desk.Admitted, id string) (desk.Conversation, error) {
	found, err := a.Conversations.Get(ctx, c.Account, id)
	if err != nil {
		return found, err
	}
	if found.Home == desk.HelpDesk {
		return found, helpDesk(c)
	}
	return found, nil
}

func writeItem(c desk.Conversation) *item[Conversation] {
	return &item[Conversation]{versionTag(c.Rev), writeConversation(c)}
}

type conversationEdit struct {
	Match string `header:"If-Match" example:"\"7\"" doc:"Its ETag as you have seen it: if it has changed since, nothing is done, and the answer is 412 with the item as it is now. The same edit, sent again after its answer was lost, finds that it was done. Without it, the edit is made of whichever version there is."`
	Key   string `header:"Idempotency-Key" example:"close-1" doc:"Names the edit: sent again, it is done once, unless another edit came between."`
	ID    string `path:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation."`
	Body  struct {
		Status *string   `json:"status,omitempty" enum:"open,closed" example:"closed"`
		Owner  *string   `json:"owner,omitempty" example:"ann" doc:"ID of an agent; empty for nobody."`
		Tags   *[]string `json:"tags,omitempty" maxItems:"12" example:"[\"invoice\"]" doc:"All labels that it is to have."`
	} `nameHint:"ConversationEdit"`
}

func (a *api) editConversation(ctx context.Context, c desk.Admitted, in *conversationEdit) (*item[Conversation], error) {
	if _, err := a.visible(ctx, c, in.ID); err != nil {
		return nil, err
	}
	if in.Body.Status == nil && in.Body.Owner == nil && in.Body.Tags == nil {
		return nil, nothingToChange()
	}
	seen, err := readVersion(in.Match)
	if err != nil {
		return nil, err
	}
	edit := desk.Edit{Status: (*desk.ConversationStatus)(in.Body.Status), Owner: in.Body.Owner, Tags: in.Body.Tags, Of: seen}
	edited, err := a.Editor.EditConversation(ctx, c.Caller, in.ID, in.Key, edit)
	if errors.Is(err, desk.ErrChanged) {
		now, err := a.visible(ctx, c, in.ID) // it may have moved since it was edited
		if err != nil {
			return nil, err
		}
		return nil, changedError{"conversation " + in.ID, writeConversation(now)}
	}
	if err != nil {
		return nil, err
	}
	return writeItem(edited), nil
}

func nothingToChange() error {
	return &desk.InvalidError{Field: "status", Code: desk.CodeNoChange, Problem: "there is nothing to change", Remedy: "send a status, an owner or tags"}
}
