package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// auditLog reads all of an account's log, a few entries a page, and verifies it.
func auditLog(t *testing.T, e store.Engine, account string, limit int) []desk.ChainedEntry {
	t.Helper()
	journal := store.JournalStore{Engine: e}
	heads, err := journal.AuditHeads(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	check := desk.NewChainCheck(heads, nil)
	var all []desk.ChainedEntry
	for cursor := ""; ; {
		es, next, err := journal.AuditLog(t.Context(), account, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(es) > limit || len(es) == 0 && next != "" {
			t.Errorf("a page of %d entries, limit %d, next %q", len(es), limit, next)
		}
		for _, e := range es {
			check.Add(e)
		}
		if all = append(all, es...); next == "" {
			break
		}
		cursor = next
	}
	if v := check.End(); len(v.Faults) > 0 {
		t.Errorf("faults = %+v", v.Faults)
	}
	return all
}

// TestAuditChains has 50 writers at once, each with entries of its own and one that
// all of them want to write.
func TestAuditChains(t *testing.T) {
	onEngines(t, func(t *testing.T, e store.Engine) {
		const writers, each = 50, 4
		journal, moves := store.JournalStore{Engine: e}, store.MoveStore{Engine: e}
		begun := rehearsalOf("acme", "m1")
		starts := make([]bool, writers)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				err := moves.Start(t.Context(), begun, "", desk.Idempotency{}, desk.AuditEntry{Account: "acme", ID: "start-m1", At: time.UnixMilli(1), Action: "start"})
				if starts[w] = err == nil; err != nil && !errors.Is(err, desk.ErrExists) {
					t.Error(err)
				}
				for i := range each {
					err := journal.Audit(t.Context(), desk.AuditEntry{
						Account: "acme", ID: fmt.Sprintf("refuse-%d-%d", w, i), At: time.UnixMilli(int64(10 + i)), By: "ann", Role: desk.AgentRole, Action: "refuse",
						Move: "m", Channel: "mail", Detail: "why\xff", Address: "192.0.2.1",
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := len(slices.DeleteFunc(starts, func(ok bool) bool { return !ok })); n != 1 {
			t.Errorf("%d have started the move", n)
		}
		for _, limit := range []int{1, 7, 1000} {
			ids, used := map[string]int{}, map[int]bool{}
			all := auditLog(t, e, "acme", limit)
			for _, entry := range all {
				ids[entry.ID]++
				used[entry.Chain] = true
			}
			if len(all) != writers*each+1 || len(ids) != len(all) || len(used) != store.AuditChains {
				t.Errorf("limit %d: %d entries, %d IDs in %d chains", limit, len(all), len(ids), len(used))
			}
		}
	})
}

// rehearsalOf needs no channel.
func rehearsalOf(account, id string) desk.Move {
	m := moveOf(account, id, desk.Starting)
	m.Choices.Rehearsal = true
	return m
}

// hooked does something before the transactions of an engine, and may lose their
// answers.
type hooked struct {
	store.Engine
	before func()
	lose   error
}

func (h *hooked) Transact(ctx context.Context, ws []store.Write) error {
	if before := h.before; before != nil {
		h.before = nil
		before()
	}
	err := h.Engine.Transact(ctx, ws)
	if err == nil && h.lose != nil {
		err, h.lose = h.lose, nil
	}
	return err
}

// TestAuditAfterALostAnswer: the engine repeats a transaction that has succeeded, and
// finds that its conditions fail now.
func TestAuditAfterALostAnswer(t *testing.T) {
	memory := &storetest.Memory{}
	for name, lose := range map[string]error{
		"of head and entry": &store.ConditionError{Failed: []int{0, 1}, Old: make([]store.Attrs, 2)},
		"untold":            &store.ConditionError{Failed: []int{0, 1}},
	} {
		e := &hooked{Engine: memory, lose: lose}
		entry := desk.AuditEntry{Account: "acme", ID: name, At: time.UnixMilli(1)}
		if err := (store.JournalStore{Engine: e}).Audit(t.Context(), entry); err != nil || e.lose != nil {
			t.Error(err)
		}
	}
	if all := auditLog(t, memory, "acme", 10); len(all) != 2 {
		t.Errorf("log = %+v", all)
	}
}

// TestAuditKeepsToTheHead: an entry is not put where the chain seems to go on, if the
// head is not the one that was read. Here the last entry and the head that told of it
// are gone, between the reading and the writing.
func TestAuditKeepsToTheHead(t *testing.T) {
	memory := &storetest.Memory{}
	journal := store.JournalStore{Engine: memory}
	for i := range 100 {
		if err := journal.Audit(t.Context(), desk.AuditEntry{Account: "acme", ID: fmt.Sprint("old", i), At: time.UnixMilli(1)}); err != nil {
			t.Fatal(err)
		}
	}
	heads, err := journal.AuditHeads(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	all := auditLog(t, memory, "acme", 1000)
	e := &hooked{Engine: memory, before: func() {
		for _, h := range heads {
			was := desk.ChainHead{Chain: h.Chain, Number: h.Number - 1}
			for _, entry := range all {
				if entry.Chain == h.Chain && entry.Number == was.Number {
					was.Hash = entry.Hash
				}
			}
			err := memory.Write(t.Context(), []store.Write{
				{Op: store.Delete, Table: store.Control, Key: store.AuditKey("acme", h.Chain, h.Number)},
				{Op: store.Put, Table: store.Control, Key: store.AuditHeadKey("acme", h.Chain), Set: store.Attrs{{Name: "number", Value: store.N(was.Number)}, {Name: "hash", Value: store.S(was.Hash)}}},
			})
			if store.FirstError(err) != nil {
				t.Error(err)
			}
		}
	}}
	if err := (store.JournalStore{Engine: e}).Audit(t.Context(), desk.AuditEntry{Account: "acme", ID: "new", At: time.UnixMilli(2)}); err != nil {
		t.Fatal(err)
	}
	if now := auditLog(t, memory, "acme", 1000); len(now) != 100-store.AuditChains+1 {
		t.Errorf("%d entries", len(now))
	}
}

// TestAuditOverwritesNothing, also where somebody has put a head back: the chain then
// takes no more, the entry after the head stays, and verifying shows it.
func TestAuditOverwritesNothing(t *testing.T) {
	memory := &storetest.Memory{}
	journal := store.JournalStore{Engine: memory}
	write := func(prefix string) {
		for i := range 20 * store.AuditChains {
			if err := journal.Audit(t.Context(), desk.AuditEntry{Account: "acme", ID: fmt.Sprint(prefix, i), At: time.UnixMilli(1)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("old")
	all := auditLog(t, memory, "acme", 1000)
	last := all[0]
	err := memory.Write(t.Context(), []store.Write{{Op: store.Put, Table: store.Control, Key: store.AuditHeadKey("acme", last.Chain), Set: store.Attrs{
		{Name: "number", Value: store.N(last.Number - 1)}, {Name: "hash", Value: store.S(last.Previous)}}}})
	if store.FirstError(err) != nil {
		t.Fatal(err)
	}
	write("new")
	now := auditLog(t, memory, "acme", 1000)
	if len(now) != 2*len(all) || !slices.Contains(now, last) {
		t.Errorf("%d entries, the last one of before is there: %t", len(now), slices.Contains(now, last))
	}
}

// TestAuditLogOfOneChain: a page ends where more of one chain is to be read before
// what others have, and nothing is there twice.
func TestAuditLogOfOneChain(t *testing.T) {
	journal := store.JournalStore{Engine: &storetest.Memory{}}
	chain := -1
	write := func(id string, at int64) {
		entry := desk.AuditEntry{Account: "scratch-" + id, ID: id, At: time.UnixMilli(at)}
		if err := journal.Audit(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
		es, _, err := journal.AuditLog(t.Context(), entry.Account, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if at > 1 && chain >= 0 && es[0].Chain != chain {
			return
		}
		if at > 1 {
			chain = es[0].Chain
		}
		entry.Account = "acme"
		if err := journal.Audit(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 40 {
		write(fmt.Sprint("old", i), 1)
	}
	for i := range 400 {
		write(fmt.Sprint("new", i), int64(2+i))
	}
	for _, limit := range []int{1, 16, 100} {
		all := auditLog(t, journal.Engine, "acme", limit)
		if !slices.IsSortedFunc(all, func(a, b desk.ChainedEntry) int { return b.At.Compare(a.At) }) || len(all) < 60 {
			t.Errorf("limit %d: the log of %d entries is in another order", limit, len(all))
		}
	}
}

// TestAuditIsWithWhatItIsAbout: neither without the other, and several entries are
// one after another in one chain.
func TestAuditIsWithWhatItIsAbout(t *testing.T) {
	memory := &storetest.Memory{}
	moves := store.MoveStore{Engine: memory}
	at := time.UnixMilli(1)
	entry := desk.AuditEntry{Account: "acme", ID: "start-m1", At: at, Action: "start"}
	for _, want := range []error{nil, desk.ErrExists} {
		if err := moves.Start(t.Context(), rehearsalOf("acme", "m1"), "", desk.Idempotency{}, entry); !errors.Is(err, want) {
			t.Errorf("start = %v, want %v", err, want)
		}
	}
	broken := errors.New("no entry")
	e := &hooked{Engine: failing{memory, broken}}
	if err := (store.MoveStore{Engine: e}).Start(t.Context(), rehearsalOf("other", "m2"), "", desk.Idempotency{}, desk.AuditEntry{Account: "other", ID: "start-m2"}); !errors.Is(err, broken) {
		t.Errorf("start = %v", err)
	}
	if _, err := moves.Get(t.Context(), "other", "m2"); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("a move without an entry: %v", err)
	}
	if all := auditLog(t, memory, "acme", 10); len(all) != 1 || all[0].Number != 1 {
		t.Errorf("log = %+v", all)
	}
}

// failing refuses transactions that write to the audit log.
type failing struct {
	store.Engine
	err error
}

func (f failing) Transact(ctx context.Context, ws []store.Write) error {
	for _, w := range ws {
		if store.OfAudit("other", w.Key) {
			return f.err
		}
	}
	return f.Engine.Transact(ctx, ws)
}

func TestAuditCursor(t *testing.T) {
	journal := store.JournalStore{Engine: &storetest.Memory{}}
	for _, forged := range []string{"1", "1.2.3.4.5.6.7.x", "1.2.3.4.5.6.7.-1", "1.2.3.4.5.6.7.9999999999999", strings.Repeat("1.", 8) + "1"} {
		if _, _, err := journal.AuditLog(t.Context(), "acme", forged, 10); !errors.Is(err, store.ErrCursor) {
			t.Errorf("cursor %q: %v", forged, err)
		}
	}
	if es, next, err := journal.AuditLog(t.Context(), "acme", "", 10); len(es) != 0 || next != "" || err != nil {
		t.Errorf("empty log = %v, %q, %v", es, next, err)
	}
}
