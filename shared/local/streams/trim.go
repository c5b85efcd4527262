package streams

import (
	"context"
	"sync"
	"time"
)

// trimmer tells the feed's Trim what all mappings have done with.
type trimmer struct {
	feed *Feed

	looked time.Time     // when it last did
	lived  time.Duration // how long it has looked

	mu     sync.Mutex
	shards map[string]*progress
}

// progress is how far a shard is done with.
type progress struct {
	mu    sync.Mutex
	marks []*mark
	ripe  []ripening
	seen  string // the last that was put into ripe
}

// mark is the position of one mapping in a shard.
type mark struct {
	progress *progress
	after    string
}

// ripening is a sequence number that may go once it has been kept long enough.
type ripening struct {
	through string
	since   time.Duration // of the trimmer's life
}

// watch returns a new mark in a shard.
func (t *trimmer) watch(shard string) *mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shards == nil {
		t.shards = map[string]*progress{}
	}
	p, ok := t.shards[shard]
	if !ok {
		p = &progress{}
		t.shards[shard] = p
	}
	m := &mark{progress: p}
	p.marks = append(p.marks, m)
	return m
}

// set moves a mark to a position that is saved.
func (m *mark) set(after string) {
	m.progress.mu.Lock()
	defer m.progress.mu.Unlock()
	m.after = after
}

// trim tells the feed what may go. Errors are logged; the next trim says it
// again.
func (t *trimmer) trim(ctx context.Context) {
	if t.feed.Trim == nil {
		return
	}
	// A clock that jumps, or a computer that sleeps, makes nothing ripe: who is
	// to read the changes had no time to.
	now := t.feed.Host.Clock.Now()
	if !t.looked.IsZero() {
		t.lived += min(max(now.Sub(t.looked), 0), 2*lookEvery)
	}
	t.looked = now
	for _, shard := range t.known() {
		through := shard.progress.through(t.lived, t.feed.Keep)
		if through == "" {
			continue
		}
		if err := t.feed.Trim(ctx, shard.name, through); err != nil && ctx.Err() == nil {
			t.feed.Host.Logger().ErrorContext(ctx, "stream not trimmed", "table", t.feed.Table, "shard", shard.name, "err", err)
		}
	}
}

type namedProgress struct {
	name     string
	progress *progress
}

func (t *trimmer) known() []namedProgress {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]namedProgress, 0, len(t.shards))
	for name, p := range t.shards {
		all = append(all, namedProgress{name, p})
	}
	return all
}

// through is the last sequence number that every mapping has had behind it for
// as long as keep, "" if there is none that was not told before. It is never
// the position itself: the change there stays, so that an engine that numbers
// on from the last change it has does not give out its number again.
func (p *progress) through(now, keep time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	least := p.marks[0].after
	for _, m := range p.marks[1:] {
		if less(m.after, least) {
			least = m.after
		}
	}
	if p.seen != least {
		p.seen = least
		p.ripe = append(p.ripe, ripening{least, now})
	}
	through := ""
	for len(p.ripe) > 1 && now-p.ripe[0].since >= keep {
		through = p.ripe[0].through
		p.ripe = p.ripe[1:]
	}
	return through
}

// less orders sequence numbers, which are decimal.
func less(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}
