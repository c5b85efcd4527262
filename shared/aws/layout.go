package aws

import (
	"context"
	"sync"
	"sync/atomic"

	"deskmove/shared/store"
)

// checked is an engine that serves no request before its data was found to have
// the layout that this program knows. The first request asks, not the function's
// start, which nothing that is busy may fail.
type checked struct {
	store.Engine
	missing error // of the tables, which are not even asked then
	mu      sync.Mutex
	known   atomic.Bool
}

func (e *checked) check(ctx context.Context) error {
	if e.missing != nil {
		return e.missing
	}
	if e.known.Load() {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known.Load() {
		return nil
	}
	err := store.CheckLayout(ctx, e.Engine)
	e.known.Store(err == nil)
	return err
}

func (e *checked) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	if err := e.check(ctx); err != nil {
		return nil, err
	}
	return e.Engine.Get(ctx, t, keys, c)
}

func (e *checked) Write(ctx context.Context, ws []store.Write) []error {
	if err := e.check(ctx); err != nil {
		errs := make([]error, len(ws))
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	return e.Engine.Write(ctx, ws)
}

func (e *checked) Transact(ctx context.Context, ws []store.Write) error {
	if err := e.check(ctx); err != nil {
		return err
	}
	return e.Engine.Transact(ctx, ws)
}

func (e *checked) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if err := e.check(ctx); err != nil {
		return store.Page{}, err
	}
	return e.Engine.Query(ctx, q)
}

func (e *checked) Count(ctx context.Context, q store.Query) (int, error) {
	if err := e.check(ctx); err != nil {
		return 0, err
	}
	return e.Engine.Count(ctx, q)
}
