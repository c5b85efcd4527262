package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/store"
)

// patience is how long a test waits for an index or a stream.
const patience = 3 * time.Minute

// kit is what a test works with.
type kit struct {
	*testing.T
	ctx    context.Context
	engine store.Engine
	prefix string // of all partitions of this test
}

func newKit(t *testing.T, e store.Engine) *kit {
	return &kit{T: t, ctx: t.Context(), engine: e, prefix: rand.Text() + "#"}
}

// key returns a key in one of the test's partitions.
func (k *kit) key(pk, sk string) store.Key { return store.Key{PK: k.prefix + pk, SK: sk} }

// fresh returns a key that has not been used.
func (k *kit) fresh() store.Key { return store.Key{PK: k.prefix + rand.Text(), SK: "sk"} }

// write does one write by itself.
func (k *kit) write(w store.Write) error {
	return store.FirstError(k.engine.Write(k.ctx, []store.Write{w}))
}

// must does writes that succeed.
func (k *kit) must(ws ...store.Write) {
	k.Helper()
	for i, err := range k.engine.Write(k.ctx, ws) {
		if err != nil {
			k.Fatalf("write %d, of %q: %v", i, ws[i].Key, err) // #nosec G602 -- an error for each write
		}
	}
}

// patiently repeats what meets another transaction.
func (k *kit) patiently(do func() error) error {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if err := do(); !errors.Is(err, store.ErrThrottled) || time.Now().After(end) {
			return err
		}
	}
}

// item returns an item's attributes, and whether there is one.
func (k *kit) item(t store.Table, key store.Key) (store.Attrs, bool) {
	k.Helper()
	items, err := k.engine.Get(k.ctx, t, []store.Key{key}, store.Strong)
	if err != nil || len(items) > 1 {
		k.Fatalf("Get %q = %d items, %v", key, len(items), err)
	}
	if len(items) == 0 {
		return nil, false
	}
	if items[0].Key != key {
		k.Fatalf("Get %q gave %q", key, items[0].Key)
	}
	return items[0].Attrs, true
}

// wantItem checks an item; a nil want says that there is none.
func (k *kit) wantItem(t store.Table, key store.Key, want store.Attrs) {
	k.Helper()
	got, ok := k.item(t, key)
	if ok != (want != nil) {
		k.Fatalf("%s %q: there is an item: %t, want %t", t, key, ok, want != nil)
	}
	if diff := diffAttrs(want, got); diff != "" {
		k.Fatalf("%s %q (-want +got):\n%s", t, key, diff)
	}
}

// diffAttrs compares attributes in any order.
func diffAttrs(want, got store.Attrs) string { return cmp.Diff(byName(want), byName(got)) }

func byName(attrs store.Attrs) map[string]store.Value {
	m := map[string]store.Value{}
	for _, a := range attrs {
		if _, ok := m[a.Name]; ok {
			m["twice "+a.Name] = a.Value // shows up as a difference
		}
		m[a.Name] = a.Value
	}
	return m
}

// all reads all pages of a query.
func (k *kit) all(q store.Query) []store.Item {
	k.Helper()
	var items []store.Item
	for range 10_000 {
		page, err := k.engine.Query(k.ctx, q)
		if err != nil {
			k.Fatalf("query %+v: %v", q, err)
		}
		if len(page.Items) > q.Limit {
			k.Fatalf("query %+v gave %d items", q, len(page.Items))
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items
		}
		q.After = page.Next
	}
	k.Fatalf("query %+v does not end", q)
	return nil
}

// sortKeys returns the sort keys of items.
func sortKeys(items []store.Item) []string {
	keys := make([]string, len(items))
	for i := range items {
		keys[i] = items[i].Key.SK
	}
	return keys
}

// eventually waits until check returns "".
func (k *kit) eventually(check func() string) {
	k.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		problem := check()
		if problem == "" {
			return
		}
		if time.Now().After(end) {
			k.Fatalf("after %s: %s", patience, problem)
		}
	}
}

// wantIndex waits until a query of an index gives the items with these keys,
// in this order.
func (k *kit) wantIndex(q store.Query, want ...store.Key) {
	k.Helper()
	q.Table = q.Index.Table
	k.eventually(func() string {
		var got []store.Key
		for _, item := range k.all(q) {
			got = append(got, item.Key)
		}
		if slices.Equal(got, want) {
			return ""
		}
		return fmt.Sprintf("index %s, %+v has %q, want %q", q.Index.Name, q, got, want)
	})
}

// attrs makes attributes of names and values: string, int or store.Value.
func attrs(pairs ...any) store.Attrs {
	a := make(store.Attrs, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		a = append(a, store.Attr{Name: pairs[i].(string), Value: value(pairs[i+1])}) // #nosec G602 -- each name has a value
	}
	return a
}

func value(v any) store.Value {
	switch v := v.(type) {
	case string:
		return store.S(v)
	case int:
		return store.N(int64(v))
	}
	return v.(store.Value)
}

// ascending returns the names of m in order.
func ascending[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
