package streams_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/local/streams"
	"deskmove/shared/store"
)

// BenchmarkStream is the way of a change from the embedded engine to a function
// that does nothing.
func BenchmarkStream(b *testing.B) {
	for _, batch := range []int{100, 1000} {
		b.Run(fmt.Sprint("batch=", batch), func(b *testing.B) {
			e, err := sqlite.Open(b.TempDir(), sqlite.Options{Unsynced: true})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			d, err := db.Open(filepath.Join(b.TempDir(), "local.db"), streams.Schema)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			fill(b, e, b.N)
			var left sync.WaitGroup
			left.Add(b.N)
			m := &streams.Mapping{
				DB: d, Host: &function.Host{Log: slog.New(slog.DiscardHandler)}, Stream: e, Table: store.Conversations,
				BatchSize: batch, Poll: 10 * time.Millisecond,
				Filter: func(store.Change) bool { return true },
				Trim:   func(context.Context, string, string) error { return nil },
				Function: streams.Function{
					Name: "f", Timeout: time.Minute, Handle: func(_ context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
						left.Add(-len(e.Records))
						return events.DynamoDBEventResponse{}, nil
					},
				},
			}
			ctx, cancel := context.WithCancel(b.Context())
			var polling sync.WaitGroup
			b.ResetTimer()
			polling.Go(func() {
				if err := m.Run(ctx); err != nil {
					b.Error(err)
				}
			})
			left.Wait()
			b.StopTimer()
			cancel()
			polling.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
		})
	}
}

// fill writes n items such as conversations are.
func fill(b *testing.B, e *sqlite.Engine, n int) {
	b.Helper()
	attrs := store.Attrs{{Name: store.Home, Value: store.S("inbox")}}
	for i := range 10 {
		attrs = append(attrs, store.Attr{Name: fmt.Sprint("attribute", i), Value: store.S("a value of some length")})
	}
	for i := 0; i < n; i += 1000 {
		var ws []store.Write
		for j := i; j < min(n, i+1000); j++ {
			ws = append(ws, store.Write{
				Op: store.Put, Table: store.Conversations, Key: store.HeaderKey("acme", fmt.Sprint(j)), Set: attrs,
			})
		}
		if err := store.FirstError(e.Write(b.Context(), ws)); err != nil {
			b.Fatal(err)
		}
	}
}
