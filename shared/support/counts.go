package support

import (
	"context"
	"time"

	"deskmove/shared/desk"
)

// Counter counts what an agent has to work on.
type Counter struct {
	Open *OpenRows
	Now  func() time.Time
}

// Count is a number of conversations or tickets.
type Count struct {
	N       int
	AtLeast bool // there may be more
}

// Counts are the counts of one home.
type Counts struct {
	Open    Count
	Mine    Count
	Unowned Count
	Late    Count // tickets of which something is overdue
}

// Counts counts what is open in the inbox and in the help desk.
func (c Counter) Counts(ctx context.Context, account, agent string) (inbox, helpDesk Counts, _ error) {
	rows, err := c.Open.Of(ctx, account)
	if err != nil {
		return inbox, helpDesk, err
	}
	now := c.Now()
	for i := range rows.Items {
		o, n := &rows.Items[i], &inbox
		if o.Home == desk.HelpDesk {
			n = &helpDesk
		}
		n.Open.N++
		if o.Owner == agent {
			n.Mine.N++
		}
		if o.Owner == "" {
			n.Unowned.N++
		}
		if !o.Due.IsZero() && o.Due.Before(now) {
			n.Late.N++
		}
	}
	for _, n := range []*Counts{&inbox, &helpDesk} {
		for _, count := range []*Count{&n.Open, &n.Mine, &n.Unowned, &n.Late} {
			count.AtLeast = !rows.All
			if count.N > maxCounted {
				*count = Count{maxCounted, true}
			}
		}
	}
	return inbox, helpDesk, nil
}

// maxCounted is where a count ends: people are shown "999+".
const maxCounted = 1000
