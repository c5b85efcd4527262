package support

import (
	"context"
	"slices"
	"time"

	"deskmove/shared/desk"
)

// ConversationList lists conversations.
type ConversationList struct {
	Setups        SetupReader
	Moves         MoveReader
	Conversations ConversationLister
	Frontier      FrontierReader
	Open          *OpenRows
	Now           func() time.Time
}

// FrontierReader says what of a channel's closed conversations a move may have left
// in the inbox: those after the frontier, above which it has settled all, if more,
// and those that failed.
type FrontierReader interface {
	Frontier(ctx context.Context, account, move string) (below desk.Position, more bool, err error)
	FailedIDs(ctx context.Context, account, move string, limit int) ([]string, error)
}

// ConversationFilter selects conversations. Empty fields select all.
type ConversationFilter struct {
	Channel string
	Home    desk.Home // Inbox or HelpDesk
	Status  desk.ConversationStatus
	Owner   *string // agent ID, or "" for nobody
	Tag     string
	Waiting bool // only open ones whose customer waits for an answer
	// ByActivity lists open ones only, those first that were changed last.
	ByActivity bool
}

func (of ConversationFilter) wants(c desk.Conversation) bool {
	return (of.Channel == "" || c.Channel == of.Channel) && (of.Home == "" || c.Home == of.Home) &&
		(of.Status == "" || c.Status == of.Status) && (of.Owner == nil || c.Owner == *of.Owner) && (of.Tag == "" || c.Tags.Has(of.Tag)) && (!of.Waiting || c.Waits()) &&
		(!of.ByActivity || c.IsOpen())
}

// Page reads a page of an account's conversations after a position, the last to
// join their channels first; desk.ErrNotFound if there is no such channel. A page
// of closed ones of an owner, of waiting ones or of a tag may end early: see
// maxLooked.
func (l ConversationList) Page(ctx context.Context, account string, of ConversationFilter, after desk.Position, limit int) (Page[desk.Conversation], error) {
	setup, err := l.Setups.Setup(ctx, account)
	if err != nil {
		return Page[desk.Conversation]{}, err
	}
	cs, err := channels(setup, of.Channel)
	if err != nil {
		return Page[desk.Conversation]{}, err
	}
	pages := list[desk.Conversation]{
		read: func(ctx context.Context, ids []string) (map[string]desk.Conversation, error) {
			return read(ctx, l.Conversations, account, ids, of.wants)
		},
	}
	if of.ByActivity || of.Waiting || of.Home == desk.Inbox && of.Status == desk.Open {
		open := openList{from: l.Conversations, rows: l.Open, account: account, wanted: func(o *Open) bool {
			return (of.Home == "" || o.Home == of.Home) && (of.Channel == "" || o.Channel == of.Channel)
		}}
		if of.Home == desk.Inbox { // elsewhere the open index has the ticket's owner
			open.owner = of.Owner
		}
		if of.ByActivity {
			return open.byActivity(ctx, pages.read, after, limit)
		}
		pages.next, pages.mayBeEmpty = open.next, of.Waiting || of.Tag != ""
		return pages.page(ctx, after, limit)
	}
	pages.mayBeEmpty = of.Status != "" || of.Owner != nil || of.Tag != ""
	if pages.next, err = l.next(ctx, account, cs, of); err != nil {
		return Page[desk.Conversation]{}, err
	}
	return pages.page(ctx, after, limit)
}

// recent is how long a new conversation of a moved channel may at most take to
// reach the help desk: until the daily repair. After that it is among the move's
// failures.
const recent = 25 * time.Hour

// fenceWindow is by how much clocks may differ at the fence.
const fenceWindow = 5 * time.Minute

// next returns the positions that may have conversations of a home, so that a list
// of the inbox need not read all that has moved. What is open in the inbox is in
// the index of what is open, wherever it stands.
func (l ConversationList) next(ctx context.Context, account string, cs []desk.Channel, of ConversationFilter) (func(context.Context, desk.Position, int) ([]desk.Position, bool, error), error) {
	home := of.Home
	var stretches []Stretch
	var failed []desk.Position
	var moved []desk.Channel
	converted := make(map[string]time.Time) // by channel: since when all its history has been converted
	for _, c := range cs {
		if c.Home == desk.Inbox || home == "" {
			if home != desk.HelpDesk {
				stretches = append(stretches, Stretch{Channel: c.ID})
			}
			continue
		}
		m, err := l.Moves.Get(ctx, account, c.Move)
		if err != nil {
			return nil, err
		}
		switch all := m.Choices.History == desk.AllHistory; {
		case home == desk.HelpDesk && all, home == desk.Inbox && !all:
			stretches = append(stretches, Stretch{Channel: c.ID})
		case home == desk.HelpDesk:
			stretches = append(stretches, Stretch{Channel: c.ID, Until: desk.Position{Joined: c.FenceAt}})
		default:
			moved = append(moved, c)
			if converted[c.ID] = m.Entered(desk.PhaseCompare); converted[c.ID].IsZero() {
				converted[c.ID] = l.Now() // at the earliest
			}
			ps, err := l.failed(ctx, account, c)
			if err != nil {
				return nil, err
			}
			failed = append(failed, ps...)
		}
	}
	left := make(map[string][]Stretch) // by channel
	var read time.Time                 // when the open rows were
	listed := func(ctx context.Context, after desk.Position, limit int) ([]desk.Position, bool, error) {
		all := stretches
		for _, c := range moved { // each time, as a move goes on and leaves less
			some, err := l.left(ctx, account, c)
			if err != nil {
				return nil, false, err
			}
			left[c.ID], all = some, append(all[:len(all):len(all)], some...)
		}
		return l.Conversations.ListAll(ctx, account, all, after, limit)
	}
	if len(moved) == 0 {
		return listed, nil
	}
	if of.Status == desk.Closed {
		return merge(listed, those(failed)), nil
	}
	waiting := openList{from: l.Conversations, rows: l.Open, account: account, rare: true, wanted: func(o *Open) bool {
		some, ok := left[o.Channel]
		if !ok || o.Home != desk.Inbox {
			return false
		}
		// Rows above the frontier, or read before all was converted, are of a moment
		// ago: they have most likely moved since.
		return len(some) == 1 && !read.Before(converted[o.Channel]) || slices.ContainsFunc(some, func(s Stretch) bool { return s.holds(o.Position) })
	}}
	open := func(ctx context.Context, after desk.Position, limit int) ([]desk.Position, bool, error) {
		rows, err := l.Open.Of(ctx, account)
		if err != nil {
			return nil, false, err
		}
		read = rows.At
		return waiting.next(ctx, after, limit)
	}
	return merge(listed, those(failed), open), nil
}

// maxFailures is how many failures of a move the inbox's list looks at.
const maxFailures = 1000

// left returns where closed conversations of a moving or moved channel may still be
// in the inbox.
func (l ConversationList) left(ctx context.Context, account string, c desk.Channel) ([]Stretch, error) {
	since := l.Now().Add(-recent)
	if fence := c.FenceAt.Add(-fenceWindow); fence.After(since) {
		since = fence // what came before it is the conversion's
	}
	stretches := []Stretch{{Channel: c.ID, Until: desk.Position{Joined: since}}}
	below, more, err := l.Frontier.Frontier(ctx, account, c.Move)
	if more {
		stretches = append(stretches, Stretch{Channel: c.ID, After: below})
	}
	return stretches, err
}

// failed returns where conversations are that failed.
func (l ConversationList) failed(ctx context.Context, account string, c desk.Channel) (ps []desk.Position, _ error) {
	ids, err := l.Frontier.FailedIDs(ctx, account, c.Move, maxFailures)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	cs, err := l.Conversations.GetMany(ctx, account, ids, false)
	for _, x := range cs {
		if x.Home == desk.Inbox && x.Channel == c.ID {
			ps = append(ps, desk.Position{Joined: x.Joined, ID: x.ID})
		}
	}
	return ps, err
}

// those is a list of the given positions.
func those(ps []desk.Position) func(context.Context, desk.Position, int) ([]desk.Position, bool, error) {
	return func(_ context.Context, after desk.Position, _ int) (rest []desk.Position, _ bool, _ error) {
		for _, p := range ps {
			if after.IsZero() || newer(after, p) {
				rest = append(rest, p)
			}
		}
		return rest, false, nil
	}
}
