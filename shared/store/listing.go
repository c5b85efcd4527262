package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// List reads a stretch of a channel's listing, from new to old: positions
// after one and down to another, both open if zero, at most about limit of
// them. More says that the stretch goes on after the last one returned.
//
// The listing is an index and may lag behind the conversations. It is kept in
// shards; since every position is in one order over all of them, a stretch is
// named by its two ends alone.
func (s ConversationStore) List(ctx context.Context, account, channel string, after, until desk.Position, limit int) (ps []desk.Position, more bool, err error) {
	return s.ListAll(ctx, account, []support.Stretch{{Channel: channel, Until: until}}, after, limit)
}

// ListAll reads stretches of several channels' listings as if they were one, as
// List does.
func (s ConversationStore) ListAll(ctx context.Context, account string, of []support.Stretch, after desk.Position, limit int) (ps []desk.Position, more bool, err error) {
	parts := make([]part, 0, len(of)*ListShards)
	for _, stretch := range of {
		for i := range ListShards {
			parts = append(parts, part{channelPK(account, stretch.Channel, i), position(stretch.After), position(stretch.Until)})
		}
	}
	items, more, err := merged(ctx, s.Engine, Query{Table: Conversations, Index: ByChannel, Limit: limit/ListShards + 8}, parts, position(after))
	if err != nil {
		return nil, false, fmt.Errorf("list %d stretches of %s: %w", len(of), account, err)
	}
	ps = make([]desk.Position, len(items))
	for i, item := range items {
		if ps[i], err = readPosition(item.Attrs.Str(ByChannel.SK)); err != nil {
			return nil, false, err
		}
	}
	return ps, more, nil
}

// Count counts the conversations of a stretch, all of them if they are not more
// than exact. Beyond that one shard is counted on, up to what it has of far: since
// shards spread by hash, it has a sixteenth of them.
func (s ConversationStore) Count(ctx context.Context, account string, of support.Stretch, exact, far int) (desk.Figure, error) {
	var counted [ListShards]int
	var limits [ListShards]int
	g, ctx := errgroup.WithContext(ctx)
	for i := range counted {
		q := Query{Table: Conversations, Index: ByChannel, PK: channelPK(account, of.Channel, i), From: position(of.Until), To: position(of.After)}
		limits[i] = max(exact/ListShards, 1)
		if i == 0 {
			limits[i] = max(limits[i], far/ListShards)
		}
		q.Limit = limits[i]
		g.Go(func() (err error) {
			counted[i], err = s.Engine.Count(ctx, q)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return desk.Figure{}, fmt.Errorf("count channel %s: %w", of.Channel, err)
	}
	sum, ended := 0, true
	for i, n := range counted {
		sum, ended = sum+n, ended && n < limits[i]
	}
	all := counted[0] * ListShards
	switch {
	case ended:
		return desk.Figure{N: int64(sum), Is: desk.Exact}, nil
	case counted[0] < limits[0]:
		return desk.Figure{N: int64(max(sum, all)), Is: desk.Extrapolated}, nil
	}
	// No shard has a hundredth less than its part, where it has ten thousands.
	return desk.Figure{N: int64(max(sum, all-all/100)), Is: desk.AtLeast}, nil
}

// ListOpen reads what is open, in the inbox and the help desk, in the order of
// ListAll: everybody's, or with owner that agent's or, if it is "", nobody's.
func (s ConversationStore) ListOpen(ctx context.Context, account string, owner *string, after desk.Position, limit int) (open []support.Open, more bool, err error) {
	var parts []part
	for group := range ownerGroups + 1 {
		if owner != nil && group != ownerGroup(*owner) {
			continue
		}
		for i := range ownerShards {
			parts = append(parts, part{pk: openPK(account, group, i)})
		}
	}
	q := Query{Table: Conversations, Index: ByOwner, Limit: limit/len(parts) + 8}
	items, more, err := merged(ctx, s.Engine, q, parts, position(after))
	if err != nil {
		return nil, false, fmt.Errorf("list what is open of %s: %w", account, err)
	}
	open = make([]support.Open, len(items))
	for i := range items {
		open[i] = readOpen(&items[i])
	}
	return open, more, nil
}

// readOpen reads an entry of ByOwner.
func readOpen(item *Item) (o support.Open) {
	_, o.ID, _ = ofHeader(item.Key)
	owner, ticketOwner := "", ""
	for i := range item.Attrs {
		v := &item.Attrs[i].Value
		switch item.Attrs[i].Name {
		case ByOwner.SK:
			if p, err := readPosition(v.Str); err == nil {
				o.Joined = p.Joined
			}
		case ByChannel.PK:
			o.Channel = ofChannelPK(v.Str)
		case Home:
			o.Home = desk.Home(v.Str)
		case aOwner:
			owner = v.Str
		case aTicketOwner:
			ticketOwner = v.Str
		case aTicketStatus:
			o.Status = desk.Status(v.Str)
		case aProvenance:
			o.Provenance = desk.Provenance(v.Str)
		case aDue:
			o.Due = v.time()
		}
	}
	if o.Owner = owner; o.Home == desk.HelpDesk {
		o.Owner = ticketOwner
	}
	return o
}

// part is a partition, and the sort keys after which and down to which it is read;
// "" is its end.
type part struct{ pk, after, until string }

// merged reads partitions as one, as q says, from the greatest sort key to the
// least, after one: at most q.Limit items of each. More says that it goes on after
// the last one returned. What changes its partition meanwhile is returned once.
func merged(ctx context.Context, e Engine, q Query, parts []part, after string) ([]Item, bool, error) {
	items, more, err := mergedAll(ctx, e, q, parts, after)
	return slices.CompactFunc(items, func(a, b Item) bool { return q.sortKey(a) == q.sortKey(b) }), more, err
}

func (q Query) sortKey(i Item) string {
	if q.Index != nil {
		return i.Attrs.Str(q.Index.SK)
	}
	return i.Key.SK
}

// mergedAll is merged, but returns all items that have the same sort key.
func mergedAll(ctx context.Context, e Engine, q Query, parts []part, after string) ([]Item, bool, error) {
	type found struct {
		sk string
		Item
	}
	items := make([][]found, len(parts))
	next := make([]bool, len(parts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i, p := range parts {
		from := p.after
		if after != "" && (from == "" || after < from) {
			from = after
		}
		if from != "" && from <= p.until {
			continue
		}
		g.Go(func() error {
			q := q
			q.PK, q.From, q.To, q.Descending = p.pk, p.until, from, true
			for {
				page, err := e.Query(ctx, q)
				if err != nil {
					return err
				}
				for _, item := range page.Items {
					if sk := q.sortKey(item); sk != from {
						items[i] = append(items[i], found{sk, item})
					}
				}
				next[i] = page.Next != ""
				if page.Next == "" || len(items[i]) > 0 {
					return nil
				}
				q.After = page.Next
			}
		})
	}
	if err := g.Wait(); err != nil {
		return nil, false, err
	}
	// A part that has more may go on right after its last key, so that nothing
	// less may be returned before it is read on.
	edge, more := "", false
	for i := range parts {
		if next[i] {
			edge, more = max(edge, items[i][len(items[i])-1].sk), true
		}
	}
	all := slices.Concat(items...)
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(b.sk, a.sk) })
	var merged []Item
	for _, f := range all {
		if f.sk < edge {
			break
		}
		merged = append(merged, f.Item)
	}
	return merged, more, nil
}
