package admission

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often somebody may ask: so often a second for long, and so often at
// once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// maxBuckets bounds the memory for those who ask.
const maxBuckets = 10_000

// buckets are the rates of many, by name.
type buckets struct {
	mu    sync.Mutex
	of    map[string]*rate.Limiter
	swept time.Time
}

func newBuckets() *buckets { return &buckets{of: make(map[string]*rate.Limiter)} }

// take counts a request, and returns when there may be another if it is one too many.
// It is undone by cancelling.
func (b *buckets) take(name string, r Rate, now time.Time) (_ *rate.Reservation, after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	limiter, known := b.of[name]
	if !known {
		b.makeRoom(now)
		limiter = rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst)
		b.of[name] = limiter
	}
	taken := limiter.ReserveN(now, 1)
	if after = taken.DelayFrom(now); after > 0 {
		taken.CancelAt(now)
		return nil, after
	}
	return taken, 0
}

// makeRoom forgets those who have not asked for so long that nothing is lost by it.
// If that is nobody, or it has just looked at all, it forgets any one.
func (b *buckets) makeRoom(now time.Time) {
	if len(b.of) < maxBuckets {
		return
	}
	if now.Sub(b.swept) >= time.Second {
		b.swept = now
		for name, limiter := range b.of {
			if limiter.TokensAt(now) >= float64(limiter.Burst()) {
				delete(b.of, name)
			}
		}
	}
	for name := range b.of {
		if len(b.of) < maxBuckets {
			return
		}
		delete(b.of, name)
	}
}
