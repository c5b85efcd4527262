package storetest

import (
	"fmt"

	"deskmove/shared/store"
)

func index(k *kit) {
	for _, i := range store.Indexes {
		ipk, other := k.prefix+i.Name, k.prefix+i.Name+" other"
		a, b := k.key(i.Name, "a"), k.key(i.Name, "b")
		q := store.Query{Index: i, PK: ipk, Limit: 10}
		change := func(key store.Key, set store.Attrs, remove ...string) {
			k.must(store.Write{Op: store.Update, Table: i.Table, Key: key, Set: set, Remove: remove})
		}
		k.wantIndex(q)
		k.must(store.Write{Table: i.Table, Key: a, Set: attrs(i.PK, ipk, i.SK, "2", "x", 1)})
		k.must(store.Write{Table: i.Table, Key: b, Set: attrs(i.PK, ipk, "x", 1)}) // lacks a sort key
		k.wantIndex(q, a)
		change(b, attrs(i.SK, "3"))
		k.wantIndex(q, a, b)
		change(b, attrs(i.SK, "1"))
		k.wantIndex(q, b, a)
		change(b, attrs("x", 2)) // leaves the index alone
		k.wantIndex(q, b, a)
		change(b, attrs(i.PK, other))
		k.wantIndex(q, a)
		k.wantIndex(store.Query{Index: i, PK: other, Limit: 10}, b)
		change(b, nil, i.PK)
		k.wantIndex(store.Query{Index: i, PK: other, Limit: 10})
		change(b, attrs(i.PK, ipk))
		k.wantIndex(q, b, a)
		k.must(store.Write{Table: i.Table, Key: b, Set: attrs("x", 3)}) // replaces the item by one outside
		k.wantIndex(q, a)
		k.must(store.Write{Table: i.Table, Key: b, Set: attrs(i.PK, ipk, i.SK, "0")})
		k.wantIndex(q, b, a)
		k.must(store.Write{Op: store.Delete, Table: i.Table, Key: a})
		k.wantIndex(q, b)
		if err := k.transact(store.Write{Op: store.Delete, Table: i.Table, Key: b},
			store.Write{Table: i.Table, Key: a, Set: attrs(i.PK, ipk, i.SK, "5")}); err != nil {
			k.Fatal(err)
		}
		k.wantIndex(q, a)
	}
}

// indexesOfOneTable has items in two indexes, which have their sort key in common.
func indexesOfOneTable(k *kit) {
	c, o := store.ByChannel, store.ByOwner
	if c.SK != o.SK {
		k.Fatal("they have sort keys of their own")
	}
	byChannel, byOwner := store.Query{Index: c, PK: k.prefix + "channel", Limit: 10}, store.Query{Index: o, PK: k.prefix + "owner", Limit: 10}
	other := store.Query{Index: o, PK: k.prefix + "other", Limit: 10}
	a, b := k.key("p", "a"), k.key("p", "b")
	change := func(key store.Key, set store.Attrs, remove ...string) {
		k.must(store.Write{Op: store.Update, Table: store.Conversations, Key: key, Set: set, Remove: remove})
	}
	k.must(
		store.Write{Table: store.Conversations, Key: a, Set: attrs(c.PK, byChannel.PK, o.PK, byOwner.PK, c.SK, "1")},
		store.Write{Table: store.Conversations, Key: b, Set: attrs(c.PK, byChannel.PK, o.PK, byOwner.PK, c.SK, "2")},
	)
	k.wantIndex(byChannel, a, b)
	k.wantIndex(byOwner, a, b)
	change(a, attrs(c.SK, "3"))
	k.wantIndex(byChannel, b, a)
	k.wantIndex(byOwner, b, a)
	change(b, nil, o.PK)
	k.wantIndex(byOwner, a)
	k.wantIndex(byChannel, b, a)
	change(b, attrs(o.PK, other.PK))
	k.wantIndex(byOwner, a)
	k.wantIndex(other, b)
	k.wantIndex(byChannel, b, a)
	change(b, attrs(o.PK, byOwner.PK))
	k.wantIndex(byOwner, b, a)
	k.wantIndex(other)
	change(a, nil, c.SK)
	k.wantIndex(byChannel, b)
	k.wantIndex(byOwner, b)
	change(a, attrs(c.SK, "0"))
	k.wantIndex(byChannel, a, b)
	k.wantIndex(byOwner, a, b)
	k.wantIndex(store.Query{Index: o, PK: byChannel.PK, Limit: 10}) // another index's partition
	k.must(store.Write{Op: store.Delete, Table: store.Conversations, Key: b})
	k.wantIndex(byOwner, a)
	k.wantIndex(byChannel, a)
}

// wantEntry waits until a query of an index gives one item with these attributes.
func (k *kit) wantEntry(q store.Query, key store.Key, want store.Attrs) {
	k.Helper()
	q.Table, q.Limit = q.Index.Table, 10
	k.eventually(func() string {
		items := k.all(q)
		if len(items) != 1 || items[0].Key != key {
			return fmt.Sprintf("index %s has %+v", q.Index.Name, items)
		}
		return diffAttrs(want, items[0].Attrs)
	})
}

// indexProjections has an item in all indexes of its table. Each shows its keys
// and what it projects, which changes without its keys.
func indexProjections(k *kit) {
	for _, table := range []store.Table{store.Conversations, store.Control} {
		key := k.key("p", "a")
		is := map[string]store.Value{}
		write := func(op store.Op, set store.Attrs, remove ...string) {
			k.Helper()
			k.must(store.Write{Op: op, Table: table, Key: key, Set: set, Remove: remove})
			if op == store.Put {
				clear(is)
			}
			for _, a := range set {
				is[a.Name] = a.Value
			}
			for _, name := range remove {
				delete(is, name)
			}
			for _, i := range store.Indexes {
				if i.Table != table {
					continue
				}
				var want store.Attrs
				for _, name := range append([]string{i.PK, i.SK}, i.Projects...) {
					if v, ok := is[name]; ok {
						want = want.With(name, v)
					}
				}
				k.wantEntry(store.Query{Index: i, PK: k.prefix + i.Name}, key, want)
			}
		}
		keys := attrs("body", "x", "ver", 1)
		for _, i := range store.Indexes {
			if i.Table == table {
				keys = keys.With(i.PK, store.S(k.prefix+i.Name)).With(i.SK, store.S("é"))
			}
		}
		keys = keys[:len(keys):len(keys)]
		write(store.Put, keys)
		write(store.Update, attrs(store.Home, "inbox", "tst", "open", "due", 7))
		write(store.Update, attrs("own", "ann", "due", 8))
		write(store.Update, attrs("body", "y"))
		write(store.Update, attrs(store.Home, "helpdesk", "body", "z"), "tst")
		write(store.Update, attrs("prov", store.B("\x00"), "tst", ""))
		write(store.Update, attrs("tst", "open"), "prov", "due", "own", store.Home)
		write(store.Put, append(keys, attrs("own", "bob")...))
		write(store.Put, keys)
	}
}

// indexDuplicates has many items under one sort key; their order is any.
func indexDuplicates(k *kit) {
	i, ipk := store.ByDueTime, k.prefix+"index"
	var ws []store.Write
	for n := range 30 {
		ws = append(ws, store.Write{Table: i.Table, Key: k.key(fmt.Sprint("p", n%3), fmt.Sprint(n)),
			Set: attrs(i.PK, ipk, i.SK, fmt.Sprint(n/10))})
	}
	k.must(ws...)
	for limit := range 12 {
		for _, descending := range []bool{false, true} {
			q := store.Query{Table: i.Table, Index: i, PK: ipk, Limit: limit + 1, Descending: descending}
			k.eventually(func() string { return duplicatesProblem(k.all(q), q) })
		}
	}
}

func duplicatesProblem(items []store.Item, q store.Query) string {
	seen := map[store.Key]bool{}
	last := ""
	for _, item := range items {
		isk := item.Attrs.Str(q.Index.SK)
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
	for _, i := range store.Indexes {
		ipk := k.prefix + i.Name
		var ws []store.Write
		var keys []store.Key
		for n, isk := range awkward {
			keys = append(keys, k.key(fmt.Sprint(i.Name, n%5), fmt.Sprint(100-n))) // in another order than isk
			ws = append(ws, store.Write{Table: i.Table, Key: keys[n], Set: attrs(i.PK, ipk, i.SK, isk, "tst", "x")})
		}
		k.must(ws...)
		q := store.Query{Index: i, PK: ipk, Limit: 4}
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
}
