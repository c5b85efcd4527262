package simulation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local"
	"deskmove/shared/local/asl"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// How long a world lasts.
const (
	acting   = 12 * time.Minute          // people act
	unkind   = 15 * time.Minute          // faults strike
	patience = unkind + 4*time.Hour      // by then all must have come to rest
	forever  = patience + 2*24*time.Hour // by then the last audit has been
)

// world is deskmove in a simulated world, with the people who use it.
type world struct {
	*sim
	mutant   mutant
	limits   local.Limits
	skew     time.Duration // most by which a clock is wrong
	turns    int           // steps of an execution, before another one goes on
	machine  *machine
	batches  *queue
	failures *queue
	feeders  [storetest.Shards]*feeder
	cases    cases
	people   people
	watch    watch
	quiet    bool // only late audits are left
	broken   []string

	api, fence, list, drain, reconcile, finish, audit, convert, redirect, redo, sweep *function
}

// cases are the stores, read without faults.
type cases struct {
	setups        store.SetupStore
	conversations store.ConversationStore
	messages      store.MessageStore
	tickets       store.TicketStore
	moves         store.MoveStore
	ledger        store.LedgerStore
}

// newWorld makes a world in which nothing has happened yet.
func newWorld(p plan) *world {
	s := &sim{seed: p.seed}
	if p.trace {
		s.trace = &strings.Builder{}
	}
	w := &world{sim: s, mutant: p.mutant, limits: local.DefaultLimits(), skew: 3 * time.Second, turns: 1500}
	if newChance(p.seed, "skew").hit(300) {
		w.skew = 2 * time.Minute // four between two, and audits look at five around the fence
	}
	if c := newChance(p.seed, "turns"); c.hit(300) {
		w.turns = 1 + c.IntN(4)
	}
	s.faults = newFaults(p.seed, unkind)
	s.faults.only = p.only
	if p.script != nil {
		s.faults = &faults{script: p.script(w)}
	}
	s.mem = &storetest.Memory{Now: s.date, Lag: w.lag, Age: w.age, Wrote: w.saw}
	e := platform{w}
	w.cases = cases{
		store.SetupStore{Engine: e}, store.ConversationStore{Engine: e}, store.MessageStore{Engine: e},
		store.TicketStore{Engine: e}, store.MoveStore{Engine: e}, store.LedgerStore{Engine: e},
	}
	w.watch = newWatch(w)
	w.wire()
	return w
}

// wire makes functions and what drives them.
func (w *world) wire() {
	of := func(name string) *function {
		return &function{name: name, timeout: w.limits.Timeouts[name]}
	}
	w.api = &function{name: "api", timeout: 30 * time.Second}
	w.fence, w.list, w.drain, w.reconcile = of("fence"), of("list"), of("drain"), of("reconcile")
	w.finish, w.audit, w.convert, w.redirect, w.sweep = of("finish"), of("audit"), of("convert"), of("redirect"), of("sweep")
	w.redo = &function{name: "redo", timeout: w.redirect.timeout}
	w.machine = &machine{w: w, executions: map[string]*asl.Execution{}}
	w.batches = &queue{w: w, name: "batch", visibility: w.limits.Batches.Visibility, receives: w.limits.Batches.Receives}
	w.batches.invoke = func(e events.SQSEvent, name string, then func(bool)) {
		w.messages(w.convert, name, then, func(ctx context.Context, p *process) (events.SQSEventResponse, error) {
			return p.Convert.Handle(ctx, e)
		})
	}
	w.failures = &queue{w: w, name: "failure", visibility: w.limits.StreamFailures.Visibility, receives: w.limits.StreamFailures.Receives}
	w.failures.invoke = func(e events.SQSEvent, name string, then func(bool)) {
		w.messages(w.redo, name, then, func(ctx context.Context, p *process) (events.SQSEventResponse, error) {
			return p.Redirect.HandleFailed(ctx, e)
		})
	}
	for i := range w.feeders {
		w.feeders[i] = &feeder{w: w, shard: i}
	}
}

// messages runs a function for a message of a queue.
func (w *world) messages(f *function, name string, then func(failed bool), handle func(context.Context, *process) (events.SQSEventResponse, error)) {
	var res events.SQSEventResponse
	w.invoke(f, name, func(ctx context.Context, p *process) error {
		r, err := handle(ctx, p)
		res = r
		return err
	}, func(err error) { then(err != nil || len(res.BatchItemFailures) > 0) })
}

// lag is by how much an index learns late of a change.
func (w *world) lag(t store.Table, k store.Key) time.Duration {
	name := fmt.Sprintf("%s %s at %d", t, k.PK, w.now)
	c := newChance(w.seed, name)
	if t == store.Conversations && w.faults.strikes(w.sim, lateIndex, c, name) {
		return c.span(time.Second, time.Minute)
	}
	return c.span(time.Millisecond, 50*time.Millisecond)
}

// age is how old what an eventual read sees is.
func (w *world) age(ctx context.Context, _ store.Table, k store.Key, written time.Time) time.Duration {
	t, _ := ctx.Value(taskKey{}).(*task)
	if t == nil {
		return 0
	}
	ago := t.chance.span(0, storetest.MaxAge)
	if !written.After(w.date().Add(-ago)) || !w.faults.strikes(w.sim, stale, t.chance, fmt.Sprintf("%s %s", t.name, k.PK)) {
		return 0
	}
	return ago
}

// writes does independent writes.
func (w *world) writes(ctx context.Context, ws []store.Write, pass func(int) bool) (errs []error) {
	w.by(ctx)
	order := make([]int, len(ws)) // some come in any order
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(ws[a].Key.PK+ws[a].Key.SK, ws[b].Key.PK+ws[b].Key.SK) })
	for _, i := range order {
		write := ws[i]
		err := store.ErrThrottled
		if pass(int(hash(write.Key.PK, write.Key.SK) % 256)) {
			err = store.FirstError(w.mem.Write(context.Background(), []store.Write{write}))
		}
		if err != nil && errs == nil {
			errs = make([]error, len(ws))
		}
		if err != nil {
			errs[i] = err
		}
	}
	return errs
}

// by notes who writes.
func (w *world) by(ctx context.Context) {
	w.watch.writer = "nobody"
	if t, ok := ctx.Value(taskKey{}).(*task); ok {
		w.watch.writer = t.name
	}
}

// violated notes that an invariant does not hold.
func (w *world) violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.log("VIOLATION %s", text)
	if len(w.broken) < 20 {
		w.broken = append(w.broken, text)
	}
}

// sweeps sweeps every minute, and every hour when only late audits are left.
func (w *world) sweeps(n int) {
	if w.mutant.sweepless {
		return
	}
	every := w.limits.Sweep
	if w.quiet {
		every = time.Hour
	}
	w.after(every, func() {
		w.invoke(w.sweep, fmt.Sprintf("sweep%d", n), func(ctx context.Context, p *process) error {
			_, err := p.Sweep.Handle(ctx, events.EventBridgeEvent{})
			return err
		}, func(error) {})
		w.sweeps(n + 1)
	})
}

// run lives through a world, and checks it while it lasts and at its end.
func (w *world) run(story func(w *world)) {
	story(w)
	w.sweeps(1)
	w.settleDown()
	if len(w.broken) == 0 { // what could not be converted may have been mended
		for _, account := range accounts {
			w.retries(account)
		}
		w.quiet = false
		w.settleDown()
	}
	for len(w.broken) == 0 && (w.machine.running > 0 || w.due()) && w.next(forever) {
	}
	for len(w.broken) == 0 && !w.resting() && w.next(forever) {
	}
	if len(w.broken) == 0 {
		w.check()
	}
	w.end()
}

// settleDown lets time pass until only late audits are left.
func (w *world) settleDown() {
	for len(w.broken) == 0 && !w.quiet {
		if !w.next(patience) {
			w.violated("it does not come to rest: %s", w.unrest())
			break
		}
		w.quiet = w.now > w.people.until && w.resting()
	}
}

// resting reports whether nothing is under way but late audits.
func (w *world) resting() bool {
	if w.tasks > 0 || w.people.busy > 0 || w.batches.open+w.failures.open > 0 || w.machine.running > w.machine.waiting {
		return false
	}
	for _, f := range w.feeders {
		if f.busy {
			return false
		}
	}
	return w.watch.running() == ""
}

// due reports whether the sweeper must still look after a move.
func (w *world) due() bool {
	moves, err := w.cases.moves.Due(context.Background(), w.date().AddDate(1, 0, 0))
	return err != nil || len(moves) > 0
}

// unrest says why.
func (w *world) unrest() string {
	return fmt.Sprintf("%d tasks, %d requests, %d batches and %d failures of the stream are open, %d executions and moves %q run",
		w.tasks, w.people.busy, w.batches.open, w.failures.open, w.machine.running-w.machine.waiting, w.watch.running())
}

// end ends whatever still runs, so that no goroutine is left.
func (w *world) end() {
	for w.tasks > 0 && w.next(1<<62) {
	}
}
