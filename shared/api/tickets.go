package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

func (r *routes) tickets() {
	add(r, operation{
		id: "list-tickets", method: http.MethodGet, path: "/v1/tickets", tag: tagTickets, roles: agents,
		summary: "List the help desk's tickets",
		description: "Tickets in the help desk, those first whose conversations joined their channels last, or with due those that are due first. " +
			"Needs help desk access. A page of closed ones of a status or an owner, or of waiting ones, may end early, even empty: next tells whether it goes on, and reachedAt how far it came.",
		problems: []error{noAccess()},
	}, r.api.listTickets)
	add(r, operation{
		id: "get-ticket", method: http.MethodGet, path: "/v1/tickets/{id}", tag: tagTickets, roles: agents,
		summary: "Read a ticket", description: "Needs help desk access, unless the ticket is still in the inbox.",
		problems: []error{noAccess()},
	}, r.api.getTicket)
	add(r, operation{
		id: "edit-ticket", method: http.MethodPatch, path: "/v1/tickets/{id}", tag: tagTickets, roles: agents,
		summary: "Set a ticket's status, owner or labels",
		description: "Fields that are absent stay as they are. The owner must have help desk access. With an Idempotency-Key the " +
			"same edit may be sent again after an answer was lost.",
		problems: []error{exampleTicketChanged, noAccess()},
	}, r.api.editTicket)
	add(r, operation{
		id: "make-ticket", method: http.MethodPost, path: "/v1/conversations/{id}/tickets", tag: tagTickets, roles: agents,
		status:  http.StatusCreated,
		summary: "Make a ticket of a conversation in the inbox",
		description: "The ticket stays in the inbox with its conversation, and moves as it is when the channel moves. A conversation that " +
			"has a ticket keeps it, and the answer is that ticket.",
		problems: []error{exampleMoved, noAccess()},
	}, r.api.makeTicket)
}

type ticketsInput struct {
	Status     []string  `query:"status" example:"new,waiting" doc:"Only tickets with one of these statuses."`
	Open       bool      `query:"open" doc:"Only tickets with an open status."`
	Owner      string    `query:"owner" example:"ann" doc:"Only tickets of this agent."`
	Unowned    bool      `query:"unowned" doc:"Only tickets that nobody owns."`
	Channel    string    `query:"channel" example:"support-mail" doc:"Only tickets of this channel."`
	Provenance string    `query:"provenance" enum:"native,history,live" example:"history" doc:"Only tickets made in this way."`
	Due        time.Time `query:"due" doc:"Only open tickets of which something is due before, those first that are due first."`
	Tag        string    `query:"tag" maxLength:"40" example:"invoice" doc:"Only tickets with this label."`
	Waiting    bool      `query:"waiting" doc:"Only open tickets whose customer waits for an answer."`
	Order
	Search
	Cursor string `query:"cursor" doc:"next of the page before; without it, the first page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most items of the page."`
}

func (in *ticketsInput) filter() (support.TicketFilter, error) {
	of := support.TicketFilter{Open: in.Open, Channel: in.Channel, Provenance: desk.Provenance(in.Provenance), DueBefore: in.Due,
		Tag: in.Tag, Waiting: in.Waiting, ByActivity: in.Sort != ""}
	for _, s := range in.Status {
		of.Statuses = append(of.Statuses, desk.Status(s))
	}
	if in.Sort != "" && !in.Due.IsZero() {
		return of, &desk.InvalidError{Field: "sort", Code: codeTwoOrders, Problem: "what is due comes in the order of that", Remedy: "send due or sort, not both"}
	}
	var err error
	of.Owner, err = ownerFilter(in.Owner, in.Unowned)
	return of, err
}

// ownerFilter returns the owner that is asked for, nil if none is.
func ownerFilter(owner string, unowned bool) (*string, error) {
	switch {
	case owner != "" && unowned:
		return nil, &desk.InvalidError{Field: "unowned", Code: codeOwnedAndNot, Problem: "what has an owner is not unowned", Remedy: "send owner or unowned, not both"}
	case owner != "" || unowned:
		return &owner, nil
	}
	return nil, nil
}

func (a *api) listTickets(ctx context.Context, c desk.Admitted, in *ticketsInput) (*body[list[Ticket]], error) {
	if err := helpDesk(c); err != nil {
		return nil, err
	}
	of, err := in.filter()
	if err != nil {
		return nil, err
	}
	if in.Q != "" {
		name, externalID, err := in.names(in.Cursor)
		if err != nil {
			return nil, err
		}
		found, err := a.Finder.FindTickets(ctx, c.Account, name, externalID, of)
		return writeFound(found, err, writeTicket)
	}
	cursors := in.cursors("tickets")
	after, err := readPosition(cursors, in.Cursor)
	if err != nil {
		return nil, err
	}
	p, err := a.TicketList.Page(ctx, c.Account, of, after, in.Limit)
	if err != nil {
		return nil, err
	}
	return &body[list[Ticket]]{writePage(cursors, p, writeTicket)}, nil
}

type ticketInput struct {
	ID   string `path:"id" example:"t-c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the ticket."`
	With string `query:"with" enum:"conversation" example:"conversation" doc:"conversation: also return its conversation."`
}

func (a *api) getTicket(ctx context.Context, c desk.Admitted, in *ticketInput) (*item[Ticket], error) {
	t, err := a.visibleTicket(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	w := writeTicket(t)
	if in.With != "" {
		w.Conversation = new(writeConversation(t))
	}
	return &item[Ticket]{versionTag(t.Rev), w}, nil
}

// visibleTicket reads the conversation of a ticket that the caller may see (R21).
func (a *api) visibleTicket(ctx context.Context, c desk.Admitted, id string) (desk.Conversation, error) {
	conversation, ok := desk.OfTicket(id)
	if !ok {
		return desk.Conversation{}, fmt.Errorf("ticket %s: %w", id, desk.ErrNotFound)
	}
	found, err := a.Conversations.Get(ctx, c.Account, conversation)
	if errors.Is(err, desk.ErrNotFound) || err == nil && !found.HasTicket() {
		return found, fmt.Errorf("ticket %s: %w", id, desk.ErrNotFound)
	}
	if err != nil {
		return found, err
	}
	if !found.VisibleTo(c.Person) {
		return found, noAccess()
	}
	return found, nil
}

type ticketEdit struct {
	Match string `header:"If-Match" example:"\"7\"" doc:"Its ETag as you have seen it: if it has changed since, nothing is done, and the answer is 412 with the item as it is now. The same edit, sent again after its answer was lost, finds that it was done. Without it, the edit is made of whichever version there is."`
	Key   string `header:"Idempotency-Key" example:"solve-1" doc:"Names the edit: sent again, it is done once, unless another edit came between."`
	ID    string `path:"id" example:"t-c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the ticket."`
	Body  struct {
		Status *string   `json:"status,omitempty" example:"solved" doc:"ID of a status of one of the account's pipelines."`
		Owner  *string   `json:"owner,omitempty" example:"ann" doc:"ID of an agent with help desk access; empty for nobody."`
		Tags   *[]string `json:"tags,omitempty" maxItems:"12" example:"[\"invoice\"]" doc:"All labels that it is to have."`
	} `nameHint:"TicketEdit"`
}

func (a *api) editTicket(ctx context.Context, c desk.Admitted, in *ticketEdit) (*item[Ticket], error) {
	found, err := a.visibleTicket(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	seen, err := readVersion(in.Match)
	if err != nil {
		return nil, err
	}
	edit := desk.TicketEdit{Status: (*desk.Status)(in.Body.Status), Owner: in.Body.Owner, Tags: in.Body.Tags, Of: seen}
	t, err := a.Editor.EditTicket(ctx, c.Caller, found.ID, in.Key, edit)
	if errors.Is(err, desk.ErrChanged) {
		now, err := a.visibleTicket(ctx, c, in.ID) // it may have moved since it was edited
		if err != nil {
			return nil, err
		}
		return nil, changedError{"ticket " + in.ID, writeTicket(now)}
	}
	if err != nil {
		return nil, err
	}
	return &item[Ticket]{versionTag(t.Rev), writeTicket(t)}, nil
}

type makeInput struct {
	ID   string `path:"id" example:"c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the conversation."`
	Body struct {
		Status string `json:"status" example:"new" doc:"ID of a status of one of the account's pipelines."`
	} `nameHint:"NewTicket"`
}

type madeTicket struct {
	Location string `header:"Location" doc:"Where the ticket is."`
	Body     Ticket
}

func (a *api) makeTicket(ctx context.Context, c desk.Admitted, in *makeInput) (*madeTicket, error) {
	if _, err := a.visible(ctx, c, in.ID); err != nil {
		return nil, err
	}
	t, err := a.Editor.NewTicket(ctx, c.Caller, in.ID, desk.Status(in.Body.Status))
	if err != nil {
		return nil, err
	}
	return &madeTicket{"/v1/tickets/" + t.TicketID(), writeTicket(t)}, nil
}
