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

// streamDelay is how long the stream may take to bring a change to the help desk.
// Only older changes count as missing, and those as far in the future, which a
// wrong clock has dated.
const streamDelay = 10 * time.Second

// fenceWindow is how far before and after the fence clocks may be wrong and
// indexes late.
const fenceWindow = 5 * time.Minute

// surveyPage is how many conversations are compared at a time.
const surveyPage = 4000

// surveyed is the result of one page of the listing.
type surveyed struct {
	last    desk.Position
	more    bool
	missing []string // conversations without the current ticket and marker that they should have
	tally   Tally
}

// window returns the part of the listing that concerns a move: all of it, or
// without history the conversations that joined around the fence. Later ones are
// left to the stream, earlier ones do not move.
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
		case !current && now.Sub(c.ChangedAt).Abs() >= streamDelay:
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
		if failed[id] { // only an admin's retry converts it
			found.tally.Report.Found++
			found.tally.Report.Failed++
		}
	}
	for _, id := range old { // the stream brings the young ones
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

// add counts a conversation that has moved. It adds to the checksums unless the
// ticket shows another version, because a reply has not reached it yet or came
// between the two reads.
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

// sum returns the sum of tallies.
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
