package local

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// backfill is a pace and what goes on at it.
type backfill struct {
	*pace
	lateness atomic.Int64 // of live traffic
	line     atomic.Int64 // for how long people have waited in it
	working  atomic.Int64
	sizes    sync.Map // of pieces
}

func newBackfill() *backfill {
	b := &backfill{}
	b.pace = &pace{
		most: 8, late: func() time.Duration { return time.Duration(b.lateness.Load()) }, crowded: func() time.Duration { return time.Duration(b.line.Load()) },
	}
	return b
}

// work has eight work on pieces of 10 ms for some time, and returns how many were at
// work at the end, and how many pieces were begun.
func (b *backfill) work(ctx context.Context, d time.Duration) (atEnd int64, pieces int) {
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	var all sync.WaitGroup
	var begun atomic.Int64
	for range 8 {
		all.Go(func() {
			for {
				size, done := b.turn(ctx)
				if ctx.Err() != nil {
					done()
					return
				}
				begun.Add(1)
				b.sizes.Store(size, true)
				b.working.Add(1)
				time.Sleep(10 * time.Millisecond)
				b.working.Add(-1)
				done()
			}
		})
	}
	time.Sleep(d - time.Millisecond)
	atEnd = b.working.Load()
	all.Wait()
	return atEnd, int(begun.Load())
}

func (b *backfill) seen(size int) bool {
	_, ok := b.sizes.LoadAndDelete(size)
	return ok
}

// TestR22TheBackfillStandsBack: while live traffic is late nothing of the backfill
// begins, and afterwards there is little of it, in small pieces, for a while.
func TestR22TheBackfillStandsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackfill()
		for _, want := range []struct {
			after time.Duration
			n     int64
			small bool
		}{{100 * time.Millisecond, 1, true}, {150 * time.Millisecond, 2, true}, {150 * time.Millisecond, 4, true}, {time.Second, 8, true}, {time.Second, 8, false}} {
			if n, _ := b.work(t.Context(), want.after); n != want.n || b.seen(small) != want.small {
				t.Errorf("%d at work, want %d, in small pieces: %v", n, want.n, want.small)
			}
		}
		if !b.seen(0) {
			t.Error("no piece of any size, although there is all the room")
		}
		b.lateness.Store(int64(tooLate + 1))
		if n, pieces := b.work(t.Context(), 900*time.Millisecond); n != 0 || pieces != 0 {
			t.Errorf("%d pieces were begun although live traffic is late", pieces)
		}
		b.lateness.Store(int64(tooLate))
		for _, want := range []int64{1, 2, 3} {
			if n, _ := b.work(t.Context(), 990*time.Millisecond); n != want || b.seen(0) || !b.seen(small) {
				t.Errorf("%d at work, want %d, in small pieces", n, want)
			}
		}
		b.work(t.Context(), 10*time.Second)
		if n, _ := b.work(t.Context(), time.Second); n != 8 || !b.seen(0) {
			t.Errorf("%d at work when all has long been well", n)
		}
	})
}

// TestTheBackfillIsSlowWherePeopleWait: it goes on, one small piece after the other.
func TestTheBackfillIsSlowWherePeopleWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackfill()
		b.work(t.Context(), 10*time.Second)
		b.sizes.Clear()
		b.line.Store(int64(tooLate + 1))
		if n, pieces := b.work(t.Context(), time.Second); n != 1 || pieces < 40 || b.seen(0) || !b.seen(small) {
			t.Errorf("%d at work, %d pieces", n, pieces)
		}
		b.line.Store(int64(tooLate))
		if n, _ := b.work(t.Context(), 2500*time.Millisecond); n != 3 {
			t.Errorf("%d at work when nobody has waited for 2.5 s, want 3", n)
		}
	})
}

// TestR22TheBackfillGoesOn: live traffic that is always late cannot keep a move from its
// end. One piece after the other is worked on, and each waits a second at most.
func TestR22TheBackfillGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackfill()
		b.lateness.Store(int64(time.Hour))
		began := time.Now()
		var took []time.Duration
		for range 3 {
			size, done := b.turn(t.Context())
			took = append(took, time.Since(began))
			if size != small {
				t.Errorf("a piece of %d", size)
			}
			done()
		}
		b.standBack(t.Context())
		b.ready(t.Context())
		took = append(took, time.Since(began))
		if got := fmt.Sprint(took); got != "[1s 2s 3s 5s]" {
			t.Errorf("turns after %s", got)
		}
		if _, pieces := b.work(t.Context(), 10*time.Second); pieces < 60 || pieces > 80 {
			t.Errorf("%d pieces in 10 s, want 8 a second", pieces)
		}
	})
}

// TestReady: who takes up new work waits for room, and who only sends it for live
// traffic.
func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackfill()
		_, done := b.turn(t.Context())
		b.pace.most = 1
		began := time.Now()
		b.standBack(t.Context())
		if time.Since(began) != 0 {
			t.Error("sending waits for converters")
		}
		time.AfterFunc(5*time.Second, done)
		if b.ready(t.Context()); time.Since(began) < 5*time.Second {
			t.Errorf("ready after %v, although there is no room", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		b.lateness.Store(int64(time.Hour))
		began = time.Now()
		b.ready(ctx)
		if size, done := b.turn(ctx); time.Since(began) != 100*time.Millisecond {
			t.Errorf("at the end of its context it waits for %v, a piece of %d", time.Since(began), size)
		} else {
			done()
		}
	})
}
