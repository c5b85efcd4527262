package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// countedEngine counts the items that are read, and may have an index that lags: it
// answers with what was there before.
type countedEngine struct {
	store.Engine
	lag  store.Engine // answers queries of indexes; nil: there is no lag
	read atomic.Int64
}

func (e *countedEngine) Query(ctx context.Context, q store.Query) (store.Page, error) {
	of := e.Engine
	if e.lag != nil && q.Index != nil {
		of = e.lag
	}
	page, err := of.Query(ctx, q)
	e.read.Add(int64(len(page.Items)))
	return page, err
}

func (e *countedEngine) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	items, err := e.Engine.Get(ctx, t, keys, c)
	e.read.Add(int64(len(items)))
	return items, err
}

// TestOutboxIsEmptied: who asks what is to be sent reads nothing of what was, even while
// the index still has it, and what was sent expires after thirty days.
func TestOutboxIsEmptied(t *testing.T) {
	memory := &storetest.Memory{}
	e := &countedEngine{Engine: memory}
	j := store.JournalStore{Engine: e}
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	var ids []string
	var ns []desk.Notification
	for i := range 300 {
		ids = append(ids, fmt.Sprintf("live-t-%03d", i))
		ns = append(ns, desk.Notification{ID: ids[i], Kind: "live", Ticket: "t", At: at})
	}
	if err := j.Notify(t.Context(), "acme", ns); err != nil {
		t.Fatal(err)
	}
	unsent := func() (found []string) {
		t.Helper()
		e.read.Store(0)
		for after, more := "", true; more; more = after != "" {
			page, next, err := j.Unsent(t.Context(), "acme", after, 20)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range page {
				found = append(found, n.ID)
			}
			after = next
		}
		return found
	}
	slices.Reverse(ids)
	if got := unsent(); !slices.Equal(got, ids) {
		t.Fatalf("%d are to be sent: %v", len(got), got)
	}

	before := memory.Copy()
	for _, id := range ids[3:] {
		for range 2 {
			if err := j.Delivered(t.Context(), "acme", id, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := unsent(); !slices.Equal(got, ids[:3]) || e.read.Load() > 6 {
		t.Errorf("to be sent: %v, of %d items that were read", got, e.read.Load())
	}
	e.lag = before
	if got := unsent(); !slices.Equal(got, ids[:3]) {
		t.Errorf("while the index lags, to be sent: %v", got)
	}
	e.lag = nil

	if err := j.Notify(t.Context(), "acme", ns); err != nil { // told again
		t.Fatal(err)
	}
	if got := unsent(); !slices.Equal(got, ids[:3]) {
		t.Errorf("told again, to be sent: %v", got)
	}
	all, _, err := j.Outbox(t.Context(), "acme", "", 1000)
	if err != nil || len(all) != 300 {
		t.Errorf("%d in all, %v", len(all), err)
	}
	expire := 0
	for shard := range 64 {
		page, err := memory.Query(t.Context(), store.Query{Table: store.Control, PK: fmt.Sprintf("A#acme#OUTBOX#%d", shard), Limit: 100, Read: store.Strong})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Items {
			if i.Attrs.Num(store.Expires) == at.Add(30*24*time.Hour).Unix() {
				expire++
			}
		}
	}
	if expire != 297 {
		t.Errorf("%d expire, want those that were sent", expire)
	}
}
