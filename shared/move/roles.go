package move

import (
	"context"
	"time"

	"deskmove/shared/desk"
)

// What several use cases need of a store. Package store implements all of it.

// SetupReader reads an account's current setup; desk.ErrNotFound if there is no
// such account.
type SetupReader interface {
	Setup(ctx context.Context, account string) (desk.Setup, error)
}

// MoveReader reads moves, the ID of the move that holds the account's lock ("" if
// none does), and the agents who had help desk access at a move's fence. Errors:
// desk.ErrNotFound.
type MoveReader interface {
	Get(ctx context.Context, account, id string) (desk.Move, error)
	Locked(ctx context.Context, account string) (string, error)
	Access(ctx context.Context, account, id string) (map[string]bool, error)
}

// Successions records the execution that continues a move after execution number
// from; desk.ErrChanged if one has been recorded already.
type Successions interface {
	HandOver(ctx context.Context, r Run, from int) error
}

// ConversationReader reads those of the conversations that exist, in any order. A
// strong read sees all that is committed.
type ConversationReader interface {
	GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error)
}

// TicketReader reads those of the tickets that exist, in any order. A strong read
// sees all that is committed.
type TicketReader interface {
	GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Ticket, error)
}

// BatchReader reads a move's open batches, at most limit, and its counters.
type BatchReader interface {
	Open(ctx context.Context, account, id string, limit int) ([]Entry, error)
	Progress(ctx context.Context, account, id string) (Progress, error)
}

// FailureReader reads a page of a move's failures, and the cursor of the next
// page, "" if there is none.
type FailureReader interface {
	Failures(ctx context.Context, account, id, cursor string, limit int) ([]Failure, string, error)
}

// FailureRecorder records a failure, and replaces an earlier one of the same
// conversation.
type FailureRecorder interface {
	Fail(ctx context.Context, account, id string, f Failure) error
}

// TallyRecorder records a page's tally, and replaces an earlier one of that page.
type TallyRecorder interface {
	Tally(ctx context.Context, account, id string, pass, page int, t Tally) error
}

// Outbox stores notifications. One that exists already is left as it is.
type Outbox interface {
	Notify(ctx context.Context, account string, ns []desk.Notification) error
}

// Phases records a move's phase and when its channel was fenced.
type Phases interface {
	Proceed(ctx context.Context, m desk.Move, phase string, fenceAt time.Time) error
}

// Listing reads a range of a channel's listing, from new to old, as
// store.ConversationStore.List does.
type Listing interface {
	List(ctx context.Context, account, channel string, after, until desk.Position, limit int) (ps []desk.Position, more bool, err error)
}

// Queue delivers batches to the converters, at least once each and in any order.
type Queue interface {
	Send(ctx context.Context, bs []Batch) error
}

// Machine starts executions of the state machine.
type Machine interface {
	// Start starts an execution. It does nothing if one of that name was
	// started before.
	Start(ctx context.Context, name string, r Run) error
	// Running reports whether an execution was started and has not ended.
	Running(ctx context.Context, name string) (bool, error)
}
