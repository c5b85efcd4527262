package support

import (
	"context"
	"fmt"
	"slices"
	"time"

	"deskmove/shared/desk"
)

// TicketList lists the tickets of the help desk.
type TicketList struct {
	Setups        SetupReader
	Conversations ConversationLister
	Open          *OpenRows
}

// TicketFilter selects tickets. Empty fields select all.
type TicketFilter struct {
	Statuses   []desk.Status
	Open       bool    // only those with an open status
	Owner      *string // agent ID, or "" for nobody
	Channel    string
	Provenance desk.Provenance
	DueBefore  time.Time // only those of which something is due before; they come in the order of that
	Tag        string
	Waiting    bool // only open ones whose customer waits for an answer
	ByActivity bool // open ones only, those first that were changed last
}

// wants reports whether a conversation's ticket is one.
func (of TicketFilter) wants(c desk.Conversation) bool {
	t := c.Ticket
	return c.Home == desk.HelpDesk && of.matches(&Open{
		Home: c.Home, Channel: c.Channel, Owner: t.Owner, Status: t.Status, Provenance: t.Provenance, Due: t.Clocks.Due(),
	}) && (!of.Open && !of.ByActivity || !t.Closed) && (of.Tag == "" || c.Tags.Has(of.Tag)) && (!of.Waiting || c.Waits())
}

func (of TicketFilter) matches(o *Open) bool {
	return o.Home == desk.HelpDesk && (len(of.Statuses) == 0 || slices.Contains(of.Statuses, o.Status)) &&
		(of.Owner == nil || o.Owner == *of.Owner) && (of.Channel == "" || o.Channel == of.Channel) &&
		(of.Provenance == "" || o.Provenance == of.Provenance) &&
		(of.DueBefore.IsZero() || !o.Due.IsZero() && o.Due.Before(of.DueBefore))
}

// Page reads a page of an account's tickets after a position, those first whose
// conversations joined their channels last. An unknown status is a
// *desk.InvalidError. A page of closed ones of a status or an owner, of waiting ones or of
// a tag may end early: see maxLooked.
func (l TicketList) Page(ctx context.Context, account string, of TicketFilter, after desk.Position, limit int) (Page[desk.Conversation], error) {
	setup, err := l.Setups.Setup(ctx, account)
	if err != nil {
		return Page[desk.Conversation]{}, err
	}
	onlyOpen, err := of.onlyOpen(setup)
	if err != nil {
		return Page[desk.Conversation]{}, err
	}
	pages := list[desk.Conversation]{
		read: func(ctx context.Context, ids []string) (map[string]desk.Conversation, error) {
			return read(ctx, l.Conversations, account, ids, of.wants)
		},
	}
	stretches, err := moved(setup, of.Channel)
	if err != nil || len(stretches) == 0 {
		return Page[desk.Conversation]{}, err
	}
	open := openList{from: l.Conversations, rows: l.Open, account: account, owner: of.Owner, wanted: of.matches}
	switch {
	case of.ByActivity:
		return open.byActivity(ctx, pages.read, after, limit)
	case !of.DueBefore.IsZero():
		pages.next, pages.mayBeEmpty = l.byDue(account, of), of.Waiting || of.Tag != ""
	case onlyOpen:
		pages.next, pages.mayBeEmpty = open.next, of.Waiting || of.Tag != ""
	default:
		pages.mayBeEmpty = len(of.Statuses) > 0 || of.Owner != nil || of.Provenance != "" || of.Tag != ""
		pages.next = func(ctx context.Context, after desk.Position, limit int) ([]desk.Position, bool, error) {
			return l.Conversations.ListAll(ctx, account, stretches, after, limit)
		}
	}
	return pages.page(ctx, after, limit)
}

// moved returns the listings of the channels that have begun to move.
func moved(setup desk.Setup, only string) (of []Stretch, _ error) {
	cs, err := channels(setup, only)
	for _, c := range cs {
		if c.Home != desk.Inbox {
			of = append(of, Stretch{Channel: c.ID})
		}
	}
	return of, err
}

// onlyOpen reports whether no closed ticket is wanted.
func (of TicketFilter) onlyOpen(setup desk.Setup) (bool, error) {
	open := len(of.Statuses) > 0
	for _, id := range of.Statuses {
		status, _, ok := setup.Status(id)
		if !ok {
			return false, &desk.InvalidError{Field: "status", Code: desk.CodeUnknownID,
				Params: desk.Params{"kind": "status", "value": desk.Truncate(string(id), 80)}, Problem: fmt.Sprintf("status %.80q is unknown", id),
				Remedy: "use a status of a pipeline of the account"}
		}
		open = open && !status.Closed
	}
	return of.Open || of.Waiting || open, nil
}

// byDue returns the positions of tickets in the order in which they are due. Their
// time is when they are due.
func (l TicketList) byDue(account string, of TicketFilter) func(context.Context, desk.Position, int) ([]desk.Position, bool, error) {
	return func(ctx context.Context, after desk.Position, limit int) (ps []desk.Position, more bool, _ error) {
		rows, err := l.Open.Of(ctx, account)
		for _, i := range rows.Due {
			o := &rows.Items[i]
			at := desk.Position{Joined: o.Due, ID: o.ID}
			if !o.Due.Before(of.DueBefore) {
				break // what comes after is due later
			}
			if !of.matches(o) || !after.IsZero() && !newer(at, after) {
				continue
			}
			if len(ps) == limit {
				return ps, true, nil
			}
			ps = append(ps, at)
		}
		return ps, false, err
	}
}
