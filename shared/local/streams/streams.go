package streams

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/store"
)

// Function is a handler of changes. Its answer names the first that failed.
type Function = function.Function[events.DynamoDBEvent, events.DynamoDBEventResponse]

// Mapping is an event source mapping: it has a function handle the changes of
// a table's stream, from the oldest on. Its position is kept under the
// function's name. Its fields must not change once in use.
type Mapping struct {
	DB       *db.DB
	Host     *function.Host
	Stream   store.Stream
	Table    store.Table // for ARNs
	Function Function

	BatchSize int
	// Filter says which changes the function gets.
	Filter func(store.Change) bool
	// Retries is how often a change that failed is tried again, MaxAge until
	// what age. What failed for ever would block its shard.
	Retries int
	MaxAge  time.Duration
	// OnFailure is sent what was given up, in the shape that AWS sends; it is
	// tried until it succeeds.
	OnFailure func(ctx context.Context, bodies []string) error
	// Poll is how often a shard without news is looked at, and News, if not nil,
	// returns a channel that is closed when there is some.
	Poll time.Duration
	News func() <-chan struct{}
	// Trim is told which changes of a shard are done: those up to a sequence
	// number. They are kept for Keep more, so that who gets an on-failure
	// message can read them.
	Trim func(ctx context.Context, shard, through string) error
	Keep time.Duration

	mu      sync.Mutex
	readers []*reader
}

// Behind is how old the oldest change is that the function is being given, or is about
// to be; 0 if there is none. One that failed does not count while it waits to be tried
// again.
func (m *Mapping) Behind() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	oldest := int64(0)
	for _, r := range m.readers {
		if at := r.oldest.Load(); at != 0 && (oldest == 0 || at < oldest) {
			oldest = at
		}
	}
	if oldest == 0 {
		return 0
	}
	return max(m.Host.Clock.Now().Sub(time.UnixMilli(oldest)), 0)
}

// arn is the stream's ARN.
func (m *Mapping) arn() string {
	return "arn:aws:dynamodb:" + function.Region + ":" + function.Account + ":table/" + string(m.Table) + "/stream/local"
}

// gatherFor is how long to wait after news, so that changes of the same moment are
// handled together.
const gatherFor = 5 * time.Millisecond

// listEvery is how often shards are listed and trimmed.
const listEvery = 5 * time.Second

// Run has the function handle changes until ctx is done, and then waits for
// the invocations under way.
func (m *Mapping) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	t := &trimmer{mapping: m}
	known := map[string]bool{}
	for ctx.Err() == nil {
		shards, err := m.Stream.Shards(ctx)
		if err != nil && ctx.Err() == nil {
			m.Host.Logger().ErrorContext(ctx, "shards not listed", "table", m.Table, "err", err)
		}
		for _, shard := range shards {
			if known[shard] {
				continue
			}
			known[shard] = true
			r := newReader(m, shard)
			m.mu.Lock()
			m.readers = append(m.readers, r)
			m.mu.Unlock()
			t.shards = append(t.shards, &shardTrimmer{reader: r})
			running.Go(func() { r.run(ctx) })
		}
		t.trim(ctx)
		m.Host.Clock.Wait(ctx, listEvery, nil)
	}
	return nil
}
