package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// TestAnOlderLayoutIsRefused before anything is written: one that says its version,
// and that of before, which said none.
func TestAnOlderLayoutIsRefused(t *testing.T) {
	setup := desk.Setup{Account: desk.Account{ID: "acme"}}
	for name, test := range map[string]struct {
		item  store.Write
		found string
	}{
		"one that says its version": {
			store.Write{Op: store.Put, Table: store.Control, Key: store.Key{PK: "LAYOUT", SK: "LAYOUT"}, Set: store.Attrs{{Name: "version", Value: store.N(store.Layout + 1)}}}, fmt.Sprint("layout ", store.Layout+1),
		},
		"the first, which said none": {
			store.Write{Op: store.Put, Table: store.Control, Key: store.Key{PK: "A#acme", SK: "ACCOUNT"}, Set: store.Attrs{{Name: "config", Value: store.S("{}")}}}, "layout 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t)
			s := store.SetupStore{Engine: e}
			if err := store.FirstError(e.Write(t.Context(), []store.Write{test.item})); err != nil {
				t.Fatal(err)
			}
			refused := func(err error) {
				t.Helper()
				if _, ok := errors.AsType[*store.LayoutError](err); !ok || !strings.Contains(err.Error(), test.found) ||
					!strings.Contains(err.Error(), fmt.Sprint("knows layout ", store.Layout)) || !strings.Contains(err.Error(), "use ") {
					t.Errorf("%v, want both versions and what to do", err)
				}
			}
			_, err := s.Replace(t.Context(), setup, time.Time{})
			refused(err)
			page, err := e.Query(t.Context(), store.Query{Table: store.Control, PK: "A#acme#SETUP", Limit: 10, Read: store.Strong})
			if err != nil || len(page.Items) > 0 {
				t.Errorf("something was written: %v, %v", page.Items, err)
			}
			_, err = s.Setup(t.Context(), "acme")
			if test.found == "layout 1" {
				refused(err)
			} else {
				refused(store.CheckLayout(t.Context(), e))
			}
		})
	}
}

// TestTheLayoutIsRecorded with the first account, and known again.
func TestTheLayoutIsRecorded(t *testing.T) {
	e := openEngine(t)
	if err := store.CheckLayout(t.Context(), e); err != nil {
		t.Errorf("of nothing: %v", err)
	}
	for range 2 { // the second time without a change
		if _, err := (store.SetupStore{Engine: e}).Replace(t.Context(), desk.Setup{Account: desk.Account{ID: "acme"}}, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := store.CheckLayout(t.Context(), e); err != nil {
			t.Error(err)
		}
	}
}
