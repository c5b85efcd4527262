package dynamo_test

import (
	"strings"
	"testing"

	"deskmove/infra/test/peers"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/store"
)

// TestCapacity compares what a peer says of each kind of call with the rules.
// Where the engine can know, its own estimate is the same.
func TestCapacity(t *testing.T) {
	e := newEngine(t, config(peers.DynamoDB(t)))
	key := store.Key{PK: "p", SK: "s"}
	set := func(pairs ...string) (a store.Attrs) {
		for i := 0; i < len(pairs); i += 2 {
			a = append(a, store.Attr{Name: pairs[i], Value: store.S(pairs[i+1])})
		}
		return a
	}
	write := func(op store.Op, set store.Attrs, c store.Cond) func() error {
		return func() error {
			return one(e, t, store.Write{Op: op, Table: store.Tickets, Key: key, Set: set, If: c})
		}
	}
	indexed := set(store.IndexPK, "i", store.IndexSK, "1", "x", strings.Repeat("x", 1500))
	get := func(c store.Consistency, keys ...store.Key) func() error {
		return func() error { _, err := e.Get(t.Context(), store.Tickets, keys, c); return err }
	}
	query := func(q store.Query) func() error {
		return func() error {
			q.Table, q.Limit = store.Tickets, 10
			_, err := e.Query(t.Context(), q)
			return err
		}
	}
	type cost struct{ table, index, tableEstimate, indexEstimate float64 }
	same := func(table, index float64) cost { return cost{table, index, table, index} }
	for _, c := range []struct {
		name, operation string
		do              func() error
		cost
	}{
		{"put a new one of 1.5 KB", "PutItem", write(store.Put, indexed, store.Absent()), same(2, 1)},
		{"put the same again", "PutItem", write(store.Put, indexed, nil), same(2, 0)},
		{"update what is not in the index", "UpdateItem", write(store.Update, set("y", "y"), store.Exists()), cost{2, 0, 1, 0}},
		{"update the index's key", "UpdateItem", write(store.Update, set(store.IndexSK, "2"), nil), cost{2, 2, 1, 2}},
		{"a condition that fails", "PutItem", write(store.Put, indexed, store.Absent()), same(2, 0)},
		{"get one, old", "GetItem", get(store.Eventual, key), same(0.5, 0)},
		{"get one", "GetItem", get(store.Strong, key), same(1, 0)},
		{"get one that is not there", "GetItem", get(store.Strong, store.Key{PK: "p", SK: "none"}), same(1, 0)},
		{"get three, of which one is there", "BatchGetItem", get(store.Eventual, key, store.Key{PK: "p", SK: "1"}, store.Key{PK: "p", SK: "2"}), same(1.5, 0)},
		{"query", "Query", query(store.Query{PK: "p", Read: store.Strong}), same(1, 0)},
		{"query the index", "Query", query(store.Query{PK: "i", Index: true}), same(0, 0.5)},
		{"transact", "TransactWriteItems", func() error {
			return e.Transact(t.Context(), []store.Write{{Table: store.Tickets, Key: store.Key{PK: "p", SK: "t"}, Set: indexed, If: store.Absent()}})
		}, same(4, 1)},
		{"delete", "DeleteItem", write(store.Delete, nil, nil), cost{2, 1, 1, 0}},
	} {
		before := e.Consumed()
		if err := c.do(); (err != nil) != strings.Contains(c.name, "fails") {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got cost
		for u, n := range e.Consumed() {
			old := before[u]
			total, estimate := n.Total()-old.Total(), n.Estimated-old.Estimated
			switch {
			case u.Operation != c.operation:
				if total != 0 {
					t.Errorf("%s consumed %v as %+v", c.name, total, u)
				}
			case u.Index:
				got.index, got.indexEstimate = total, estimate
			default:
				got.table, got.tableEstimate = total, estimate
			}
			if u.Reads() != (u.Operation == "GetItem" || u.Operation == "BatchGetItem" || u.Operation == "Query") {
				t.Errorf("%+v reads: %t", u, u.Reads())
			}
		}
		if got != c.cost {
			t.Errorf("%s costs %+v, want %+v", c.name, got, c.cost)
		}
	}
	if n := e.Consumed()[dynamo.Usage{Table: store.Tickets, Operation: "PutItem"}]; n.Requests != 3 || n.Reported != 4 || n.Unreported != 2 {
		t.Errorf("puts: %+v", n)
	}
}
