package support

import (
	"context"

	"deskmove/shared/desk"
)

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	Last  desk.Position // the last one read, after which the next page starts
	More  bool          // there may be a next page
}

// maxLooked is about how many items a page reads at most. A page that finds few
// wanted ones then ends early, and says that there may be more.
const maxLooked = 5000

// page reads a page of at most limit wanted items of a list. List returns
// positions as Listing does; read returns the wanted ones of some IDs.
func page[T any](
	ctx context.Context, after desk.Position, limit int,
	list func(after desk.Position, limit int) ([]desk.Position, bool, error),
	read func(ctx context.Context, ids []string) (map[string]T, error),
) (Page[T], error) {
	p := Page[T]{Last: after, More: true}
	for looked := 0; p.More && len(p.Items) < limit && looked < maxLooked; {
		ps, more, err := list(p.Last, limit)
		if err != nil {
			return Page[T]{}, err
		}
		looked += len(ps)
		for len(ps) > 0 && len(p.Items) < limit {
			// At least 100 at a time, since some may not be wanted.
			some := ps[:min(len(ps), max(limit-len(p.Items), 100))]
			found, err := read(ctx, desk.ConversationIDs(some))
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
