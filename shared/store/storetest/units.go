package storetest

import (
	"errors"
	"strings"
	"testing"

	"deskmove/shared/store"
)

// RunUnits tests what is said of the write units that an engine's calls take: that it is
// what DynamoDB's documentation says. Taken returns those so far, of the conversations'
// table and of its index by owner.
func RunUnits(t *testing.T, e store.Engine, taken func() (table, index float64)) {
	k := newKit(t, e)
	key, inTransaction := k.key("p", "s"), k.key("p", "t")
	large := attrs(store.ByOwner.PK, k.prefix+"i", store.ByOwner.SK, "1", "x", strings.Repeat("x", 1500))
	put := store.Write{Table: store.Conversations, Key: key, Set: large}
	putNew := put
	putNew.If = store.Absent()
	update := func(set store.Attrs) store.Write {
		return store.Write{Op: store.Update, Table: store.Conversations, Key: key, Set: set}
	}
	takeAway := store.Write{Op: store.Delete, Table: store.Conversations, Key: key}
	transacted := putNew
	transacted.Key = inTransaction
	for _, c := range []struct {
		name         string
		write        store.Write
		whole, fails bool
		table, index float64
	}{
		{"put a new one of 1.5 KB", putNew, false, false, 2, 1},
		{"put the same again", put, false, false, 2, 0},
		{"update what is not in the index", update(attrs("y", "y")), false, false, 2, 0},
		{"update what the index projects", update(attrs(store.Home, "inbox")), false, false, 2, 1},
		{"update the index's key", update(attrs(store.ByOwner.SK, "2")), false, false, 2, 2},
		{"transact", transacted, true, false, 4, 1},
		{"delete", takeAway, false, false, 2, 1},
		{"delete what is not there", takeAway, false, false, 1, 0},
		{"put a small one", store.Write{Table: store.Conversations, Key: key, Set: attrs("x", "x")}, false, false, 1, 0},
		{"a condition that fails", putNew, false, true, 1, 0},
		{"a transaction whose condition fails", store.Write{Table: store.Conversations, Key: key, Set: attrs("x", "x"), If: store.Absent()}, true, true, 2, 0},
	} {
		table, index := taken()
		do := k.write
		if c.whole {
			do = func(w store.Write) error { return k.transact(w) }
		}
		if err := do(c.write); errors.Is(err, store.ErrCondition) != c.fails || err != nil && !c.fails {
			t.Fatalf("%s: %v", c.name, err)
		}
		tableNow, indexNow := taken()
		if table, index = tableNow-table, indexNow-index; table != c.table || index != c.index {
			t.Errorf("%s takes %v units and %v of the index, want %v and %v", c.name, table, index, c.table, c.index)
		}
	}
}
