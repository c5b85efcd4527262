package main

import (
	"strings"
	"testing"

	"deskmove/infra/test/peers"
	"deskmove/shared/store"
)

// TestMeter compares what a peer says of each kind of call with DynamoDB's
// rules.
func TestMeter(t *testing.T) {
	e, use, err := open(t.Context(), peers.DynamoDB(t))
	if err != nil {
		t.Fatal(err)
	}
	key := store.Key{PK: "p", SK: "s"}
	set := func(pairs ...string) (a store.Attrs) {
		for i := 0; i < len(pairs); i += 2 {
			a = append(a, store.Attr{Name: pairs[i], Value: store.S(pairs[i+1])})
		}
		return a
	}
	write := func(op store.Op, set store.Attrs, c store.Cond) func() error {
		return func() error {
			return store.FirstError(e.Write(t.Context(), []store.Write{{Op: op, Table: store.Conversations, Key: key, Set: set, If: c}}))
		}
	}
	indexed := set(store.ByOwner.PK, "i", store.ByOwner.SK, "1", "x", strings.Repeat("x", 1500))
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
	transact := func() error {
		return e.Transact(t.Context(), []store.Write{{Table: store.Conversations, Key: store.Key{PK: "p", SK: "t"}, Set: indexed, If: store.Absent()}})
	}
	for _, c := range []struct {
		name, operation string
		do              func() error
		table, index    float64
	}{
		{"put a new one of 1.5 KB", "PutItem", write(store.Put, indexed, store.Absent()), 2, 1},
		{"put the same again", "PutItem", write(store.Put, indexed, nil), 2, 0},
		{"update what is not in the index", "UpdateItem", write(store.Update, set("y", "y"), store.Exists()), 2, 0},
		{"update the index's key", "UpdateItem", write(store.Update, set(store.ByOwner.SK, "2"), nil), 2, 2},
		{"a condition that fails", "PutItem", write(store.Put, indexed, store.Absent()), 1, 0},
		{"get one, old", "GetItem", get(store.Eventual, key), 0.5, 0},
		{"get one", "GetItem", get(store.Strong, key), 1, 0},
		{"get one that is not there", "GetItem", get(store.Strong, store.Key{PK: "p", SK: "none"}), 1, 0},
		{"get three, of which one is there", "BatchGetItem", get(store.Eventual, key, store.Key{PK: "p", SK: "1"}, store.Key{PK: "p", SK: "2"}), 1.5, 0},
		{"query", "Query", query(store.Query{PK: "p", Read: store.Strong}), 1, 0},
		{"query the index", "Query", query(store.Query{PK: "i", Index: store.ByOwner}), 0, 0.5},
		{"transact", "TransactWriteItems", transact, 4, 1},
		{"a transaction whose condition fails", "TransactWriteItems", transact, 2, 0},
		{"delete", "DeleteItem", write(store.Delete, nil, nil), 2, 1},
	} {
		before := use.consumed()
		if err := c.do(); (err != nil) != strings.Contains(c.name, "fails") {
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
