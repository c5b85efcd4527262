package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/support"
)

// Deps are the use cases and repositories behind the API.
type Deps struct {
	Setups interface {
		Setup(ctx context.Context, account string) (desk.Setup, error)
		Agent(ctx context.Context, account, id string) (desk.Agent, error)
	}
	Configure interface {
		Account(ctx context.Context, setup desk.Setup) (desk.Setup, error)
	}
	Plan interface {
		Preview(ctx context.Context, account, channel string, choices desk.Choices) (move.Planned, error)
	}
	Start interface {
		Move(ctx context.Context, who desk.Caller, choices desk.Choices, idem move.Idempotency) (desk.Move, error)
	}
	Retry interface {
		Move(ctx context.Context, who desk.Caller, id string) (desk.Move, error)
	}
	Watch interface {
		Move(ctx context.Context, account, id string) (move.Watched, error)
		Notices(ctx context.Context, account string) ([]move.Notice, error)
	}
	Moves interface {
		Get(ctx context.Context, account, id string) (desk.Move, error)
		List(ctx context.Context, account, cursor string, limit int) ([]desk.Move, string, error)
	}
	Ledger interface {
		Failures(ctx context.Context, account, id, cursor string, limit int) ([]move.Failure, string, error)
	}
	Intake interface {
		Message(ctx context.Context, m desk.Message, references []string) (support.Taken, error)
		Append(ctx context.Context, m desk.Message, conversation string) (support.Taken, error)
	}
	Edits interface {
		Conversation(ctx context.Context, who desk.Caller, id string, edit desk.Edit) (desk.Conversation, error)
		Ticket(ctx context.Context, who desk.Caller, id string, edit desk.TicketEdit) (desk.Ticket, error)
		NewTicket(ctx context.Context, who desk.Caller, conversation string, status desk.Status) (desk.Ticket, error)
	}
	Conversations interface {
		Get(ctx context.Context, account, id string) (desk.Conversation, error)
	}
	Messages interface {
		Messages(ctx context.Context, account, conversation string) ([]desk.Message, error)
	}
	Tickets interface {
		Get(ctx context.Context, account, id string) (desk.Ticket, error)
	}
	ConversationList interface {
		Page(ctx context.Context, account string, of support.ListedConversations, after desk.Position, limit int) (support.Page[desk.Conversation], error)
	}
	TicketList interface {
		Page(ctx context.Context, account string, of support.ListedTickets, after desk.Position, limit int) (support.Page[desk.Ticket], error)
	}
	Journal interface {
		AuditLog(ctx context.Context, account, cursor string, limit int) ([]desk.AuditEntry, string, error)
		Outbox(ctx context.Context, account, cursor string, limit int) ([]desk.Notification, string, error)
		Delivered(ctx context.Context, account, id string, at time.Time) error
	}
	// Health reports why the API cannot serve; nil if it never asks.
	Health func(ctx context.Context) error
	// Console serves every path that is not the API's; nil if there is none.
	Console http.Handler
	Now     func() time.Time
	Log     *slog.Logger
}

// api serves the operations.
type api struct{ Deps }

// New returns the API. It takes the caller from the request's context, where
// the gateway has put it (package auth), and never reads a token itself.
func New(d Deps) http.Handler {
	r := newRoutes(&api{d})
	return &server{routes: r.mux, spec: sync.OnceValue(r.mustYAML), console: d.Console, log: d.Log}
}

// OpenAPI returns the description of the API, OpenAPI 3.1 as YAML. It is made
// from the types and is the same every time.
func OpenAPI() ([]byte, error) { return newRoutes(&api{}).yaml() }
