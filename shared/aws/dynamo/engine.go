package dynamo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"deskmove/shared/store"
)

// Tables are the names of the tables.
type Tables struct{ Conversations, Control string }

// name returns the name of t, "" if it has none.
func (n Tables) name(t store.Table) string {
	switch t {
	case store.Conversations:
		return n.Conversations
	case store.Control:
		return n.Control
	}
	return ""
}

// table returns which table has a name, "" if none.
func (n Tables) table(name string) store.Table {
	for _, t := range []store.Table{store.Conversations, store.Control} {
		if n.name(t) == name {
			return t
		}
	}
	return ""
}

// Engine is a store.Engine on two tables, and reads their stream again. Its fields may
// be changed before it is used.
type Engine struct {
	// Parallel is the most requests of one call under way at once.
	Parallel int
	// Patience is how long a call goes on, retries included, before it is
	// store.ErrThrottled; the caller's context may end it sooner.
	Patience time.Duration
	// StreamARN names the stream of the conversations. If it is "", the table
	// is asked for it.
	StreamARN string

	client  *dynamodb.Client
	streams *dynamodbstreams.Client
	tables  Tables

	mu    sync.Mutex
	found string // the stream's ARN, as the table said
}

var _ store.Engine = (*Engine)(nil)

// New returns an engine on tables that exist. Clients makes the clients; an
// engine whose stream is not read needs no second one.
func New(client *dynamodb.Client, streams *dynamodbstreams.Client, tables Tables) *Engine {
	return &Engine{Parallel: 32, Patience: 10 * time.Second, client: client, streams: streams, tables: tables}
}

// name returns the name of a table.
func (e *Engine) name(t store.Table) (*string, error) {
	name := e.tables.name(t)
	if name == "" {
		return nil, fmt.Errorf("table %q is unknown or has no name", t)
	}
	return &name, nil
}

// bounded returns a context that ends with ctx or with the engine's patience.
func (e *Engine) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, e.Patience)
}
