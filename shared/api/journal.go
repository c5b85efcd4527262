package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"deskmove/shared/desk"
)

func (r *routes) journal() {
	add(r, operation{
		id: "list-audit", method: http.MethodGet, path: "/v1/audit", tag: tagLog, roles: admins,
		summary: "Read the audit log",
		description: "Who did what, when and from where, about the newest first: moves, setups, roles, tokens, exports and what was refused. " +
			"Edits of tickets and conversations are with these.\n\nEntries are only ever added, each to one of several chains, in which it has a " +
			"number and the hash of the one before it; of each chain the newest entry comes first. `deskmove audit --verify` reads the heads, " +
			"then all entries, and says what is missing or changed.",
	}, r.api.listAudit)
	add(r, operation{
		id: "list-audit-heads", method: http.MethodGet, path: "/v1/audit/heads", tag: tagLog, roles: admins,
		summary: "Read the heads of the audit log's chains",
		description: "How many entries each chain has, and the hash of its last. Who keeps them elsewhere can show later that nothing that was " +
			"written until then has been changed or taken away.",
	}, r.api.listAuditHeads)
	add(r, operation{
		id: "list-notifications", method: http.MethodGet, path: "/v1/notifications", tag: tagLog, roles: connectors,
		summary: "List what agents are to be told",
		description: "The outbox that a mailer empties: it sends each notification and then marks it as delivered. Without all=true, only " +
			"those that have not been; a page may then have none before the last. Delivered ones are deleted after 30 days. A connector finds those of its channels.",
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
	By        string    `json:"by" example:"ann" doc:"ID of the agent or connector, or deskmove."`
	Role      string    `json:"role,omitempty" enum:"super-admin,agent,connector" example:"super-admin" doc:"In which they did it, by their token; absent of deskmove."`
	Action    string    `json:"action" enum:"start,refuse,rehearse,retry,end,repair,repaired,setup,role-given,role-taken,token,withdraw,export,redrive" example:"start"`
	MoveID    string    `json:"moveId,omitempty" example:"m1795000000000a1b2c3d4"`
	ChannelID string    `json:"channelId,omitempty" example:"support-mail"`
	Detail    string    `json:"detail,omitempty" example:"done" doc:"Such as the reason of a refusal, or what has changed in a setup: + is new, ~ changed, - gone."`
	Address   string    `json:"address,omitempty" example:"203.0.113.7" doc:"From where."`
	Chain     int       `json:"chain" example:"3"`
	Number    int64     `json:"number" example:"17" doc:"1 is a chain's first."`
	Previous  string    `json:"previous,omitempty" doc:"The hash of the chain's entry before; absent of the first."`
	Hash      string    `json:"hash" doc:"SHA-256, in hex, of previous, account, chain, number, id, at in milliseconds since 1970, by, role, action, moveId, channelId, detail and address, each as its length in bytes, a colon, the text and a comma."`
}

func writeAuditEntry(e desk.ChainedEntry) AuditEntry {
	return AuditEntry{
		ID: e.ID, At: e.At, By: e.By, Role: string(e.Role), Action: e.Action, MoveID: e.Move, ChannelID: e.Channel, Detail: e.Detail, Address: e.Address,
		Chain: e.Chain, Number: e.Number, Previous: e.Previous, Hash: e.Hash,
	}
}

// Chained returns the entry as the one of an account, to verify it.
func (e AuditEntry) Chained(account string) desk.ChainedEntry {
	return desk.ChainedEntry{
		AuditEntry: desk.AuditEntry{
			Account: account, ID: e.ID, At: e.At, By: e.By, Role: desk.Role(e.Role), Action: e.Action, Move: e.MoveID, Channel: e.ChannelID,
			Detail: e.Detail, Address: e.Address,
		},
		Chain: e.Chain, Number: e.Number, Previous: e.Previous, Hash: e.Hash,
	}
}

// AuditHead is the head of one of the audit log's chains.
type AuditHead struct {
	Chain  int    `json:"chain" example:"3"`
	Number int64  `json:"number" example:"17" doc:"How many entries it has."`
	Hash   string `json:"hash,omitempty" doc:"Of its last entry; absent if it has none."`
}

// AuditHeads are the heads of an account's audit log.
type AuditHeads struct {
	AccountID string      `json:"accountId" example:"acme"`
	At        time.Time   `json:"at" doc:"When they were read."`
	Heads     []AuditHead `json:"heads" nullable:"false"`
}

func (a *api) listAuditHeads(ctx context.Context, c desk.Admitted, _ *struct{}) (*body[AuditHeads], error) {
	heads, err := a.Journal.AuditHeads(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	w := AuditHeads{AccountID: c.Account, At: a.Now().UTC(), Heads: make([]AuditHead, len(heads))}
	for i, h := range heads {
		w.Heads[i] = AuditHead(h)
	}
	return &body[AuditHeads]{w}, nil
}

type auditInput struct {
	Move   string `query:"move" example:"m1795000000000a1b2c3d4" doc:"Only what was done about this move. Its pages are those of the whole log, so that they may be empty before the last."`
	Cursor string `query:"cursor" doc:"next of the page before; without it, the first page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most items of the page."`
}

func (a *api) listAudit(ctx context.Context, c desk.Admitted, in *auditInput) (*body[list[AuditEntry]], error) {
	after, err := readCursor("audit", in.Cursor)
	if err != nil {
		return nil, err
	}
	es, next, err := a.Journal.AuditLog(ctx, c.Account, after, in.Limit)
	if err != nil {
		return nil, err
	}
	l := list[AuditEntry]{Items: make([]AuditEntry, 0, len(es)), Next: writeCursor("audit", next)}
	for _, e := range es {
		if in.Move == "" || e.Move == in.Move {
			l.Items = append(l.Items, writeAuditEntry(e))
		}
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

func (a *api) listNotifications(ctx context.Context, c desk.Admitted, in *notificationsInput) (*body[list[notification]], error) {
	after, err := readCursor("notifications", in.Cursor)
	if err != nil {
		return nil, err
	}
	read := a.Journal.Unsent
	if in.All {
		read = a.Journal.Outbox
	}
	ns, next, err := read(ctx, c.Account, after, in.Limit)
	if err != nil {
		return nil, err
	}
	l := list[notification]{Items: make([]notification, 0, len(ns)), Next: writeCursor("notifications", next)}
	for _, n := range ns {
		if c.MayUse(n.Channel) {
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

func (a *api) deliver(ctx context.Context, c desk.Admitted, in *deliverInput) (*struct{}, error) {
	if c.Role == desk.ConnectorRole {
		n, err := a.Journal.Notification(ctx, c.Account, in.ID)
		if err == nil && !c.MayUse(n.Channel) {
			err = fmt.Errorf("notification %s: %w", in.ID, desk.ErrNotFound)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, a.Journal.Delivered(ctx, c.Account, in.ID, a.Now())
}
