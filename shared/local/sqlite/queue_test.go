package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/shared/store"
)

// TestCollect checks that groups keep to the line, the urgent first, and have
// bounds.
func TestCollect(t *testing.T) {
	urgent, queue := make(chan *request, 1000), make(chan *request, 1000)
	var short, long []*request
	for i := range 1000 {
		r, s := &request{writes: make([]store.Write, 100)}, &request{writes: make([]store.Write, 1)}
		if i%7 == 3 {
			r.state.Store(left)
		} else {
			long = append(long, r)
		}
		short = append(short, s)
		queue <- r
		urgent <- s
	}
	close(queue)
	first := <-queue
	var got []*request
	for ok := true; ok; first, ok = <-queue {
		group := collect(nil, first, urgent, queue)
		writes := 0
		for _, r := range group {
			writes += len(r.writes)
		}
		if writes >= maxGroupWrites+100 {
			t.Errorf("a group of %d writes", writes)
		}
		got = append(got, group...)
	}
	want := slices.Concat(long[:1], short, long[1:])
	if n := maxGroupWrites - 100; n < len(short) { // those go with the next group
		want = slices.Concat(long[:1], short[:n], long[1:2], short[n:], long[2:])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d requests were taken, want %d, in their order", len(got), len(want))
	}

	large := make(chan *request, 10)
	for range 10 {
		large <- &request{arena: make([]byte, maxGroupBytes/3)}
	}
	if got := len(collect(nil, <-large, nil, large)); got != 3 && got != 4 {
		t.Errorf("%d large requests in a group", got)
	}
}

// held opens an engine whose writer waits until release is called.
func held(t *testing.T) (e *Engine, release func()) {
	e, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	began, hold := make(chan struct{}), make(chan struct{})
	go func() {
		_ = e.do(Backfill(context.Background()), &request{answer: make(chan struct{}, 1), job: func(*writer) error {
			close(began)
			<-hold
			return nil
		}})
	}()
	<-began
	return e, func() { close(hold) }
}

// TestLeave ends the context of a write that waits.
func TestLeave(t *testing.T) {
	e, release := held(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	key := store.Key{PK: "a", SK: "b"}
	err := store.FirstError(e.Write(ctx, []store.Write{{Table: store.Control, Key: key}}))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Write that waits: %v", err)
	}
	release()
	if err := e.Transact(t.Context(), []store.Write{{Table: store.Control, Key: key, If: store.Absent()}}); err != nil {
		t.Errorf("the write that was left has been done: %v", err)
	}
}

// TestOneCommit checks that what waits is one commit, and that a condition
// that fails, or an item too large, fails one write only.
func TestOneCommit(t *testing.T) {
	e, release := held(t)
	answers := make(chan []error, 50)
	for i := range 50 {
		go func() {
			k := store.Key{PK: "p", SK: string(rune('a' + i/2))} // each key twice
			answers <- e.Write(t.Context(), []store.Write{{Table: store.Conversations, Key: k, If: store.Absent()},
				{Op: store.Update, Table: store.Control, Key: k, Add: store.Attrs{{Name: "n", Value: store.N(1)}}}})
		}()
	}
	for len(e.urgent) < 50 {
		time.Sleep(time.Millisecond)
	}
	before := e.Stats().Commits
	release()
	failed := 0
	for range 50 {
		if errs := <-answers; errs != nil {
			failed++
			if !errors.Is(errs[0], store.ErrCondition) || errs[1] != nil {
				t.Error(errs)
			}
		}
	}
	if failed != 25 {
		t.Errorf("%d puts failed, want 25", failed)
	}
	if got := e.Stats().Commits - before; got != 2 { // the held one's, and ours
		t.Errorf("%d commits", got)
	}
}

// TestDatabaseError has an error of the database fail a whole group, and the
// next succeed.
func TestDatabaseError(t *testing.T) {
	e, release := held(t)
	broken := errors.New("broken")
	answers := make(chan error, 2)
	go func() {
		answers <- store.FirstError(e.Write(t.Context(), []store.Write{{Table: store.Control, Key: store.Key{PK: "a", SK: "b"}}}))
	}()
	for len(e.urgent) < 1 {
		time.Sleep(time.Millisecond)
	}
	go func() {
		answers <- e.do(t.Context(), &request{answer: make(chan struct{}, 1), job: func(*writer) error { return broken }})
	}()
	for len(e.urgent) < 2 {
		time.Sleep(time.Millisecond)
	}
	release()
	for range 2 {
		if err := <-answers; !errors.Is(err, broken) {
			t.Errorf("in the group: %v", err)
		}
	}
	if err := e.Transact(t.Context(), []store.Write{{Table: store.Control, Key: store.Key{PK: "a", SK: "b"}, If: store.Absent()}}); err != nil {
		t.Errorf("after the group: %v", err)
	}
}

// TestLogIsBounded writes while snapshots overlap, so that there is always a
// reader of the log.
func TestLogIsBounded(t *testing.T) {
	dir := t.TempDir()
	e, err := Open(dir, Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					hold(t, e, 50*time.Millisecond)
				}
			}
		})
	}
	for g := range 8 {
		writers.Go(func() {
			for n := range 160 { // 130 MB altogether
				w := store.Write{Table: store.Control, Key: store.Key{PK: string(rune('a' + g)), SK: string(rune('a' + n%10))},
					Set: store.Attrs{{Name: "body", Value: store.S(strings.Repeat(string(rune('a'+n%23)), 100_000))}}}
				if err := store.FirstError(e.Write(t.Context(), []store.Write{w})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	info, err := os.Stat(filepath.Join(dir, "deskmove.db-wal"))
	if err != nil || info.Size() > 5*walLimit/4 {
		t.Errorf("the log has %d bytes, at most about %d are wanted; %v", info.Size(), walLimit, err)
	}
	t.Logf("the log has %d bytes", info.Size())
}

// hold keeps a snapshot open for a while.
func hold(t *testing.T, e *Engine, d time.Duration) {
	r, err := e.reader(t.Context())
	if err != nil {
		t.Error(err)
		return
	}
	defer e.free(r)
	if err := run(r.begin); err != nil {
		t.Error(err)
	}
	if _, err := readItem(r.get[0], store.Key{PK: "a", SK: "a"}, nil); err != nil {
		t.Error(err)
	}
	time.Sleep(d)
	if err := run(r.commit); err != nil {
		t.Error(err)
	}
}

// TestNoNewsReadsNothing: who follows the stream keeps no reader busy while nothing
// is written, before and after a restart.
func TestNoNewsReadsNothing(t *testing.T) {
	dir := t.TempDir()
	last := map[string]string{"0": "", "1": "", "2": "", "3": ""}
	for range 2 {
		e, err := Open(dir, Options{Unsynced: true})
		if err != nil {
			t.Fatal(err)
		}
		changes := func(shard string) (n int, read bool) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			cs, err := e.Changes(ctx, shard, last[shard], 10)
			if len(cs) > 0 {
				last[shard] = cs[len(cs)-1].Sequence
			}
			return len(cs), len(cs) > 0 || err != nil
		}
		quiet := func(when string) {
			taken := takeAll(e)
			for shard := range last {
				if _, read := changes(shard); read {
					t.Errorf("%s, shard %s was read", when, shard)
				}
			}
			for _, r := range taken {
				r.home <- r
			}
		}
		quiet("at first")
		for i := range 20 {
			key := store.Key{PK: fmt.Sprint(i), SK: "H"}
			set := store.Attrs{{Name: store.Home, Value: store.S("inbox")}, {Name: "now", Value: store.S(fmt.Sprint(time.Now()))}}
			if err := store.FirstError(e.Write(t.Context(), []store.Write{{Table: store.Conversations, Key: key, Set: set}})); err != nil {
				t.Fatal(err)
			}
		}
		total := 0
		for shard := range last {
			n, _ := changes(shard)
			total += n
		}
		if total != 20 {
			t.Errorf("%d changes are seen, want 20", total)
		}
		quiet("when all is seen")
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// takeAll takes all readers.
func takeAll(e *Engine) (taken []*reader) {
	for range readerCount {
		taken = append(taken, <-e.readers)
	}
	for range keptCount {
		taken = append(taken, <-e.kept)
	}
	return taken
}

// TestReadersAreKept: what customers wait for is read while everything else waits for
// readers, and has all of them if it needs them.
func TestReadersAreKept(t *testing.T) {
	e, err := Open(t.TempDir(), Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	taken := takeAll(e)
	for i, r := range taken {
		if r.home == e.kept {
			r.home <- r
			taken = slices.Delete(taken, i, i+1)
			break
		}
	}
	get := func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, err := e.Get(ctx, store.Control, []store.Key{{PK: "a", SK: "b"}}, store.Eventual)
		return err
	}
	for name, ctx := range map[string]context.Context{"usual": t.Context(), "backfill": Backfill(t.Context())} {
		if err := get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, although all readers but one that is kept are at work", name, err)
		}
	}
	for range 2 { // it is given back to where it was
		if err := get(Live(t.Context())); err != nil {
			t.Errorf("live: %v", err)
		}
	}
	kept := <-e.kept
	for i, r := range taken {
		if r.home == e.readers {
			r.home <- r
			taken = slices.Delete(taken, i, i+1)
			break
		}
	}
	for name, ctx := range map[string]context.Context{"usual": t.Context(), "backfill": Backfill(t.Context()), "live": Live(t.Context())} {
		if err := get(ctx); err != nil {
			t.Errorf("%s: %v, although a reader of all is free", name, err)
		}
	}
	for _, r := range append(taken, kept) {
		r.home <- r
	}
}

// TestBackfillGoesLast, however few its writes are, and nobody else's age counts for
// how long writes have been waiting.
func TestBackfillGoesLast(t *testing.T) {
	e, release := held(t)
	put := func(ctx context.Context, sk string) {
		_ = e.Write(ctx, []store.Write{{Table: store.Control, Key: store.Key{PK: "a", SK: sk}}})
	}
	var all sync.WaitGroup
	all.Go(func() { put(Backfill(t.Context()), "backfill") })
	for len(e.queue) < 1 {
		time.Sleep(time.Millisecond)
	}
	if e.Waiting() != 0 {
		t.Errorf("only the backfill waits, but the oldest write is said to for %v", e.Waiting())
	}
	ctx, leave := context.WithCancel(t.Context())
	all.Go(func() { put(ctx, "usual") })
	all.Go(func() { put(Live(t.Context()), "live") })
	for len(e.urgent) < 2 {
		time.Sleep(time.Millisecond)
	}
	old := e.Waiting()
	if time.Sleep(time.Millisecond); old <= 0 || e.Waiting() <= old {
		t.Errorf("two wait, for %v and then for %v", old, e.Waiting())
	}
	leave() // one leaves, and the other is answered
	release()
	all.Wait()
	if e.Waiting() != 0 {
		t.Errorf("nobody waits, but the oldest write is said to for %v", e.Waiting())
	}
}

// TestNews: a commit of changes is news, and one without any is not.
func TestNews(t *testing.T) {
	e, err := Open(t.TempDir(), Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	news := e.News()
	put := func(table store.Table) {
		t.Helper()
		set := store.Attrs{{Name: store.Home, Value: store.S("inbox")}}
		if err := store.FirstError(e.Write(t.Context(), []store.Write{{Table: table, Key: store.Key{PK: "p", SK: "H"}, Set: set}})); err != nil {
			t.Fatal(err)
		}
	}
	put(store.Control) // has no stream
	select {
	case <-news:
		t.Fatal("news, though nothing has changed in the stream")
	default:
	}
	put(store.Conversations)
	select {
	case <-news:
	default:
		t.Fatal("no news of a change that is committed")
	}
}
