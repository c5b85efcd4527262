package move

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Lister is the step that lists a fenced channel's conversations and dispatches
// them in batches.
type Lister struct {
	Moves    MoveReader
	Listing  Listing
	Failures FailureReader
	Dispatch Dispatcher
	Phase    PhaseRecorder
	// PerStep is about how many conversations a step lists, and Batch the most
	// conversations of a batch.
	PerStep, Batch int
}

// listPage is how many conversations are read at a time: a multiple of either
// platform's batch size.
const listPage = 6000

// Step lists from the run's cursor, at first from the fence. A range that is
// listed again gives the same batches, whose entries stay and which are sent
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
	// Conversations that join after the fence are left to the stream. They would
	// shift every batch if the listing started again.
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

// retry dispatches the conversations that failed.
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
