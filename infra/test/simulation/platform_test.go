package simulation

import (
	"cmp"
	"context"
	"encoding/json"

	"deskmove/shared/desk"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// platform is the simulated platform. Each call waits until the scheduler makes
// it.
type platform struct{ w *world }

var (
	_ store.Engine = platform{}
	_ store.Stream = platform{}
	_ move.Queue   = platform{}
	_ move.Machine = platform{}
)

// Get implements store.Engine.
func (e platform) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) (items []store.Item, err error) {
	o := op{verb: "get", table: string(t), many: len(keys)}
	if len(keys) > 0 {
		o.pk, o.sk = keys[0].PK, keys[0].SK
	}
	if c == store.Eventual {
		o.verb = "get?"
	}
	err = e.w.call(ctx, o, func(func(int) bool) { items, _ = e.w.memory.Get(context.WithoutCancel(ctx), t, keys, c) })
	return items, err
}

// Query implements store.Engine.
func (e platform) Query(ctx context.Context, q store.Query) (page store.Page, err error) {
	o := op{verb: "query", table: string(q.Table), pk: q.PK, sk: q.After}
	if q.Index != nil {
		o.verb = "list"
	}
	var refused error
	err = e.w.call(ctx, o, func(func(int) bool) { page, refused = e.w.memory.Query(context.WithoutCancel(ctx), q) })
	return page, cmp.Or(err, refused)
}

// Count implements store.Engine.
func (e platform) Count(ctx context.Context, q store.Query) (n int, err error) {
	err = e.w.call(ctx, op{verb: "count", table: string(q.Table), pk: q.PK, sk: q.From}, func(func(int) bool) {
		n, _ = e.w.memory.Count(context.WithoutCancel(ctx), q)
	})
	return n, err
}

// Write implements store.Engine.
func (e platform) Write(ctx context.Context, ws []store.Write) []error {
	var errs []error
	err := e.w.call(ctx, writeOp("write", ws), func(pass func(int) bool) {
		errs = e.w.writes(ctx, ws, pass)
	})
	if err == nil {
		return errs
	}
	errs = make([]error, len(ws))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// Transact implements store.Engine.
func (e platform) Transact(ctx context.Context, ws []store.Write) error {
	var result error
	if err := e.w.call(ctx, writeOp("transact", ws), func(func(int) bool) {
		e.w.noteWriter(ctx)
		result = e.w.memory.Transact(context.WithoutCancel(ctx), ws)
	}); err != nil {
		return err
	}
	return result
}

func writeOp(verb string, ws []store.Write) op {
	o := op{verb: verb, writes: true, many: len(ws)}
	for i, w := range ws { // the least key: callers that range over a map have no order
		if i == 0 || w.Key.PK+w.Key.SK < o.pk+o.sk {
			o.table, o.pk, o.sk = string(w.Table), w.Key.PK, w.Key.SK
		}
	}
	if verb == "transact" {
		o.many = 1             // all or nothing
		for _, w := range ws { // two transactions may share their least key
			o.others += w.Key.PK + w.Key.SK
		}
	}
	return o
}

// Shards implements store.Stream.
func (e platform) Shards(ctx context.Context) ([]string, error) { return e.w.memory.Shards(ctx) }

// Changes implements store.Stream.
func (e platform) Changes(ctx context.Context, shard, after string, limit int) ([]store.Change, error) {
	return e.w.memory.Changes(ctx, shard, after, limit)
}

// Between implements store.Stream.
func (e platform) Between(ctx context.Context, shard, first, last string) (changes []store.Change, err error) {
	err = e.w.call(ctx, op{verb: "between", table: "stream", pk: shard, sk: first}, func(func(int) bool) {
		changes, _ = e.w.memory.Between(context.WithoutCancel(ctx), shard, first, last)
	})
	return changes, err
}

// Send implements move.Queue.
func (e platform) Send(ctx context.Context, bs []move.Batch) error {
	o := op{verb: "send", table: "batches", writes: true, many: len(bs)}
	if len(bs) > 0 {
		o.pk = bs[0].Entry
	}
	var refused error
	err := e.w.call(ctx, o, func(pass func(int) bool) {
		for i, b := range bs {
			if pass(i) {
				e.w.batches.send(b.JSON())
			} else {
				refused = &desk.BusyError{What: "queue"}
			}
		}
	})
	if err != nil {
		return err
	}
	return refused
}

// Start implements move.Machine.
func (e platform) Start(ctx context.Context, name string, r move.Run) error {
	input, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return e.w.call(ctx, op{verb: "start", table: "machine", pk: name, writes: true, many: 1}, func(func(int) bool) {
		e.w.machine.start(name, input)
	})
}

// Running implements move.Machine.
func (e platform) Running(ctx context.Context, name string) (running bool, err error) {
	err = e.w.call(ctx, op{verb: "running", table: "machine", pk: name}, func(func(int) bool) {
		x := e.w.machine.executions[name]
		running = x != nil && x.Status == asl.Running
	})
	return running, err
}
