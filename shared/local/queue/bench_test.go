package queue_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/queue"
)

// BenchmarkQueue is the way of a message of 3 KB through the queue.
func BenchmarkQueue(b *testing.B) {
	e := newEngine(b)
	q := e.queue(queue.Config{Visibility: time.Minute})
	var left, polling sync.WaitGroup
	left.Add(b.N)
	ctx, cancel := context.WithCancel(b.Context())
	polling.Go(func() {
		if err := q.Poll(ctx, queue.Function{Name: "convert", Timeout: time.Minute, Handle: func(context.Context, events.SQSEvent) (r events.SQSEventResponse, _ error) {
			left.Done()
			return r, nil
		}}, 16); err != nil {
			b.Error(err)
		}
	})
	body := strings.Repeat("conversation-id,", 190)
	b.ResetTimer()
	for range b.N {
		send(b, q, body)
	}
	left.Wait()
	b.StopTimer()
	cancel()
	polling.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
