package thread

import (
	"cmp"
	"slices"
	"time"
)

// order sorts the messages of a thread by date, but none before its parent. A
// reply with an earlier date than its parent comes right after it.
func (b *builder) order(members []int) []Item {
	parents := b.parents(members)
	type place struct {
		at    time.Time
		depth int
	}
	places := make(map[int]place, len(members))
	for _, i := range members {
		// Go up to the first ancestor that has a place, then down again.
		var path []int
		for j, ok := i, true; ok; j, ok = parents[j] {
			if _, known := places[j]; known {
				break
			}
			path = append(path, j)
		}
		for _, j := range slices.Backward(path) {
			p := place{at: b.headers[j].Date}
			if parent, ok := parents[j]; ok {
				above := places[parent]
				p.depth = above.depth + 1
				if above.at.After(p.at) {
					p.at = above.at
				}
			}
			places[j] = p
		}
	}
	sorted := slices.SortedFunc(slices.Values(members), func(i, j int) int {
		x, y := places[i], places[j]
		return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.depth, y.depth),
			b.headers[i].Date.Compare(b.headers[j].Date), cmp.Compare(b.external[i], b.external[j]))
	})
	items := make([]Item, len(sorted))
	for n, i := range sorted {
		items[n] = Item{Index: i, ExternalID: b.external[i]}
		if parent, ok := parents[i]; ok {
			items[n].Parent = b.external[parent]
		}
	}
	return items
}

// parents returns the parent of each message. If messages answer one another in a
// circle, the first one visited has no parent.
func (b *builder) parents(members []int) map[int]int {
	parents := make(map[int]int, len(members))
	for _, i := range members {
		if parent, ok := b.parent(i); ok {
			parents[i] = parent
		}
	}
	seen := make(map[int]int) // message to the walk that met it, from 1
	for n, i := range members {
		for ok := true; ok && seen[i] == 0; i, ok = parents[i] {
			seen[i] = n + 1
			if next, more := parents[i]; more && seen[next] == n+1 {
				delete(parents, next)
				break
			}
		}
	}
	return parents
}

// parent returns the nearest existing message among those that i answers.
func (b *builder) parent(i int) (int, bool) {
	h := &b.headers[i]
	for _, id := range h.InReplyTo {
		if j, ok := b.byID[id]; ok && j != i {
			return j, true
		}
	}
	for _, id := range slices.Backward(h.References) {
		if j, ok := b.byID[id]; ok && j != i {
			return j, true
		}
	}
	j, ok := b.answers[i]
	return j, ok
}
