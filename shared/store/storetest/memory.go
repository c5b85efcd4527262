package storetest

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"deskmove/shared/store"
)

// Memory is an engine for tests that need many of them, or one that is new
// each time, and for no more than some thousand items. It passes Run. Its
// cursors are as strict as those of package dynamo.
type Memory struct {
	mu    sync.RWMutex
	items map[place]store.Attrs // no value is ever changed
}

// Copy returns an engine that holds the same; changes of one are not seen in
// the other. A nil Memory is an empty one.
func (m *Memory) Copy() *Memory {
	if m == nil {
		return &Memory{items: map[place]store.Attrs{}}
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return &Memory{items: maps.Clone(m.items)}
}

// Get implements store.Engine.
func (m *Memory) Get(ctx context.Context, t store.Table, keys []store.Key, _ store.Consistency) ([]store.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var items []store.Item
	for _, key := range keys {
		if item, ok := m.items[place{t, key}]; ok {
			items = append(items, store.Item{Key: key, Attrs: slices.Clone(item)})
		}
	}
	return items, nil
}

// Write implements store.Engine.
func (m *Memory) Write(ctx context.Context, ws []store.Write) []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var errs []error
	for i, w := range ws {
		err := cmp.Or(ctx.Err(), checkKey(w.Key))
		if err == nil && !m.holds(w) {
			err = store.ErrCondition
		}
		if err == nil {
			m.apply(w)
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
	if len(ws) > 100 {
		return fmt.Errorf("transaction of %d writes: at most 100 are possible", len(ws))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var failed []int
	for i, w := range ws {
		if err := cmp.Or(ctx.Err(), checkKey(w.Key)); err != nil {
			return err
		}
		if !m.holds(w) {
			failed = append(failed, i)
		}
	}
	if failed != nil {
		return &store.ConditionError{Failed: failed}
	}
	for _, w := range ws {
		m.apply(w)
	}
	return nil
}

func checkKey(k store.Key) error {
	if k.PK == "" || k.SK == "" {
		return errors.New("a part of the key is empty")
	}
	return nil
}

func (m *Memory) holds(w store.Write) bool {
	item, exists := m.items[place{w.Table, w.Key}]
	return w.If.Holds(item, exists)
}

func (m *Memory) apply(w store.Write) {
	p := place{w.Table, w.Key}
	switch w.Op {
	case store.Put:
		m.items[p] = slices.Clone(w.Set)
	case store.Update:
		m.items[p] = w.Apply(m.items[p])
	case store.Delete:
		delete(m.items, p)
	}
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
	found := m.find(q)
	order := func(a, b store.Item) int {
		n := slices.Compare(placeOf(q, a), placeOf(q, b))
		if q.Descending {
			return -n
		}
		return n
	}
	slices.SortFunc(found, order)
	if after != nil {
		i, there := slices.BinarySearchFunc(found, after, func(item store.Item, after []string) int {
			n := slices.Compare(placeOf(q, item), after)
			if q.Descending {
				return -n
			}
			return n
		})
		if there {
			i++
		}
		found = found[i:]
	}
	if len(found) <= q.Limit {
		return store.Page{Items: found}, nil
	}
	found = found[:q.Limit]
	next, err := json.Marshal(placeOf(q, found[q.Limit-1]))
	return store.Page{Items: found, Next: base64.RawURLEncoding.EncodeToString(next)}, err
}

// find returns what a query covers, in any order.
func (m *Memory) find(q store.Query) []store.Item {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found []store.Item
	for p, item := range m.items {
		pk, sk := p.key.PK, p.key.SK
		if q.Index {
			pk, sk = item.Str(store.IndexPK), item.Str(store.IndexSK)
		}
		if p.table != q.Table || pk != q.PK || sk == "" || sk < q.From || q.To != "" && sk > q.To {
			continue
		}
		if item = slices.Clone(item); q.Index {
			item = attrs(store.IndexPK, pk, store.IndexSK, sk)
		}
		found = append(found, store.Item{Key: p.key, Attrs: item})
	}
	return found
}

// placeOf is the place of an item in a query's order.
func placeOf(q store.Query, item store.Item) []string {
	if q.Index {
		return []string{item.Attrs.Str(store.IndexSK), item.Key.PK, item.Key.SK}
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
