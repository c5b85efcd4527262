package sqlite

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"deskmove/shared/store"
)

const (
	// maxItem is DynamoDB's limit, so that what works here works there.
	maxItem = 400 << 10
	// maxTransaction is the most writes of one transaction.
	maxTransaction = 100
)

// request is one call that waits for the writer.
type request struct {
	writes []store.Write
	items  [][]byte // of each Put, its encoded item; made by the caller, who has time
	whole  bool     // all or none
	job    func(*writer) error

	state  atomic.Int32
	err    error   // of the request as a whole
	errs   []error // of each write; nil if none failed
	answer chan struct{}

	arena []byte // what items points into
}

// The states of a request. It is either taken by the writer or left by its
// caller.
const (
	waiting int32 = iota
	taken
	left
)

var requests = sync.Pool{New: func() any { return &request{answer: make(chan struct{}, 1)} }}

// Write implements store.Engine.
func (e *Engine) Write(ctx context.Context, ws []store.Write) []error {
	if len(ws) == 0 {
		return nil
	}
	r := requests.Get().(*request)
	err := r.prepare(ws)
	if err == nil {
		err = e.do(ctx, r)
	}
	if err == nil {
		errs := r.errs
		r.free()
		return errs
	}
	errs := make([]error, len(ws))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// Transact implements store.Engine.
func (e *Engine) Transact(ctx context.Context, ws []store.Write) error {
	if len(ws) == 0 {
		return nil
	}
	if len(ws) > maxTransaction {
		return fmt.Errorf("transaction of %d writes: at most %d are allowed", len(ws), maxTransaction)
	}
	for i := range ws {
		for j := range i {
			if ws[i].Key == ws[j].Key && ws[i].Table == ws[j].Table {
				return fmt.Errorf("transaction writes %s %q twice", ws[i].Table, ws[i].Key)
			}
		}
	}
	r := requests.Get().(*request)
	r.whole = true
	if err := r.prepare(ws); err != nil {
		return err
	}
	err := e.do(ctx, r)
	if err == nil {
		r.free()
	}
	return err
}

// prepare checks the writes and encodes their items.
func (r *request) prepare(ws []store.Write) error {
	r.writes = ws
	for i := range ws {
		w := &ws[i]
		if w.Key.PK == "" || w.Key.SK == "" {
			return fmt.Errorf("write %s %q: a part of the key is empty", w.Table, w.Key)
		}
		if _, err := tableNumber(w.Table); err != nil {
			return err
		}
		start := len(r.arena)
		if w.Op == store.Put {
			r.arena = appendAttrs(r.arena, w.Set)
			if err := fits(w, len(r.arena)-start); err != nil {
				return err
			}
		}
		// Should the arena move, earlier items keep the old one.
		r.items = append(r.items, r.arena[start:len(r.arena):len(r.arena)])
	}
	return nil
}

// fits refuses items that DynamoDB would not take.
func fits(w *store.Write, size int) error {
	if size > maxItem {
		return fmt.Errorf("write %s %q: item of %d bytes, at most %d are allowed", w.Table, w.Key, size, maxItem)
	}
	return nil
}

// free gives the request back for use by others. A request that its caller
// left, or that went wrong, is not given back: the writer may still have it.
func (r *request) free() {
	if cap(r.arena) > 1<<20 {
		r.arena = nil // let go of a rare large one
	}
	clear(r.items)
	r.writes, r.items, r.arena = nil, r.items[:0], r.arena[:0]
	r.whole, r.job, r.err, r.errs = false, nil, nil, nil
	r.state.Store(waiting)
	requests.Put(r)
}

// do hands r to the writer and waits for its answer, or for the end of ctx
// if the writer has not taken r by then.
func (e *Engine) do(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	isUrgent := len(r.writes) <= fewWrites && priorityOf(ctx) != backfill
	if isUrgent {
		defer e.waits.remove(e.waits.add())
	}
	err := e.await(ctx, r, isUrgent)
	if isBusy(err) {
		for i := range r.writes {
			e.meter.Refused(r.writes[i].Table, true)
		}
	}
	return err
}

func (e *Engine) await(ctx context.Context, r *request, isUrgent bool) error {
	if err := e.enqueue(ctx, r, isUrgent); err != nil {
		return err
	}
	select {
	case <-r.answer:
		return r.err
	case <-ctx.Done():
	}
	if r.state.CompareAndSwap(waiting, left) {
		return ctx.Err()
	}
	<-r.answer
	return r.err
}

// fewWrites is how many writes a request has at most to go ahead of longer
// ones: what customers and agents do is a handful.
const fewWrites = 16

func (e *Engine) enqueue(ctx context.Context, r *request, isUrgent bool) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return ErrClosed
	}
	lane := e.queue
	if isUrgent {
		lane = e.urgent
	}
	select {
	case lane <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
