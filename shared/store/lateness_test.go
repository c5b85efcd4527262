package store_test

import (
	"testing"

	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// TestLateness counts from nothing, for all who look.
func TestLateness(t *testing.T) {
	for name, engine := range map[string]store.Engine{"sqlite": openEngine(t), "memory": &storetest.Memory{}} {
		t.Run(name, func(t *testing.T) {
			for want := range int64(3) {
				if n, err := (store.LatenessStore{Engine: engine}).Count(t.Context()); n != want || err != nil {
					t.Errorf("count = %d, %v; want %d", n, err, want)
				}
				if err := (store.LatenessStore{Engine: engine}).Add(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
