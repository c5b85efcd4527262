// Package httpapi puts the HTTP API on top of the use cases, for the gateway
// of one machine and for the Lambda function alike.
package httpapi

import (
	"log/slog"
	"net/http"

	"deskmove/shared/api"
	"deskmove/shared/handler"
	"deskmove/shared/move"
	"deskmove/shared/support"
)

// New returns the API of the use cases.
func New(h *handler.Handlers, log *slog.Logger) http.Handler {
	c := h.Cases
	return api.New(api.Deps{
		Setups: c.Setups, Configure: c.Configure, Plan: c.Plan, Start: c.Start, Retry: c.Retry,
		Watch:  move.Watch{Setups: c.Setups, Moves: c.Moves, Ledger: c.Ledger, Now: c.Now},
		Moves:  c.Moves,
		Ledger: c.Ledger,
		Intake: c.Intake, Edits: c.Edits,
		Conversations: c.Conversations, Messages: c.Messages, Tickets: c.Tickets,
		ConversationList: support.ConversationList{Setups: c.Setups, Moves: c.Moves, Conversations: c.Conversations, Now: c.Now},
		TicketList:       support.TicketList{Setups: c.Setups, Tickets: c.Tickets},
		Journal:          c.Journal,
		Health:           c.Check,
		Now:              c.Now, Log: log,
	})
}
