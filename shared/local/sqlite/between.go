package sqlite

import (
	"context"

	"deskmove/shared/store"
)

// Between implements store.Stream.
func (e *Engine) Between(ctx context.Context, shard, first, last string) ([]store.Change, error) {
	from, _, err := span(shard, first)
	if err != nil {
		return nil, err
	}
	end, _, err := span(shard, last)
	if err != nil {
		return nil, err
	}
	r, err := e.reader(ctx)
	if err != nil {
		return nil, err
	}
	defer e.free(r)
	var all []store.Change
	for from--; from < end; { // span gives what comes after
		some, err := r.readChanges(from, end-1, 1000)
		if err != nil || len(some) == 0 {
			return all, translate(err)
		}
		all = append(all, some...)
		if from, _, err = span(shard, some[len(some)-1].Sequence); err != nil {
			return nil, err
		}
	}
	return all, nil
}
