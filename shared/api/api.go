package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/metrics"
	"deskmove/shared/progress"
	"deskmove/shared/store"
	"deskmove/shared/support"
)

// UseCases are the use cases and repositories behind the API.
type UseCases struct {
	Planner  admin.Planner
	Starter  admin.Starter
	Retrier  admin.Retrier
	Repairer admin.Repairer
	Monitor  progress.Monitor

	Files            support.Files
	Intake           support.Intake
	Editor           support.Editor
	Accounts         support.Accounts
	Restorer         support.Restorer
	ConversationList support.ConversationList
	TicketList       support.TicketList
	Finder           support.Finder
	Counter          support.Counter
	Volumes          *support.Volumes

	Setups        store.SetupStore
	Conversations store.ConversationStore
	Messages      store.MessageStore
	Moves         store.MoveStore
	Ledger        store.LedgerStore
	Journal       store.JournalStore
	Audit         *support.Journal // for what callers are refused, instead of Journal

	DeadLetters admin.DeadLetters
	Operator    string // account whose super administrators may send those back and see the Recorder's figures; "" lets nobody

	Recorder  *metrics.Recorder // nil where CloudWatch has the figures
	Dashboard string            // where it has them

	// Health reports why the API cannot serve; nil if nothing is checked.
	Health func(ctx context.Context) error
	Now    func() time.Time
	Log    *slog.Logger
}

// api serves the operations.
type api struct{ UseCases }

// New returns the API. It takes the caller from the request's context, where
// the gateway has put it (package auth), and never reads a token itself.
func New(u UseCases) http.Handler {
	r := newRoutes(&api{u})
	return &server{routes: r.mux, spec: sync.OnceValue(r.mustYAML), api: r.api, log: u.Log}
}

// Router returns a function that names the route of a request before it is answered,
// such as "GET /v1/tickets/{id}"; "" if there is none.
func Router() func(*http.Request) string {
	mux := newRoutes(&api{}).mux
	return func(r *http.Request) string {
		_, pattern := mux.Handler(r)
		return pattern
	}
}

// OpenAPI returns the description of the API, OpenAPI 3.1 as YAML. It is made
// from the types and is the same every time.
func OpenAPI() ([]byte, error) { return newRoutes(&api{}).yaml() }
