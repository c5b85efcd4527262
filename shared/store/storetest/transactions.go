package storetest

import (
	"fmt"

	"deskmove/shared/store"
)

// transact repeats a transaction that meets another.
func (k *kit) transact(ws ...store.Write) error {
	return k.patiently(func() error { return k.engine.Transact(k.ctx, ws) })
}

func transactions(k *kit) {
	a, b, c := k.key("p", "a"), k.key("p", "b"), k.key("q", "c")
	k.must(store.Write{Table: store.Control, Key: b, Set: attrs("n", 1)},
		store.Write{Table: store.Control, Key: c, Set: attrs("n", 1)})
	ws := []store.Write{
		{Op: store.Put, Table: store.Conversations, Key: a, Set: attrs("ver", 1), If: store.Absent()},
		{Op: store.Update, Table: store.Control, Key: b, Add: attrs("n", 1), If: store.Equals("n", store.N(1))},
		{Op: store.Delete, Table: store.Control, Key: c, If: store.Exists()},
	}
	if err := k.transact(ws...); err != nil {
		k.Fatal(err)
	}
	wantAll := func() {
		k.Helper()
		k.wantItem(store.Conversations, a, attrs("ver", 1))
		k.wantItem(store.Control, b, attrs("n", 2))
		k.wantItem(store.Control, c, nil)
	}
	wantAll()

	// The same key in two tables is two items.
	both := k.key("r", "both")
	if err := k.transact(store.Write{Table: store.Conversations, Key: both}, store.Write{Table: store.Control, Key: both}); err != nil {
		k.Error(err)
	}

	// Again, all fail, and nothing is written.
	k.wantFailed(k.transact(ws...), []int{0, 1, 2}, attrs("ver", 1), attrs("n", 2), nil)
	wantAll()
}

// transactionErrors fails one write of several, at each place and of each
// operation.
func transactionErrors(k *kit) {
	for i := range 4 {
		for op := store.Put; op <= store.Delete; op++ {
			keys := []store.Key{k.fresh(), k.fresh(), k.fresh(), k.fresh()}
			var ws []store.Write
			for _, key := range keys {
				ws = append(ws, store.Write{Table: store.Control, Key: key, Set: attrs("a", 1), If: store.Absent()})
			}
			ws[i].If = store.Exists()
			if ws[i].Op = op; op > store.Update {
				ws[i].Set = nil
			}
			k.wantFailed(k.transact(ws...), []int{i}, nil)
			for _, key := range keys {
				k.wantItem(store.Control, key, nil)
			}
		}
	}
}

func transactionLimit(k *kit) {
	var ws []store.Write
	for i := range 101 {
		ws = append(ws, store.Write{Table: store.Control, Key: k.key("p", fmt.Sprintf("%03d", i)), Set: attrs("i", i)})
	}
	if err := k.transact(ws[:100]...); err != nil {
		k.Fatal(err)
	}
	if got := k.all(store.Query{Table: store.Control, PK: k.prefix + "p", Limit: 200, Read: store.Strong}); len(got) != 100 {
		k.Errorf("%d items", len(got))
	}
	if k.engine.Transact(k.ctx, ws) == nil {
		k.Error("a transaction of 101 writes succeeds")
	}
	k.wantItem(store.Control, ws[100].Key, nil)
}
