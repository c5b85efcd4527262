package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"

	"golang.org/x/sync/errgroup"
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

// ListAll reads the listings of several channels as if they were one, as List
// does, each of them down to its own end.
func (s ConversationStore) ListAll(ctx context.Context, account string, of []support.Stretch, after desk.Position, limit int) (ps []desk.Position, more bool, err error) {
	parts := make([]part, 0, len(of)*ListShards)
	for _, stretch := range of {
		for i := range ListShards {
			parts = append(parts, part{listPK(account, stretch.Channel, i), position(stretch.Until)})
		}
	}
	ps, more, err = descend(ctx, s.Engine, Conversations, parts, after, limit/ListShards+8)
	if err != nil {
		return nil, false, fmt.Errorf("list %d channels of %s: %w", len(of), account, err)
	}
	return ps, more, nil
}

// part is a partition of an index, and the sort key down to which it is read;
// "" is its end.
type part struct{ pk, until string }

// descend reads partitions of a table's index as one, from the greatest sort
// key to the least, after a position: about so many positions of each. More
// says that it goes on after the last one returned. What changes its partition
// meanwhile is returned once.
func descend(ctx context.Context, e Engine, table Table, parts []part, after desk.Position, each int) ([]desk.Position, bool, error) {
	keys := make([][]string, len(parts))
	next := make([]bool, len(parts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i, p := range parts {
		g.Go(func() (err error) {
			keys[i], next[i], err = descendPart(ctx, e, table, p, position(after), each)
			return err
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
			edge, more = max(edge, keys[i][len(keys[i])-1]), true
		}
	}
	all := slices.Concat(keys...)
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(b, a) })
	var ps []desk.Position
	for _, sk := range slices.Compact(all) {
		if sk < edge {
			break
		}
		p, err := readPosition(sk)
		if err != nil {
			return nil, false, err
		}
		ps = append(ps, p)
	}
	return ps, more, nil
}

// descendPart reads one partition's page; one that has more holds a key.
func descendPart(ctx context.Context, e Engine, table Table, p part, after string, limit int) ([]string, bool, error) {
	if after != "" && after <= p.until {
		return nil, false, nil
	}
	q := Query{Table: table, Index: true, PK: p.pk, From: p.until, To: after, Descending: true, Limit: limit}
	var keys []string
	for {
		page, err := e.Query(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, item := range page.Items {
			if sk := item.Attrs.Str(IndexSK); sk != after {
				keys = append(keys, sk)
			}
		}
		if page.Next == "" || len(keys) > 0 {
			return keys, page.Next != "", nil
		}
		q.After = page.Next
	}
}

func readPosition(sk string) (desk.Position, error) {
	if len(sk) < 13 {
		return desk.Position{}, fmt.Errorf("listing key %q is too short", sk)
	}
	ms, err := strconv.ParseInt(sk[:13], 10, 64)
	if err != nil {
		return desk.Position{}, fmt.Errorf("listing key: %w", err)
	}
	return desk.Position{Joined: time.UnixMilli(ms).UTC(), ID: sk[13:]}, nil
}
