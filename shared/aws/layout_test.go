package aws

import (
	"context"
	"errors"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// layout is the item that says which layout an engine's data has: the first one that
// is written.
func layout(t *testing.T) storetest.Written {
	t.Helper()
	return storetest.Items(func(e store.Engine) {
		if _, err := (store.SetupStore{Engine: e}).Replace(t.Context(), desk.Setup{Account: desk.Account{ID: "acme"}}, time.Time{}); err != nil {
			t.Fatal(err)
		}
	})[0]
}

// asked counts requests, and fails some.
type asked struct {
	store.Engine
	gets int
	err  error
}

func (e *asked) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	if e.gets++; e.err != nil {
		return nil, e.err
	}
	return e.Engine.Get(ctx, t, keys, c)
}

// everything makes each kind of request, and returns their errors.
func everything(t *testing.T, e store.Engine) []error {
	t.Helper()
	key := store.HeaderKey("acme", "c1")
	w := store.Write{Table: store.Conversations, Key: key}
	_, get := e.Get(t.Context(), store.Conversations, []store.Key{key}, store.Strong)
	_, query := e.Query(t.Context(), store.Query{Table: store.Conversations, PK: key.PK, Limit: 1})
	return append(e.Write(t.Context(), []store.Write{w, w}), get, query, e.Transact(t.Context(), []store.Write{w}))
}

func TestAnotherLayoutIsRefused(t *testing.T) {
	var m storetest.Memory
	item := layout(t)
	for i := range item.New {
		item.New[i].Value = store.N(store.Layout + 1)
	}
	if errs := m.Write(t.Context(), []store.Write{{Table: item.Table, Key: item.Key, Set: item.New}}); errs != nil {
		t.Fatal(errs)
	}
	m.Wrote = func(items []storetest.Written) { t.Errorf("wrote %v", items) }
	errs := everything(t, &checked{Engine: &m})
	for i, err := range errs {
		if e, ok := errors.AsType[*store.LayoutError](err); !ok || e.Found != store.Layout+1 {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if len(errs) != 5 {
		t.Errorf("%d errors", len(errs))
	}
}

// TestLayoutIsAskedForOnce, but again if there was no answer.
func TestLayoutIsAskedForOnce(t *testing.T) {
	for name, items := range map[string][]storetest.Written{"new tables": nil, "our own": {layout(t)}} {
		var m storetest.Memory
		for _, item := range items {
			if errs := m.Write(t.Context(), []store.Write{{Table: item.Table, Key: item.Key, Set: item.New}}); errs != nil {
				t.Fatal(errs)
			}
		}
		below := &asked{Engine: &m, err: store.ErrThrottled}
		e := &checked{Engine: below}
		key := []store.Key{store.HeaderKey("acme", "c1")}
		if _, err := e.Get(t.Context(), store.Conversations, key, store.Strong); !errors.Is(err, store.ErrThrottled) || below.gets != 1 {
			t.Errorf("%s, busy: %v after %d requests", name, err, below.gets)
		}
		below.err, below.gets = nil, 0
		for range 3 {
			if _, err := e.Get(t.Context(), store.Conversations, key, store.Strong); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if below.gets != 4 {
			t.Errorf("%s: %d requests for three", name, below.gets)
		}
	}
}
