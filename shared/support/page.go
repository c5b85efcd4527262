package support

import (
	"context"

	"deskmove/shared/desk"
)

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	Last  desk.Position // the last one looked at, after which the next page starts
	More  bool          // there may be a next page
}

// maxLooked is how many items a page looks at, at least, before it ends early
// although it may find none that is wanted.
const maxLooked = 2000

// list is a list of which some items are wanted.
type list[T any] struct {
	// next returns positions after one, the newest first, about as many as limit.
	next func(ctx context.Context, after desk.Position, limit int) (ps []desk.Position, more bool, err error)
	// read returns the wanted ones of some IDs.
	read func(ctx context.Context, ids []string) (map[string]T, error)
	// mayBeEmpty says that a page may end after maxLooked even if it is empty;
	// otherwise it goes on until it has found something.
	mayBeEmpty bool
}

// page reads a page of at most limit wanted items after a position.
func (l list[T]) page(ctx context.Context, after desk.Position, limit int) (Page[T], error) {
	p := Page[T]{Last: after, More: true}
	for looked := 0; p.More && len(p.Items) < limit; {
		if looked >= maxLooked && (l.mayBeEmpty || len(p.Items) > 0) {
			break
		}
		ps, more, err := l.next(ctx, p.Last, limit)
		if err != nil {
			return Page[T]{}, err
		}
		looked += len(ps)
		for len(ps) > 0 && len(p.Items) < limit {
			// At least 100 at a time, since some may not be wanted.
			some := ps[:min(len(ps), max(limit-len(p.Items), 100))]
			found, err := l.read(ctx, desk.ConversationIDs(some))
			if err != nil {
				return Page[T]{}, err
			}
			ps = ps[p.add(some, found, limit):]
		}
		p.More = more || len(ps) > 0
	}
	return p, nil
}

// add adds what was found until the page is full. It returns how many of the
// positions it has dealt with.
func (p *Page[T]) add(ps []desk.Position, found map[string]T, limit int) int {
	for i, at := range ps {
		if len(p.Items) == limit {
			return i
		}
		if item, ok := found[at.ID]; ok {
			p.Items = append(p.Items, item)
		}
		p.Last = at
	}
	return len(ps)
}
