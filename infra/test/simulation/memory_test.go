package simulation

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"deskmove/shared/store"
)

// shards is how many shards the stream of conversations has.
const shards = 3

// oldest is how old an eventual read may be.
const oldest = 2 * time.Second

// place is where an item is.
type place struct {
	table store.Table
	key   store.Key
}

// partition names a partition of a table or of its index.
type partition struct {
	table store.Table
	pk    string
}

// version is an item as it was from a moment on; nil is absent.
type version struct {
	attrs store.Attrs
	since time.Duration
}

// cell is an item, what it was before, and where the index has it.
type cell struct {
	place
	version
	older   []version
	entry   *entry
	settled time.Duration // when the index has caught up with it
}

// entry is an item in an index, for as long as the index shows it.
type entry struct {
	isk      string
	key      store.Key
	from, to time.Duration
}

// change is one write that was done.
type change struct {
	place
	old, new store.Attrs
}

// memory is a database in plain maps. Nothing in it is concurrent, and only
// the simulation's clock passes in it.
type memory struct {
	now func() time.Duration
	at  func() time.Time          // the same, as a date
	lag func(place) time.Duration // by how much the index learns later of a change
	saw func([]change)            // is told of what was done, at once
	// streamed is told of a shard that has a new change.
	streamed   func(shard int)
	unstreamed func(store.Change) bool // as in mutant
	cells      map[place]*cell
	parts      map[partition][]*cell // in the order of the sort keys
	index      map[partition][]*entry
	// stream holds the changes of conversations; a sequence number is a
	// position from 1.
	stream [shards][]store.Change
}

func newMemory() *memory {
	return &memory{cells: map[place]*cell{}, parts: map[partition][]*cell{}, index: map[partition][]*entry{}}
}

// read returns an item as it was so long ago, nil if there was none.
func (m *memory) read(p place, ago time.Duration) store.Attrs {
	c := m.cells[p]
	if c == nil {
		return nil
	}
	return c.as(m.now() - ago)
}

func (c *cell) as(of time.Duration) store.Attrs {
	if c.since <= of {
		return c.attrs
	}
	for _, v := range slices.Backward(c.older) {
		if v.since <= of {
			return v.attrs
		}
	}
	return nil
}

// write does one write.
func (m *memory) write(w store.Write) error {
	old := m.read(place{w.Table, w.Key}, 0)
	if !w.If.Holds(old, old != nil) {
		return store.ErrCondition
	}
	m.saw([]change{m.apply(w)})
	return nil
}

// transact does all writes or none.
func (m *memory) transact(ws []store.Write) error {
	var failed []int
	for i, w := range ws {
		old := m.read(place{w.Table, w.Key}, 0)
		if !w.If.Holds(old, old != nil) {
			failed = append(failed, i)
		}
	}
	if failed != nil {
		return &store.ConditionError{Failed: failed}
	}
	done := make([]change, len(ws))
	for i, w := range ws {
		done[i] = m.apply(w)
	}
	m.saw(done)
	return nil
}

func (m *memory) apply(w store.Write) change {
	p := place{w.Table, w.Key}
	c := m.cells[p]
	if c == nil {
		c = &cell{place: p}
		m.cells[p] = c
		m.insert(c)
	}
	old, attrs := c.attrs, c.attrs
	switch w.Op {
	case store.Put:
		attrs = w.Set
	case store.Update:
		attrs = w.Apply(old)
	case store.Delete:
		attrs = nil
	}
	m.set(c, attrs)
	return change{p, old, attrs}
}

func (m *memory) insert(c *cell) {
	in := partition{c.table, c.key.PK}
	i, _ := slices.BinarySearchFunc(m.parts[in], c.key.SK, func(c *cell, sk string) int { return cmp.Compare(c.key.SK, sk) })
	m.parts[in] = slices.Insert(m.parts[in], i, c)
}

func (m *memory) set(c *cell, attrs store.Attrs) {
	now, old := m.now(), c.attrs
	if old != nil || len(c.older) > 0 {
		for len(c.older) > 1 && c.older[1].since <= now-oldest {
			c.older = c.older[1:] // nobody reads them any more
		}
		c.older = append(c.older, c.version)
	}
	c.version = version{attrs, now}
	m.reindex(c)
	if _, has := attrs.Find(store.Version); c.table == store.Conversations && has {
		m.report(store.Change{At: m.at(), Key: c.key, Old: old, New: attrs})
	}
}

// report puts a change into the stream.
func (m *memory) report(c store.Change) {
	if m.unstreamed != nil && m.unstreamed(c) {
		return
	}
	shard := int(hash(c.Key.PK) % shards)
	c.Sequence = strconv.Itoa(len(m.stream[shard]) + 1)
	m.stream[shard] = append(m.stream[shard], c)
	m.streamed(shard)
}

// reindex lets the index know, later.
func (m *memory) reindex(c *cell) {
	ipk, isk := c.attrs.Str(store.IndexPK), c.attrs.Str(store.IndexSK)
	was := c.entry
	if was != nil && was.isk == ipk+"\x00"+isk || was == nil && ipk == "" {
		return
	}
	at := max(m.now()+m.lag(c.place), c.settled)
	c.settled = at
	if was != nil {
		was.to = at
	}
	c.entry = nil
	if ipk == "" || isk == "" {
		return
	}
	c.entry = &entry{isk: ipk + "\x00" + isk, key: c.key, from: at, to: math.MaxInt64}
	in := partition{c.table, ipk}
	i, _ := slices.BinarySearchFunc(m.index[in], c.entry.isk, func(e *entry, isk string) int { return cmp.Compare(e.isk, isk) })
	m.index[in] = slices.Insert(m.index[in], i, c.entry)
}

// query reads a page as it was so long ago.
func (m *memory) query(q store.Query, ago time.Duration) store.Page {
	if q.Index {
		return m.queryIndex(q)
	}
	var found []store.Item
	for _, c := range m.parts[partition{q.Table, q.PK}] {
		if attrs := c.as(m.now() - ago); attrs != nil && q.From <= c.key.SK && (q.To == "" || c.key.SK <= q.To) {
			found = append(found, store.Item{Key: c.key, Attrs: attrs})
		}
	}
	return page(q, found, func(i store.Item) string { return i.Key.SK })
}

func (m *memory) queryIndex(q store.Query) store.Page {
	var found []store.Item
	for _, e := range m.index[partition{q.Table, q.PK}] {
		isk := e.isk[len(q.PK)+1:]
		if e.from <= m.now() && m.now() < e.to && q.From <= isk && (q.To == "" || isk <= q.To) {
			found = append(found, store.Item{Key: e.key, Attrs: store.Attrs{
				{Name: store.IndexPK, Value: store.S(q.PK)}, {Name: store.IndexSK, Value: store.S(isk)},
			}})
		}
	}
	return page(q, found, func(i store.Item) string { return i.Attrs.Str(store.IndexSK) })
}

// page cuts a page out of all that was found.
func page(q store.Query, found []store.Item, sk func(store.Item) string) store.Page {
	if q.Descending {
		slices.Reverse(found)
	}
	if q.After != "" {
		beyond := func(i store.Item) bool {
			if q.Descending {
				return sk(i) < q.After
			}
			return sk(i) > q.After
		}
		first := slices.IndexFunc(found, beyond)
		if first < 0 {
			return store.Page{}
		}
		found = found[first:]
	}
	if len(found) <= q.Limit {
		return store.Page{Items: found}
	}
	return store.Page{Items: found[:q.Limit], Next: sk(found[q.Limit-1])}
}
