package move

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"deskmove/shared/desk"
)

// Lister is the step that lists conversations and sends them to the converters in
// batches: a fenced channel's to convert, then again to compare, those that failed
// to retry, and those around the fence for an audit.
type Lister struct {
	Moves  MoveReader
	Source Source
	Ledger interface {
		CursorReader
		BatchReader
		Advance(ctx context.Context, account, job string, from, to Cursor, entries []Entry) error
	}
	Queue Queue
	Phase Phases
	Watch Watcher // nil if nobody watches
	// PerStep is about how many conversations a step lists, and Batch the most
	// conversations of a batch.
	PerStep, Batch int
	Now            func() time.Time
}

// BatchSize is the largest number of conversations in a batch by default.
const BatchSize = 100

// digestBatch is the largest number if tickets are counted by owner: so many
// owners fit into one transaction.
const digestBatch = 90

// listPage is how many conversations are read at a time: a multiple of either
// platform's batch size.
const listPage = 6000

// Step lists from where the job's cursor stands, whoever moved it there. Entries
// and cursor are written together, so that a stretch is entered once; the batches
// are sent after that, and again by Drain if this step stops in between.
func (l Lister) Step(ctx context.Context, r Run) (Run, error) {
	m, err := l.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	r.More = false
	if r.replaced(m) {
		return r, nil
	}
	if m, err = enter(ctx, l.Phase, m, phase(r, m), l.Now()); err != nil {
		return r, err
	}
	for listed := 0; listed < l.PerStep; {
		at, err := l.Ledger.Cursor(ctx, r.Account, r.Job())
		if err != nil || at.Closed {
			return r, err
		}
		n := 1
		if begin := (Cursor{Began: r.Began, Pass: r.Pass}); at.before(begin) {
			err = l.Ledger.Advance(ctx, r.Account, r.Job(), at, begin, nil)
		} else {
			r.Began, r.Pass = at.Began, at.Pass // an execution that continues another goes on where that has come to
			if at.Listed {
				return r, nil
			}
			n, err = l.list(ctx, newPass(r, m), at)
		}
		if err != nil && !errors.Is(err, desk.ErrChanged) { // by another step that lists, too
			return r, err
		}
		listed += n
	}
	r.More = true
	if open, p, err := look(ctx, l.Ledger, r); err == nil {
		tell(ctx, l.Watch, Look{Run: r, Move: m, Progress: p, At: l.Now(), Open: len(open)})
	}
	return r, nil
}

// phase is what people are told that a run does.
func phase(r Run, m desk.Move) desk.Phase {
	switch {
	case m.Choices.Rehearsal:
		return desk.PhaseRehearse
	case r.Pass > 0:
		return desk.PhaseCompare
	}
	return desk.PhaseList
}

// list enters and sends one page after a cursor, and returns how many
// conversations it has.
func (l Lister) list(ctx context.Context, p pass, at Cursor) (int, error) {
	after := at.After
	if after.IsZero() {
		after = p.after
	}
	size := l.Batch
	if p.move.Choices.Notifications == desk.Digest {
		size = min(size, digestBatch)
	}
	ps, more, err := l.Source.page(ctx, p, after, p.until, listPage)
	if err != nil {
		return 0, err
	}
	if most := size * MaxEntries; len(ps) > most { // one transaction enters them
		ps, more = ps[:most], true
	}
	to, entries, batches := at, []Entry(nil), []Batch(nil)
	for some := range slices.Chunk(ps, size) {
		e := Entry{Began: at.Began, Pass: at.Pass, After: after, Until: some[len(some)-1], Count: len(some), SentAt: l.Now()}
		e.ID = EntryID(e.Began, e.Pass, e.Until)
		after, to.After = e.Until, e.Until
		entries, batches = append(entries, e), append(batches, p.batch(e, desk.ConversationIDs(some)))
	}
	to.Listed = !more
	err = l.Ledger.Advance(ctx, p.run.Account, p.run.Job(), at, to, entries)
	if err == nil && len(batches) > 0 {
		err = l.Queue.Send(ctx, batches)
	}
	return max(len(ps), 1), err
}

// EntryID names an entry by its pass and where its stretch ends, so that the IDs of
// a pass sort as their stretches do.
func EntryID(began, pass int, until desk.Position) string {
	return fmt.Sprintf("%d.%d-%013d%s", began, pass, max(until.Joined.UnixMilli(), 0), until.ID)
}

// Source is where the conversations of a pass are listed.
type Source struct {
	Listing interface {
		// List reads a range of a channel's listing, from new to old, as
		// store.ConversationStore.List does.
		List(ctx context.Context, account, channel string, after, until desk.Position, limit int) (ps []desk.Position, more bool, err error)
	}
	Failures FailureReader
}

// pass is what a run lists in one of its passes.
type pass struct {
	run          Run
	move         desk.Move
	kind         Kind
	after, until desk.Position
}

// fenceWindow is how far before and after the fence clocks may be wrong and
// indexes late.
const fenceWindow = 5 * time.Minute

// newPass returns what a run lists now.
func newPass(r Run, m desk.Move) pass {
	p, history := pass{run: r, move: m, kind: Compare}, m.Choices.History == desk.AllHistory
	switch {
	case m.Choices.Rehearsal:
		p.kind = Rehearse
	case r.Late == LateRepair && r.Pass == 1, r.Pass == 0 && r.Began > 0:
		p.kind = Retry
	case r.Late == LateRepair:
		p.until = r.Since
	case r.Late == LateAudit, !history && r.Pass > 0:
		p.after = desk.Position{Joined: m.FencedBy.Add(fenceWindow)}
		p.until = desk.Position{Joined: m.FenceAt.Add(-fenceWindow)}
	case r.Pass == 0:
		p.kind = Convert
	}
	return p
}

// page reads a stretch of a pass: positions after one and down to another, both
// open if zero. A failure's position has no time, but for the beginning of 1970.
func (s Source) page(ctx context.Context, p pass, after, until desk.Position, limit int) ([]desk.Position, bool, error) {
	if p.kind == Convert && p.move.Choices.History != desk.AllHistory {
		return nil, false, nil // history stays in the inbox
	}
	if p.kind != Retry {
		return s.Listing.List(ctx, p.run.Account, p.move.Choices.Channel, after, until, limit)
	}
	fs, more, err := s.Failures.Failures(ctx, p.run.Account, p.run.Move, after.ID, until.ID, limit)
	ps := make([]desk.Position, len(fs))
	for i, f := range fs {
		ps[i] = desk.Position{Joined: time.UnixMilli(0).UTC(), ID: f.Conversation}
	}
	return ps, more, err
}

// batch returns the message of an entry.
func (p pass) batch(e Entry, ids []string) Batch {
	r := p.run
	return Batch{
		Account: r.Account, Move: r.Move, Job: r.Job(), Pass: r.PassID(), Kind: p.kind, Entry: e.ID, Count: e.Count, IDs: ids,
		Again: p.kind == Retry,
	}
}
