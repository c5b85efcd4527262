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
	// pieceSize is how many conversations are worked on in one go: some milliseconds of a
	// processor, for which live traffic may have to wait.
	pieceSize = 100
	// shrinkAfter and growAfter are how long it takes until there is less room while
	// something is late, and more once nothing is.
	shrinkAfter, growAfter = 100 * time.Millisecond, 200 * time.Millisecond
)

// pace is how much of the backfill is worked on at a time: little at first, more
// and more while live traffic is in time, half as much and nothing for a moment when
// that is late.
type pace struct {
	most int // pieces of work at a time
	// late is how long the oldest live change or write has waited.
	late func() time.Duration
	// crowded is for how long people have been waiting in line. They do not stop the
	// backfill, as live traffic does, since many who ask all the time would keep a move
	// from its end; but it soon has no more than one piece at a time then.
	crowded func() time.Duration

	mu      sync.Mutex
	allowed int // pieces at a time for now, at least 1
	working int
	changed time.Time // when allowed last did
	used    time.Time // when a piece last ended
}

// turn waits until a piece of the backfill may be worked on, and returns how many
// conversations it may have. Done must be called at its end.
func (p *pace) turn(ctx context.Context) (size int, done func()) {
	p.wait(ctx, p.hasRoom, func() { p.working++ })
	return pieceSize, func() {
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
	switch since := now.Sub(p.changed); {
	case slow && since >= shrinkAfter:
		p.allowed, p.changed = max(p.allowed/2, 1), now
	case slow:
	case p.working == 0 && now.Sub(p.used) > time.Second: // it begins
		p.allowed, p.changed = 1, now
	case p.allowed < p.most && since >= growAfter:
		p.allowed, p.changed = p.allowed+1, now
	}
}
