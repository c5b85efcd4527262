package verify

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/local/clock"
)

// rechecked is a conversation that was read again.
type rechecked struct {
	pair  *pair // nil if there is no such conversation
	found []finding
	fresh bool // changed so recently that more may follow
}

// recheck reads what looked wrong again, until it is right or has had its
// time. The tickets are read before the conversations here, and after them in
// the first pass; what is wrong both ways round is not a matter of timing.
func (v *verifier) recheck(ctx context.Context) error {
	pending := slices.Sorted(maps.Keys(v.suspects))
	deadline := time.Now().Add(v.options.Grace)
	for len(pending) > 0 {
		if err := v.look(ctx); err != nil {
			return err
		}
		looked, err := v.readAgain(ctx, pending)
		if err != nil {
			return err
		}
		var left []string
		fresh := false
		for i, a := range looked {
			if len(a.found) > 0 {
				left = append(left, pending[i])
				fresh = fresh || a.fresh
			} else if a.pair != nil {
				v.tally(*a.pair)
			}
		}
		if len(left) > 0 && fresh && time.Now().Before(deadline) {
			pending = left
			if err := clock.Sleep(ctx, time.Second); err != nil {
				return err
			}
			continue
		}
		for _, a := range looked {
			for _, f := range a.found {
				v.violated(f)
			}
			if len(a.found) > 0 && a.pair != nil {
				v.tally(*a.pair)
			}
		}
		return nil
	}
	return nil
}

func (v *verifier) readAgain(ctx context.Context, ids []string) ([]rechecked, error) {
	type fetched struct {
		conversation *api.Conversation
		ticket       *api.Ticket
		extra        []api.Ticket
	}
	read := make([]fetched, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, id := range ids {
		g.Go(func() (err error) {
			if read[i].ticket, err = v.ticket(ctx, ticketID(id)); err != nil {
				return err
			}
			for _, x := range v.suspects[id] {
				t, err := v.ticket(ctx, x)
				if err != nil {
					return err
				}
				if t != nil && t.ID != ticketID(id) {
					read[i].extra = append(read[i].extra, *t)
				}
			}
			c, err := v.api.Conversation(ctx, id)
			if err == nil {
				read[i].conversation = &c
			} else if client.IsNotFound(err) {
				err = nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	looked := make([]rechecked, len(ids))
	for i, id := range ids {
		f := read[i]
		looked[i] = v.judgeAgain(id, f.conversation, f.ticket, f.extra)
	}
	return looked, nil
}

func (v *verifier) judgeAgain(id string, c *api.Conversation, t *api.Ticket, extra []api.Ticket) rechecked {
	var a rechecked
	for _, x := range extra {
		a.found = append(a.found, finding{oneTicket, x.ID, "it names conversation " + id + ", whose ticket is " + ticketID(id)})
	}
	if c == nil {
		if t != nil {
			a.found = append(a.found, finding{oneTicket, t.ID, "its conversation " + id + " does not exist"})
		}
		return a
	}
	p := v.pair(v.records.read(*c), t)
	a.pair = &p
	a.found = append(a.found, v.judge(p).found...)
	last := c.ChangedAt
	if t != nil {
		for _, at := range []time.Time{t.ImportedAt, editedAt(t)} {
			if at.After(last) {
				last = at
			}
		}
	}
	a.fresh = time.Since(last) < v.options.Grace
	return a
}

func editedAt(t *api.Ticket) time.Time {
	if t.Edited == nil {
		return time.Time{}
	}
	return t.Edited.At
}
