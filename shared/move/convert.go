package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Convert carries out batches.
type Convert struct {
	Rulebook *Rulebook
	Ensure   Ensure
	Ledger   interface {
		Done(ctx context.Context, b Batch, n Counts) error
		Fail(ctx context.Context, account, id string, f Failure) error
		Mend(ctx context.Context, account, id, conversation string) error
	}
	Now func() time.Time
}

// patience is how often a batch is received before its failures are recorded
// and it finishes without them.
const patience = 3

// Batch converts the conversations of a batch that was received so many
// times, the first time counting 1. An error asks for the batch to be
// delivered again; what has been done until then does no harm.
func (c Convert) Batch(ctx context.Context, b Batch, receives int) error {
	rules, err := c.Rulebook.Rules(ctx, b.Account, b.Move)
	if err != nil {
		return err
	}
	var n Counts
	var failures []Failure
	for _, o := range c.Ensure.Run(ctx, rules, b.IDs, How{Again: b.Again || receives > 1}) {
		if o.Err == nil {
			n.count(o)
			continue
		}
		f, final := failure(o, c.Now())
		if !final || receives < patience {
			return fmt.Errorf("batch %s: %w", b.Entry, o.Err)
		}
		n.Failed++
		failures = append(failures, f)
	}
	if b.Retry {
		if err := c.mend(ctx, b, failures); err != nil {
			return err
		}
	}
	for _, f := range failures {
		if err := c.Ledger.Fail(ctx, b.Account, b.Move, f); err != nil {
			return err
		}
	}
	return c.Ledger.Done(ctx, b, n)
}

// failure is what is recorded of an error, and whether it is for good. A
// store that is busy or out of reach says nothing about the conversation.
func failure(o Outcome, now time.Time) (Failure, bool) {
	var conversion *desk.ConversionError
	if errors.As(o.Err, &conversion) {
		return Failure{o.ID, conversion.Code, conversion.Problem + "; " + conversion.Do, now}, true
	}
	return Failure{}, false
}

// mend takes the failures away of those that did not fail again.
func (c Convert) mend(ctx context.Context, b Batch, again []Failure) error {
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
