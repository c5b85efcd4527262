package sqlite_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

// TestFull fills the storage. What was answered stays, the rest is ErrFull,
// and once something is deleted there is room again.
func TestFull(t *testing.T) {
	dir := t.TempDir()
	e := openIn(t, dir, sqlite.Options{MaxBytes: 4 << 20})
	body := store.Attrs{{Name: "body", Value: store.S(strings.Repeat("x", 10_000))}}
	var mu sync.Mutex
	var there []store.Key
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			for n := 0; ; n++ {
				w := store.Write{Table: store.Control, Key: store.Key{PK: fmt.Sprint(g), SK: fmt.Sprint(n)}, Set: body}
				err := store.FirstError(e.Write(t.Context(), []store.Write{w}))
				if err == nil {
					mu.Lock()
					there = append(there, w.Key)
					mu.Unlock()
					continue
				}
				if !errors.Is(err, store.ErrFull) {
					t.Error(err)
				}
				return
			}
		})
	}
	wait.Wait()
	// Writes of one commit are refused together, although some of them might
	// fit: fill what they have left.
	for n := 0; ; n++ {
		w := store.Write{Table: store.Control, Key: store.Key{PK: "last", SK: fmt.Sprint(n)}, Set: body}
		if err := store.FirstError(e.Write(t.Context(), []store.Write{w})); err != nil {
			break
		}
		there = append(there, w.Key)
	}
	if len(there) < 200 {
		t.Fatalf("full after %d items", len(there))
	}
	ctx := t.Context()
	if err := e.Transact(ctx, []store.Write{{Table: store.Control, Key: store.Key{PK: "t", SK: "1"}, Set: body},
		{Table: store.Control, Key: store.Key{PK: "t", SK: "2"}, Set: body}}); !errors.Is(err, store.ErrFull) {
		t.Errorf("transaction: %v", err)
	}
	found := func() int {
		items, err := e.Get(ctx, store.Control, there, store.Strong)
		if err != nil {
			t.Fatal(err)
		}
		return len(items)
	}
	if got := found(); got != len(there) {
		t.Errorf("%d of %d items are there", got, len(there))
	}
	var ws []store.Write
	for _, key := range there[:100] {
		ws = append(ws, store.Write{Op: store.Delete, Table: store.Control, Key: key})
	}
	put(t, e, ws...)
	ws = ws[:50] // pages may be less full than they were
	for i := range ws {
		ws[i].Op, ws[i].Set, ws[i].If = store.Put, body, store.Absent()
	}
	put(t, e, ws...)
	if got := found(); got != len(there)-50 {
		t.Errorf("%d items are there, want %d", got, len(there)-50)
	}
}

// TestPagesInMemory checks that a page of large items, or changes, is short.
func TestPagesInMemory(t *testing.T) {
	e := open(t, sqlite.Options{Unsynced: true})
	var ws []store.Write
	for i := range 40 {
		ws = append(ws, store.Write{Table: store.Conversations, Key: store.Key{PK: "p", SK: fmt.Sprint(i)},
			Set: store.Attrs{{Name: store.Home, Value: store.S("inbox")}, {Name: "body", Value: store.S(strings.Repeat("x", 100_000))}}})
	}
	put(t, e, ws...)
	page, err := e.Query(t.Context(), store.Query{Table: store.Conversations, PK: "p", Limit: 1000})
	if err != nil || len(page.Items) != 11 || page.Next == "" {
		t.Errorf("a page of %d items, next %q, %v", len(page.Items), page.Next, err)
	}
	shards, _ := e.Shards(t.Context())
	for _, shard := range shards {
		changes, err := e.Changes(t.Context(), shard, "", 1000)
		if err != nil || len(changes) != 0 && len(changes) != 11 {
			t.Errorf("shard %s: %d changes, %v", shard, len(changes), err)
		}
	}
}

// TestSnapshot reads two items that are always changed together.
func TestSnapshot(t *testing.T) {
	e := open(t, sqlite.Options{Unsynced: true})
	a, b := store.Key{PK: "a", SK: "1"}, store.Key{PK: "b", SK: "1"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 2000 {
			add := store.Attrs{{Name: "n", Value: store.N(1)}}
			if err := e.Transact(t.Context(), []store.Write{{Op: store.Update, Table: store.Control, Key: a, Add: add},
				{Op: store.Update, Table: store.Control, Key: b, Add: add}}); err != nil {
				t.Error(err)
			}
		}
	}()
	for {
		items, err := e.Get(t.Context(), store.Control, []store.Key{a, b}, store.Eventual)
		if err != nil || len(items) == 1 || len(items) == 2 && items[0].Attrs.Num("n") != items[1].Attrs.Num("n") {
			t.Fatalf("%+v, %v", items, err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
