package streams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/store"
)

// Schema is the part of the file that streams need.
const Schema = `
CREATE TABLE IF NOT EXISTS stream_position (
  mapping TEXT NOT NULL,
  shard   TEXT NOT NULL,
  after   TEXT NOT NULL, -- sequence number of the last change that is done
  work    TEXT NOT NULL, -- what is under way behind it, as JSON
  PRIMARY KEY (mapping, shard)
) STRICT, WITHOUT ROWID;
`

// Function is a handler of changes.
type Function = function.Function[events.DynamoDBEvent, events.DynamoDBEventResponse]

// Mapping is an event source mapping: it has a function handle the changes of
// a stream, from the oldest on. Its position is kept under the function's
// name.
type Mapping struct {
	Function  Function
	BatchSize int // 100 if 0, at most 10000
	// Filter says which changes the function gets; all if nil.
	Filter func(store.Change) bool
	// Retries is how often a batch that failed is tried again, MaxAge until
	// what age; 24 h if 0. Bounds are a must: what fails for ever would block
	// its shard.
	Retries        int
	MaxAge         time.Duration
	Bisect         bool // a batch that failed is split in two
	ReportFailures bool // the function's answer names the first change that failed
	// OnFailure is sent what was given up, in the shape that AWS sends; it is
	// tried until it succeeds. If it is nil, what is given up is only logged.
	OnFailure func(ctx context.Context, bodies []string) error
}

// Check refuses what AWS refuses.
func (m Mapping) Check() error {
	var err error
	switch {
	case m.Function.Name == "":
		err = errors.New("function has no name")
	case m.BatchSize < 0 || m.BatchSize > 10_000:
		err = fmt.Errorf("batch size is %d: use 1 to 10000", m.BatchSize)
	case m.Retries < 0 || m.Retries > 10_000:
		err = fmt.Errorf("retries are %d: use 0 to 10000", m.Retries)
	case m.MaxAge != 0 && (m.MaxAge < time.Minute || m.MaxAge > 7*24*time.Hour):
		err = fmt.Errorf("maximum age is %v: use 1m to 7 days", m.MaxAge)
	}
	if err != nil {
		return fmt.Errorf("stream to function %s: %w", m.Function.Name, err)
	}
	return nil
}

// Feed feeds functions from the stream of changes of a table. Its fields must
// not change once in use.
type Feed struct {
	DB     *db.DB
	Host   *function.Host
	Stream store.Stream
	Table  store.Table // for ARNs

	// Poll is how often a shard without news is looked at, besides Notify;
	// 250 ms, as on AWS, if 0.
	Poll time.Duration
	// Trim, if not nil, is told what every mapping has done with: the changes
	// of a shard up to a sequence number. They are kept for Keep more, so that
	// who gets an on-failure message can read them.
	Trim func(ctx context.Context, shard, through string) error
	Keep time.Duration

	mu   sync.Mutex
	wake chan struct{} // closed when there are changes
}

// Notify says that there are new changes. It does not wait.
func (f *Feed) Notify() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wake != nil {
		close(f.wake)
		f.wake = nil
	}
}

func (f *Feed) bell() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wake == nil {
		f.wake = make(chan struct{})
	}
	return f.wake
}

// arn is the stream's ARN.
func (f *Feed) arn() string {
	return "arn:aws:dynamodb:" + function.Region + ":" + function.Account + ":table/" + string(f.Table) + "/stream/local"
}

// lookEvery is how often shards are listed and trimmed.
const lookEvery = 5 * time.Second

// Run feeds the functions of all mappings until ctx is done, and then waits
// for the invocations under way. There can be one mapping for a function.
func (f *Feed) Run(ctx context.Context, mappings ...Mapping) error {
	seen := map[string]bool{}
	for _, m := range mappings {
		if err := m.Check(); err != nil {
			return err
		}
		if seen[m.Function.Name] {
			return fmt.Errorf("stream to function %s: is there twice", m.Function.Name)
		}
		seen[m.Function.Name] = true
	}
	var running sync.WaitGroup
	defer running.Wait()
	t := &trimmer{feed: f}
	known := map[string]bool{}
	for ctx.Err() == nil {
		shards, err := f.Stream.Shards(ctx)
		if err != nil && ctx.Err() == nil {
			f.Host.Logger().ErrorContext(ctx, "shards not listed", "table", f.Table, "err", err)
		}
		for _, name := range shards {
			if known[name] {
				continue
			}
			known[name] = true
			for _, m := range mappings {
				r := newReader(f, m, name, t.watch(name))
				running.Go(func() { r.run(ctx) })
			}
		}
		t.trim(ctx)
		f.Host.Clock.Wait(ctx, lookEvery, nil)
	}
	return nil
}

// Position is where a mapping stands in a shard.
type Position struct {
	Shard string
	After string // sequence number of the last change that is done
	Tries int    // of the batch behind it, if it has failed before
}

// Positions says where the mapping of a function stands.
func Positions(ctx context.Context, d *db.DB, functionName string) (all []Position, err error) {
	err = d.Do(ctx, func(tx db.Tx) error {
		return tx.Query("SELECT shard, after, work FROM stream_position WHERE mapping = ? ORDER BY shard", func(r db.Row) error {
			p := Position{Shard: r.Text(0), After: r.Text(1)}
			var work []segment
			if err := json.Unmarshal([]byte(r.Text(2)), &work); err != nil {
				return err
			}
			if len(work) > 0 {
				p.Tries = work[0].Failed
			}
			all = append(all, p)
			return nil
		}, functionName)
	})
	if err != nil {
		return nil, fmt.Errorf("stream positions of function %s: %w", functionName, err)
	}
	return all, nil
}
