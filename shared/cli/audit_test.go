package cli_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// TestAuditVerify: whatever somebody does to the log in the database, verifying it
// names the place.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	e := ready(t)
	journal := store.JournalStore{Engine: e.store}
	for i := range 2500 { // more than some pages
		err := journal.Audit(t.Context(), desk.AuditEntry{
			Account: "demo", ID: fmt.Sprint("old-", i), At: time.UnixMilli(int64(i)), By: "ben", Role: desk.AgentRole, Action: desk.ActionRefuse, Detail: "why", Address: "192.0.2.7",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	agent, err := e.stack.Issuer.Mint("demo", "ben", desk.AgentRole, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	e.as(t, agent, "audit", "--verify").fails(t, 1, "a token with the role agent cannot do this")
	var verified struct {
		Entries int64
		OK      bool
		Heads   []api.AuditHead
		Faults  []desk.ChainFault
	}
	kept := file(t, "heads.json", e.run(t, "audit", "--verify", "--json").ok(t, &verified).stdout)
	if !verified.OK || verified.Entries < 2500 || len(verified.Heads) != store.AuditChains {
		t.Errorf("verified = %+v", verified)
	}
	says := e.run(t, "audit", "--verify", "--kept", kept).ok(t, nil).stdout
	if !strings.Contains(says, "is whole: ") || !strings.Contains(says, "when the heads were kept") || !strings.Contains(says, verified.Heads[3].Hash) {
		t.Errorf("it said %q", says)
	}
	put := func(w store.Write) {
		t.Helper()
		if w.Table = store.Control; store.FirstError(e.store.Write(t.Context(), []store.Write{w})) != nil {
			t.Fatal("not written")
		}
	}
	item := func(k store.Key) store.Attrs {
		t.Helper()
		items, err := e.store.Get(t.Context(), store.Control, []store.Key{k}, store.Strong)
		if err != nil || len(items) != 1 {
			t.Fatal(items, err)
		}
		return items[0].Attrs
	}
	chain := verified.Heads[2]
	head, entry := store.AuditHeadKey("demo", 2), func(n int64) store.Key { return store.AuditKey("demo", 2, n) }
	whole := map[store.Key]store.Attrs{head: item(head), entry(7): item(entry(7)), entry(chain.Number): item(entry(chain.Number))}
	for name, c := range map[string]struct {
		harm []store.Write
		says []string
	}{
		"changed": {[]store.Write{{Op: store.Update, Key: entry(7), Set: store.Attrs{{Name: "by", Value: store.S("ann")}}}}, []string{"chain 2, entry 7: changed"}},
		"gone":    {[]store.Write{{Op: store.Delete, Key: entry(7)}}, []string{"chain 2, entry 7: missing"}},
		"tail":    {[]store.Write{{Op: store.Delete, Key: entry(chain.Number)}}, []string{fmt.Sprintf("chain 2, entry %d: missing", chain.Number), "its head counts"}},
		"twice": {[]store.Write{{Op: store.Put, Key: store.AuditKey("demo", 2, chain.Number+1), Set: whole[entry(7)]}}, []string{
			fmt.Sprintf("chain 2, entry %d: changed", chain.Number+1)}},
	} {
		for _, w := range c.harm {
			put(w)
		}
		t.Run(name, func(t *testing.T) {
			e.run(t, "audit", "--verify").fails(t, 1, append(c.says, "the audit log of demo is not whole")...)
		})
		put(store.Write{Op: store.Delete, Key: store.AuditKey("demo", 2, chain.Number+1)})
		for k, attrs := range whole {
			put(store.Write{Op: store.Put, Key: k, Set: attrs})
		}
	}
	// An end that was cut off with its head shows by heads that were kept, and by
	// those alone.
	previous := item(entry(chain.Number)).Str(store.AttrPrevious)
	put(store.Write{Op: store.Delete, Key: entry(chain.Number)})
	put(store.Write{Op: store.Put, Key: head, Set: store.Attrs{{Name: "number", Value: store.N(chain.Number - 1)}, {Name: "hash", Value: store.S(previous)}}})
	e.run(t, "audit", "--verify").ok(t, nil)
	e.run(t, "audit", "--verify", "--kept", kept).fails(t, 1, fmt.Sprintf("chain 2, entry %d: kept: its head counts", chain.Number))

	e.run(t, "audit", "--kept", kept).fails(t, 1, "--kept needs --verify")
	e.run(t, "audit", "--verify", "--kept", file(t, "other.json", `{"accountId":"other"}`)).fails(t, 1, "has the heads of account other")
	e.run(t, "audit", "--verify", "--kept", file(t, "none.json", `[]`)).fails(t, 1, "does not hold heads")
}

func TestAuditLists(t *testing.T) {
	t.Parallel()
	e := ready(t)
	for i := range 30 {
		err := (store.JournalStore{Engine: e.store}).Audit(t.Context(), desk.AuditEntry{
			Account: "demo", ID: fmt.Sprint("x", i), At: time.Now().Add(time.Hour + time.Duration(i)*time.Second), By: fmt.Sprint("by", i), Role: desk.ConnectorRole, Action: desk.ActionRefuse, Detail: "why not",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(e.run(t, "audit", "--limit", "5").ok(t, nil).stdout), "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "WHEN") || !strings.Contains(lines[1], "by29 (connector)") || !strings.Contains(lines[5], "by25 (connector)") || !strings.HasSuffix(lines[1], "why not") {
		t.Errorf("log = %q", lines)
	}
	if all := strings.Count(e.run(t, "audit", "--limit", "0", "--json").ok(t, nil).stdout, "\n"); all < 30 {
		t.Errorf("%d lines of JSON", all)
	}
}
