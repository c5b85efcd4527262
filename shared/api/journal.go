package api

import (
	"context"
	"net/http"
	"time"

	"deskmove/shared/desk"
)

func (r *routes) journal() {
	add(r, operation{
		id: "list-audit", method: http.MethodGet, path: "/v1/audit", tag: tagLog, roles: admins,
		summary:     "Read the audit log",
		description: "Every start, refusal, end and retry of a move, the newest first: who, when, what, from where. Entries are only ever added.",
	}, r.api.listAudit)
	add(r, operation{
		id: "list-notifications", method: http.MethodGet, path: "/v1/notifications", tag: tagLog, roles: connectors,
		summary: "List what agents are to be told",
		description: "The outbox that a mailer empties: it sends each notification and then marks it as delivered. Without all=true, only " +
			"those that have not been.",
	}, r.api.listNotifications)
	add(r, operation{
		id: "deliver-notification", method: http.MethodPost, path: "/v1/notifications/{id}/delivered", tag: tagLog, roles: connectors,
		status: http.StatusNoContent, summary: "Mark a notification as delivered", description: "May be repeated.",
	}, r.api.deliver)
}

// AuditEntry is one line of the audit log.
type AuditEntry struct {
	ID        string    `json:"id" example:"start-m1795000000000a1b2c3d4"`
	At        time.Time `json:"at"`
	By        string    `json:"by" example:"ann" doc:"ID of the agent, or deskmove."`
	Action    string    `json:"action" enum:"start,refuse,rehearse,retry,end,repair,repaired" example:"start"`
	MoveID    string    `json:"moveId,omitempty" example:"m1795000000000a1b2c3d4"`
	ChannelID string    `json:"channelId,omitempty" example:"support-mail"`
	Detail    string    `json:"detail,omitempty" example:"done" doc:"Such as the reason of a refusal."`
	Address   string    `json:"address,omitempty" example:"203.0.113.7" doc:"From where."`
}

func (a *api) listAudit(ctx context.Context, c desk.Caller, in *pageInput) (*body[list[AuditEntry]], error) {
	if err := a.superAdmin(ctx, c); err != nil {
		return nil, err
	}
	after, err := readCursor("audit", in.Cursor)
	if err != nil {
		return nil, err
	}
	es, next, err := a.Journal.AuditLog(ctx, c.Account, after, in.Limit)
	if err != nil {
		return nil, err
	}
	l := list[AuditEntry]{Items: make([]AuditEntry, len(es)), Next: writeCursor("audit", next)}
	for i, e := range es {
		l.Items[i] = AuditEntry{e.ID, e.At, e.By, e.Action, e.Move, e.Channel, e.Detail, e.Address}
	}
	return &body[list[AuditEntry]]{l}, nil
}

// notification is a message for agents that waits until a mailer has sent it.
type notification struct {
	ID        string    `json:"id" example:"live-t-c05jg3nrm7gk2v9x0q8s4t" doc:"Derives from what it tells, so that it is told once."`
	Kind      string    `json:"kind" enum:"live,ticket,digest" example:"live" doc:"live: a new conversation's ticket. ticket: a ticket of the move. digest: so many tickets of the move are now the agent's."`
	Agent     string    `json:"agent,omitempty" example:"ann" doc:"For whom; everyone with help desk access if it is absent."`
	TicketID  string    `json:"ticketId,omitempty" example:"t-c05jg3nrm7gk2v9x0q8s4t"`
	Tickets   int64     `json:"tickets,omitempty" example:"37" doc:"Of a digest: how many."`
	MoveID    string    `json:"moveId,omitempty" example:"m1795000000000a1b2c3d4"`
	ChannelID string    `json:"channelId,omitempty" example:"support-mail"`
	At        time.Time `json:"at"`
	SentAt    time.Time `json:"sentAt,omitzero" doc:"When it was marked as delivered; absent until then."`
}

type notificationsInput struct {
	All    bool   `query:"all" doc:"Also those that have been delivered."`
	Cursor string `query:"cursor" doc:"next of the page before; without it, the first page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most items of the page."`
}

func (a *api) listNotifications(ctx context.Context, c desk.Caller, in *notificationsInput) (*body[list[notification]], error) {
	after, err := readCursor("notifications", in.Cursor)
	if err != nil {
		return nil, err
	}
	ns, next, err := a.Journal.Outbox(ctx, c.Account, after, in.Limit)
	if err != nil {
		return nil, err
	}
	l := list[notification]{Items: make([]notification, 0, len(ns)), Next: writeCursor("notifications", next)}
	for _, n := range ns {
		if in.All || n.SentAt.IsZero() {
			l.Items = append(l.Items, writeNotification(n))
		}
	}
	return &body[list[notification]]{l}, nil
}

func writeNotification(n desk.Notification) notification {
	return notification{
		ID: n.ID, Kind: n.Kind, Agent: n.Agent, TicketID: n.Ticket, Tickets: n.Tickets, MoveID: n.Move, ChannelID: n.Channel,
		At: n.At, SentAt: n.SentAt,
	}
}

type deliverInput struct {
	ID string `path:"id" example:"live-t-c05jg3nrm7gk2v9x0q8s4t" doc:"ID of the notification."`
}

func (a *api) deliver(ctx context.Context, c desk.Caller, in *deliverInput) (*struct{}, error) {
	return nil, a.Journal.Delivered(ctx, c.Account, in.ID, a.Now())
}
