package support

import (
	"context"
	"fmt"
	"slices"

	"deskmove/shared/desk"
)

// ConversationLister reads lists of conversations, whose order is the time at
// which they joined their channel, the newest first.
type ConversationLister interface {
	ListAll(ctx context.Context, account string, of []Stretch, after desk.Position, limit int) ([]desk.Position, bool, error)
	ListOpen(ctx context.Context, account string, owner *string, after desk.Position, limit int) ([]Open, bool, error)
	GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error)
}

// Stretch is a part of a channel's listing: after a position and down to another,
// both open if zero.
type Stretch struct {
	Channel      string
	After, Until desk.Position
}

// holds reports whether a position is in the stretch.
func (s Stretch) holds(p desk.Position) bool {
	return (s.After.IsZero() || newer(s.After, p)) && (s.Until.IsZero() || !newer(s.Until, p))
}

// read reads conversations and returns the wanted ones. All that are listed exist,
// so one that an eventual read missed is read strongly.
func read(ctx context.Context, from ConversationLister, account string, ids []string, wanted func(desk.Conversation) bool) (map[string]desk.Conversation, error) {
	cs, err := from.GetMany(ctx, account, ids, false)
	if err != nil {
		return nil, err
	}
	if len(cs) < len(ids) {
		more, err := from.GetMany(ctx, account, without(ids, cs), true)
		if err != nil {
			return nil, err
		}
		cs = append(cs, more...)
	}
	found := make(map[string]desk.Conversation, len(cs))
	for _, c := range cs {
		if wanted(c) {
			found[c.ID] = c
		}
	}
	return found, nil
}

// without returns the IDs that none of the conversations has.
func without(ids []string, cs []desk.Conversation) []string {
	there := make(map[string]bool, len(cs))
	for _, c := range cs {
		there[c.ID] = true
	}
	var rest []string
	for _, id := range ids {
		if !there[id] {
			rest = append(rest, id)
		}
	}
	return rest
}

// openList lists what is open of an owner, or of everybody.
type openList struct {
	from    ConversationLister
	rows    *OpenRows
	account string
	owner   *string
	wanted  func(*Open) bool
	rare    bool // few of many are wanted: the rows that are held are asked at once
}

// wantedOf is how many rows of the index are looked at for a page. Where few of many
// are wanted, the rest is taken from the rows that are held.
const wantedOf = 500

// next returns the positions of the wanted ones.
func (l openList) next(ctx context.Context, after desk.Position, limit int) (ps []desk.Position, more bool, _ error) {
	for looked := 0; looked < wantedOf && !l.rare; {
		some, more, err := l.from.ListOpen(ctx, l.account, l.owner, after, max(limit, 500))
		if err != nil {
			return nil, false, err
		}
		for i := range some {
			if l.wants(&some[i]) {
				ps = append(ps, some[i].Position)
			}
		}
		if !more || len(ps) >= limit {
			return ps, more, nil
		}
		looked += len(some)
		after = some[len(some)-1].Position
	}
	rows, err := l.rows.Of(ctx, l.account)
	if err != nil {
		return nil, false, err
	}
	rest, more := rows.positions(after, limit, l.wants)
	if ps = append(ps, rest...); len(ps) > 0 || rows.All {
		return ps, more || !rows.All, nil
	}
	l.rare = false
	return l.next(ctx, rows.Items[len(rows.Items)-1].Position, limit)
}

func (l openList) wants(o *Open) bool { return (l.owner == nil || o.Owner == *l.owner) && l.wanted(o) }

// merge makes one list of several: what several of them have is in it once.
func merge(lists ...func(context.Context, desk.Position, int) ([]desk.Position, bool, error)) func(context.Context, desk.Position, int) ([]desk.Position, bool, error) {
	return func(ctx context.Context, after desk.Position, limit int) ([]desk.Position, bool, error) {
		var all []desk.Position
		var edge desk.Position // nothing older may be returned before a list that has more is read on
		more := false
		for _, next := range lists {
			ps, goesOn, err := next(ctx, after, limit)
			if err != nil {
				return nil, false, err
			}
			all = append(all, ps...)
			if goesOn {
				if last := ps[len(ps)-1]; !more || newer(last, edge) {
					edge = last
				}
				more = true
			}
		}
		slices.SortFunc(all, byNewest)
		all = slices.Compact(all)
		if more {
			all = slices.DeleteFunc(all, func(p desk.Position) bool { return newer(edge, p) })
		}
		return all, more, nil
	}
}

// newer reports whether a comes before b in a list.
func newer(a, b desk.Position) bool {
	if a.Joined.Equal(b.Joined) {
		return a.ID > b.ID
	}
	return a.Joined.After(b.Joined)
}

// byNewest compares places in a list for sorting.
func byNewest(a, b desk.Position) int {
	switch {
	case newer(a, b):
		return -1
	case newer(b, a):
		return 1
	}
	return 0
}

// channels returns an account's channels, or the one that is asked for.
func channels(setup desk.Setup, only string) ([]desk.Channel, error) {
	if only == "" {
		return setup.Channels, nil
	}
	c, ok := setup.Channel(only)
	if !ok {
		return nil, fmt.Errorf("channel %s: %w", only, desk.ErrNotFound)
	}
	return []desk.Channel{c}, nil
}
