package meter_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/cli/bench/meter"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

func open(t *testing.T) *meter.Meter {
	e, err := sqlite.Open(t.TempDir(), sqlite.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return meter.New(e)
}

func TestEngine(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Engine { return open(t) })
}

func TestCounts(t *testing.T) {
	m := open(t)
	key := func(sk string) store.Key { return store.Key{PK: "p", SK: sk} }
	put := func(sk string) store.Write {
		return store.Write{Table: store.Tickets, Key: key(sk), If: store.Absent()}
	}
	m.Write(t.Context(), []store.Write{put("a"), put("b")})
	m.Write(t.Context(), []store.Write{put("a"), put("c"), {Op: store.Update, Table: store.Control, Key: key("x")}})
	_ = m.Transact(t.Context(), []store.Write{put("d"), {Op: store.Delete, Table: store.Tickets, Key: key("a")}})
	_ = m.Transact(t.Context(), []store.Write{put("d"), {Op: store.Delete, Table: store.Tickets, Key: key("b"), If: store.Exists()}})
	_, _ = m.Get(t.Context(), store.Tickets, []store.Key{key("a"), key("b"), key("c")}, store.Strong)
	_, _ = m.Query(t.Context(), store.Query{Table: store.Tickets, PK: "p", Limit: 2})
	m.Write(t.Context(), []store.Write{{Table: store.Control}})                        // an empty key
	m.Write(t.Context(), []store.Write{{Table: "none", Key: key("a"), Op: 17}})        // nonsense
	_, _ = m.Query(t.Context(), store.Query{Table: store.Control, PK: "p", Limit: -1}) // nonsense

	want := meter.Counts{Puts: 6, Deletes: 2, Conditions: 2, Asked: 3, Found: 2, Queries: 1, Items: 2}
	if diff := cmp.Diff(want, m.Table(store.Tickets)); diff != "" {
		t.Errorf("tickets (-want +got):\n%s", diff)
	}
	if got := m.Table(store.Tickets).Writes(); got != 8 {
		t.Errorf("%d writes", got)
	}
	want = meter.Counts{Puts: 1, Updates: 1, Failures: 1, Queries: 1}
	if diff := cmp.Diff(want, m.Table(store.Control)); diff != "" {
		t.Errorf("control (-want +got):\n%s", diff)
	}
	if got := m.Transactions(); got != 2 {
		t.Errorf("%d transactions", got)
	}
}
