// Package httpapi puts the HTTP API on top of the use cases.
package httpapi

import (
	"log/slog"
	"net/http"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/handler"
	"deskmove/shared/move"
)

// New returns the API of the use cases, for stack.Config.
func New(h *handler.Handlers, log *slog.Logger) http.Handler {
	c := h.Cases
	return api.New(api.Deps{
		Setups: c.Setups, Configure: c.Configure, Plan: c.Plan, Start: c.Start, Retry: c.Retry,
		Watch:  move.Watch{Setups: c.Setups, Moves: c.Moves, Ledger: c.Ledger, Now: time.Now},
		Moves:  c.Moves,
		Ledger: c.Ledger,
		Intake: c.Intake, Edits: c.Edits,
		Conversations: c.Conversations, Messages: c.Messages, Tickets: c.Tickets,
		ConversationList: move.ConversationList{Setups: c.Setups, Moves: c.Moves, Conversations: c.Conversations, Now: time.Now},
		TicketList:       move.TicketList{Setups: c.Setups, Tickets: c.Tickets},
		Journal:          c.Journal,
		Now:              time.Now, Log: log,
	})
}
