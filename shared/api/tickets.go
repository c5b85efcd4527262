package api

import (
	"context"
	"net/http"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

func (r *routes) tickets() {
	add(r, operation{
		id: "list-tickets", method: http.MethodGet, path: "/v1/tickets", tag: tagTickets, roles: agents,
		summary:     "List the help desk's tickets",
		description: "Tickets in the help desk, the last created first; the ticket of an old conversation counts as old. Needs help desk access.",
		problems:    []error{noAccess()},
	}, r.api.listTickets)
	add(r, operation{
		id: "get-ticket", method: http.MethodGet, path: "/v1/tickets/{id}", tag: tagTickets, roles: agents,
		summary: "Read a ticket", description: "Needs help desk access, unless the ticket is still in the inbox.",
		problems: []error{noAccess()},
	}, r.api.getTicket)
	add(r, operation{
		id: "edit-ticket", method: http.MethodPatch, path: "/v1/tickets/{id}", tag: tagTickets, roles: agents,
		summary: "Set a ticket's status or owner",
		description: "Fields that are absent stay as they are. The owner must have help desk access. While the move is converting the " +
			"ticket's conversation, for a moment, the conversation is edited instead.",
		problems: []error{noAccess(), desk.StillMoving("edit conversation " + exampleConversation + " instead")},
	}, r.api.editTicket)
	add(r, operation{
		id: "make-ticket", method: http.MethodPost, path: "/v1/conversations/{id}/tickets", tag: tagTickets, roles: agents,
		status:  http.StatusCreated,
		summary: "Make a ticket of a conversation in the inbox",
		description: "The ticket stays in the inbox with its conversation, and moves as it is when the channel moves. A conversation that " +
			"has a ticket keeps it, and the answer is that ticket. While a move is converting it, for a moment, it is refused.",
		problems: []error{exampleMoved, noAccess(), desk.StillMoving("try again in a moment")},
	}, r.api.makeTicket)
}

type ticketsInput struct {
	Status string `query:"status" example:"new" doc:"Only tickets with this status of one of the account's pipelines."`
	Owner  string `query:"owner" example:"ann" doc:"Only tickets of this agent."`
	Cursor string `query:"cursor" doc:"next of the page before; without it, the first page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most items of the page."`
}

func (a *api) listTickets(ctx context.Context, c desk.Caller, in *ticketsInput) (*body[list[Ticket]], error) {
	if err := a.helpDesk(ctx, c); err != nil {
		return nil, err
	}
	after, err := readPosition("tickets", in.Cursor)
	if err != nil {
		return nil, err
	}
	p, err := a.TicketList.Page(ctx, c.Account, support.TicketFilter{Status: desk.Status(in.Status), Owner: in.Owner}, after, in.Limit)
	if err != nil {
		return nil, err
	}
	l := list[Ticket]{Items: make([]Ticket, len(p.Items)), Next: writePosition("tickets", p.Last, p.More)}
	for i, t := range p.Items {
		l.Items[i] = writeTicket(t)
	}
	return &body[list[Ticket]]{l}, nil
}

type ticketInput struct {
	ID string `path:"id" example:"t-c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the ticket."`
}

func (a *api) getTicket(ctx context.Context, c desk.Caller, in *ticketInput) (*body[Ticket], error) {
	t, err := a.visibleTicket(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	return &body[Ticket]{writeTicket(t)}, nil
}

// visibleTicket reads a ticket that the caller may see (R21).
func (a *api) visibleTicket(ctx context.Context, c desk.Caller, id string) (desk.Ticket, error) {
	t, err := a.Tickets.Get(ctx, c.Account, id)
	if err != nil {
		return t, err
	}
	agent, err := a.agent(ctx, c)
	if err == nil && !t.VisibleTo(agent) {
		err = noAccess()
	}
	return t, err
}

type ticketEdit struct {
	ID   string `path:"id" example:"t-c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the ticket."`
	Body struct {
		Status *string `json:"status,omitempty" example:"solved" doc:"ID of a status of one of the account's pipelines."`
		Owner  *string `json:"owner,omitempty" example:"ann" doc:"ID of an agent with help desk access; empty for nobody."`
	} `nameHint:"TicketEdit"`
}

func (a *api) editTicket(ctx context.Context, c desk.Caller, in *ticketEdit) (*body[Ticket], error) {
	if _, err := a.visibleTicket(ctx, c, in.ID); err != nil {
		return nil, err
	}
	edit := desk.TicketEdit{Status: (*desk.Status)(in.Body.Status), Owner: in.Body.Owner}
	t, err := a.Editor.EditTicket(ctx, c, in.ID, edit)
	if err != nil {
		return nil, err
	}
	return &body[Ticket]{writeTicket(t)}, nil
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

func (a *api) makeTicket(ctx context.Context, c desk.Caller, in *makeInput) (*madeTicket, error) {
	if _, err := a.visible(ctx, c, in.ID); err != nil {
		return nil, err
	}
	t, err := a.Editor.NewTicket(ctx, c, in.ID, desk.Status(in.Body.Status))
	if err != nil {
		return nil, err
	}
	return &madeTicket{"/v1/tickets/" + t.ID, writeTicket(t)}, nil
}
