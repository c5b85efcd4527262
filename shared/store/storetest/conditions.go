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
	"number differs":        {store.Differs("n", store.N(6)), true, true},
	"number does not":       {store.Differs("n", store.N(5)), true, false},
	"kind differs":          {store.Differs("n", store.S("5")), true, true},
	"missing differs":       {store.Differs("x", store.N(0)), true, true},
	"differs, and":          {store.Differs("x", store.N(0)).And(store.Equals("n", store.N(5))), false, true},
	"and":                   {store.Exists().And(store.Equals("n", store.N(5))).And(store.Equals("s", store.S("m"))), false, true},
	"and, last fails":       {store.Equals("n", store.N(5)).And(store.Equals("s", store.S("a"))), false, false},
	"and, first fails":      {store.Equals("s", store.S("a")).And(store.Equals("n", store.N(5))), false, false},
	"and, one attribute":    {store.Equals("n", store.N(5)).And(store.Equals("n", store.N(6))), false, false},
	"contradiction":         {store.Absent().And(store.Exists()), false, false},
}

func conditions(k *kit) {
	eachCondition(k, k.write)
}

func conditionsInTransactions(k *kit) {
	eachCondition(k, func(w store.Write) error { return k.transact(w) })
}

// wantFailed checks that conditions of these writes failed, on these items. An
// engine may leave out the items.
func (k *kit) wantFailed(err error, failed []int, old ...store.Attrs) {
	k.Helper()
	c, ok := errors.AsType[*store.ConditionError](err)
	if !ok || !errors.Is(err, store.ErrCondition) || !slices.Equal(c.Failed, failed) {
		k.Errorf("error %v, want failed conditions of %v", err, failed)
		return
	}
	if c.Old == nil {
		return
	}
	same := func(want, got store.Attrs) bool { return (want == nil) == (got == nil) && diffAttrs(want, got) == "" }
	if !slices.EqualFunc(old, c.Old, same) {
		k.Errorf("conditions of %v failed on %+v, want %+v", failed, c.Old, old)
	}
}

// eachCondition does each operation under each condition on an item that is
// not there and on one that is.
func eachCondition(k *kit, do func(store.Write) error) {
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
			for _, op := range []store.Op{store.Put, store.Update, store.Delete} {
				for before, holds := range []bool{c.absent, c.there} {
					key := k.fresh()
					want := after[op][before]
					if before == 1 {
						k.must(store.Write{Table: store.Control, Key: key, Set: there})
					}
					w := store.Write{Op: op, Table: store.Control, Key: key, If: c.cond}
					switch op {
					case store.Put:
						w.Set = set
					case store.Update:
						w.Set, w.Add, w.Remove = set, add, remove
					}
					err := do(w)
					if holds && err != nil {
						k.Errorf("op %d, item there: %t: error %v; condition holds", op, before == 1, err)
					}
					if !holds {
						want = [2]store.Attrs{nil, there}[before]
						k.wantFailed(err, []int{0}, want)
					}
					k.wantItem(store.Control, key, want)
				}
			}
		})
	}
}
