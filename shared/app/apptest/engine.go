package apptest

import (
	"cmp"
	"context"

	"deskmove/shared/store"
)

// engine counts what is read and written, and fails when it is told to.
type engine struct{ rig *Rig }

func (e engine) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	e.rig.count(len(keys), nil)
	if e.rig.EngineErr != nil {
		return nil, e.rig.EngineErr
	}
	return e.rig.Memory.Get(ctx, t, keys, c)
}

func (e engine) Query(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := e.rig.Memory.Query(ctx, q)
	e.rig.count(len(p.Items), nil)
	return p, cmp.Or(e.rig.EngineErr, err)
}

// Count reads no items, so that what it counts is not in Rig.Read.
func (e engine) Count(ctx context.Context, q store.Query) (int, error) {
	n, err := e.rig.Memory.Count(ctx, q)
	return n, cmp.Or(e.rig.EngineErr, err)
}

func (e engine) Write(ctx context.Context, ws []store.Write) []error {
	if err := cmp.Or(e.rig.EngineErr, e.rig.WriteErr); err != nil {
		return []error{err}
	}
	errs := e.rig.Memory.Write(ctx, ws)
	for i, w := range ws {
		if errs == nil || errs[i] == nil {
			e.rig.count(0, &w.Key)
		}
	}
	return errs
}

func (e engine) Transact(ctx context.Context, ws []store.Write) error {
	err := cmp.Or(e.rig.EngineErr, e.rig.WriteErr)
	if err == nil {
		err = e.rig.Memory.Transact(ctx, ws)
	}
	for _, w := range ws {
		if err == nil {
			e.rig.count(0, &w.Key)
		}
	}
	return err
}

func (r *Rig) count(read int, written *store.Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Read += read
	if written != nil {
		r.Written = append(r.Written, *written)
	}
}
