package storetest

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"sync"
	"time"

	"deskmove/shared/store"
)

const (
	// Shards is how many shards the stream of a Memory has.
	Shards = 3
	// MaxAge is how old an eventual read of a Memory may be.
	MaxAge = 2 * time.Second
)

// Memory is an engine with a stream, for tests that need many of them, or one
// that is new each time, and for no more than some thousand items. It passes
// Run and RunStream. Its cursors are as strict as those of package dynamo. The
// zero Memory is empty.
//
// By default reads and the indexes are up to date. A simulation sets functions,
// before the first use, to get what a distributed database may do.
type Memory struct {
	// Now dates changes; time.Now if nil.
	Now func() time.Time
	// Lag is how much later an index shows a change; it is asked for each index
	// of the table that the change changes.
	Lag func(store.Table, store.Key) time.Duration
	// Age is how old the state is that an eventual read sees, at most MaxAge.
	// Written is when the item was last written. For a query the key has no
	// sort key, and written is zero.
	Age func(ctx context.Context, t store.Table, k store.Key, written time.Time) time.Duration
	// Wrote is called after each write, and once for a whole transaction.
	Wrote func([]Written)

	mu         sync.Mutex
	items      map[place]*item
	partitions map[partition][]*item  // in the order of the sort keys
	indexes    map[part][]*entry      // in the order of the index
	stream     [Shards][]store.Change // a sequence number is a position from 1
}

// Written is an item that was written. Old is nil if it was absent, New if it
// is now.
type Written struct {
	Table    store.Table
	Key      store.Key
	Old, New store.Attrs
}

// Items returns the items that are written to an empty engine, in order.
func Items(do func(store.Engine)) (items []Written) {
	do(&Memory{Wrote: func(some []Written) { items = append(items, some...) }})
	return items
}

// partition names a partition of a table, part one of an index.
type (
	partition struct {
		table store.Table
		pk    string
	}
	part struct {
		index *store.Index
		pk    string
	}
)

// version is an item as it was from a moment on; nil is absent. Attributes are
// never changed.
type version struct {
	attrs store.Attrs
	since time.Time
}

// item is an item, what it was before, and where the indexes have it.
type item struct {
	place
	version
	older    []version
	listings []listing // one for each index of the table
}

// listing is where an index has an item.
type listing struct {
	index *store.Index
	entry *entry    // nil if it is not there
	until time.Time // when the index has caught up with it
}

// entry is an item in an index, for as long as the index shows it.
type entry struct {
	isk      string
	key      store.Key
	attrs    store.Attrs // the index's keys and what it projects
	from, to time.Time   // to is zero while the index shows it
}

var (
	_ store.Engine = (*Memory)(nil)
	_ store.Stream = (*Memory)(nil)
)

// Copy returns an engine that holds the same items and has no functions and an
// empty stream; changes of one are not seen in the other.
func (m *Memory) Copy() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &Memory{}
	for _, items := range m.partitions {
		for _, i := range items {
			if i.attrs != nil {
				c.set(c.item(i.place), i.attrs)
			}
		}
	}
	c.stream = [Shards][]store.Change{}
	return c
}

func (m *Memory) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Now()
}

// Listed returns when all indexes caught up with an item's last change.
func (m *Memory) Listed(t store.Table, k store.Key) (at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.items[place{t, k}]; i != nil {
		for _, l := range i.listings {
			if l.until.After(at) {
				at = l.until
			}
		}
	}
	return at
}

// Get implements store.Engine.
func (m *Memory) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var items []store.Item
	for _, key := range keys {
		if attrs := m.read(ctx, place{t, key}, c); attrs != nil {
			items = append(items, store.Item{Key: key, Attrs: slices.Clone(attrs)})
		}
	}
	return items, nil
}

// read returns an item, nil if there is none.
func (m *Memory) read(ctx context.Context, p place, c store.Consistency) store.Attrs {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.items[p]
	if i == nil {
		i = &item{}
	}
	return i.as(m.asOf(ctx, p, i.since, c))
}

// asOf is the moment that a read sees.
func (m *Memory) asOf(ctx context.Context, p place, written time.Time, c store.Consistency) time.Time {
	if c == store.Strong || m.Age == nil {
		return m.now()
	}
	return m.now().Add(-m.Age(ctx, p.table, p.key, written))
}

func (i *item) as(of time.Time) store.Attrs {
	if !i.since.After(of) {
		return i.attrs
	}
	for _, v := range slices.Backward(i.older) {
		if !v.since.After(of) {
			return v.attrs
		}
	}
	return nil
}

// Write implements store.Engine.
func (m *Memory) Write(ctx context.Context, ws []store.Write) []error {
	var errs []error
	for i := range ws {
		err := m.Transact(ctx, ws[i:i+1])
		if err == nil {
			continue
		}
		if errs == nil {
			errs = make([]error, len(ws))
		}
		errs[i] = err
	}
	return errs
}

// Transact implements store.Engine.
func (m *Memory) Transact(ctx context.Context, ws []store.Write) error {
	written, err := m.transact(ctx, ws)
	if err == nil && len(ws) > 0 && m.Wrote != nil {
		m.Wrote(written)
	}
	return err
}

func (m *Memory) transact(ctx context.Context, ws []store.Write) ([]Written, error) {
	if len(ws) > 100 {
		return nil, fmt.Errorf("transaction of %d writes: at most 100 are possible", len(ws))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var failed store.ConditionError
	for i, w := range ws {
		if err := cmp.Or(ctx.Err(), checkKey(w.Key)); err != nil {
			return nil, err
		}
		if old := m.attrs(w); !w.If.Holds(old, old != nil) {
			failed.Failed, failed.Old = append(failed.Failed, i), append(failed.Old, slices.Clone(old))
		}
	}
	if failed.Failed != nil {
		return nil, &failed
	}
	written := make([]Written, len(ws))
	for i, w := range ws {
		written[i] = m.apply(w)
	}
	return written, nil
}

func checkKey(k store.Key) error {
	if k.PK == "" || k.SK == "" {
		return errors.New("a part of the key is empty")
	}
	return nil
}

// attrs returns the item that a write is about, nil if it is absent.
func (m *Memory) attrs(w store.Write) store.Attrs {
	if i := m.items[place{w.Table, w.Key}]; i != nil {
		return i.attrs
	}
	return nil
}

func (m *Memory) apply(w store.Write) Written {
	old := m.attrs(w)
	var attrs store.Attrs
	switch w.Op {
	case store.Put:
		attrs = append(store.Attrs{}, w.Set...) // not nil
	case store.Update:
		attrs = w.Apply(nil, old)
	}
	m.set(m.item(place{w.Table, w.Key}), attrs)
	return Written{w.Table, w.Key, old, attrs}
}

// item returns the item at a place, which is absent if it was not there.
func (m *Memory) item(p place) *item {
	if i := m.items[p]; i != nil {
		return i
	}
	if m.items == nil {
		m.items, m.partitions, m.indexes = map[place]*item{}, map[partition][]*item{}, map[part][]*entry{}
	}
	i := &item{place: p}
	for _, index := range store.Indexes {
		if index.Table == p.table {
			i.listings = append(i.listings, listing{index: index})
		}
	}
	m.items[p] = i
	in := partition{p.table, p.key.PK}
	at, _ := slices.BinarySearchFunc(m.partitions[in], p.key.SK, func(i *item, sk string) int { return cmp.Compare(i.key.SK, sk) })
	m.partitions[in] = slices.Insert(m.partitions[in], at, i)
	return i
}

// set gives an item new attributes, nil to delete it.
func (m *Memory) set(i *item, attrs store.Attrs) {
	now, old := m.now(), i.attrs
	if m.Age != nil && !i.since.IsZero() {
		for len(i.older) > 1 && !i.older[1].since.After(now.Add(-MaxAge)) {
			i.older = i.older[1:] // nobody reads them any more
		}
		i.older = append(i.older, i.version)
	}
	i.version = version{attrs, now}
	for n := range i.listings {
		m.reindex(i, &i.listings[n])
	}
	if i.table == store.Conversations && store.Streamed(attrs) {
		shard := shardOf(i.key.PK)
		m.stream[shard] = append(m.stream[shard], store.Change{
			Sequence: strconv.Itoa(len(m.stream[shard]) + 1), At: now, Key: i.key, Old: old, New: attrs,
		})
	}
}

func shardOf(pk string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(pk)) // never fails
	return int(h.Sum32() % Shards)
}

// reindex lets an index know, later.
func (m *Memory) reindex(i *item, l *listing) {
	is, was := project(i.attrs, l.index), l.entry
	if was == nil && is == nil || was != nil && slices.Equal(was.attrs, is) {
		return
	}
	at := m.now()
	if m.Lag != nil {
		at = at.Add(m.Lag(i.table, i.key))
	}
	if at.Before(l.until) {
		at = l.until
	}
	l.until = at
	if was != nil {
		was.to = at
	}
	if l.entry = nil; is == nil {
		return
	}
	l.entry = &entry{isk: is.Str(l.index.SK), key: i.key, attrs: is, from: at}
	in := part{l.index, is.Str(l.index.PK)}
	n, _ := slices.BinarySearchFunc(m.indexes[in], l.entry, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.isk, b.isk), cmp.Compare(a.key.PK, b.key.PK), cmp.Compare(a.key.SK, b.key.SK))
	})
	m.indexes[in] = slices.Insert(m.indexes[in], n, l.entry)
}

// project returns what an index has of an item, nil if it has it not. The
// order is always the same.
func project(a store.Attrs, index *store.Index) (is store.Attrs) {
	for _, name := range []string{index.PK, index.SK} {
		v, _ := a.Find(name)
		if v.Kind != store.String || v.Str == "" {
			return nil
		}
		is = append(is, store.Attr{Name: name, Value: v})
	}
	for _, name := range index.Projects {
		if v, ok := a.Find(name); ok {
			is = append(is, store.Attr{Name: name, Value: v})
		}
	}
	return is
}

// Query implements store.Engine.
func (m *Memory) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if err := ctx.Err(); err != nil {
		return store.Page{}, err
	}
	after, err := readPlace(q)
	if err != nil {
		return store.Page{}, err
	}
	found := m.find(ctx, q)
	if q.Descending {
		slices.Reverse(found)
	}
	if after != nil {
		found = slices.DeleteFunc(found, func(item store.Item) bool {
			n := slices.Compare(placeOf(q, item), after)
			return n == 0 || (n < 0) != q.Descending
		})
	}
	if len(found) <= q.Limit {
		return store.Page{Items: found}, nil
	}
	found = found[:q.Limit]
	next, err := json.Marshal(placeOf(q, found[q.Limit-1]))
	return store.Page{Items: found, Next: base64.RawURLEncoding.EncodeToString(next)}, err
}

// Count implements store.Engine.
func (m *Memory) Count(ctx context.Context, q store.Query) (int, error) {
	return min(len(m.find(ctx, q)), q.Limit), ctx.Err()
}

// find returns what a query covers, in ascending order.
func (m *Memory) find(ctx context.Context, q store.Query) (found []store.Item) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.asOf(ctx, place{q.Table, store.Key{PK: q.PK}}, time.Time{}, q.Read)
	within := func(sk string) bool { return q.From <= sk && (q.To == "" || sk <= q.To) }
	if q.Index == nil {
		for _, i := range m.partitions[partition{q.Table, q.PK}] {
			if attrs := i.as(of); attrs != nil && within(i.key.SK) {
				found = append(found, store.Item{Key: i.key, Attrs: slices.Clone(attrs)})
			}
		}
		return found
	}
	now := m.now()
	for _, e := range m.indexes[part{q.Index, q.PK}] {
		if within(e.isk) && !e.from.After(now) && (e.to.IsZero() || now.Before(e.to)) {
			found = append(found, store.Item{Key: e.key, Attrs: slices.Clone(e.attrs)})
		}
	}
	return found
}

// placeOf is the place of an item in a query's order.
func placeOf(q store.Query, item store.Item) []string {
	if q.Index != nil {
		return []string{item.Attrs.Str(q.Index.SK), item.Key.PK, item.Key.SK}
	}
	return []string{item.Key.SK}
}

// readPlace reads a query's cursor; nil for none.
func readPlace(q store.Query) (after []string, err error) {
	if q.After == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(q.After)
	if err == nil {
		err = json.Unmarshal(b, &after)
	}
	if err != nil || len(after) != len(placeOf(q, store.Item{})) || after[0] < q.From || q.To != "" && after[0] > q.To {
		return nil, store.ErrCursor
	}
	return after, nil
}

// Shards implements store.Stream.
func (m *Memory) Shards(context.Context) ([]string, error) {
	names := make([]string, Shards)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names, nil
}

// Changes implements store.Stream.
func (m *Memory) Changes(ctx context.Context, shard, after string, limit int) ([]store.Change, error) {
	changes, err := m.Between(ctx, shard, strconv.Itoa(number(after)+1), "")
	return changes[:min(limit, len(changes))], err
}

// Between implements store.Stream; without a last change it reads to the end.
func (m *Memory) Between(ctx context.Context, shard, first, last string) ([]store.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	changes := m.stream[number(shard)]
	if last != "" {
		changes = changes[:number(last)]
	}
	return slices.Clip(changes[number(first)-1:]), ctx.Err()
}

// number reads a shard or a sequence number; "" is 0.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
