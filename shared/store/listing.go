package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/move"
)

// List reads a stretch of a channel's listing, from new to old: positions
// after one and down to another, both open if zero, at most about limit of
// them. More says that the stretch goes on after the last one returned.
//
// The listing is an index and may lag behind the conversations. It is kept in
// shards; since every position is in one order over all of them, a stretch is
// named by its two ends alone.
func (s ConversationStore) List(ctx context.Context, account, channel string, after, until move.Position, limit int) (ps []move.Position, more bool, err error) {
	var shards [ListShards][]move.Position
	var next [ListShards]bool
	g, ctx := errgroup.WithContext(ctx)
	for i := range ListShards {
		g.Go(func() (err error) {
			shards[i], next[i], err = s.listShard(ctx, listPK(account, channel, i), after, until, limit/ListShards+8)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, false, fmt.Errorf("list channel %s: %w", channel, err)
	}
	// A shard that has more may go on right after its last position, so that
	// nothing older may be returned before it is read on.
	var edge move.Position
	for i, shard := range shards {
		if last := len(shard) - 1; next[i] && comparePositions(shard[last], edge) > 0 {
			edge, more = shard[last], true
		}
	}
	for _, shard := range shards {
		for _, p := range shard {
			if comparePositions(p, edge) >= 0 {
				ps = append(ps, p)
			}
		}
	}
	slices.SortFunc(ps, func(a, b move.Position) int { return comparePositions(b, a) })
	return ps, more, nil
}

// listShard reads one shard's page; one that has more holds a position.
func (s ConversationStore) listShard(ctx context.Context, pk string, after, until move.Position, limit int) ([]move.Position, bool, error) {
	q := Query{Table: Conversations, Index: true, PK: pk, Descending: true, Limit: limit}
	if !until.IsZero() {
		q.From = listSK(until.Joined, until.ID)
	}
	if !after.IsZero() {
		q.To = listSK(after.Joined, after.ID)
	}
	var ps []move.Position
	for {
		page, err := s.Engine.Query(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, item := range page.Items {
			p, err := readPosition(item.Attrs.Str(IndexSK))
			if err != nil {
				return nil, false, err
			}
			if p != after {
				ps = append(ps, p)
			}
		}
		if page.Next == "" || len(ps) > 0 {
			return ps, page.Next != "", nil
		}
		q.After = page.Next
	}
}

func readPosition(sk string) (move.Position, error) {
	if len(sk) <= 13 {
		return move.Position{}, fmt.Errorf("listing key %q is too short", sk)
	}
	ms, err := strconv.ParseInt(sk[:13], 10, 64)
	if err != nil {
		return move.Position{}, fmt.Errorf("listing key: %w", err)
	}
	return move.Position{Joined: time.UnixMilli(ms).UTC(), ID: sk[13:]}, nil
}

func comparePositions(a, b move.Position) int {
	return cmp.Or(a.Joined.Compare(b.Joined), strings.Compare(a.ID, b.ID))
}
