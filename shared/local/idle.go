package local

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/local/streams"
)

// WaitIdle waits until no batch is queued and every change has been handled.
// While customers write that may be never.
func (s *Stack) WaitIdle(ctx context.Context) error {
	for {
		idle, err := s.idle(ctx)
		if err != nil || idle {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Stack) idle(ctx context.Context) (bool, error) {
	if queued, err := s.Batches.Len(ctx); err != nil || queued > 0 {
		return false, err
	}
	shards, err := s.engine.Shards(ctx)
	if err != nil {
		return false, err
	}
	after, err := streams.Positions(ctx, s.runtime.DB, redirect)
	if err != nil {
		return false, err
	}
	for _, shard := range shards {
		ahead, err := s.engine.Changes(ctx, shard, after[shard], 1)
		if err != nil {
			return false, fmt.Errorf("stream shard %s: %w", shard, err)
		}
		if len(ahead) > 0 {
			return false, nil
		}
	}
	return true, nil
}
