package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"deskmove/shared/store"
)

// awkward sort keys, in the order of their bytes.
var awkward = []string{
	"\x00", "\x00a", "\x01", " ", "#", "#2", "0", "00", "01", "1", "10", "2", "A", "B", "Z", "a", "a\x00", "a\x00b", "a!", "aa", "ab", "b",
	"b#", "z", "~", "\u007f", "\u0080", "é", "é\x00", "ü", "東", "\uffff", "\U0001F600", "\U0010FFFF",
}

// fill puts items with these sort keys into a partition, in another order.
func (k *kit) fill(pk string, sks []string) {
	var ws []store.Write
	for i := range sks {
		j := (i*7 + 3) % len(sks) // 7 does not divide the lengths used
		ws = append(ws, store.Write{Table: store.Conversations, Key: k.key(pk, sks[j]), Set: attrs("j", j)})
	}
	k.must(ws...)
}

func (k *kit) wantKeys(q store.Query, want []string) {
	k.Helper()
	q.Table, q.PK, q.Read = store.Conversations, k.prefix+q.PK, store.Strong
	if got := sortKeys(k.all(q)); !slices.Equal(got, want) {
		k.Errorf("query %+v gave\n%q, want\n%q", q, got, want)
	}
}

func order(k *kit) {
	if !slices.IsSorted(awkward) || len(awkward)%7 == 0 {
		k.Fatal("fix the test's keys")
	}
	k.fill("p", awkward)
	k.fill("p\x00", []string{"other"}) // neighbours of p
	k.fill("o", []string{"other"})
	k.fill("q", []string{"other"})
	k.wantKeys(store.Query{PK: "p", Limit: 1000}, awkward)
	k.wantKeys(store.Query{PK: "p", Limit: 1000, Descending: true}, reversed(awkward))
	k.wantKeys(store.Query{PK: "none", Limit: 10}, []string{})
	k.wantKeys(store.Query{PK: "none", Limit: 10, Descending: true}, []string{})
}

func reversed(s []string) []string {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}

// bounds tries all pairs of some bounds, with pages of several sizes.
func bounds(k *kit) {
	k.fill("p", awkward)
	ends := []string{"", "\x00", "#1", "0", "a", "a\x00", "az", "é", "\U0001F600", "\U0010FFFF", "\U0010FFFF\x00"}
	for _, from := range ends {
		for _, to := range ends {
			if to != "" && from > to {
				continue // DynamoDB refuses those
			}
			var want []string
			for _, sk := range awkward {
				if sk >= from && (to == "" || sk <= to) {
					want = append(want, sk)
				}
			}
			k.wantKeys(store.Query{PK: "p", From: from, To: to, Limit: 100}, want)
			k.wantKeys(store.Query{PK: "p", From: from, To: to, Limit: 5, Descending: true}, reversed(want))
		}
	}
}

func pages(k *kit) {
	k.fill("p", awkward)
	for limit := 1; limit <= len(awkward)+1; limit++ {
		k.wantKeys(store.Query{PK: "p", Limit: limit}, awkward)
		k.wantKeys(store.Query{PK: "p", Limit: limit, Descending: true}, reversed(awkward))
		k.wantKeys(store.Query{PK: "p", Limit: limit, From: awkward[3], To: awkward[9]}, awkward[3:10])
	}
}

// pagesUnderInserts adds an item on either side of the cursor after each page
// and deletes the cursor's own item.
func pagesUnderInserts(k *kit) {
	for _, descending := range []bool{false, true} {
		pk := fmt.Sprint("p", descending)
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprintf("%02d", i))
		}
		k.fill(pk, want)
		q := store.Query{Table: store.Conversations, PK: k.prefix + pk, Limit: 3, Descending: descending, Read: store.Strong}
		behind, ahead := "%s!", "%s~" // after the last item in order, and before the next
		if descending {
			want = reversed(want)
			behind, ahead = "%s~", "%s"
		}
		var got, added []string
		for range 100 {
			page, err := k.engine.Query(k.ctx, q)
			if err != nil {
				k.Fatal(err)
			}
			got = append(got, sortKeys(page.Items)...)
			if q.After = page.Next; q.After == "" {
				break
			}
			if len(page.Items) == 0 {
				continue
			}
			last := got[len(got)-1]
			k.must(store.Write{Op: store.Delete, Table: store.Conversations, Key: k.key(pk, last)})
			first := got[0] // certainly behind
			k.must(store.Write{Table: store.Conversations, Key: k.key(pk, fmt.Sprintf(behind, first)+last), Set: attrs("late", 1)})
			if !descending && !strings.HasSuffix(last, "~") {
				sk := fmt.Sprintf(ahead, last)
				added = append(added, sk)
				k.must(store.Write{Table: store.Conversations, Key: k.key(pk, sk), Set: attrs("late", 1)})
			}
		}
		seen := map[string]int{}
		for _, sk := range got {
			seen[sk]++
		}
		for _, sk := range append(want, added...) {
			if seen[sk] != 1 {
				k.Errorf("descending %t: %q came %d times in %q", descending, sk, seen[sk], got)
			}
		}
	}
}

// pagesOfLargeItems may be short.
func pagesOfLargeItems(k *kit) {
	var want []string
	for i := range 12 {
		sk := fmt.Sprintf("%02d", i)
		want = append(want, sk)
		k.must(store.Write{Table: store.Conversations, Key: k.key("p", sk), Set: attrs("body", strings.Repeat("x", 300_000))})
	}
	k.wantKeys(store.Query{PK: "p", Limit: 100}, want)
	k.wantKeys(store.Query{PK: "p", Limit: 5, Descending: true}, reversed(want))
}

// forgedCursors asks for pages after what no query gave.
func forgedCursors(k *kit) {
	i, key := store.ByDueTime, k.key("p", "a")
	k.must(store.Write{Table: i.Table, Key: key, Set: attrs(i.PK, key.PK, i.SK, "1")})
	for _, cursor := range []string{"!", "1,1", "W10", "\xff"} {
		_, err := k.engine.Query(k.ctx, store.Query{Table: i.Table, Index: i, PK: key.PK, After: cursor, Limit: 1})
		if !errors.Is(err, store.ErrCursor) {
			k.Errorf("after %q: %v", cursor, err)
		}
	}
	// A cursor of the partition, but beyond the bounds of the query.
	k.fill("q", awkward)
	for _, sk := range []string{"0", "9"} {
		k.must(store.Write{Table: i.Table, Key: k.key("p", sk), Set: attrs(i.PK, key.PK, i.SK, sk)})
	}
	for _, whole := range []store.Query{
		{Table: store.Conversations, PK: k.prefix + "q", Limit: 1, Read: store.Strong},
		{Table: i.Table, Index: i, PK: key.PK, Limit: 1},
	} {
		for _, end := range []bool{false, true} {
			k.eventually(func() string {
				at := whole
				at.Descending = end
				within := whole
				within.From, within.To, within.After = "1", "2", k.page(at).Next
				_, up := k.engine.Query(k.ctx, within)
				within.Descending = true
				if _, down := k.engine.Query(k.ctx, within); within.After == "" || !errors.Is(up, store.ErrCursor) || !errors.Is(down, store.ErrCursor) {
					return fmt.Sprintf("%+v: %v, %v", within, up, down)
				}
				return ""
			})
		}
	}
}

func (k *kit) page(q store.Query) store.Page {
	k.Helper()
	p, err := k.engine.Query(k.ctx, q)
	if err != nil {
		k.Fatal(err)
	}
	return p
}

// wantCount checks a count, in an index once that has caught up.
func (k *kit) wantCount(q store.Query, want int) {
	k.Helper()
	k.eventually(func() string {
		n, err := k.engine.Count(k.ctx, q)
		if n == want && err == nil {
			return ""
		}
		return fmt.Sprintf("count %+v is %d, %v; want %d", q, n, err, want)
	})
}

// counts counts within bounds, up to limits, of a table and of an index.
func counts(k *kit) {
	k.fill("p", awkward)
	k.fill("p\x00", []string{"other"})
	i := store.ByChannel
	for n, isk := range awkward {
		k.must(store.Write{Table: i.Table, Key: k.key(fmt.Sprint("i", n%3), fmt.Sprint(n)), Set: attrs(i.PK, k.prefix+"index", i.SK, isk)})
	}
	k.must(store.Write{Table: i.Table, Key: k.key("i0", "twin"), Set: attrs(i.PK, k.prefix+"index", i.SK, awkward[9])})
	table := store.Query{Table: store.Conversations, PK: k.prefix + "p", Read: store.Strong}
	index := store.Query{Table: i.Table, Index: i, PK: k.prefix + "index"}
	for _, c := range []struct {
		from, to    string
		limit       int
		table, more int // in the table, and how many more the index has
	}{
		{"", "", 1000, len(awkward), 1},
		{"", "", len(awkward), len(awkward), 0},
		{"", "", 5, 5, 0},
		{"", "", 1, 1, 0},
		{awkward[3], awkward[9], 100, 7, 1},
		{awkward[3], awkward[9], 6, 6, 0},
		{awkward[30], "", 100, 4, 0},
		{"", awkward[1], 100, 2, 0},
		{"aaa", "aaz", 100, 0, 0}, // between two
		{"b", "a", 100, 0, 0},
	} {
		for _, descending := range []bool{false, true} {
			for _, q := range []struct {
				store.Query
				want int
			}{{table, c.table}, {index, c.table + c.more}} {
				q.From, q.To, q.Limit, q.Descending, q.After = c.from, c.to, c.limit, descending, "ignored"
				k.wantCount(q.Query, q.want)
			}
		}
	}
	table.PK, index.PK, table.Limit, index.Limit = k.prefix+"none", k.prefix+"none", 10, 10
	k.wantCount(table, 0)
	k.wantCount(index, 0)
}

// countsOfLargeItems spans what a database may read at a time.
func countsOfLargeItems(k *kit) {
	for i := range 12 {
		k.must(store.Write{Table: store.Conversations, Key: k.key("p", fmt.Sprint(i)), Set: attrs("body", strings.Repeat("x", 300_000))})
	}
	q := store.Query{Table: store.Conversations, PK: k.prefix + "p", Limit: 100, Read: store.Strong}
	k.wantCount(q, 12)
	q.Limit = 11
	k.wantCount(q, 11)
}
