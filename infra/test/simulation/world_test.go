package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/local"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// Times in a world.
const (
	peopleStop = 12 * time.Minute          // people do nothing after that
	faultsStop = 15 * time.Minute          // no faults after that
	mustRest   = faultsStop + 4*time.Hour  // by then everything must be at rest
	lastAudit  = mustRest + 2*24*time.Hour // by then the last audit has run
)

// world is deskmove on a simulated platform, with the people who use it.
type world struct {
	*scheduler
	mutant     mutant
	limits     local.Limits
	maxSkew    time.Duration // by which a clock may be wrong
	maxSteps   int           // of an execution, before the next one continues it
	machine    *machine
	bytes      *fileBytes    // nil where nobody has files
	swept      time.Duration // when the last sweep began that has ended well
	batches    *queue
	failures   *queue
	shards     [storetest.Shards]*shardReader
	stores     stores
	people     people
	invariants invariants
	onlyAudits bool            // nothing is running but late audits
	lost       map[string]bool // changes of the stream, by name: whether they are lost
	violations []string

	api, fence, list, drain, finish, convert, redirect, redirectFailed, sweep *function
}

// stores read what is stored, without faults.
type stores struct {
	setups        store.SetupStore
	conversations store.ConversationStore
	messages      store.MessageStore
	moves         store.MoveStore
	ledger        store.LedgerStore
	files         store.FileStore
}

// newWorld makes an empty world.
func newWorld(p scenario) *world {
	s := &scheduler{seed: p.seed}
	if p.trace {
		s.trace = &strings.Builder{}
	}
	w := &world{scheduler: s, mutant: p.mutant, limits: local.DefaultLimits(), maxSkew: 3 * time.Second, maxSteps: 1500}
	if newRandom(p.seed, "skew").perMille(300) {
		w.maxSkew = 2 * time.Minute // two clocks differ by four at most, and audits look at five around the fence
	}
	if c := newRandom(p.seed, "turns"); c.perMille(300) {
		w.maxSteps = 1 + c.IntN(4)
	}
	s.faults = newInjector(p.seed, faultsStop)
	s.faults.only = p.only
	if p.script != nil {
		s.faults = &injector{script: p.script(w)}
	}
	w.lost = map[string]bool{}
	switch {
	case p.mutant.losesChanges:
		s.faults.rate[changeLost] = 300
	case p.mutant.noRepair:
		s.faults.rate[changeLost] = 0
	}
	s.memory = &storetest.Memory{Now: s.date, Lag: w.indexLag, Age: w.readAge, Wrote: w.checkWrites}
	e := platform{w}
	w.stores = stores{
		store.SetupStore{Engine: e}, store.ConversationStore{Engine: e}, store.MessageStore{Engine: e},
		store.MoveStore{Engine: e}, store.LedgerStore{Engine: e}, store.FileStore{Engine: e},
	}
	w.invariants = newInvariants(w)
	w.people.sent = map[string]sentMessage{}
	w.wire()
	return w
}

// wire makes the functions, and the queues and the stream that invoke them.
func (w *world) wire() {
	of := func(name string) *function {
		return &function{name: name, timeout: w.limits.Timeouts[name]}
	}
	w.api = &function{name: "api", timeout: 30 * time.Second}
	w.fence, w.list, w.drain, w.finish = of("fence"), of("list"), of("drain"), of("finish")
	w.convert, w.redirect, w.sweep = of("convert"), of("redirect"), of("sweep")
	w.redirectFailed = &function{name: "redo", timeout: w.redirect.timeout}
	w.machine = &machine{w: w, executions: map[string]*asl.Execution{}}
	w.batches = &queue{w: w, name: "batch", visibility: w.limits.Batches.Visibility, receives: w.limits.Batches.Receives}
	w.batches.invoke = func(e events.SQSEvent, name string, then func(bool)) {
		var b move.Batch
		must(json.Unmarshal([]byte(e.Records[0].Body), &b))
		i := invocation{function: w.convert, name: name, move: b.Move, batch: &b}
		w.invokeForMessage(i, then, func(ctx context.Context, p *process) (events.SQSEventResponse, error) {
			return p.Convert.Handle(ctx, e)
		})
	}
	w.failures = &queue{w: w, name: "failure", visibility: w.limits.StreamFailures.Visibility, receives: w.limits.StreamFailures.Receives}
	w.failures.invoke = func(e events.SQSEvent, name string, then func(bool)) {
		w.invokeForMessage(invocation{function: w.redirectFailed, name: name}, then, func(ctx context.Context, p *process) (events.SQSEventResponse, error) {
			return p.Redirect.HandleFailed(ctx, e)
		})
	}
	for i := range w.shards {
		w.shards[i] = &shardReader{w: w, shard: i}
	}
}

// invokeForMessage invokes a function with a message of a queue.
func (w *world) invokeForMessage(i invocation, then func(failed bool), handle func(context.Context, *process) (events.SQSEventResponse, error)) {
	var res events.SQSEventResponse
	w.invoke(i, func(ctx context.Context, p *process) error {
		r, err := handle(ctx, p)
		res = r
		return err
	}, func(err error) { then(err != nil || len(res.BatchItemFailures) > 0) })
}

// indexLag draws how late an index shows a change.
func (w *world) indexLag(t store.Table, k store.Key) time.Duration {
	name := fmt.Sprintf("%s %s at %d", t, k.PK, w.now)
	c := newRandom(w.seed, name)
	if t == store.Conversations && w.faults.injects(w.scheduler, indexLate, c, name) {
		return c.between(time.Second, time.Minute)
	}
	return c.between(time.Millisecond, 50*time.Millisecond)
}

// readAge draws how old the items are that an eventual read returns.
func (w *world) readAge(ctx context.Context, _ store.Table, k store.Key, written time.Time) time.Duration {
	t := taskOf(ctx)
	if t == nil {
		return 0
	}
	ago := t.random.between(0, storetest.MaxAge)
	if !written.After(w.date().Add(-ago)) || !w.faults.injects(w.scheduler, staleRead, t.random, fmt.Sprintf("%s %s", t.name, k.PK)) {
		return 0
	}
	return ago
}

// writes makes independent writes.
func (w *world) writes(ctx context.Context, ws []store.Write, pass func(int) bool) (errs []error) {
	w.noteWriter(ctx)
	order := make([]int, len(ws)) // of keys: callers that range over a map have none
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(ws[a].Key.PK+ws[a].Key.SK, ws[b].Key.PK+ws[b].Key.SK) })
	for _, i := range order {
		write := ws[i]
		err := store.ErrThrottled
		if pass(int(hash(write.Key.PK, write.Key.SK) % 256)) {
			err = store.FirstError(w.memory.Write(context.Background(), []store.Write{write}))
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

// noteWriter notes whose write comes next.
func (w *world) noteWriter(ctx context.Context) {
	w.invariants.writer = invocation{name: "nobody"}
	if t := taskOf(ctx); t != nil {
		w.invariants.writer = t.invocation
	}
}

// violate records that an invariant does not hold.
func (w *world) violate(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.log("VIOLATION %s", text)
	if len(w.violations) < 20 {
		w.violations = append(w.violations, text)
	}
}

// scheduleSweep runs the sweeper every minute, and every hour once only late
// audits are left.
func (w *world) scheduleSweep(n int) {
	if w.mutant.noSweeper {
		return
	}
	every := w.limits.Sweep
	if w.onlyAudits {
		every = time.Hour
	}
	w.after(every, func() {
		began := w.now
		w.invoke(invocation{function: w.sweep, name: fmt.Sprintf("sweep%d", n)}, func(ctx context.Context, p *process) error {
			_, err := p.Sweep.Handle(ctx, events.EventBridgeEvent{})
			return err
		}, func(err error) {
			if err == nil {
				w.swept = began
			}
		})
		w.scheduleSweep(n + 1)
	})
}

// run runs a world to its end, and checks it.
func (w *world) run(story func(w *world)) {
	story(w)
	w.scheduleSweep(1)
	w.runUntilRest()
	if len(w.violations) == 0 { // conversations that failed may have been repaired
		for _, account := range accounts {
			w.retryMoves(account)
		}
		w.onlyAudits = false
		w.runUntilRest()
	}
	for len(w.violations) == 0 && (w.machine.running > 0 || w.audits() || !w.atRest()) && w.runNext(lastAudit) {
	}
	if len(w.violations) == 0 {
		w.checkFinal()
	}
	w.end()
}

// runUntilRest runs until only late audits are left.
func (w *world) runUntilRest() {
	for len(w.violations) == 0 && !w.onlyAudits {
		if !w.runNext(mustRest) {
			w.violate("it never comes to rest: %s", w.whyNotAtRest())
			break
		}
		w.onlyAudits = w.now > w.people.stop && w.atRest()
	}
}

// atRest reports whether nothing is running but late audits.
func (w *world) atRest() bool {
	if w.tasks > 0 || w.people.requests > 0 || w.batches.open+w.failures.open > 0 || w.machine.running > w.machine.lateAudits {
		return false
	}
	for _, f := range w.shards {
		if f.busy {
			return false
		}
	}
	return w.invariants.runningMoves() == ""
}

// audits reports whether a move still has late audits before it, or its first
// daily repair.
func (w *world) audits() bool {
	for _, m := range w.invariants.moves {
		if !m.Choices.Rehearsal && (m.RepairAt.IsZero() || !w.mutant.noRepair && w.invariants.repairs[m.ID] == 0) {
			return true
		}
	}
	return false
}

// whyNotAtRest counts what is still running.
func (w *world) whyNotAtRest() string {
	return fmt.Sprintf("%d tasks, %d requests, %d batches, %d failures of the stream, %d executions and moves %q are running",
		w.tasks, w.people.requests, w.batches.open, w.failures.open, w.machine.running-w.machine.lateAudits, w.invariants.runningMoves())
}

// end runs all tasks to their end, so that no goroutine is left.
func (w *world) end() {
	for w.tasks > 0 && w.runNext(1<<62) {
	}
}
