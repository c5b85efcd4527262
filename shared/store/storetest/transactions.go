package storetest

import (
	"errors"
	"fmt"
	"slices"

	"deskmove/shared/store"
)

// transact repeats a transaction that meets another.
func (k *kit) transact(ws ...store.Write) error {
	return k.patiently(func() error { return k.engine.Transact(k.ctx, ws) })
}

func transactions(k *kit) {
	a, b, c := k.key("p", "a"), k.key("p", "b"), k.key("q", "c")
	k.must(store.Write{Table: store.Control, Key: b, Set: attrs("n", 1)},
		store.Write{Table: store.Tickets, Key: c, Set: attrs("n", 1)})
	ws := []store.Write{
		{Op: store.Put, Table: store.Conversations, Key: a, Set: attrs("ver", 1), If: store.Absent()},
		{Op: store.Update, Table: store.Control, Key: b, Add: attrs("n", 1), If: store.Equals("n", store.N(1))},
		{Op: store.Delete, Table: store.Tickets, Key: c, If: store.Exists()},
	}
	if err := k.transact(ws...); err != nil {
		k.Fatal(err)
	}
	wantAll := func() {
		k.Helper()
		k.wantItem(store.Conversations, a, attrs("ver", 1))
		k.wantItem(store.Control, b, attrs("n", 2))
		k.wantItem(store.Tickets, c, nil)
	}
	wantAll()

	// The same key in two tables is two items.
	if err := k.transact(store.Write{Table: store.Tickets, Key: a}, store.Write{Table: store.Control, Key: a}); err != nil {
		k.Error(err)
	}

	// Again, all fail, and nothing is written.
	err := k.transact(ws...)
	failed, ok := errors.AsType[*store.ConditionError](err)
	if !ok || !errors.Is(err, store.ErrCondition) || !slices.Equal(failed.Failed, []int{0, 1, 2}) {
		k.Errorf("second transaction: %v", err)
	}
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
			err := k.transact(ws...)
			if failed, ok := errors.AsType[*store.ConditionError](err); !ok || !slices.Equal(failed.Failed, []int{i}) {
				k.Errorf("op %d at %d: %v", op, i, err)
			}
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
