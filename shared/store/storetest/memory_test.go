package storetest_test

import (
	"context"
	"testing"
	"time"

	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

func TestMemory(t *testing.T) {
	lagging := &storetest.Memory{
		Lag: func(store.Table, store.Key) time.Duration { return 3 * time.Millisecond },
		Age: func(context.Context, store.Table, store.Key, time.Time) time.Duration { return 5 * time.Millisecond },
	}
	for name, e := range map[string]*storetest.Memory{"up to date": {}, "lagging": lagging} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(*testing.T) store.Engine { return e })
			storetest.RunStream(t, func(*testing.T) storetest.Streaming { return e })
		})
	}
}

func TestCopiesOfMemory(t *testing.T) {
	a := &storetest.Memory{}
	w := store.Write{Table: store.Control, Key: store.Key{PK: "p", SK: "s"}, Set: store.Attrs{{Name: "n", Value: store.N(1)}}}
	if err := store.FirstError(a.Write(t.Context(), []store.Write{w})); err != nil {
		t.Fatal(err)
	}
	b := a.Copy()
	w.Op, w.Set, w.Add = store.Update, nil, w.Set
	if err := store.FirstError(b.Write(t.Context(), []store.Write{w})); err != nil {
		t.Fatal(err)
	}
	for e, want := range map[*storetest.Memory]int64{a: 1, b: 2} {
		items, err := e.Get(t.Context(), store.Control, []store.Key{w.Key}, store.Strong)
		if err != nil || len(items) != 1 || items[0].Attrs.Num("n") != want {
			t.Errorf("n = %v, %v; want %d", items, err, want)
		}
	}
}
