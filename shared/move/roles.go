package move

import (
	"context"
	"time"

	"deskmove/shared/desk"
)

// What several use cases need of a store. Package store has all of it.

// SetupReader reads an account's setup as it is now. No account: desk.ErrNotFound.
type SetupReader interface {
	Setup(ctx context.Context, account string) (desk.Setup, error)
}

// MoveReader reads moves, the account's lock, and the agents who had help desk
// access at a move's fence. What is not there: desk.ErrNotFound, but for the
// lock, which is "" then.
type MoveReader interface {
	Get(ctx context.Context, account, id string) (desk.Move, error)
	Locked(ctx context.Context, account string) (string, error)
	Access(ctx context.Context, account, id string) (map[string]bool, error)
}

// Successions names the execution that carries a move on after execution number
// from: desk.ErrChanged if another one has been named already.
type Successions interface {
	HandOver(ctx context.Context, r Run, from int) error
}

// ConversationReader reads the conversations that are there, in any order.
type ConversationReader interface {
	GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error)
}

// TicketReader reads the tickets that are there, in any order.
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

// FailureRecorder records a failure in place of an earlier one of the same
// conversation.
type FailureRecorder interface {
	Fail(ctx context.Context, account, id string, f Failure) error
}

// TallyRecorder records what a page of a pass counted, in place of what was
// recorded of it before.
type TallyRecorder interface {
	Tally(ctx context.Context, account, id string, pass, page int, t Tally) error
}

// Outbox takes notifications; one that is there already stays.
type Outbox interface {
	Notify(ctx context.Context, account string, ns []desk.Notification) error
}

// Phases records what a move does now, and when its channel was fenced.
type Phases interface {
	Proceed(ctx context.Context, m desk.Move, phase string, fenceAt time.Time) error
}

// Listing reads a stretch of a channel's listing, from new to old, as
// store.ConversationStore.List does.
type Listing interface {
	List(ctx context.Context, account, channel string, after, until desk.Position, limit int) (ps []desk.Position, more bool, err error)
}

// Queue takes batches to the converters, at least once each and in
// any order.
type Queue interface {
	Send(ctx context.Context, bs []Batch) error
}

// Machine starts executions of the state machine.
type Machine interface {
	// Start starts an execution. Starting one of a name that was started
	// before does nothing.
	Start(ctx context.Context, name string, r Run) error
	// Running reports whether an execution was started and has not ended.
	Running(ctx context.Context, name string) (bool, error)
}
