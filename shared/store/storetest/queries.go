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
}
