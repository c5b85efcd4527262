package verify

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/api"
	"deskmove/shared/client"
)

// mostSuspects is how many conversations are read again at most; the findings
// about further ones hold as they are.
const mostSuspects = 10_000

// atOnce is how many single conversations and tickets are read at a time.
const atOnce = 8

func (v *verifier) readConversations(ctx context.Context) error {
	for _, channel := range slices.Sorted(maps.Keys(v.world.channels)) {
		for c, err := range v.api.Conversations(ctx, channel) {
			if err != nil {
				return err
			}
			v.records.all = append(v.records.all, v.records.read(c))
			v.options.Seen(int64(len(v.records.all)))
		}
	}
	v.records.sort()
	return nil
}

func (v *verifier) readTickets(ctx context.Context) error {
	for t, err := range v.api.Tickets(ctx) {
		if err != nil {
			return err
		}
		v.tickets++
		v.options.Seen(int64(len(v.records.all)) + v.tickets)
		r := v.records.find(t.ConversationID)
		if r == nil || t.ID != ticketID(t.ConversationID) {
			v.checks[oneTicket].Checked++
			v.suspects[t.ConversationID] = append(v.suspects[t.ConversationID], t.ID)
			continue
		}
		if r.seen { // it changed while it was listed
			continue
		}
		r.seen = true
		v.first(*r, &t)
	}
	return nil
}

// readLeft checks the conversations whose ticket is not in the help desk's
// list. A ticket made in the inbox is not, until it moves.
func (v *verifier) readLeft(ctx context.Context) error {
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	native := make(chan *api.Ticket)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for t := range native {
			v.first(*v.records.find(t.ConversationID), t)
		}
	}()
	var alone []int
	for i := range v.records.all {
		r := v.records.all[i]
		switch {
		case r.seen:
		case r.moved || !r.ticketed:
			alone = append(alone, i)
		default:
			g.Go(func() error {
				t, err := v.ticket(within, ticketID(r.id))
				if err != nil {
					return err
				}
				if t == nil || t.ConversationID != r.id {
					t = &api.Ticket{ConversationID: r.id} // counts as none
				}
				native <- t
				return nil
			})
		}
	}
	err := g.Wait()
	close(native)
	<-done
	for _, i := range alone {
		v.first(v.records.all[i], nil)
	}
	return err
}

// first checks a conversation in the first pass.
func (v *verifier) first(r record, t *api.Ticket) {
	if t != nil && t.ID == "" {
		t = nil
	}
	p := v.pair(r, t)
	d := v.judge(p)
	for i, looked := range d.looked {
		if looked {
			v.checks[i].Checked++
		}
	}
	switch _, suspect := v.suspects[r.id]; {
	case len(d.found) == 0 && !suspect:
		v.tally(p)
	case suspect || len(v.suspects) < mostSuspects:
		v.suspects[r.id] = append([]string(nil), v.suspects[r.id]...)
	default:
		for _, f := range d.found {
			v.violated(f)
		}
		v.tally(p)
	}
}

// ticket reads one ticket, nil if there is none.
func (v *verifier) ticket(ctx context.Context, id string) (*api.Ticket, error) {
	t, err := v.api.Ticket(ctx, id)
	if client.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &t, nil
}
