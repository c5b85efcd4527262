package store_test

import (
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// TestIdempotencyKeyExpires looks at the item itself: no repository
// reads it.
func TestIdempotencyKeyExpires(t *testing.T) {
	e := openEngine(t)
	moves := store.MoveStore{Engine: e}
	at := time.Date(2026, 1, 31, 23, 59, 59, 999_000_000, time.UTC)
	m := desk.Move{Account: "acme", ID: "m1", Status: desk.Running, StartedAt: at, Run: 1}
	err := moves.Start(t.Context(), m, move.Idempotency{Key: "k1", Hash: "h"}, desk.AuditEntry{Account: "acme", ID: "a1", At: at})
	if err != nil {
		t.Fatal(err)
	}
	page, err := e.Query(t.Context(), store.Query{Table: store.Control, PK: "A#acme#IDEMPOTENT", Limit: 2, Read: store.Strong})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%d keys, %v", len(page.Items), err)
	}
	if got, want := time.Unix(page.Items[0].Attrs.Num("ttl"), 0).UTC(), time.Date(2026, 3, 2, 23, 59, 59, 0, time.UTC); !got.Equal(want) {
		t.Errorf("the key expires at %s, want %s", got, want)
	}
	if id, hash, err := moves.Idempotent(t.Context(), "acme", "k1"); id != "m1" || hash != "h" || err != nil {
		t.Errorf("Idempotent = %q, %q, %v", id, hash, err)
	}
}
