package simulation

import (
	"context"
	"encoding/json"
	"strconv"

	"deskmove/shared/desk"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// waist is what lies below the product: each of its calls waits until the
// simulation makes it.
type waist struct{ w *world }

var (
	_ store.Engine = waist{}
	_ store.Stream = waist{}
	_ move.Queue   = waist{}
	_ move.Machine = waist{}
)

// Get implements store.Engine.
func (e waist) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) (items []store.Item, err error) {
	o := op{verb: "get", table: string(t), many: len(keys)}
	if len(keys) > 0 {
		o.pk, o.sk = keys[0].PK, keys[0].SK
	}
	if c == store.Eventual {
		o.verb = "get?"
	}
	err = e.w.call(ctx, o, func(func(int) bool) {
		items = items[:0]
		for _, k := range keys {
			p := place{t, k}
			if attrs := e.w.mem.read(p, e.w.age(ctx, p, c)); attrs != nil {
				items = append(items, store.Item{Key: k, Attrs: attrs})
			}
		}
	})
	return items, err
}

// Query implements store.Engine.
func (e waist) Query(ctx context.Context, q store.Query) (page store.Page, err error) {
	o := op{verb: "query", table: string(q.Table), pk: q.PK, sk: q.After}
	if q.Index {
		o.verb = "list"
	}
	err = e.w.call(ctx, o, func(func(int) bool) {
		page = e.w.mem.query(q, e.w.age(ctx, place{q.Table, store.Key{PK: q.PK}}, q.Read))
	})
	return page, err
}

// Write implements store.Engine.
func (e waist) Write(ctx context.Context, ws []store.Write) []error {
	var errs []error
	err := e.w.call(ctx, writing("write", ws), func(pass func(int) bool) {
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
func (e waist) Transact(ctx context.Context, ws []store.Write) error {
	var result error
	if err := e.w.call(ctx, writing("transact", ws), func(func(int) bool) {
		e.w.by(ctx)
		result = e.w.mem.transact(ws)
	}); err != nil {
		return err
	}
	return result
}

func writing(verb string, ws []store.Write) op {
	o := op{verb: verb, writes: true, many: len(ws)}
	for i, w := range ws { // the least, since some come in any order
		if i == 0 || w.Key.PK+w.Key.SK < o.pk+o.sk {
			o.table, o.pk, o.sk = string(w.Table), w.Key.PK, w.Key.SK
		}
	}
	if verb == "transact" {
		o.many = 1             // it is done as one
		for _, w := range ws { // two may share their least key, as those of one counter do
			o.others += w.Key.PK + w.Key.SK
		}
	}
	return o
}

// Shards implements store.Stream.
func (e waist) Shards(context.Context) ([]string, error) {
	names := make([]string, shards)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names, nil
}

// Changes implements store.Stream. The simulation's own reader does not use
// it.
func (e waist) Changes(_ context.Context, shard, after string, limit int) ([]store.Change, error) {
	i, n := position(shard), position(after)
	changes := e.w.mem.stream[i][n:]
	return changes[:min(limit, len(changes))], nil
}

// Between implements store.Stream.
func (e waist) Between(ctx context.Context, shard, first, last string) (changes []store.Change, err error) {
	err = e.w.call(ctx, op{verb: "between", table: "stream", pk: shard, sk: first}, func(func(int) bool) {
		changes = e.w.mem.stream[position(shard)][position(first)-1 : position(last)]
	})
	return changes, err
}

// position reads a number that the simulation wrote; "" is 0.
func position(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// Send implements move.Queue.
func (e waist) Send(ctx context.Context, bs []move.Batch) error {
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
func (e waist) Start(ctx context.Context, name string, r move.Run) error {
	input, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return e.w.call(ctx, op{verb: "start", table: "machine", pk: name, writes: true, many: 1}, func(func(int) bool) {
		e.w.by(ctx)
		e.w.machine.start(name, input, e.w.watch.writer)
	})
}

// Running implements move.Machine.
func (e waist) Running(ctx context.Context, name string) (running bool, err error) {
	err = e.w.call(ctx, op{verb: "running", table: "machine", pk: name}, func(func(int) bool) {
		x := e.w.machine.executions[name]
		running = x != nil && x.Status == asl.Running
	})
	return running, err
}
