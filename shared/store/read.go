package store

import (
	"context"

	"deskmove/shared/desk"
)

// getOne reads one item, strongly; desk.ErrNotFound if there is none.
func getOne(ctx context.Context, e Engine, t Table, k Key) (Attrs, error) {
	items, err := e.Get(ctx, t, []Key{k}, Strong)
	if err == nil && len(items) == 0 {
		err = desk.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return items[0].Attrs, nil
}
