package simulation

import (
	"context"
	"log/slog"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/handler"
	"deskmove/shared/local/asl"
)

// process is a running copy of a function: what it remembers, and its clock.
type process struct {
	*app.App
	skew time.Duration
	busy bool
	gone bool
}

// function is a function's processes.
type function struct {
	name    string
	timeout time.Duration
	pool    []*process
	count   int // of processes so far
}

// batch is how many conversations a batch holds: few, so that there are several.
const batch = 4

var silent = slog.New(slog.DiscardHandler)

// process finds an idle process, or starts one.
func (w *world) process(f *function, c chance, name string) *process {
	for _, p := range f.pool {
		if p.busy || p.gone {
			continue
		}
		if w.faults.strikes(w.sim, coldStart, c, name) {
			p.gone = true
			continue
		}
		p.busy = true
		return p
	}
	p := &process{busy: true}
	f.count++
	if w.faults.strikes(w.sim, clockJump, c, name) {
		p.skew = c.span(-w.skew, w.skew)
	}
	below := app.Platform{
		Engine: platform{w}, Stream: platform{w}, Queue: platform{w}, Machine: platform{w}, Batch: batch, Log: silent,
		Now: func() time.Time { return w.date().Add(p.skew) },
	}
	if w.mutant.below != nil {
		w.mutant.below(f.name, &below)
	}
	p.App = app.New(below)
	for _, s := range []*handler.Step{&p.Fence, &p.List, &p.Drain, &p.Reconcile, &p.Finish, &p.Audit} {
		s.Limit.MaxSteps = w.turns
	}
	if w.mutant.handlers != nil {
		w.mutant.handlers(f.name, p.App)
	}
	f.pool = append(f.pool, p)
	return p
}

// Errors of Lambda, as Step Functions names them.
var (
	errThrottled = &asl.TaskError{Name: "Lambda.TooManyRequestsException", Cause: "injected"}
	errService   = &asl.TaskError{Name: "Lambda.ServiceException", Cause: "injected"}
	errUnheard   = &asl.TaskError{Name: "Lambda.SdkClientException", Cause: "injected"}
	errExited    = &asl.TaskError{Name: "Runtime.ExitError", Cause: "injected"}
	errTimedOut  = &asl.TaskError{Name: "States.Timeout", Cause: "injected"}
)

// invoke runs a function. Then hears its answer, or what became of it.
func (w *world) invoke(f *function, name string, run func(context.Context, *process) error, then func(error)) {
	c := newChance(w.seed, name)
	if w.faults.strikes(w.sim, refused, c, name) {
		w.after(c.span(10*time.Millisecond, time.Second), func() { then(errThrottled) })
		return
	}
	if w.faults.strikes(w.sim, service, c, name) {
		w.after(c.span(10*time.Millisecond, time.Second), func() { then(errService) })
		return
	}
	if w.faults.strikes(w.sim, twice, c, name) {
		w.execute(f, name+" again", run, func(error) {})
	}
	w.execute(f, name, run, func(err error) {
		if w.faults.strikes(w.sim, unheard, c, name) {
			err = errUnheard
		}
		then(err)
	})
}

// execute runs a function in a process, within its time.
func (w *world) execute(f *function, name string, run func(context.Context, *process) error, then func(error)) {
	p := w.process(f, newChance(w.seed, name+" process"), name)
	var err error
	t := w.start(name, func(ctx context.Context) {
		err = run(ctx, p)
		p.busy = false
	}, func(how outcome) {
		switch how {
		case crashed:
			p.gone = true
			then(errExited)
		case givenUp:
			then(errTimedOut)
		default:
			then(err)
		}
	})
	if t.done {
		return
	}
	w.after(f.timeout, func() {
		if t.done || t.dead || t.zombie {
			return
		}
		w.log("%s has run out of time", name)
		if t.chance.hit(500) {
			t.tell(givenUp) // its process is frozen in the middle, and goes on
			t.zombie = true
			return
		}
		w.kill(t)
	})
}
