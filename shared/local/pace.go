package local

import (
	"context"
	"sync"
	"time"

	"deskmove/shared/local/clock"
)

// Live traffic goes ahead of the backfill (R22).
const (
	// tooLate is for how long a live change or write may have waited until the
	// backfill stands back, and people until it slows down.
	tooLate = 100 * time.Millisecond
	// trickle is how long the backfill stands back at most, so that traffic which is
	// always late cannot keep a move from its end.
	trickle = time.Second
	// look is how often who waits looks again.
	look = 10 * time.Millisecond
	// small is how many conversations a piece of work has where there is little room:
	// some milliseconds of a processor.
	small = 50
	// calm is for how long nothing must have been late until there is room enough for
	// work of any size.
	calm = 10 * time.Second
	// Without lateness, room doubles so often until the first lateness, and grows by
	// one so often after that.
	doubleAfter, growAfter = 150 * time.Millisecond, time.Second
)

// pace is how much of the backfill is worked on at a time: little at first, more
// and more while live traffic is in time, and nothing for a moment when that is late.
type pace struct {
	most int // pieces of work at a time
	// late is how long the oldest live change or write has waited.
	late func() time.Duration
	// crowded is for how long people have been waiting in line. They do not stop the
	// backfill, as live traffic does, since many who ask all the time would keep a move
	// from its end; but it has no more than one piece at a time then.
	crowded func() time.Duration

	mu      sync.Mutex
	allowed int // pieces at a time for now, at least 1
	working int
	grown   time.Time // when allowed last changed
	used    time.Time // when a piece last ended
	wasLate time.Time // when live traffic last was
}

// turn waits until a piece of the backfill may be worked on, and returns how many
// conversations it may have; 0 is no limit. Done must be called at its end.
func (p *pace) turn(ctx context.Context) (size int, done func()) {
	p.wait(ctx, p.hasRoom, func() {
		p.working++
		if p.allowed < p.most || time.Since(p.wasLate) < calm {
			size = small
		}
	})
	return size, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.working--
		p.used = time.Now()
	}
}

// ready waits until there would be a turn.
func (p *pace) ready(ctx context.Context) { p.wait(ctx, p.hasRoom, func() {}) }

// standBack waits until live traffic is in time.
func (p *pace) standBack(ctx context.Context) {
	p.wait(ctx, func() bool { return true }, func() {})
}

func (p *pace) hasRoom() bool { return p.working < p.allowed }

// wait waits until live traffic is in time, or has been late for long, and there is
// room; or until ctx is done. Then it begins.
func (p *pace) wait(ctx context.Context, hasRoom func() bool, begin func()) {
	for began := time.Now(); ; {
		isLate := p.late() > tooLate
		slow := isLate || p.crowded() > tooLate
		p.mu.Lock()
		p.adjust(time.Now(), slow)
		goesOn := hasRoom() && (!isLate || time.Since(began) >= trickle) || ctx.Err() != nil
		if goesOn {
			begin()
		}
		p.mu.Unlock()
		if goesOn {
			return
		}
		_ = clock.Sleep(ctx, look)
	}
}

// adjust makes room, or takes it away.
func (p *pace) adjust(now time.Time, slow bool) {
	switch since := now.Sub(p.grown); {
	case slow:
		p.allowed, p.grown, p.wasLate = 1, now, now
	case p.working == 0 && now.Sub(p.used) > time.Second: // it begins
		p.allowed, p.grown = 1, now
	case p.allowed < p.most && now.Sub(p.wasLate) < calm && since >= growAfter:
		p.allowed, p.grown = p.allowed+1, now
	case p.allowed < p.most && now.Sub(p.wasLate) >= calm && since >= doubleAfter:
		p.allowed, p.grown = min(2*p.allowed, p.most), now
	}
}
