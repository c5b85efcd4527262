package move

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// Survey compares conversations with their tickets, page by page of a
// channel's listing.
type Survey struct {
	Listing       Listing
	Conversations ConversationReader
	Tickets       TicketReader
	Failures      FailureReader
	Now           func() time.Time
}

// settle is how old a change must be before its absence from the help desk is
// held against the stream, which is on the way with the younger ones. A change
// that is as far in the future is of a wrong clock, and says nothing.
const settle = 10 * time.Second

// fenceWindow is how far from the fence clocks and indexes are mistrusted.
const fenceWindow = 5 * time.Minute

// surveyPage is how many conversations are compared at a time.
const surveyPage = 4000

// surveyed is what a page of the listing holds.
type surveyed struct {
	last    desk.Position
	more    bool
	missing []string // conversations that should have a current ticket and marker, and have not
	tally   Tally
}

// window is the part of the listing that concerns a move: all of it, or with
// no history what was taken in around the fence. What came later is the
// stream's, and before nothing moves.
func window(m desk.Move, all bool) (after, until desk.Position) {
	if all {
		return desk.Position{}, desk.Position{}
	}
	return desk.Position{Joined: m.FenceAt.Add(fenceWindow)}, desk.Position{Joined: m.FenceAt.Add(-fenceWindow)}
}

// page surveys one page after a position.
func (s Survey) page(ctx context.Context, rules *RuleSet, after, until desk.Position) (surveyed, error) {
	account := rules.Channel.Account
	ps, more, err := s.Listing.List(ctx, account, rules.Channel.ID, after, until, surveyPage)
	if err != nil || len(ps) == 0 {
		return surveyed{}, err
	}
	ids := desk.ConversationIDs(ps)
	cs, ts, err := s.both(ctx, account, ids)
	if err != nil {
		return surveyed{}, err
	}
	found := surveyed{last: ps[len(ps)-1], more: more, tally: Tally{
		Report: desk.Report{ByStatus: make(map[desk.Status]int64)}, Owners: make(map[string]int64),
	}}
	var old, young []string // not current, by the age of their last change
	now := s.Now()
	for _, c := range cs {
		r := rules.Of(c)
		if !r.Belongs(c) || r.StaysInInbox(c) {
			continue
		}
		t, ok := ts[c.ID]
		moved := ok && c.Home == desk.HelpDesk
		switch current := moved && t.SourceVersion >= c.Version; {
		case !current && now.Sub(c.ChangedAt).Abs() >= settle:
			old = append(old, c.ID)
		case !moved:
			young = append(young, c.ID)
		default:
			if err := found.tally.add(r, c, t); err != nil {
				return surveyed{}, err
			}
		}
	}
	if len(old)+len(young) == 0 {
		return found, nil
	}
	failed, err := s.failed(ctx, account, rules.Move.ID)
	if err != nil {
		return surveyed{}, err
	}
	for _, id := range append(old, young...) {
		if failed[id] { // it waits for an admin's retry
			found.tally.Report.Found++
			found.tally.Report.Failed++
		}
	}
	for _, id := range old { // the young are on their way
		if !failed[id] {
			found.missing = append(found.missing, id)
		}
	}
	return found, nil
}

// both reads conversations and their tickets.
func (s Survey) both(ctx context.Context, account string, ids []string) ([]desk.Conversation, map[string]desk.Ticket, error) {
	var cs []desk.Conversation
	ts := make(map[string]desk.Ticket, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		cs, err = s.Conversations.GetMany(ctx, account, ids, false)
		return err
	})
	g.Go(func() error {
		tids := make([]string, len(ids))
		for i, id := range ids {
			tids[i] = desk.TicketID(id)
		}
		found, err := s.Tickets.GetMany(ctx, account, tids, false)
		for _, t := range found {
			ts[t.Conversation] = t
		}
		return err
	})
	return cs, ts, g.Wait()
}

// failed reads which conversations of a move have a recorded failure.
func (s Survey) failed(ctx context.Context, account, id string) (map[string]bool, error) {
	failed := make(map[string]bool)
	for cursor := ""; ; {
		fs, next, err := s.Failures.Failures(ctx, account, id, cursor, 1000)
		if err != nil {
			return nil, err
		}
		for _, f := range fs {
			failed[f.Conversation] = true
		}
		if cursor = next; cursor == "" {
			return failed, nil
		}
	}
}

// add counts a conversation that has moved. One whose ticket shows another
// version is counted, but not summed: a reply is on its way, or came between
// the reading of the two.
func (t *Tally) add(r *desk.Rules, c desk.Conversation, ticket desk.Ticket) error {
	rep := &t.Report
	rep.Found++
	switch ticket.Provenance {
	case desk.Native:
		rep.AsIs++
	case desk.Live:
		rep.Redirected++
	default:
		rep.Created++
		if ticket.Clocks.Breached(ticket.Imported) {
			rep.Breaches++
		}
	}
	if ticket.LostOwner != "" {
		rep.OwnersLost++
	}
	rep.ByStatus[ticket.MovedStatus]++
	if ticket.Provenance != desk.Live && ticket.MovedOwner != "" {
		t.Owners[ticket.MovedOwner]++
	}
	if ticket.SourceVersion != c.Version {
		rep.Unsettled++
		return nil
	}
	start, status, owner, err := r.Expected(c, ticket)
	if err != nil {
		return err
	}
	t.Inbox += desk.Checksum(c.ID, start, status, owner)
	t.Desk += ticket.Checksum()
	return nil
}

// sum adds tallies up.
func sum(ts []Tally) Tally {
	total := Tally{Report: desk.Report{ByStatus: make(map[desk.Status]int64)}, Owners: make(map[string]int64)}
	r := &total.Report
	for _, t := range ts {
		r.Found += t.Report.Found
		r.Created += t.Report.Created
		r.AsIs += t.Report.AsIs
		r.Redirected += t.Report.Redirected
		r.Failed += t.Report.Failed
		r.OwnersLost += t.Report.OwnersLost
		r.Breaches += t.Report.Breaches
		r.Unsettled += t.Report.Unsettled
		for status, n := range t.Report.ByStatus {
			r.ByStatus[status] += n
		}
		for owner, n := range t.Owners {
			total.Owners[owner] += n
		}
		total.Inbox += t.Inbox
		total.Desk += t.Desk
	}
	return total
}
