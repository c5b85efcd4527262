package store_test

import (
	"errors"
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
	m := desk.Move{Account: "acme", ID: "m1", Status: desk.Running, StartedAt: at, Run: 1, Choices: desk.Choices{Rehearsal: true}}
	err := moves.Start(t.Context(), m, "", desk.Idempotency{Key: "k1", Hash: "h"}, desk.AuditEntry{Account: "acme", ID: "a1", At: at})
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

// TestMoveAndRemovalExcludeEachOther starts a move of a channel and takes the channel out
// of the setup, both by those who have read it before the other was there.
func TestMoveAndRemovalExcludeEachOther(t *testing.T) {
	at := time.UnixMilli(1_795_000_000_000)
	for name, moveFirst := range map[string]bool{"the move first": true, "the removal first": false} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t)
			setups, moves := store.SetupStore{Engine: e}, store.MoveStore{Engine: e}
			setup := desk.Setup{Account: desk.Account{ID: "acme"}, Channels: []desk.Channel{{Account: "acme", ID: "mail", Type: desk.Email}}}
			var err error
			if setup.Version, err = setups.Replace(t.Context(), setup, at); err != nil {
				t.Fatal(err)
			}
			start := func() error {
				m := desk.Move{Account: "acme", ID: "m1", Choices: desk.Choices{Channel: "mail"}, Status: desk.Starting, StartedAt: at, Run: 1}
				return moves.Start(t.Context(), m, setup.Version, desk.Idempotency{}, desk.AuditEntry{Account: "acme", ID: "start", At: at})
			}
			remove := func() error {
				without := setup
				without.Channels = nil
				_, err := setups.Replace(t.Context(), without, at.Add(time.Second))
				return err
			}
			one, other, want := remove, start, desk.ErrExists
			if moveFirst {
				one, other, want = start, remove, desk.ErrChanged
			}
			if err := one(); err != nil {
				t.Fatal(err)
			}
			if err := other(); !errors.Is(err, want) {
				t.Errorf("the other one, too: %v", err)
			}
			if id, err := moves.Locked(t.Context(), "acme"); (id == "m1") != moveFirst || err != nil {
				t.Errorf("the lock is of %q, %v", id, err)
			}
		})
	}
}

// TestOneMovesTheCursor of those who have read the same one, from the first on, and
// enters its batches with it.
func TestOneMovesTheCursor(t *testing.T) {
	s := store.LedgerStore{Engine: openEngine(t)}
	from := move.Cursor{}
	for _, to := range []move.Cursor{
		{Began: 1}, {Began: 1, After: desk.Position{Joined: began(1), ID: "c.1"}}, {Began: 1, After: desk.Position{Joined: began(1), ID: "c.1"}, Listed: true}, {Began: 1, Pass: 1},
	} {
		late := move.Entry{ID: "late", Count: 1}
		if err := s.Advance(t.Context(), "acme", "m1", from, to, []move.Entry{{ID: "e" + to.After.ID, Began: 1, Until: to.After, Count: 2, SentAt: began(0)}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Advance(t.Context(), "acme", "m1", from, to, []move.Entry{late}); !errors.Is(err, desk.ErrChanged) {
			t.Errorf("from %+v once more: %v", from, err)
		}
		if at, err := s.Cursor(t.Context(), "acme", "m1"); at != to || err != nil {
			t.Errorf("cursor = %+v, %v; want %+v", at, err, to)
		}
		from = to
	}
	es, err := s.Open(t.Context(), "acme", "m1", 10)
	if err != nil || len(es) != 2 || es[0].Count != 2 {
		t.Errorf("entries = %+v, %v", es, err)
	}
}

// TestAMoveIsDueOnceItIsSilent: what its steps report puts it off, but only while it
// runs, and by its present execution.
func TestAMoveIsDueOnceItIsSilent(t *testing.T) {
	moves := store.MoveStore{Engine: openEngine(t)}
	at := began(0)
	m := desk.Move{Account: "acme", ID: "m1", Status: desk.Running, StartedAt: at, Run: 2, Choices: desk.Choices{Rehearsal: true}}
	if err := moves.Start(t.Context(), m, "", desk.Idempotency{}, desk.AuditEntry{Account: "acme", ID: "a1", At: at}); err != nil {
		t.Fatal(err)
	}
	due := func(at time.Time, want int) {
		t.Helper()
		if refs, err := moves.Due(t.Context(), at); err != nil || len(refs) != want {
			t.Errorf("due at %s: %v, %v; want %d", at, refs, err, want)
		}
	}
	due(at, 1)
	replaced := m
	replaced.Run = 1
	for _, other := range []desk.Move{replaced, {Account: "acme", ID: "none", Status: desk.Running, Run: 2}} {
		if err := moves.Alive(t.Context(), other, at.Add(5*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	due(at, 1)
	if err := moves.Alive(t.Context(), m, at.Add(5*time.Minute)); err != nil {
		t.Fatal(err)
	}
	due(at.Add(4*time.Minute), 0)
	due(at.Add(5*time.Minute), 1)
	due(at.Add(-time.Hour), 1) // the clock has been put back
}
