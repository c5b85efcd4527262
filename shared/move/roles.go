package move

import (
	"context"
	"time"

	"deskmove/shared/desk"
)

// What several use cases need of a store. Package store implements all of it.

// Rulebook reads the rules of a rehearsal, or of a move that has been fenced.
type Rulebook interface {
	Rules(ctx context.Context, account, id string) (*desk.Rules, error)
}

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

// FailureRecorder records a failure, in place of an earlier one of the same
// conversation, and settles those of conversations that failed no longer.
type FailureRecorder interface {
	Fail(ctx context.Context, account, id string, f Failure) error
	Settle(ctx context.Context, account, id string, conversations []string) error
}

// Phases records a move's phases and when its channel was fenced, unless the move has
// got into another phase or has ended since it was read.
type Phases interface {
	Proceed(ctx context.Context, from, to desk.Move) error
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

// Watcher is told how far steps find moves to be. No step fails for it.
type Watcher interface {
	Looked(ctx context.Context, l Look)
}

// tell tells the watcher, if there is one, how far a move is. What runs after its end is
// told to nobody.
func tell(ctx context.Context, w Watcher, l Look) {
	if w != nil && l.Late == "" {
		w.Looked(ctx, l)
	}
}

// Look is what a step saw of a move's present pass.
type Look struct {
	Run
	Move     desk.Move
	Progress               // of the pass
	At       time.Time     // when it looked
	Open     int           // batches that are not done, counted up to a few hundred
	Waits    desk.WaitCode // what it waits for; "" if for nothing in particular
	Stalled  bool          // nothing has been done since the step looked before
	Ended    bool          // the pass has
}

// Throttled is the name of the mark of a job whose batches meet a busy store.
const Throttled = "throttled"

// Pace returns how long a move that has taken so long may go without a look at how
// far it is: the number of looks grows with the logarithm of its duration.
func Pace(took time.Duration) time.Duration {
	return max(2*time.Second, (took / 100).Round(time.Second))
}

// look reads a job's open batches and the progress of a pass.
func look(ctx context.Context, ledger BatchReader, r Run) ([]Entry, Progress, error) {
	open, err := ledger.Open(ctx, r.Account, r.Job(), openPage)
	if err != nil {
		return nil, Progress{}, err
	}
	p, err := ledger.Progress(ctx, r.Account, r.Job(), r.PassID())
	return open, p, err
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
