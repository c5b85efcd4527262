package store

import (
	"context"
	"fmt"

	"deskmove/shared/desk"
)

// readOne reads one item, strongly; desk.ErrNotFound if there is none.
func readOne[T any](ctx context.Context, e Engine, t Table, k Key, read func(Attrs) T) (T, error) {
	found, err := readMany(ctx, e, t, []Key{k}, true, read)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: item %s: %w", t, k.PK, desk.ErrNotFound)
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
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
