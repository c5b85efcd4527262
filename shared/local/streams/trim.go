package streams

import (
	"context"
	"time"
)

// trimmer tells the mapping's Trim which changes are done and were kept for
// long enough.
type trimmer struct {
	mapping *Mapping
	shards  []*shardTrimmer

	lastLook time.Time
	uptime   time.Duration // how long it has been looking
}

// shardTrimmer remembers since when the changes of a shard are done.
type shardTrimmer struct {
	reader *reader
	kept   []keptSince // oldest first; the last is the reader's position
}

// keptSince is a position that a reader came to at an uptime of the trimmer.
type keptSince struct {
	after  string
	uptime time.Duration
}

// trim drops what was kept for long enough. Errors are logged; the next trim of
// the shard drops more.
func (t *trimmer) trim(ctx context.Context) {
	// A clock that jumps, or a computer that sleeps, does not count: who is to
	// read the changes had no time to.
	now := t.mapping.Host.Clock.Now()
	if !t.lastLook.IsZero() {
		t.uptime += min(max(now.Sub(t.lastLook), 0), 2*listEvery)
	}
	t.lastLook = now
	for _, s := range t.shards {
		through := s.through(t.uptime, t.mapping.Keep)
		if through == "" {
			continue
		}
		if err := t.mapping.Trim(ctx, s.reader.shard, through); err != nil && ctx.Err() == nil {
			t.mapping.Host.Logger().ErrorContext(ctx, "stream not trimmed", "table", t.mapping.Table, "shard", s.reader.shard, "err", err)
		}
	}
}

// through is the last sequence number that the reader has had behind it for as
// long as keep, "" if there is none that was not told before. It is never the
// position itself: the change there stays, so that an engine that numbers on
// from the last change it has does not give out its number again.
func (s *shardTrimmer) through(uptime, keep time.Duration) (through string) {
	if after := *s.reader.saved.Load(); after != "" && (len(s.kept) == 0 || s.kept[len(s.kept)-1].after != after) {
		s.kept = append(s.kept, keptSince{after, uptime})
	}
	for len(s.kept) > 1 && uptime-s.kept[0].uptime >= keep {
		through = s.kept[0].after
		s.kept = s.kept[1:]
	}
	return through
}
