package dynamo

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"deskmove/shared/store"
)

// Shards and Changes make an Engine a store.Stream, for whoever is in Lambda's place: on
// AWS it is Lambda that follows the stream.
func (e *Engine) Shards(ctx context.Context) ([]string, error) { return e.shards(ctx) }

// Changes implements store.Stream. What is kept no more is left out.
func (e *Engine) Changes(ctx context.Context, shard, after string, limit int) ([]store.Change, error) {
	from := types.ShardIteratorTypeAfterSequenceNumber
	if after == "" {
		from = types.ShardIteratorTypeTrimHorizon
	}
	r := shardReader{engine: e, shard: shard}
	err := r.begin(ctx, from, after)
	for empty := 0; err == nil && r.iterator != nil && empty < 4; empty++ {
		var changes []store.Change
		changes, err = r.next(ctx, min(limit, maxRecords))
		if len(changes) > 0 {
			empty = 0
		}
		changes = slices.DeleteFunc(changes, func(c store.Change) bool { return !store.Streamed(c.New) })
		if err == nil && len(changes) > 0 {
			return changes, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("changes of shard %s after %q: %w", shard, after, translate(ctx, err))
	}
	return nil, nil
}
