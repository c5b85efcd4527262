package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"deskmove/shared/store"
)

// step is one change of an item, with the shard it came from.
type step struct {
	shard string
	store.Change
}

// follow reads the stream from its beginning, limit changes a call, until it
// has seen n changes of this test's items. It checks that sequence numbers
// differ and that nothing is read twice.
func (k *kit) follow(s store.Stream, limit, n int) []step {
	k.Helper()
	shards, err := s.Shards(k.ctx)
	if err != nil {
		k.Fatal(err)
	}
	after := map[string]string{}
	seen := map[string]bool{}
	var steps []step
	k.eventually(func() string {
		for _, shard := range shards {
			for {
				changes, err := s.Changes(k.ctx, shard, after[shard], limit)
				if err != nil || len(changes) > limit {
					k.Fatalf("shard %s: %d changes, %v", shard, len(changes), err)
				}
				if len(changes) == 0 {
					break
				}
				for _, c := range changes {
					if seen[shard+c.Sequence] {
						k.Fatalf("shard %s: %s came twice", shard, c.Sequence)
					}
					seen[shard+c.Sequence] = true
					if strings.HasPrefix(c.Key.PK, k.prefix) {
						steps = append(steps, step{shard, c})
					}
				}
				after[shard] = changes[len(changes)-1].Sequence
			}
		}
		if len(steps) < n {
			return fmt.Sprintf("%d changes, want %d", len(steps), n)
		}
		return ""
	})
	if len(steps) > n {
		k.Errorf("%d changes, want %d: %+v", len(steps), n, steps)
	}
	return steps
}

// inbox makes attributes of an item that the stream reports.
func inbox(pairs ...any) store.Attrs { return attrs(append([]any{store.Home, "inbox"}, pairs...)...) }

func streamShards(k *kit, s store.Stream) {
	first, err := s.Shards(k.ctx)
	if err != nil || len(first) == 0 {
		k.Fatalf("Shards = %q, %v", first, err)
	}
	for range 20 {
		k.must(store.Write{Table: store.Conversations, Key: k.fresh(), Set: inbox("ver", 1)})
	}
	k.follow(s, 100, 20)
	second, err := s.Shards(k.ctx)
	slices.Sort(first)
	slices.Sort(second)
	if err != nil || !slices.Equal(first, second) || len(slices.Compact(second)) != len(first) {
		k.Errorf("shards were %q and are %q, %v", first, second, err)
	}
}

func streamImages(k *kit, s store.Stream) {
	key := k.key("p", "a")
	put := func(t store.Table, set store.Attrs) { k.must(store.Write{Table: t, Key: key, Set: set}) }
	update := func(set store.Attrs, remove ...string) {
		k.must(store.Write{Op: store.Update, Table: store.Conversations, Key: key, Set: set, Remove: remove})
	}
	i := store.ByChannel
	put(store.Control, inbox("ver", 1)) // another table
	put(store.Conversations, inbox("ver", 1, "s", "é", "b", store.B("\x00"), i.PK, k.prefix+"i", i.SK, "x"))
	update(attrs("more", 1))
	update(attrs("ver", 2), "b", i.SK)
	put(store.Conversations, inbox("ver", 7))
	k.must(store.Write{Op: store.Delete, Table: store.Conversations, Key: key})
	k.must(store.Write{Op: store.Delete, Table: store.Conversations, Key: key}) // nothing to delete
	put(store.Conversations, inbox("ver", 1))

	first := inbox("ver", 1, "s", "é", "b", store.B("\x00"), i.PK, k.prefix+"i", i.SK, "x")
	grown := append(first[:len(first):len(first)], attrs("more", 1)...)
	second := inbox("ver", 2, "s", "é", i.PK, k.prefix+"i", "more", 1)
	want := [][2]store.Attrs{{nil, first}, {first, grown}, {grown, second}, {second, inbox("ver", 7)}, {nil, inbox("ver", 1)}}
	for i, got := range k.follow(s, 100, len(want)) {
		if got.Key != key || (got.Old == nil) != (want[i][0] == nil) || (got.New == nil) != (want[i][1] == nil) {
			k.Errorf("change %d is %+v", i, got)
		}
		if diff := diffAttrs(want[i][0], got.Old) + diffAttrs(want[i][1], got.New); diff != "" {
			k.Errorf("change %d (-want +got):\n%s", i, diff)
		}
		if age := time.Since(got.At); age < -time.Minute || age > time.Hour {
			k.Errorf("change %d is from %s", i, got.At)
		}
	}
}

// streamFilter has items come into the inbox and leave it. What is not there
// afterwards is not reported.
func streamFilter(k *kit, s store.Stream) {
	a, b := k.key("p", "a"), k.key("p", "b")
	update := func(key store.Key, set store.Attrs, remove ...string) {
		k.must(store.Write{Op: store.Update, Table: store.Conversations, Key: key, Set: set, Remove: remove})
	}
	k.must(store.Write{Table: store.Conversations, Key: a, Set: attrs("n", 1, store.Home, "helpdesk")})
	for n := range 5 {
		update(a, attrs("n", n+2))
		k.must(store.Write{Table: store.Conversations, Key: k.fresh(), Set: attrs("n", n)}) // lives nowhere
	}
	update(a, attrs("n", 7, store.Home, "inbox"))
	update(a, attrs("n", 8))
	update(a, attrs("n", 9, store.Home, "helpdesk"))
	update(a, attrs("n", 10), store.Home)
	update(a, attrs("n", 11, store.Home, "inbox"))
	k.must(store.Write{Op: store.Delete, Table: store.Conversations, Key: a})
	if err := k.transact(store.Write{Table: store.Conversations, Key: a, Set: attrs("n", 12, store.Home, "helpdesk")},
		store.Write{Table: store.Conversations, Key: b, Set: inbox("n", 13)}); err != nil {
		k.Fatal(err)
	}
	want := [][2]int64{{6, 7}, {7, 8}, {10, 11}, {0, 13}} // in one partition, so in one shard
	for _, limit := range []int{1, 100} {
		for i, c := range k.follow(s, limit, len(want)) {
			if got := [2]int64{c.Old.Num("n"), c.New.Num("n")}; got != want[i] {
				k.Errorf("change %d is from %d to %d, want %d to %d", i, got[0], got[1], want[i][0], want[i][1])
			}
		}
	}
}

// streamOrder changes several items at once; each has its changes in order
// and in one shard.
func streamOrder(k *kit, s store.Stream) {
	const items, changes = 20, 10
	together(items, func(i int) {
		for range changes {
			err := k.write(store.Write{Op: store.Update, Table: store.Conversations, Key: k.key(fmt.Sprint(i), "a"),
				Set: inbox(), Add: attrs("ver", 1)})
			if err != nil {
				k.Error(err)
			}
		}
	})
	versions, shards := map[store.Key]int64{}, map[store.Key]string{}
	for _, c := range k.follow(s, 7, items*changes) {
		if before, after := c.Old.Num("ver"), c.New.Num("ver"); before != versions[c.Key] || after != before+1 {
			k.Errorf("%q: change from %d to %d after %d", c.Key, before, after, versions[c.Key])
		}
		versions[c.Key] = c.New.Num("ver")
		if shard, ok := shards[c.Key]; ok && shard != c.shard {
			k.Errorf("%q is in shards %s and %s", c.Key, shard, c.shard)
		}
		shards[c.Key] = c.shard
	}
}

// streamResume reads the same changes in pages of several sizes.
func streamResume(k *kit, s store.Stream) {
	var ws []store.Write
	for i := range 40 {
		ws = append(ws, store.Write{Table: store.Conversations, Key: k.key(fmt.Sprint(i), "a"), Set: inbox("ver", i)})
	}
	k.must(ws...)
	all := k.follow(s, 1000, 40)
	for _, limit := range []int{1, 3, 40} {
		if got := k.follow(s, limit, 40); !slices.EqualFunc(all, got, sameStep) {
			k.Errorf("pages of %d give\n%+v, want\n%+v", limit, got, all)
		}
	}
	for i, c := range all { // after any change of a shard comes the next
		rest, err := s.Changes(k.ctx, c.shard, c.Sequence, 1000)
		if err != nil {
			k.Fatal(err)
		}
		for _, later := range all[i+1:] {
			if later.shard == c.shard && !slices.ContainsFunc(rest, func(r store.Change) bool { return r.Sequence == later.Sequence }) {
				k.Errorf("shard %s after %s lacks %s", c.shard, c.Sequence, later.Sequence)
			}
		}
		if slices.ContainsFunc(rest, func(r store.Change) bool { return r.Sequence == c.Sequence }) {
			k.Errorf("shard %s after %s has it again", c.shard, c.Sequence)
		}
	}
}

// streamBetween reads again what lies between two changes of a shard, both
// included.
func streamBetween(k *kit, s store.Stream) {
	var ws []store.Write
	for i := range 40 {
		ws = append(ws, store.Write{Table: store.Conversations, Key: k.key(fmt.Sprint(i), "a"), Set: inbox("ver", i)})
	}
	k.must(ws...)
	shards := map[string][]step{}
	for _, c := range k.follow(s, 1000, 40) {
		shards[c.shard] = append(shards[c.shard], c)
	}
	for shard, steps := range shards {
		for from := range steps {
			for to := from; to < len(steps); to += 3 {
				changes, err := s.Between(k.ctx, shard, steps[from].Sequence, steps[to].Sequence)
				if err != nil {
					k.Fatal(err)
				}
				var got []step
				for _, c := range changes {
					if strings.HasPrefix(c.Key.PK, k.prefix) {
						got = append(got, step{shard, c})
					}
				}
				if !slices.EqualFunc(got, steps[from:to+1], sameStep) {
					k.Errorf("shard %s from %s to %s: %d changes, want %d", shard, steps[from].Sequence, steps[to].Sequence, len(got), to+1-from)
				}
			}
		}
	}
}

func sameStep(a, b step) bool {
	return a.shard == b.shard && a.Sequence == b.Sequence && a.Key == b.Key && diffAttrs(a.New, b.New) == ""
}

func streamTransactions(k *kit, s store.Stream) {
	a, b := k.key("p", "a"), k.key("q", "b")
	if err := k.transact(store.Write{Table: store.Conversations, Key: a, Set: inbox("ver", 1)},
		store.Write{Table: store.Conversations, Key: b, Set: inbox("ver", 1)}); err != nil {
		k.Fatal(err)
	}
	failing := store.Write{Op: store.Update, Table: store.Conversations, Key: a, Set: inbox(), Add: attrs("ver", 1), If: store.Absent()}
	if k.transact(failing) == nil || k.write(failing) == nil {
		k.Error("a condition that fails lets the write pass")
	}
	k.must(store.Write{Op: store.Update, Table: store.Conversations, Key: a, Set: inbox(), Add: attrs("ver", 9)})
	for _, c := range k.follow(s, 100, 3) {
		if v := c.New.Num("ver"); v != 1 && (v != 10 || c.Key != a) {
			k.Errorf("change %+v", c)
		}
	}
}

// streamEnd asks beyond the last change, then for what comes later.
func streamEnd(k *kit, s store.Stream) {
	key := k.key("p", "a")
	add := store.Write{Op: store.Update, Table: store.Conversations, Key: key, Set: inbox(), Add: attrs("ver", 1)}
	k.must(add)
	last := k.follow(s, 100, 1)[0]
	k.must(add)
	k.eventually(func() string {
		changes, err := s.Changes(k.ctx, last.shard, last.Sequence, 1000)
		if err != nil {
			k.Fatal(err)
		}
		for _, c := range changes {
			if c.Key == key && c.New.Num("ver") == 2 {
				return ""
			}
		}
		return "the second change does not come"
	})
}

func streamCancelled(k *kit, s store.Stream) {
	shards, err := s.Shards(k.ctx)
	if err != nil {
		k.Fatal(err)
	}
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	if _, err := s.Changes(ctx, shards[0], "", 1); !errors.Is(err, context.Canceled) {
		k.Errorf("Changes under a cancelled context: %v", err)
	}
}
