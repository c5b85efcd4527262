package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Converter works on batches: it converts conversations to tickets, compares what
// has moved with what should have, and rehearses.
type Converter struct {
	Rulebook Rulebook
	Lander   Lander
	Ledger   interface {
		FailureRecorder
		Done(ctx context.Context, b Batch, f Found) error
		Mark(ctx context.Context, account, job, name string, at time.Time) error
	}
	Now func() time.Time
	// Turn, if not nil, waits until live traffic leaves room for a piece of work, and says
	// how many conversations it may have; 0 is no limit. Done is called at its end.
	Turn func(ctx context.Context) (most int, done func())
}

// maxReceives is how often a batch is received until an unexpected error is
// recorded as its conversation's failure.
const maxReceives = 3

// streamDelay is how long the stream may take to bring a change to the help desk. Only what
// is older, or dated that far into the future by a wrong clock, counts as missing.
const streamDelay = 10 * time.Second

// Do works on a batch. Receives is how often it has been received, with this time.
// A conversation that cannot be converted is recorded as a failure, and the batch
// finishes without it (R28). After an error the batch must be delivered again,
// which is safe. The counts include conversations that had landed before.
func (c Converter) Do(ctx context.Context, b Batch, receives int) (Found, error) {
	rules, err := c.Rulebook.Rules(ctx, b.Account, b.Move)
	if err != nil {
		return Found{}, err
	}
	w := work{Converter: c, Batch: b, rules: rules, receives: receives}
	w.digest = b.Kind == Compare && !b.Late() && rules.Move().Choices.Notifications == desk.Digest
	if b.Kind == Compare {
		w.Lander.Comparing = w.mark
	}
	for left := b.IDs; len(left) > 0 && err == nil; {
		left, err = w.piece(ctx, left)
	}
	if err == nil {
		err = w.record(ctx)
	}
	if err == nil {
		err = c.Ledger.Done(ctx, b, w.found)
	}
	if err != nil {
		if desk.Temporary(err) && !b.Late() {
			_ = c.Ledger.Mark(ctx, b.Account, b.Job, Throttled, c.Now()) // so that people see why it takes so long
		}
		return Found{}, fmt.Errorf("batch %s: %w", b.Entry, err)
	}
	return w.found, nil
}

// work is the work on one batch, and what it found.
type work struct {
	Converter
	Batch
	rules    *desk.Rules
	receives int
	digest   bool
	marked   bool // the pass

	found    Found
	failures []Failure
	settled  []string // conversations that are not failures, or no longer
}

// piece works on as many conversations as it may, and returns the others.
func (w *work) piece(ctx context.Context, ids []string) (left []string, err error) {
	if w.Turn != nil {
		most, done := w.Turn(ctx)
		defer done()
		if 0 < most && most < len(ids) {
			ids, left = ids[:most], ids[most:]
		}
	}
	if w.Kind == Rehearse {
		return left, w.rehearse(ctx, ids)
	}
	return left, w.land(ctx, ids)
}

// land lands conversations and counts what became of them.
func (w *work) land(ctx context.Context, ids []string) error {
	again := w.Again || w.receives > 1 // somebody else may have landed them
	for _, o := range w.Lander.Land(ctx, w.rules, ids, again && w.Kind != Compare) {
		switch {
		case o.Err != nil:
			f, final := failure(o, w.Now())
			if !final && (w.receives < maxReceives || desk.Temporary(o.Err)) {
				return o.Err
			}
			w.found.Failed++
			w.failures = append(w.failures, f)
			if w.Kind == Compare {
				w.found.Found++
			}
			continue
		case o.Stayed:
			w.found.Stayed++
		default:
			w.add(o.Conversation)
			if o.Landed {
				w.found.Landed++
			}
		}
		if w.Kind == Retry || (o.Landed || o.Followed) && (again || w.Kind == Compare) { // it may have failed before
			w.settled = append(w.settled, o.ID)
		}
	}
	return nil
}

// failure returns the failure to record for an error. It is final if the
// conversation itself, strongly read, cannot be converted.
func failure(o Outcome, now time.Time) (_ Failure, final bool) {
	if conversion, ok := errors.AsType[*desk.ConversionError](o.Err); ok {
		return Failure{o.ID, conversion.Code, conversion.Problem + "; " + conversion.Remedy, now}, true
	}
	return Failure{o.ID, CodeUnexpected, "an unexpected error, see the log; try again", now}, false
}

// record keeps what failed, and takes away what failed before and has not now.
func (w *work) record(ctx context.Context) error {
	if len(w.settled) > 0 {
		if err := w.Ledger.Settle(ctx, w.Account, w.Move, w.settled); err != nil {
			return err
		}
	}
	for _, f := range w.failures {
		if err := w.Ledger.Fail(ctx, w.Account, w.Move, f); err != nil {
			return err
		}
	}
	return nil
}
