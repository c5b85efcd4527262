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
				_, done := b.turn(ctx)
				if ctx.Err() != nil {
					done()
					return
				}
				begun.Add(1)
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

// TestR22TheBackfillStandsBack: while live traffic is late nothing of the backfill
// begins, and afterwards there is less of it for a while.
func TestR22TheBackfillStandsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackfill()
		grows := func(wants ...int64) {
			t.Helper()
			d := growAfter / 2
			for _, want := range wants {
				if n, _ := b.work(t.Context(), d); n != want {
					t.Errorf("%d at work, want %d", n, want)
				}
				d = growAfter
			}
		}
		grows(1, 2, 3)
		if n, _ := b.work(t.Context(), 6*growAfter); n != 8 {
			t.Errorf("%d at work when all has long been well", n)
		}
		b.lateness.Store(int64(tooLate + 1))
		if n, pieces := b.work(t.Context(), 2*shrinkAfter+50*time.Millisecond); n != 0 || pieces != 0 {
			t.Errorf("%d pieces were begun although live traffic is late", pieces)
		}
		b.lateness.Store(int64(tooLate))
		grows(1, 2, 3) // from 8 to 1 by halves
	})
}

// TestTheBackfillIsSlowWherePeopleWait: it goes on, one piece after the other.
func TestTheBackfillIsSlowWherePeopleWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackfill()
		b.work(t.Context(), 10*time.Second)
		b.line.Store(int64(tooLate + 1))
		b.work(t.Context(), 3*shrinkAfter) // from 8 to 1
		if n, pieces := b.work(t.Context(), time.Second); n != 1 || pieces < 40 || pieces > 110 {
			t.Errorf("%d at work, %d pieces", n, pieces)
		}
		b.line.Store(int64(tooLate))
		if n, _ := b.work(t.Context(), 2*growAfter+50*time.Millisecond); n != 3 {
			t.Errorf("%d at work when nobody has waited for a while, want 3", n)
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
			if size != pieceSize {
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
