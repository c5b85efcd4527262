package main

import (
	"testing"

	"deskmove/infra/test/peers"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// TestMeter compares what a peer says of each kind of call with DynamoDB's
// rules.
func TestMeter(t *testing.T) {
	e, use, err := open(t.Context(), peers.DynamoDB(t))
	if err != nil {
		t.Fatal(err)
	}
	storetest.RunUnits(t, e, func() (table, index float64) {
		for u, units := range use.consumed() {
			switch {
			case u.reads() || u.table != store.Conversations:
			case u.index == "":
				table += units
			case u.index == store.ByOwner.Name:
				index += units
			}
		}
		return table, index
	})
	key := store.Key{PK: "p", SK: "s"}
	if err := store.FirstError(e.Write(t.Context(), []store.Write{{Table: store.Conversations, Key: key, Set: store.Attrs{
		{Name: store.ByOwner.PK, Value: store.S("i")}, {Name: store.ByOwner.SK, Value: store.S("1")},
	}}})); err != nil {
		t.Fatal(err)
	}
	get := func(c store.Consistency, keys ...store.Key) func() error {
		return func() error { _, err := e.Get(t.Context(), store.Conversations, keys, c); return err }
	}
	query := func(q store.Query) func() error {
		return func() error {
			q.Table, q.Limit = store.Conversations, 10
			_, err := e.Query(t.Context(), q)
			return err
		}
	}
	for _, c := range []struct {
		name, operation string
		do              func() error
		table, index    float64
	}{
		{"get one, old", "GetItem", get(store.Eventual, key), 0.5, 0},
		{"get one", "GetItem", get(store.Strong, key), 1, 0},
		{"get one that is not there", "GetItem", get(store.Strong, store.Key{PK: "p", SK: "none"}), 1, 0},
		{"get three, of which one is there", "BatchGetItem", get(store.Eventual, key, store.Key{PK: "p", SK: "1"}, store.Key{PK: "p", SK: "2"}), 1.5, 0},
		{"query", "Query", query(store.Query{PK: "p", Read: store.Strong}), 1, 0},
		{"query the index", "Query", query(store.Query{PK: "i", Index: store.ByOwner}), 0, 0.5},
	} {
		before := use.consumed()
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var table, index float64
		for u, units := range use.consumed() {
			units -= before[u]
			switch {
			case u.table != store.Conversations || u.operation != c.operation:
				if units != 0 {
					t.Errorf("%s consumed %v as %+v", c.name, units, u)
				}
			case u.index == store.ByOwner.Name:
				index = units
			default:
				table = units
			}
		}
		if table != c.table || index != c.index {
			t.Errorf("%s costs %v and %v of the index, want %v and %v", c.name, table, index, c.table, c.index)
		}
	}
	if err := use.complete(); err != nil {
		t.Error(err)
	}
}
