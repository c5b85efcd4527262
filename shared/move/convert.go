package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Converter converts batches of conversations to tickets.
type Converter struct {
	Rulebook *Rulebook
	Ensure   Ensure
	Ledger   interface {
		FailureRecorder
		Done(ctx context.Context, b Batch, n Counts) error
		Mend(ctx context.Context, account, id, conversation string) error
	}
	Now func() time.Time
}

// maxReceives is how often a batch is received until an unexpected error is
// recorded as its conversation's failure.
const maxReceives = 3

// Convert converts a batch's conversations. Receives is how often the batch has
// been received, with this time. A conversation that cannot be converted is
// recorded as a failure, and the batch finishes without it (R28). After an error
// the batch must be delivered again, which is safe. The counts include
// conversations that had been converted before.
func (c Converter) Convert(ctx context.Context, b Batch, receives int) (n Counts, _ error) {
	rules, err := c.Rulebook.Rules(ctx, b.Account, b.Move)
	if err != nil {
		return n, err
	}
	var failures []Failure
	for _, o := range c.Ensure.Run(ctx, rules, b.IDs, How{Again: b.Again || receives > 1}) {
		if o.Err == nil {
			n.count(o)
			continue
		}
		f, final := failure(o, c.Now())
		if !final && (receives < maxReceives || temporary(o.Err)) {
			return n, fmt.Errorf("batch %s: %w", b.Entry, o.Err)
		}
		n.Failed++
		failures = append(failures, f)
	}
	if b.Retry {
		if err := c.mend(ctx, b, failures); err != nil {
			return n, err
		}
	}
	for _, f := range failures {
		if err := c.Ledger.Fail(ctx, b.Account, b.Move, f); err != nil {
			return n, err
		}
	}
	return n, c.Ledger.Done(ctx, b, n)
}

// failure returns the failure to record for an error. It is final if the
// conversation itself, strongly read, cannot be converted.
func failure(o Outcome, now time.Time) (_ Failure, final bool) {
	if conversion, ok := errors.AsType[*desk.ConversionError](o.Err); ok {
		return Failure{o.ID, conversion.Code, conversion.Problem + "; " + conversion.Remedy, now}, true
	}
	return Failure{o.ID, CodeUnexpected, "an unexpected error, see the log; try again", now}, false
}

// temporary reports whether an error is retryable, not caused by the
// conversation: the store is busy or out of reach.
func temporary(err error) bool {
	temporary, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && temporary.Temporary() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// mend takes the failures away of those that did not fail again.
func (c Converter) mend(ctx context.Context, b Batch, again []Failure) error {
	failed := make(map[string]bool, len(again))
	for _, f := range again {
		failed[f.Conversation] = true
	}
	for _, id := range b.IDs {
		if failed[id] {
			continue
		}
		if err := c.Ledger.Mend(ctx, b.Account, b.Move, id); err != nil {
			return fmt.Errorf("failure of %s: %w", id, err)
		}
	}
	return nil
}

func (n *Counts) count(o Outcome) {
	switch {
	case o.Stayed:
		n.Stayed++
	case o.Provenance == desk.Native:
		n.AsIs++
	case o.Provenance == desk.Live:
		n.Live++
	default:
		n.Created++
	}
}
