package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"deskmove/shared/store"
)

// model compares the engine with plain maps under random calls.
func model(k *kit) {
	rapid.Check(k.T, func(t *rapid.T) {
		m := &machine{ctx: k.ctx, engine: k.engine, prefix: k.prefix + rand.Text(), items: map[place]store.Attrs{}}
		t.Repeat(map[string]func(*rapid.T){
			"write":    m.write,
			"transact": m.transact,
			"get":      m.get,
			"query":    m.query,
			"":         func(*rapid.T) {},
		})
		m.indexes(k)
	})
}

// place is where an item is.
type place struct {
	table store.Table
	key   store.Key
}

// machine is an engine and what should be in it.
type machine struct {
	ctx    context.Context
	engine store.Engine
	prefix string
	items  map[place]store.Attrs
}

var (
	aTable  = rapid.SampledFrom([]store.Table{store.Conversations, store.Control})
	aPK     = rapid.SampledFrom([]string{"p", "p\x00", "é"})
	aSK     = rapid.SampledFrom([]string{"a", "a\x00", "b", "B", "é", "\U0001F600"})
	anOp    = rapid.SampledFrom([]store.Op{store.Put, store.Put, store.Update, store.Update, store.Update, store.Delete})
	aNumber = rapid.SampledFrom([]string{"n", "m", "due"})
	aString = rapid.SampledFrom([]string{"s", "tst", "own"})
	aHome   = rapid.SampledFrom([]string{"inbox", "helpdesk"})
	indexed = []string{"cpk", "csk", "opk", "dpk", "dsk"}
	aLimit  = rapid.IntRange(1, 4)
)

func (m *machine) place(t *rapid.T) place {
	return place{aTable.Draw(t, "table"), store.Key{PK: m.prefix + aPK.Draw(t, "pk"), SK: aSK.Draw(t, "sk")}}
}

// writes draws writes of different items.
func (m *machine) writes(t *rapid.T) []store.Write {
	var ws []store.Write
	for _, p := range m.places(t, 5) {
		w := store.Write{Op: anOp.Draw(t, "op"), Table: p.table, Key: p.key, If: m.condition(t)}
		if w.Op == store.Put || w.Op == store.Update {
			w.Set = m.attributes(t)
		}
		if w.Op == store.Update {
			m.rest(t, &w)
		}
		if w.Op == store.Update && len(w.Set)+len(w.Add) == 0 {
			w.If = w.If.And(store.Exists()) // or it may make the item, or not
		}
		ws = append(ws, w)
	}
	return ws
}

// places draws 1 to n different places.
func (m *machine) places(t *rapid.T, n int) []place {
	var places []place
	for range rapid.IntRange(1, n).Draw(t, "count") {
		if p := m.place(t); !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return places
}

func (m *machine) attributes(t *rapid.T) store.Attrs {
	var a store.Attrs
	if rapid.Bool().Draw(t, "number") {
		a = a.With(aNumber.Draw(t, "name"), store.N(rapid.Int64Range(-3, 3).Draw(t, "value")))
	}
	if rapid.Bool().Draw(t, "string") {
		a = a.With(aString.Draw(t, "name"), store.S(strings.Repeat("é", rapid.IntRange(0, 3).Draw(t, "length"))))
	}
	if rapid.Bool().Draw(t, "bytes") {
		a = a.With("b", store.B(string(rapid.SliceOfN(rapid.Byte(), 0, 2).Draw(t, "value"))))
	}
	if rapid.Bool().Draw(t, "home") {
		a = a.With(store.Home, store.S(aHome.Draw(t, "value")))
	}
	for _, i := range store.Indexes {
		if rapid.Bool().Draw(t, i.PK) {
			a = a.With(i.PK, store.S(m.prefix+aPK.Draw(t, "value")))
		}
		if rapid.Bool().Draw(t, i.SK) {
			a = a.With(i.SK, store.S(aSK.Draw(t, "value")))
		}
	}
	return a
}

// rest draws what an update adds and removes, of other attributes than it sets.
func (m *machine) rest(t *rapid.T, w *store.Write) {
	if name := aNumber.Draw(t, "add"); rapid.Bool().Draw(t, "adds") && !has(w.Set, name) {
		w.Add = attrs(name, rapid.IntRange(-3, 3).Draw(t, "value"))
	}
	for _, name := range append(indexed, "s", "tst", "b", "n", "due", store.Home) {
		if rapid.IntRange(0, 3).Draw(t, "removes") == 0 && !has(w.Set, name) && !has(w.Add, name) {
			w.Remove = append(w.Remove, name)
		}
	}
	if len(w.Set)+len(w.Add)+len(w.Remove) == 0 {
		w.Remove = []string{"s"}
	}
}

func has(a store.Attrs, name string) bool {
	_, ok := a.Find(name)
	return ok
}

func (m *machine) condition(t *rapid.T) store.Cond {
	switch number := store.N(rapid.Int64Range(-3, 3).Draw(t, "value")); rapid.IntRange(0, 7).Draw(t, "if") {
	case 0:
		return store.Absent()
	case 1:
		return store.Exists()
	case 2:
		return store.Equals(aNumber.Draw(t, "name"), number)
	case 3:
		return store.Equals("s", store.S("éé")).And(store.Equals("n", number))
	case 4:
		return store.Differs(aNumber.Draw(t, "name"), number)
	}
	return nil
}

// holds reports whether w's condition holds in the model. It does not use
// Cond.Holds, which engines use themselves.
func (m *machine) holds(w store.Write) bool {
	item, exists := m.items[place{w.Table, w.Key}]
	for _, term := range w.If {
		v, ok := item.Find(term.Attr)
		ok = ok && v.Kind == term.Value.Kind
		switch term.Test {
		case store.IsAbsent:
			ok = !exists
		case store.IsThere:
			ok = exists
		case store.IsEqual:
			ok = ok && v.Num == term.Value.Num && v.Str == term.Value.Str
		case store.IsOther:
			ok = !ok || v.Num != term.Value.Num || v.Str != term.Value.Str
		}
		if !ok {
			return false
		}
	}
	return true
}

// apply does w in the model.
func (m *machine) apply(w store.Write) {
	p := place{w.Table, w.Key}
	switch w.Op {
	case store.Put:
		m.items[p] = slices.Clone(w.Set)
	case store.Delete:
		delete(m.items, p)
	case store.Update:
		all := byName(m.items[p])
		for _, a := range w.Set {
			all[a.Name] = a.Value
		}
		for _, a := range w.Add {
			all[a.Name] = store.N(all[a.Name].Num + a.Value.Num)
		}
		for _, name := range w.Remove {
			delete(all, name)
		}
		var item store.Attrs
		for name, v := range all {
			item = append(item, store.Attr{Name: name, Value: v})
		}
		m.items[p] = item
	}
}

func (m *machine) write(t *rapid.T) {
	ws := m.writes(t)
	errs := m.engine.Write(m.ctx, ws)
	for i, w := range ws {
		var err error
		if errs != nil {
			err = errs[i]
		}
		holds := m.holds(w)
		if holds && err != nil || !holds && !errors.Is(err, store.ErrCondition) {
			t.Fatalf("write %+v on %+v: %v", w, m.items[place{w.Table, w.Key}], err)
		}
		if holds {
			m.apply(w)
		}
	}
}

func (m *machine) transact(t *rapid.T) {
	ws := m.writes(t)
	var failed []int
	for i, w := range ws {
		if !m.holds(w) {
			failed = append(failed, i)
		}
	}
	err := m.engine.Transact(m.ctx, ws)
	conditions, ok := errors.AsType[*store.ConditionError](err)
	if failed == nil && err != nil || failed != nil && (!ok || !slices.Equal(conditions.Failed, failed)) {
		t.Fatalf("transaction %+v: %v, want %v to fail", ws, err, failed)
	}
	if failed == nil {
		for _, w := range ws {
			m.apply(w)
		}
	}
}

func (m *machine) get(t *rapid.T) {
	table := aTable.Draw(t, "table")
	var keys []store.Key
	want := map[store.Key]store.Attrs{}
	for _, p := range m.places(t, 8) {
		p.table = table
		if !slices.Contains(keys, p.key) {
			keys = append(keys, p.key)
		}
		if item, ok := m.items[p]; ok {
			want[p.key] = item
		}
	}
	items, err := m.engine.Get(m.ctx, table, keys, store.Strong)
	if err != nil || len(items) != len(want) {
		t.Fatalf("Get %s %q = %d items, %v; want %d", table, keys, len(items), err, len(want))
	}
	for _, item := range items {
		if diff := diffAttrs(want[item.Key], item.Attrs); diff != "" {
			t.Fatalf("%s %q (-want +got):\n%s", table, item.Key, diff)
		}
	}
}

func (m *machine) query(t *rapid.T) {
	q := store.Query{Table: aTable.Draw(t, "table"), PK: m.prefix + aPK.Draw(t, "pk"), Descending: rapid.Bool().Draw(t, "descending"),
		Limit: aLimit.Draw(t, "limit"), Read: store.Strong}
	if rapid.Bool().Draw(t, "bounded") {
		q.From, q.To = aSK.Draw(t, "from"), aSK.Draw(t, "to")
		if q.From > q.To {
			q.From, q.To = q.To, q.From
		}
	}
	want := []string{}
	for p := range m.items {
		if p.table == q.Table && p.key.PK == q.PK && p.key.SK >= q.From && (q.To == "" || p.key.SK <= q.To) {
			want = append(want, p.key.SK)
		}
	}
	slices.Sort(want)
	if q.Descending {
		slices.Reverse(want)
	}
	got := []string{}
	for pages := 0; ; pages++ {
		page, err := m.engine.Query(m.ctx, q)
		if err != nil || pages > 100 {
			t.Fatalf("page %d of query %+v: %v", pages, q, err)
		}
		for _, item := range page.Items {
			got = append(got, item.Key.SK)
			if diff := diffAttrs(m.items[place{q.Table, item.Key}], item.Attrs); diff != "" {
				t.Fatalf("%s %q (-want +got):\n%s", q.Table, item.Key, diff)
			}
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("query %+v gave %q, want %q", q, got, want)
	}
}

// indexes waits until all indexes are as they should be.
func (m *machine) indexes(k *kit) {
	for _, i := range store.Indexes {
		for _, pk := range []string{"p", "p\x00", "é"} {
			q := store.Query{Table: i.Table, Index: i, PK: m.prefix + pk, Limit: 2}
			want := m.entries(i, q.PK)
			k.eventually(func() string {
				got := map[store.Key]map[string]store.Value{}
				items := k.all(q)
				for _, item := range items {
					got[item.Key] = byName(item.Attrs)
				}
				if diff := cmp.Diff(want, got); len(items) != len(got) || diff != "" {
					return fmt.Sprintf("index %s, %q: %d items (-want +got):\n%s", i.Name, q.PK, len(items), diff)
				}
				return ""
			})
		}
	}
}

// entries are what an index's partition should hold.
func (m *machine) entries(i *store.Index, pk string) map[store.Key]map[string]store.Value {
	all := map[store.Key]map[string]store.Value{}
	for p, item := range m.items {
		if p.table != i.Table || item.Str(i.PK) != pk || item.Str(i.SK) == "" {
			continue
		}
		all[p.key] = map[string]store.Value{}
		for _, a := range item {
			if a.Name == i.PK || a.Name == i.SK || slices.Contains(i.Projects, a.Name) {
				all[p.key][a.Name] = a.Value
			}
		}
	}
	return all
}
