package handler

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// tellEvery is how often a function tells at most that live changes come late, and
	// lookEvery how often one looks whether another has told.
	tellEvery, lookEvery = time.Second, time.Second
	// tellTime is what telling or looking may take: changes and batches wait for it.
	tellTime = 500 * time.Millisecond
	// lateFor is for how long live changes count as late after the last sign of it.
	lateFor = 3 * time.Second
	// trickle is for how long the backfill stands back before each piece of work, and
	// small how many conversations that has then. So live changes that are always late
	// delay a move, and cannot keep it from its end.
	trickle, small = time.Second, 50
	// spare is how much of its time a function keeps for its work: it does not stand
	// back in that.
	spare = 15 * time.Second
)

// Pace has live traffic go ahead of the backfill (R22) where they are in different
// processes: those that redirect count in the store how often live changes come late,
// and those that convert stand back while that count rises. Nobody compares another's
// clock with his own, and a count that stands still holds up nobody, whatever it is.
type Pace struct {
	Late interface {
		Add(ctx context.Context) error
		Count(ctx context.Context) (int64, error)
	}
	Log *slog.Logger

	mu     sync.Mutex
	told   time.Time
	looked time.Time
	known  bool // there is a count
	count  int64
	rose   time.Time // when it was last seen to
}

// Tell tells that live changes come late, unless it did a moment ago.
func (p *Pace) Tell(ctx context.Context) {
	p.mu.Lock()
	now := time.Now()
	again := !p.told.IsZero() && now.Sub(p.told) < tellEvery
	if !again {
		p.told = now
	}
	p.mu.Unlock()
	if again {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	if err := p.Late.Add(ctx); err != nil {
		p.Log.WarnContext(ctx, "converters were not told that live changes come late", "err", err)
	}
}

// Turn waits for a moment if live changes come late, and returns how many conversations
// a piece of work may have then; 0 is no limit. It is for move.Converter.
func (p *Pace) Turn(ctx context.Context) (most int, done func()) {
	done = func() {}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < spare+trickle || !p.late(ctx) {
		return 0, done
	}
	select {
	case <-time.After(trickle):
	case <-ctx.Done():
	}
	return small, done
}

// late reports whether the count has risen lately. What cannot be read holds up nobody.
func (p *Pace) late(ctx context.Context) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.looked.IsZero() || now.Sub(p.looked) >= lookEvery {
		p.looked = now
		p.look(ctx)
	}
	return !p.rose.IsZero() && now.Sub(p.rose) < lateFor
}

func (p *Pace) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	count, err := p.Late.Count(ctx)
	if err != nil {
		p.Log.WarnContext(ctx, "unknown whether live changes come late", "err", err)
		return
	}
	if p.known && count > p.count {
		p.rose = p.looked
	}
	p.known, p.count = true, count
}
