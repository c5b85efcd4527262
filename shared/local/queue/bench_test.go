package queue_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/queue"
)

// BenchmarkQueue is the way of a message of 3 KB through the queue: sent in
// tens, handled in batches of ten.
func BenchmarkQueue(b *testing.B) {
	for _, batch := range []int{1, 10} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) {
			e := newEngine(b)
			q := e.queue(queue.Config{Visibility: time.Minute})
			var left sync.WaitGroup
			left.Add(b.N)
			ctx, cancel := context.WithCancel(b.Context())
			var polling sync.WaitGroup
			polling.Go(func() {
				m := mapping(func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
					left.Add(-len(e.Records))
					return events.SQSEventResponse{}, nil
				})
				m.BatchSize = batch
				if err := q.Poll(ctx, e.host, m); err != nil {
					b.Error(err)
				}
			})
			bodies := slices.Repeat([]string{strings.Repeat("conversation-id,", 190)}, batch)
			b.ResetTimer()
			for n := b.N; n > 0; n -= len(bodies) {
				send(b, q, bodies[:min(n, len(bodies))]...)
			}
			left.Wait()
			b.StopTimer()
			cancel()
			polling.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
