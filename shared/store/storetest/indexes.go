package storetest

import (
	"fmt"

	"deskmove/shared/store"
)

func index(k *kit) {
	ipk, other := k.prefix+"index", k.prefix+"other"
	a, b := k.key("p", "a"), k.key("p", "b")
	q := store.Query{Table: store.Tickets, PK: ipk, Limit: 10}
	change := func(key store.Key, set store.Attrs, remove ...string) {
		k.must(store.Write{Op: store.Update, Table: store.Tickets, Key: key, Set: set, Remove: remove})
	}
	k.wantIndex(q)
	k.must(store.Write{Table: store.Tickets, Key: a, Set: attrs(store.IndexPK, ipk, store.IndexSK, "2", "x", 1)})
	k.must(store.Write{Table: store.Tickets, Key: b, Set: attrs(store.IndexPK, ipk, "x", 1)}) // lacks a sort key
	k.wantIndex(q, a)
	change(b, attrs(store.IndexSK, "3"))
	k.wantIndex(q, a, b)
	change(b, attrs(store.IndexSK, "1"))
	k.wantIndex(q, b, a)
	change(b, attrs("x", 2)) // leaves the index alone
	k.wantIndex(q, b, a)
	change(b, attrs(store.IndexPK, other))
	k.wantIndex(q, a)
	k.wantIndex(store.Query{Table: store.Tickets, PK: other, Limit: 10}, b)
	change(b, nil, store.IndexPK)
	k.wantIndex(store.Query{Table: store.Tickets, PK: other, Limit: 10})
	change(b, attrs(store.IndexPK, ipk))
	k.wantIndex(q, b, a)
	k.must(store.Write{Table: store.Tickets, Key: b, Set: attrs("x", 3)}) // replaces the item by one outside
	k.wantIndex(q, a)
	k.must(store.Write{Table: store.Tickets, Key: b, Set: attrs(store.IndexPK, ipk, store.IndexSK, "0")})
	k.wantIndex(q, b, a)
	k.must(store.Write{Op: store.Delete, Table: store.Tickets, Key: a})
	k.wantIndex(q, b)
	if err := k.transact(store.Write{Op: store.Delete, Table: store.Tickets, Key: b},
		store.Write{Table: store.Tickets, Key: a, Set: attrs(store.IndexPK, ipk, store.IndexSK, "5")}); err != nil {
		k.Fatal(err)
	}
	k.wantIndex(q, a)
}

func indexKeysOnly(k *kit) {
	ipk, key := k.prefix+"index", k.key("p", "a")
	k.must(store.Write{Table: store.Conversations, Key: key, Set: attrs(store.IndexPK, ipk, store.IndexSK, "é", store.Version, 1, "body", "x")})
	q := store.Query{Table: store.Conversations, PK: ipk, Index: true, Limit: 10}
	k.wantIndex(q, key)
	got := k.all(q)
	if diff := diffAttrs(attrs(store.IndexPK, ipk, store.IndexSK, "é"), got[0].Attrs); diff != "" {
		k.Errorf("index item (-want +got):\n%s", diff)
	}
}

// indexDuplicates has many items under one sort key; their order is any.
func indexDuplicates(k *kit) {
	ipk := k.prefix + "index"
	var ws []store.Write
	for i := range 30 {
		ws = append(ws, store.Write{Table: store.Tickets, Key: k.key(fmt.Sprint("p", i%3), fmt.Sprint(i)),
			Set: attrs(store.IndexPK, ipk, store.IndexSK, fmt.Sprint(i/10))})
	}
	k.must(ws...)
	for limit := range 12 {
		for _, descending := range []bool{false, true} {
			q := store.Query{Table: store.Tickets, Index: true, PK: ipk, Limit: limit + 1, Descending: descending}
			k.eventually(func() string { return duplicatesProblem(k.all(q), q) })
		}
	}
}

func duplicatesProblem(items []store.Item, q store.Query) string {
	seen := map[store.Key]bool{}
	last := ""
	for _, item := range items {
		isk := item.Attrs.Str(store.IndexSK)
		if last != "" && isk != last && (isk < last) != q.Descending {
			return fmt.Sprintf("%q after %q in %+v", isk, last, q)
		}
		last = isk
		seen[item.Key] = true
	}
	if len(items) != 30 || len(seen) != 30 {
		return fmt.Sprintf("%d items with %d keys in %+v, want 30", len(items), len(seen), q)
	}
	return ""
}

func indexBounds(k *kit) {
	ipk := k.prefix + "index"
	var ws []store.Write
	var keys []store.Key
	for i, isk := range awkward {
		keys = append(keys, k.key(fmt.Sprint("p", i%5), fmt.Sprint(100-i))) // in another order than isk
		ws = append(ws, store.Write{Table: store.Tickets, Key: keys[i], Set: attrs(store.IndexPK, ipk, store.IndexSK, isk)})
	}
	k.must(ws...)
	q := store.Query{Table: store.Tickets, PK: ipk, Limit: 4}
	k.wantIndex(q, keys...)
	q.From, q.To = awkward[5], awkward[11]
	k.wantIndex(q, keys[5:12]...)
	q.From, q.To, q.Descending = awkward[30], "", true
	k.wantIndex(q, keys[33], keys[32], keys[31], keys[30])
	q.From, q.To, q.Limit = "", awkward[1], 1
	k.wantIndex(q, keys[1], keys[0])
	q.From, q.To = "aaa", "aaz" // between two
	k.wantIndex(q)
}

func indexesOfTables(k *kit) {
	ipk := k.prefix + "index"
	for i, table := range []store.Table{store.Conversations, store.Tickets, store.Control} {
		k.must(store.Write{Table: table, Key: k.key("p", fmt.Sprint(i)), Set: attrs(store.IndexPK, ipk, store.IndexSK, "x")})
	}
	for i, table := range []store.Table{store.Conversations, store.Tickets, store.Control} {
		k.wantIndex(store.Query{Table: table, PK: ipk, Limit: 10}, k.key("p", fmt.Sprint(i)))
	}
}
