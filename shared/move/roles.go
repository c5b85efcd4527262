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

// CursorReader reads how far a job has listed; the zero Cursor if it has not begun.
type CursorReader interface {
	Cursor(ctx context.Context, account, job string) (Cursor, error)
}

// BatchReader reads a job's open batches, at most about limit, and the counters of
// one of its passes.
type BatchReader interface {
	Open(ctx context.Context, account, job string, limit int) ([]Entry, error)
	Progress(ctx context.Context, account, job, pass string) (Progress, error)
}

// FailureReader reads a page of a move's failures, after a conversation and down
// to another, both open if "", the greatest ID first. More says that it goes on
// after the last one.
type FailureReader interface {
	Failures(ctx context.Context, account, id, after, until string, limit int) (fs []Failure, more bool, err error)
}

// FailureRecorder records a failure, and replaces an earlier one of the same
// conversation.
type FailureRecorder interface {
	Fail(ctx context.Context, account, id string, f Failure) error
}

// Outbox stores notifications. One that exists already is left as it is.
type Outbox interface {
	Notify(ctx context.Context, account string, ns []desk.Notification) error
}

// Phases records a move's phases and when its channel was fenced, unless the move has
// got into another phase or has ended since it was read.
type Phases interface {
	Proceed(ctx context.Context, from, to desk.Move) error
	// Alive records that a move's execution is at work, so that the sweeper need not
	// look after it until then. It does nothing if the move has ended, or another
	// execution goes on.
	Alive(ctx context.Context, m desk.Move, until time.Time) error
}

// enter records that a phase has begun, unless that or a later one has already. It
// returns the move as it is then.
func enter(ctx context.Context, moves Phases, m desk.Move, p desk.Phase, at time.Time) (desk.Move, error) {
	to, ok := m.Enter(p, at)
	if !ok {
		return m, nil
	}
	return to, moves.Proceed(ctx, m, to)
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
