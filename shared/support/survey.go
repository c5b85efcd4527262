package support

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// Survey finds out what a plan must know of a channel (R11), in about the same time
// whatever its size. All of a small channel is read. Of a large one keys are counted
// and what is open is taken from its index, which tells of it all but its breaches;
// the newest conversations stand for those that are closed.
type Survey struct {
	Volumes       *Volumes
	Open          *OpenRows
	Conversations interface {
		ListAll(ctx context.Context, account string, of []Stretch, after desk.Position, limit int) ([]desk.Position, bool, error)
		GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error)
	}
	Now func() time.Time
	// Sample is how many conversations are read at most of the newest, and as many
	// of those that are open.
	Sample int

	held held[surveyKey, desk.PreflightCounts]
}

// surveyKey is what facts are of. They tell of every choice of clocks and of
// notifications.
type surveyKey struct {
	account, channel string
	setup            [sha256.Size]byte
	history          desk.HistoryChoice
	statuses         desk.StatusMap
}

// For how long facts are good, and of how many channels and choices they are kept.
const (
	surveyedFor = time.Minute
	maxSurveyed = 100
)

// Of returns the facts of a channel for some choices, about a minute old at most
// unless they must be fresh. Without history no conversation is read.
func (s *Survey) Of(ctx context.Context, setup desk.Setup, c desk.Channel, choices desk.Choices, fresh bool) (desk.PreflightCounts, error) {
	read := func() (desk.PreflightCounts, error) { return s.read(ctx, setup, c, choices) }
	if fresh {
		return read()
	}
	text, err := json.Marshal(setup)
	if err != nil {
		return desk.PreflightCounts{}, err
	}
	key := surveyKey{c.Account, c.ID, sha256.Sum256(text), choices.History, choices.Statuses}
	return s.held.of(key, maxSurveyed, s.Now, surveyedFor, read)
}

func (s *Survey) read(ctx context.Context, setup desk.Setup, c desk.Channel, choices desk.Choices) (f desk.PreflightCounts, err error) {
	none := desk.Figure{Is: desk.Exact}
	f = desk.PreflightCounts{
		Conversations: none, Open: none, Closed: none, WithTicket: none, OwnedIs: desk.Exact,
		Breaching: &desk.Breaching{FromMove: none, Original: none, None: none},
	}
	if choices.History == desk.AllHistory {
		if f, err = s.history(ctx, setup, c, choices); err != nil {
			return f, err
		}
	}
	f.LeftBehind = make(map[string]desk.Figure)
	for _, other := range setup.ConnectedChannels(c) {
		if f.LeftBehind[other.ID], err = s.Volumes.Count(ctx, c.Account, other.ID); err != nil {
			return f, err
		}
	}
	return f, nil
}

// history returns the facts of what would move.
func (s *Survey) history(ctx context.Context, setup desk.Setup, c desk.Channel, choices desk.Choices) (f desk.PreflightCounts, _ error) {
	ps, more, err := s.Conversations.ListAll(ctx, c.Account, []Stretch{{Channel: c.ID}}, desk.Position{}, s.Sample)
	if err != nil {
		return f, err
	}
	var newest, open []desk.Conversation
	var total desk.Figure
	var rows openOf
	g, within := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		newest, err = s.Conversations.GetMany(within, c.Account, desk.ConversationIDs(ps), false)
		return err
	})
	if more {
		g.Go(func() (err error) {
			total, err = s.Volumes.Count(within, c.Account, c.ID)
			return err
		})
		g.Go(func() (err error) {
			all, err := s.Open.Of(within, c.Account)
			if err != nil {
				return err
			}
			rows = openRowsOf(all, c.ID)
			open, err = s.Conversations.GetMany(within, c.Account, evenly(rows.ids, s.Sample), false)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return f, err
	}
	seen := tallied(newest, setup.Account.Location())
	if more {
		f = seen.scaled(total, rows)
	} else {
		f, open = seen.exactly(), newest
	}
	f.Hourly, f.HourlyOf = seen.hourly, int64(len(newest))
	f.Breaching = breaching(setup, c, choices, f.Open, open, s.Now())
	return f, nil
}

// tally is what was counted of some conversations.
type tally struct {
	open, closed group
	hourly       [7 * 24]int64
}

// group are those that are open, or closed.
type group struct {
	n, withTicket int64
	owned         map[string]int64 // without a ticket, by owner
}

func (g *group) add(owner string, hasTicket bool) {
	g.n++
	if hasTicket {
		g.withTicket++
		return
	}
	if g.owned == nil {
		g.owned = make(map[string]int64)
	}
	g.owned[owner]++
}

func tallied(cs []desk.Conversation, zone *time.Location) (t tally) {
	for _, x := range cs {
		of := &t.closed
		if x.Status == desk.Open {
			of = &t.open
		}
		of.add(x.Owner, x.HasTicket())
		if !x.Started.IsZero() {
			t.hourly[desk.HourOfWeek(x.Started.In(zone))]++
		}
	}
	return t
}

// exactly returns the facts of a channel of which all was read.
func (t tally) exactly() desk.PreflightCounts {
	exact := func(n int64) desk.Figure { return desk.Figure{N: n, Is: desk.Exact} }
	return desk.PreflightCounts{
		Conversations: exact(t.open.n + t.closed.n), Open: exact(t.open.n), Closed: exact(t.closed.n),
		WithTicket: exact(t.open.withTicket + t.closed.withTicket), Owned: added(t.open.owned, t.closed.owned, 1), OwnedIs: desk.Exact,
	}
}

// scaled returns the facts of a channel of which the newest were read: what is open
// is known, and those closed ones that were read stand for all of them.
func (t tally) scaled(total desk.Figure, rows openOf) desk.PreflightCounts {
	total.N = max(total.N, rows.n, t.open.n+t.closed.n) // it is counted a moment earlier or later
	is := desk.Extrapolated
	if total.Is == desk.AtLeast {
		is = desk.AtLeast
	}
	f := desk.PreflightCounts{Conversations: total, Open: desk.Figure{N: rows.n, Is: rows.is}, OwnedIs: is}
	f.Closed = total.Minus(f.Open)
	scale := 0.0
	if t.closed.n > 0 {
		scale = float64(f.Closed.N) / float64(t.closed.n)
	}
	f.WithTicket = desk.Figure{N: rows.withTicket + times(t.closed.withTicket, scale), Is: is}
	f.Owned = added(rows.owned, t.closed.owned, scale)
	return f
}

func times(n int64, scale float64) int64 { return int64(math.Round(float64(n) * scale)) }

// added returns the sum of a and b, of which b is scaled.
func added(a, b map[string]int64, scale float64) map[string]int64 {
	sum := make(map[string]int64, len(a)+len(b))
	for id, n := range a {
		sum[id] += n
	}
	for id, n := range b {
		sum[id] += times(n, scale)
	}
	return sum
}

// openOf is what is open of a channel in the inbox.
type openOf struct {
	group
	is  desk.Certainty
	ids []string
}

func openRowsOf(rows Rows, channel string) openOf {
	of := openOf{is: desk.AtLeast}
	if rows.All {
		of.is = desk.Exact
	}
	for i := range rows.Items {
		if o := &rows.Items[i]; o.Channel == channel && o.Home == desk.Inbox {
			of.add(o.Owner, o.Provenance != "")
			of.ids = append(of.ids, o.ID)
		}
	}
	return of
}

// evenly returns at most n of the IDs, of all ages alike.
func evenly(ids []string, n int) []string {
	if len(ids) <= n {
		return ids
	}
	some := make([]string, n)
	for i := range some {
		some[i] = ids[i*len(ids)/n]
	}
	return some
}

// breaching returns how many of a channel's open conversations would be overdue at
// once with each choice of clocks; some of them stand for all. Without a choice of
// statuses they get those of new tickets. It is nil if the setup has none.
func breaching(setup desk.Setup, c desk.Channel, choices desk.Choices, open desk.Figure, some []desk.Conversation, now time.Time) *desk.Breaching {
	statuses := choices.Statuses
	if statuses == (desk.StatusMap{}) {
		statuses = setup.UsualStatuses(c)
	}
	var b desk.Breaching
	for mode, figure := range map[desk.SLAMode]*desk.Figure{desk.FromMove: &b.FromMove, desk.Original: &b.Original, desk.NoClocks: &b.None} {
		rules, err := desk.NewRules(setup, desk.Move{
			Account: setup.Account.ID, FenceAt: now, Choices: desk.Choices{History: desk.AllHistory, Statuses: statuses, SLA: mode},
		}, c, setup.Access())
		if err != nil {
			return nil
		}
		looked := int64(0)
		for _, x := range some {
			if x.Status != desk.Open {
				continue
			}
			looked++
			if landed, err := rules.Land(x, now); err == nil && landed.Ticket.Breached {
				figure.N++
			}
		}
		figure.Is = open.Is
		if looked < open.N {
			figure.Is = desk.Extrapolated
			figure.N = times(figure.N, float64(open.N)/float64(max(looked, 1)))
		}
	}
	return &b
}
