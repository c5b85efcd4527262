package sqlite

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// priority says who goes first where not all can.
type priority int

const (
	usual priority = iota
	live
	backfill
)

type priorityKey struct{}

// Live returns the context of what customers wait for. Some readers are kept for it,
// so that it never waits behind people's lists.
func Live(ctx context.Context) context.Context { return context.WithValue(ctx, priorityKey{}, live) }

// Backfill returns the context of what may wait. Its writes go behind all others,
// however few they are.
func Backfill(ctx context.Context) context.Context {
	return context.WithValue(ctx, priorityKey{}, backfill)
}

func priorityOf(ctx context.Context) priority {
	p, _ := ctx.Value(priorityKey{}).(priority)
	return p
}

// waits are the urgent requests that have no answer yet, in the order in which they
// came.
type waits struct {
	mu    sync.Mutex
	since list.List // of time.Time
}

func (w *waits) add() *list.Element {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.since.PushBack(time.Now())
}

func (w *waits) remove(e *list.Element) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since.Remove(e)
}

// Waiting is how long the oldest write that goes ahead of the backfill has been
// waiting; 0 if there is none.
func (e *Engine) Waiting() time.Duration {
	e.waits.mu.Lock()
	defer e.waits.mu.Unlock()
	first := e.waits.since.Front()
	if first == nil {
		return 0
	}
	return time.Since(first.Value.(time.Time))
}
