package storetest

import (
	"errors"
	"slices"
	"testing"

	"deskmove/shared/store"
)

// The item that conditions are tried on.
var there = attrs("n", 5, "s", "m", "b", store.B("\x00m"), "e", "")

// cases are conditions and whether they hold for no item and for there.
var cases = map[string]struct {
	cond          store.Cond
	absent, there bool
}{
	"none":                  {nil, true, true},
	"absent":                {store.Absent(), true, false},
	"exists":                {store.Exists(), false, true},
	"number equal":          {store.Equals("n", store.N(5)), false, true},
	"number not equal":      {store.Equals("n", store.N(6)), false, false},
	"string equal":          {store.Equals("s", store.S("m")), false, true},
	"string not equal":      {store.Equals("s", store.S("M")), false, false},
	"empty string equal":    {store.Equals("e", store.S("")), false, true},
	"bytes equal":           {store.Equals("b", store.B("\x00m")), false, true},
	"bytes not equal":       {store.Equals("b", store.B("\x00")), false, false},
	"other kind, digits":    {store.Equals("n", store.S("5")), false, false},
	"other kind, bytes":     {store.Equals("b", store.S("\x00m")), false, false},
	"attribute missing":     {store.Equals("x", store.N(0)), false, false},
	"attribute missing, ''": {store.Equals("x", store.S("")), false, false},
	"and":                   {store.Exists().And(store.Equals("n", store.N(5))).And(store.Equals("s", store.S("m"))), false, true},
	"and, last fails":       {store.Equals("n", store.N(5)).And(store.Equals("s", store.S("a"))), false, false},
	"and, first fails":      {store.Equals("s", store.S("a")).And(store.Equals("n", store.N(5))), false, false},
	"and, one attribute":    {store.Equals("n", store.N(5)).And(store.Equals("n", store.N(6))), false, false},
	"contradiction":         {store.Absent().And(store.Exists()), false, false},
}

func conditions(k *kit) {
	eachCondition(k, []store.Op{store.Put, store.Update, store.Delete}, k.write, func(err error) bool {
		return errors.Is(err, store.ErrCondition)
	})
}

func conditionsInTransactions(k *kit) {
	ops := []store.Op{store.Put, store.Update, store.Delete}
	transact := func(w store.Write) error {
		return k.patiently(func() error { return k.engine.Transact(k.ctx, []store.Write{w}) })
	}
	eachCondition(k, ops, transact, func(err error) bool {
		failed, ok := errors.AsType[*store.ConditionError](err)
		return ok && errors.Is(err, store.ErrCondition) && slices.Equal(failed.Failed, []int{0})
	})
}

// eachCondition does each operation under each condition on an item that is
// not there and on one that is.
func eachCondition(k *kit, ops []store.Op, do func(store.Write) error, isCondition func(error) bool) {
	set, add, remove := attrs("s", "new", "y", 1), attrs("n", 2, "z", 3), []string{"b", "x"}
	after := map[store.Op][2]store.Attrs{ // by operation: if the item was absent, and if it was there
		store.Put:    {set, set},
		store.Update: {attrs("s", "new", "y", 1, "n", 2, "z", 3), attrs("s", "new", "y", 1, "n", 7, "z", 3, "e", "")},
		store.Delete: {nil, nil},
	}
	for _, name := range ascending(cases) {
		c := cases[name]
		k.Run(name, func(t *testing.T) {
			k := &kit{t, k.ctx, k.engine, k.prefix}
			for _, op := range ops {
				for before, holds := range []bool{c.absent, c.there} {
					key := k.fresh()
					want := after[op][before]
					if before == 1 {
						k.must(store.Write{Table: store.Tickets, Key: key, Set: there})
					}
					w := store.Write{Op: op, Table: store.Tickets, Key: key, If: c.cond}
					switch op {
					case store.Put:
						w.Set = set
					case store.Update:
						w.Set, w.Add, w.Remove = set, add, remove
					}
					err := do(w)
					if holds && err != nil || !holds && !isCondition(err) {
						k.Errorf("op %d, item there: %t: error %v; condition holds: %t", op, before == 1, err, holds)
					}
					if !holds {
						want = [2]store.Attrs{nil, there}[before]
					}
					k.wantItem(store.Tickets, key, want)
				}
			}
		})
	}
}
