package dynamo

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"deskmove/shared/store"
)

// maxBatch is the most keys of one BatchGetItem.
const maxBatch = 100

// fruitless is how many answers of a batch in a row may hold no item before
// the table counts as throttled.
const fruitless = 8

// Get implements store.Engine. No item has a key that DynamoDB would not
// take, so such keys are not asked for.
func (e *Engine) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	table, err := e.name(t)
	if err != nil {
		return nil, err
	}
	keys = distinct(keys)
	if len(keys) == 0 {
		return nil, nil
	}
	r := reading{engine: e, name: table, strong: c == store.Strong}
	bounded, cancel := e.bounded(ctx)
	defer cancel()
	if len(keys) == 1 {
		err = r.one(bounded, keys[0])
	} else {
		err = r.many(bounded, keys)
	}
	if err != nil {
		return nil, fmt.Errorf("get %d keys of %s, first %q: %w", len(keys), t, keys[0], translate(ctx, err))
	}
	return r.items, nil
}

// distinct returns the keys that an item may have, each once.
func distinct(keys []store.Key) []store.Key {
	seen := make(map[store.Key]bool, len(keys))
	some := make([]store.Key, 0, len(keys))
	for _, k := range keys {
		if !seen[k] && storable(k) == nil {
			seen[k] = true
			some = append(some, k)
		}
	}
	return some
}

// reading is one call of Get.
type reading struct {
	engine *Engine
	name   *string
	strong bool

	mu    sync.Mutex
	items []store.Item
}

func (r *reading) one(ctx context.Context, k store.Key) error {
	out, err := r.engine.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: r.name, Key: writeKey(k), ConsistentRead: &r.strong})
	if err != nil {
		return err
	}
	if out.Item == nil {
		return nil
	}
	item, err := readItem(out.Item)
	r.items = append(r.items, item)
	return err
}

// many reads batches, some of them at once.
func (r *reading) many(ctx context.Context, keys []store.Key) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.engine.Parallel)
	for batch := range slices.Chunk(keys, maxBatch) {
		g.Go(func() error { return r.batch(ctx, batch) })
	}
	return g.Wait()
}

// batch reads some keys. What DynamoDB leaves unprocessed, for want of
// capacity or since an answer has at most 16 MB, is asked for again.
func (r *reading) batch(ctx context.Context, keys []store.Key) error {
	want := make(map[store.Key]bool, len(keys))
	ask := make([]image, len(keys))
	for i, k := range keys {
		want[k] = true
		ask[i] = writeKey(k)
	}
	for empty := 0; len(ask) > 0; {
		out, err := r.engine.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{*r.name: {Keys: ask, ConsistentRead: &r.strong}},
		})
		if err != nil {
			return err
		}
		found, err := r.take(out.Responses[*r.name], want)
		if err != nil {
			return err
		}
		if ask = out.UnprocessedKeys[*r.name].Keys; len(ask) == 0 {
			return nil
		}
		if empty++; found > 0 {
			empty = 1
		}
		if empty > fruitless {
			return fmt.Errorf("%d of %d keys stay unprocessed: %w", len(ask), len(keys), store.ErrThrottled)
		}
		if err := pause(ctx, empty); err != nil {
			return err
		}
	}
	return nil
}

// take keeps the items of an answer that no answer before held, and counts
// them.
func (r *reading) take(answer []image, want map[store.Key]bool) (int, error) {
	items := make([]store.Item, 0, len(answer))
	for _, raw := range answer {
		item, err := readItem(raw)
		if err != nil {
			return 0, err
		}
		if want[item.Key] {
			delete(want, item.Key)
			items = append(items, item)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.items = append(r.items, items...)
	return len(items), nil
}
