package move

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// BatchSize is the most conversations that a batch holds, where an engine does
// not ask for another size.
const BatchSize = 100

// batchOfIDs is the most conversations of a batch whose entry holds their IDs,
// so that the entry is no more than a few kilobytes.
const batchOfIDs = 100

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

// Dispatcher enters batches into the ledger, then sends them.
type Dispatcher struct {
	Ledger interface {
		Add(ctx context.Context, e Entry) error
	}
	Queue Queue
	Now   func() time.Time
}

// atOnce is how many ledger entries are written at the same time.
const atOnce = 32

// Send dispatches conversations, in batches. The entry is in the ledger
// before its batch is in the queue: whatever is lost in between is sent again
// from there.
func (d Dispatcher) Send(ctx context.Context, entries []Entry, ids [][]string) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	batches := make([]Batch, len(entries))
	for i, e := range entries {
		e.SentAt = d.Now()
		batches[i] = Batch{Account: e.Account, Move: e.Move, Entry: e.ID, Count: e.Count, IDs: ids[i], Retry: e.Retry, Again: e.Retry || len(e.IDs) > 0}
		g.Go(func() error { return d.Ledger.Add(gctx, e) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := d.Queue.Send(ctx, batches); err != nil {
		return fmt.Errorf("send %d batches: %w", len(batches), err)
	}
	return nil
}

// SendIDs dispatches conversations that are no stretch of the listing. The batch
// SendIDs derive from why and the conversations.
func (d Dispatcher) SendIDs(ctx context.Context, account, id, why string, retry bool, conversations []string) error {
	var entries []Entry
	var ids [][]string
	for len(conversations) > 0 {
		some := conversations[:min(batchOfIDs, len(conversations))]
		conversations = conversations[len(some):]
		entries = append(entries, Entry{
			Account: account, Move: id, ID: entryID(why, strings.Join(some, ",")), IDs: some, Count: len(some), Retry: retry,
		})
		ids = append(ids, some)
	}
	return d.Send(ctx, entries, ids)
}

func entryID(why, what string) string {
	sum := sha256.Sum256([]byte(what))
	return why + "-" + hex.EncodeToString(sum[:8])
}

// Lister is the step that lists a fenced channel and dispatches what it finds.
type Lister struct {
	Moves    MoveReader
	Listing  Listing
	Failures FailureReader
	Dispatch Dispatcher
	Phase    PhaseRecorder
	// PerStep is about how many conversations a step lists, and Batch how many
	// a batch of them holds at most.
	PerStep, Batch int
}

// listPage is how many conversations are listed at a time: whole batches, of
// a hundred or of some hundred.
const listPage = 6000

// Step lists from the run's cursor on, at first from the fence. Listing a
// stretch again gives the same batches: their entries stay, and they are sent
// again.
func (l Lister) Step(ctx context.Context, r Run) (Run, error) {
	m, err := l.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	if err := l.Phase.Enter(ctx, m, "list"); err != nil {
		return r, err
	}
	if r.Retry {
		return l.retry(ctx, r)
	}
	// What joins after the fence is the stream's, and would shift every batch
	// of a listing that is begun again.
	if r.Cursor.IsZero() {
		r.Cursor = desk.Position{Joined: m.FenceAt.Add(time.Millisecond)}
	}
	for listed := 0; listed < l.PerStep; {
		ps, more, err := l.Listing.List(ctx, r.Account, m.Choices.Channel, r.Cursor, desk.Position{}, listPage)
		if err != nil {
			return r, err
		}
		if err := l.dispatch(ctx, m, r.Cursor, ps); err != nil {
			return r, err
		}
		listed += len(ps)
		if r.More = more; !more {
			r.Cursor = desk.Position{}
			return r, nil
		}
		r.Cursor = ps[len(ps)-1]
	}
	return r, nil
}

func (l Lister) dispatch(ctx context.Context, m desk.Move, after desk.Position, ps []desk.Position) error {
	var entries []Entry
	var ids [][]string
	for len(ps) > 0 {
		some := ps[:min(l.Batch, len(ps))]
		ps = ps[len(some):]
		e := Entry{
			Account: m.Account, Move: m.ID, Channel: m.Choices.Channel, Count: len(some),
			After: after, Until: some[len(some)-1],
		}
		e.ID = entryID("list", fmt.Sprint(e.After, e.Until, e.Count))
		after = e.Until
		entries, ids = append(entries, e), append(ids, desk.ConversationIDs(some))
	}
	return l.Dispatch.Send(ctx, entries, ids)
}

// retry dispatches what failed.
func (l Lister) retry(ctx context.Context, r Run) (Run, error) {
	fs, next, err := l.Failures.Failures(ctx, r.Account, r.Move, r.After, 1000)
	if err != nil {
		return r, err
	}
	ids := make([]string, len(fs))
	for i, f := range fs {
		ids[i] = f.Conversation
	}
	r.After, r.More = next, next != ""
	return r, l.Dispatch.SendIDs(ctx, r.Account, r.Move, fmt.Sprintf("retry%d", r.Run), true, ids)
}

// PhaseRecorder records what a move does now, for people to see.
type PhaseRecorder struct {
	Moves Phases
}

// Enter records a phase unless the move is in it, or has ended.
func (p PhaseRecorder) Enter(ctx context.Context, m desk.Move, phase string) error {
	if m.Phase == phase || m.Status == desk.Done || m.Status == desk.Attention {
		return nil
	}
	return p.Moves.Proceed(ctx, m, phase, m.FenceAt)
}
