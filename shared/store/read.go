package store

import (
	"context"
	"fmt"

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

// readMany reads items in any order; those that do not exist are left out.
func readMany[T any](ctx context.Context, e Engine, t Table, keys []Key, strong bool, read func(Attrs) T) ([]T, error) {
	items, err := e.Get(ctx, t, keys, Consistency(strong))
	if err != nil {
		return nil, fmt.Errorf("%s: read %d items: %w", t, len(keys), err)
	}
	found := make([]T, len(items))
	for i, item := range items {
		found[i] = read(item.Attrs)
	}
	return found, nil
}

func keysOf(account string, ids []string, key func(account, id string) Key) []Key {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = key(account, id)
	}
	return keys
}
