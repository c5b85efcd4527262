package streams_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/local/streams"
	"deskmove/shared/store"
)

// log is a stream in memory.
type log struct {
	mu     sync.Mutex
	shards map[string][]store.Change
	fails  int // reads that fail before the next succeeds
}

func (l *log) Shards(context.Context) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for name := range l.shards {
		all = append(all, name)
	}
	return all, nil
}

func (l *log) Changes(_ context.Context, shard, after string, limit int) ([]store.Change, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails > 0 {
		l.fails--
		return nil, store.ErrThrottled
	}
	all := l.shards[shard]
	i := slices.IndexFunc(all, func(c store.Change) bool { return c.Sequence > after })
	if i < 0 {
		return nil, nil
	}
	return slices.Clone(all[i:min(len(all), i+limit)]), nil
}

func (l *log) Between(context.Context, string, string, string) ([]store.Change, error) {
	return nil, errors.ErrUnsupported
}

// add appends inserts of items whose sort keys are given.
func (l *log) add(shard string, names ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shards == nil {
		l.shards = map[string][]store.Change{}
	}
	l.shards[shard] = append([]store.Change{}, l.shards[shard]...)
	for _, name := range names {
		l.shards[shard] = append(l.shards[shard], store.Change{
			Sequence: fmt.Sprintf("%06d", len(l.shards[shard])+1),
			At:       time.Now(),
			Key:      store.Key{PK: "p", SK: name},
			New:      store.Attrs{{Name: "ver", Value: store.N(1)}},
		})
	}
}

// bench is a mapping with what a test looks at.
type bench struct {
	t       *testing.T
	path    string
	log     log
	mapping *streams.Mapping

	mu      sync.Mutex
	calls   []string // "a b c" for each batch
	done    []string // what was handled
	reports []report
	handle  func(ctx context.Context, names []string) (failed int, err error)
}

// report is what an on-failure message is known to say.
type report struct {
	Request struct {
		Function  string `json:"functionArn"`
		Condition string `json:"condition"`
		Invoked   int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	Batch struct {
		Shard string `json:"shardId"`
		Start string `json:"startSequenceNumber"`
		End   string `json:"endSequenceNumber"`
		Size  int    `json:"batchSize"`
	} `json:"DDBStreamBatchInfo"`
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "local.db")}
	b.mapping = &streams.Mapping{
		Host: &function.Host{Log: slog.New(slog.DiscardHandler)}, Stream: &b.log, Table: store.Conversations,
		Function:  streams.Function{Name: "redirect", Timeout: 10 * time.Second, Handle: b.Handle},
		BatchSize: 100, Retries: 2, MaxAge: 24 * time.Hour, OnFailure: b.onFailure, Poll: 250 * time.Millisecond,
		Filter: func(store.Change) bool { return true },
		Trim:   func(context.Context, string, string) error { return nil },
	}
	b.open()
	t.Cleanup(func() { b.mapping.DB.Close() })
	return b
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	if b.mapping.DB, err = db.Open(b.path, streams.Schema); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) restart() {
	b.t.Helper()
	if err := b.mapping.DB.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.open()
}

// Handle handles a batch by b.handle, which says how many were done before a
// failure, or -1 for none failed.
func (b *bench) Handle(ctx context.Context, e events.DynamoDBEvent) (r events.DynamoDBEventResponse, err error) {
	var names []string
	for _, x := range e.Records {
		names = append(names, x.Change.Keys[store.SK].String())
	}
	b.mu.Lock()
	b.calls = append(b.calls, fmt.Sprint(names))
	b.mu.Unlock()
	failed := -1
	if b.handle != nil {
		failed, err = b.handle(ctx, names)
	}
	if err != nil {
		return r, err
	}
	n := len(names)
	if failed >= 0 {
		n = failed
		r.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: e.Records[failed].Change.SequenceNumber}}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, names[:n]...)
	return r, nil
}

func (b *bench) onFailure(_ context.Context, bodies []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, body := range bodies {
		var r report
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			return err
		}
		b.reports = append(b.reports, r)
	}
	return nil
}

// run has changes handled for a time.
func (b *bench) run(d time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	if err := b.mapping.Run(ctx); err != nil {
		b.t.Error(err)
	}
	if err := b.mapping.Host.Wait(b.t.Context()); err != nil {
		b.t.Error(err)
	}
}

func (b *bench) wantPositions(want map[string]string) {
	b.t.Helper()
	got, err := streams.Positions(b.t.Context(), b.mapping.DB, "redirect")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		b.t.Errorf("positions: %v (-want +got):\n%s", err, diff)
	}
}

func (b *bench) lost(shard string) []string {
	ranges := map[string]bool{}
	for _, r := range b.reports {
		from, _ := strconv.Atoi(r.Batch.Start)
		to, _ := strconv.Atoi(r.Batch.End)
		for n := from; n <= to; n++ {
			ranges[fmt.Sprintf("%06d", n)] = true
		}
	}
	var lost []string
	for _, c := range b.log.shards[shard] {
		if !slices.Contains(b.done, c.Key.SK) && !ranges[c.Sequence] {
			lost = append(lost, c.Key.SK)
		}
	}
	return lost
}

func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("n%03d", i)
	}
	return all
}

// A shard that is looked at once an hour is read at once when there is news.
func TestNewsIsReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		news := make(chan struct{})
		b.mapping.Poll, b.mapping.News = time.Hour, func() <-chan struct{} { return news }
		b.log.add("0")
		go func() {
			time.Sleep(time.Minute)
			b.log.add("0", "a", "b")
			close(news)
		}()
		b.run(time.Minute + time.Second)
		if diff := cmp.Diff([]string{"a", "b"}, b.done); diff != "" {
			t.Errorf("handled (-want +got):\n%s", diff)
		}
	})
}

func TestAllChangesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		want := names(250)
		b.log.add("0", want[:120]...)
		time.AfterFunc(time.Second, func() { b.log.add("0", want[120:]...) })
		b.run(2 * time.Second)
		if diff := cmp.Diff(want, b.done); diff != "" {
			t.Errorf("handled (-want +got):\n%s", diff)
		}
		if len(b.calls) != 4 {
			t.Errorf("%d batches, want 100, 20, 100, 30", len(b.calls))
		}
	})
}

func TestPositionSurvivesRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", names(10)...)
		b.log.add("1", "x", "y")
		b.run(time.Second)
		b.restart()
		b.log.add("0", "new")
		b.calls = nil
		b.run(time.Second)
		if diff := cmp.Diff([]string{"[new]"}, b.calls); diff != "" {
			t.Errorf("after a restart (-want +got):\n%s", diff)
		}
		b.wantPositions(map[string]string{"0": "000011", "1": "000002"})
	})
}

// TestBehind: changes that the function is being given have an age; what is done, or
// waits to be tried again, has none.
func TestBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var mu sync.Mutex
		var behind []string
		note := func() {
			now := b.mapping.Behind().String()
			mu.Lock()
			defer mu.Unlock()
			behind = append(behind, now)
		}
		b.log.add("1", "a", "b")
		time.Sleep(2 * time.Second)
		b.log.add("2", "c")
		first := true
		b.handle = func(_ context.Context, names []string) (int, error) {
			if names[0] == "a" && first {
				first = false
				time.AfterFunc(1200*time.Millisecond, note) // during the pause of what failed
				time.Sleep(time.Second)
				note() // the other shard is done
				return 0, errors.New("no")
			}
			if names[0] == "a" {
				note() // it is tried again, in a half
			}
			return -1, nil
		}
		b.mapping.BatchSize = 1
		b.run(20 * time.Second)
		note()
		if got, want := fmt.Sprint(behind), "[3s 0s 4s 0s]"; got != want {
			t.Errorf("behind = %s, want %s", got, want)
		}
	})
}

func TestFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", "no", "a", "no", "b", "no")
		b.log.add("1", slices.Repeat([]string{"no"}, 300)...)
		b.mapping.Filter = func(c store.Change) bool { return c.Key.SK != "no" }
		b.run(time.Second)
		if diff := cmp.Diff([]string{"[a b]"}, b.calls); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		b.wantPositions(map[string]string{"0": "000005", "1": "000300"})
	})
}

// failOn fails a batch at a poisoned name.
func failOn(poison ...string) func(context.Context, []string) (int, error) {
	return func(_ context.Context, names []string) (int, error) {
		return slices.IndexFunc(names, func(n string) bool { return slices.Contains(poison, n) }), nil
	}
}

func throwOn(poison ...string) func(context.Context, []string) (int, error) {
	return func(ctx context.Context, names []string) (int, error) {
		if i, _ := failOn(poison...)(ctx, names); i >= 0 {
			return 0, errors.New("no")
		}
		return -1, nil
	}
}

// TestBisectIsolatesThePoison: whatever the way it fails, of a batch of 100
// only the poisoned changes are given up, and what came before them is not
// handled again without need.
func TestBisectIsolatesThePoison(t *testing.T) {
	for name, handle := range map[string]func(...string) func(context.Context, []string) (int, error){
		"reported": failOn,
		"error":    throwOn,
		"panic": func(poison ...string) func(context.Context, []string) (int, error) {
			f := failOn(poison...)
			return func(ctx context.Context, names []string) (int, error) {
				if i, _ := f(ctx, names); i >= 0 {
					panic("no")
				}
				return -1, nil
			}
		},
		"time-out": func(poison ...string) func(context.Context, []string) (int, error) {
			f := failOn(poison...)
			return func(ctx context.Context, names []string) (int, error) {
				if i, _ := f(ctx, names); i >= 0 {
					<-ctx.Done()
				}
				return -1, ctx.Err()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				all := names(100)
				b.log.add("0", all...)
				poison := []string{all[37], all[99]}
				b.handle = handle(poison...)
				b.run(10 * time.Minute)
				var given []string
				for _, r := range b.reports {
					if r.Batch.Size != 1 || r.Batch.Start != r.Batch.End || r.Request.Condition != "RetryAttemptsExhausted" || r.Request.Invoked != 3 {
						t.Errorf("report = %+v", r)
					}
					i, _ := strconv.Atoi(r.Batch.Start)
					given = append(given, all[i-1])
				}
				if diff := cmp.Diff(poison, given); diff != "" {
					t.Errorf("given up (-want +got):\n%s", diff)
				}
				good := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return slices.Contains(poison, n) })
				if diff := cmp.Diff(good, b.done); diff != "" {
					t.Errorf("handled (-want +got):\n%s", diff)
				}
				// Log₂ of the batch for each poison to find it, then its retries.
				if n := len(b.calls); n > 2*(2*7+3) {
					t.Errorf("%d invocations", n)
				}
			})
		})
	}
}

func TestBisectStepByStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", "a", "b", "c", "d", "POISON", "f", "g")
		b.handle = failOn("POISON")
		b.run(time.Minute)
		want := []string{"[a b c d POISON f g]", "[POISON f g]", "[POISON]", "[POISON]", "[POISON]", "[f g]"}
		if diff := cmp.Diff(want, b.calls); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
	})
}

func TestUnknownFailureFailsTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, id := range []string{"unknown", ""} {
			b := newBench(t)
			b.log.add("0", "a", "b")
			b.mapping.Function.Handle = func(ctx context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
				_, err := b.Handle(ctx, e)
				return events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{
					{ItemIdentifier: "000002"}, {ItemIdentifier: id},
				}}, err
			}
			b.run(time.Minute)
			if diff := cmp.Diff([]string{"[a b]", "[a]", "[a]", "[a]", "[b]", "[b]", "[b]"}, b.calls); diff != "" || len(b.reports) != 2 {
				t.Errorf("failure %q: %d reports, batches (-want +got):\n%s", id, len(b.reports), diff)
			}
		}
	})
}

func TestLowestFailureIsTheCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", names(4)...)
		first := true
		b.mapping.Function.Handle = func(ctx context.Context, e events.DynamoDBEvent) (r events.DynamoDBEventResponse, _ error) {
			if _, err := b.Handle(ctx, e); err != nil {
				return r, err
			}
			if first {
				for _, i := range []int{3, 1, 2} {
					r.BatchItemFailures = append(r.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: e.Records[i].Change.SequenceNumber})
				}
			}
			first = false
			return r, nil
		}
		b.run(time.Minute)
		if diff := cmp.Diff([]string{"[n000 n001 n002 n003]", "[n001 n002 n003]"}, b.calls); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
	})
}

func TestMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", "old")
		time.Sleep(time.Hour)
		b.log.add("0", "new")
		b.handle = throwOn("old", "new")
		b.mapping.MaxAge, b.mapping.Retries = time.Minute, 5
		b.run(10 * time.Second)
		if len(b.reports) != 1 || b.reports[0].Request.Condition != "RecordAgeExceeded" || b.reports[0].Batch.Start != "000001" || b.reports[0].Batch.Size != 1 {
			t.Errorf("reports = %+v", b.reports)
		}
		if diff := cmp.Diff([]string{"[old new]", "[old]", "[new]", "[new]", "[new]"}, b.calls[:5]); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
	})
}

// TestOnFailureIsTriedUntilItWorks: a change is not left behind before its
// report is safe.
func TestOnFailureIsTriedUntilItWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", "a")
		b.handle = throwOn("a")
		full := true
		onFailure := b.mapping.OnFailure
		b.mapping.OnFailure = func(ctx context.Context, bodies []string) error {
			if full {
				return store.ErrFull
			}
			return onFailure(ctx, bodies)
		}
		b.run(time.Minute)
		b.wantPositions(map[string]string{"0": ""})
		full = false
		b.restart()
		b.run(time.Minute)
		if len(b.reports) != 1 || b.reports[0].Batch.Start != "000001" {
			t.Errorf("reports = %+v", b.reports)
		}
	})
}

func TestReadErrorsAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", "a")
		b.log.fails = 5
		b.run(time.Minute)
		if diff := cmp.Diff([]string{"a"}, b.done); diff != "" {
			t.Errorf("handled (-want +got):\n%s", diff)
		}
	})
}

// TestRetriesSurviveRestart: a batch is not tried without end because the
// process restarts, and what was isolated stays isolated.
func TestRetriesSurviveRestart(t *testing.T) {
	for name, handle := range map[string]func(...string) func(context.Context, []string) (int, error){
		"reported": failOn, "error": throwOn,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.log.add("0", names(8)...)
				b.handle = handle("n003")
				b.mapping.Retries = 6
				for range 20 {
					b.run(2500 * time.Millisecond)
					b.restart()
				}
				if len(b.reports) != 1 || b.reports[0].Batch.Start != "000004" || b.reports[0].Batch.Size != 1 {
					t.Errorf("reports = %+v", b.reports)
				}
				alone := 0
				for _, c := range b.calls {
					if c == "[n003]" {
						alone++
					}
				}
				if alone != 7 {
					t.Errorf("the poison was tried alone %d times, want 7", alone)
				}
				if len(b.done) != 7 {
					t.Errorf("handled %v", b.done)
				}
			})
		})
	}
}

// TestPoisonThatKillsTheProcess: a batch under way at the end of every life
// of the process counts as failed in the end.
func TestPoisonThatKillsTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", names(4)...)
		// The file as it is while the function runs is what is left of a
		// process that is killed.
		var left []byte
		work := func() (w []byte) {
			if err := b.mapping.DB.Do(context.WithoutCancel(t.Context()), func(tx db.Tx) error {
				return tx.Query("SELECT work FROM stream_position", func(r db.Row) error {
					w = r.Bytes(0)
					return nil
				})
			}); err != nil {
				t.Error(err)
			}
			return w
		}
		var kill context.CancelFunc
		b.handle = func(ctx context.Context, names []string) (int, error) {
			if i, _ := failOn("n002")(ctx, names); i < 0 {
				return -1, nil
			}
			left = work()
			kill()
			return 0, errors.New("killed")
		}
		b.mapping.Retries = 0
		for range 30 {
			var ctx context.Context
			ctx, kill = context.WithTimeout(t.Context(), time.Minute)
			left = nil
			if err := b.mapping.Run(ctx); err != nil {
				t.Fatal(err)
			}
			kill()
			if left != nil {
				if err := b.mapping.DB.Do(t.Context(), func(tx db.Tx) error {
					return tx.Exec("UPDATE stream_position SET work = ?", string(left))
				}); err != nil {
					t.Fatal(err)
				}
			}
			b.restart()
		}
		if len(b.reports) != 1 || b.reports[0].Batch.Start != "000003" || b.reports[0].Batch.Size != 1 {
			t.Errorf("reports = %+v", b.reports)
		}
		if lost := b.lost("0"); lost != nil {
			t.Errorf("lost %v", lost)
		}
	})
}

// TestShutDownIsNoFailure: a function that is told to end does not use up an
// attempt.
func TestShutDownIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", "a", "b")
		b.handle = func(ctx context.Context, names []string) (int, error) {
			if names[0] == "a" {
				return -1, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		}
		b.mapping.BatchSize, b.mapping.Retries = 1, 1
		b.run(time.Second)
		b.handle = throwOn("b")
		b.restart()
		b.run(time.Minute)
		if diff := cmp.Diff([]string{"[a]", "[b]", "[b]", "[b]"}, b.calls); diff != "" || len(b.reports) != 1 {
			t.Errorf("%d reports, batches (-want +got):\n%s", len(b.reports), diff)
		}
	})
}

// TestShutDownGivesNothingUp, not even without retries.
func TestShutDownGivesNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", "a")
		b.handle = func(ctx context.Context, _ []string) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		b.mapping.Retries = 0
		b.run(time.Second)
		b.handle = nil
		b.restart()
		b.run(time.Minute)
		if diff := cmp.Diff([]string{"a"}, b.done); diff != "" {
			t.Errorf("handled (-want +got):\n%s", diff)
		}
	})
}

// TestShutDownSavesThePosition: what is done when the process ends in peace is
// not done again.
func TestShutDownSavesThePosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", "a", "b")
		ctx, cancel := context.WithCancel(t.Context())
		b.handle = func(context.Context, []string) (int, error) {
			cancel()
			return -1, nil
		}
		if err := b.mapping.Run(ctx); err != nil {
			t.Fatal(err)
		}
		b.restart()
		b.run(time.Second)
		if diff := cmp.Diff([]string{"[a b]"}, b.calls); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
	})
}

func TestTrim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", names(10)...)
		start := time.Now()
		var trimmed []string
		b.mapping.Keep = time.Minute
		b.mapping.Trim = func(_ context.Context, shard, through string) error {
			trimmed = append(trimmed, fmt.Sprint(shard, " ", through, " ", time.Since(start).Round(5*time.Second)))
			return nil
		}
		time.AfterFunc(2*time.Minute, func() { b.log.add("0", "a") })
		b.mapping.Function.Timeout = time.Minute
		b.handle = func(context.Context, []string) (int, error) {
			time.Sleep(31 * time.Second)
			return -1, nil
		}
		time.AfterFunc(4*time.Minute, func() { b.log.add("0", "b") })
		time.AfterFunc(4*time.Minute+10*time.Second, func() { b.log.add("0", "c") })
		b.run(10 * time.Minute)
		if diff := cmp.Diff([]string{"0 000010 2m35s", "0 000011 4m35s", "0 000012 5m35s"}, trimmed); diff != "" {
			t.Errorf("trimmed (-want +got):\n%s", diff)
		}
	})
}

// TestTrimWhenTheClockJumps: what is kept for an hour is kept for an hour in
// which it could be read.
func TestTrimWhenTheClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0", names(10)...)
		var jump atomic.Int64
		b.mapping.Host.Clock.Time = func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
		start, trimmed := time.Now(), time.Duration(0)
		b.mapping.Keep = time.Hour
		b.mapping.Trim = func(context.Context, string, string) error {
			trimmed = time.Since(start)
			return nil
		}
		time.AfterFunc(2*time.Minute, func() { b.log.add("0", "a") })
		time.AfterFunc(5*time.Minute, func() { jump.Store(int64(time.Hour)) })
		b.run(2 * time.Hour)
		if trimmed < 59*time.Minute { // the jump counts as two looks, of five seconds each
			t.Errorf("trimmed after %v", trimmed)
		}
	})
}

func TestNewShardIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.log.add("0")
		time.AfterFunc(time.Minute, func() { b.log.add("1", "a") })
		b.run(2 * time.Minute)
		if diff := cmp.Diff([]string{"a"}, b.done); diff != "" {
			t.Errorf("handled (-want +got):\n%s", diff)
		}
	})
}
