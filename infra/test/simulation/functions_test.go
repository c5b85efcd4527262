package simulation

import (
	"context"
	"log/slog"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/handler"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
)

// process is an instance of a function: what it keeps in memory, and its clock.
type process struct {
	*app.App
	skew time.Duration
	busy bool
	gone bool
}

// function is a Lambda function and its processes.
type function struct {
	name    string
	timeout time.Duration
	pool    []*process
	count   int // of processes so far
}

// batchSize is small, so that moves have several batches.
const batchSize = 4

var silent = slog.New(slog.DiscardHandler)

// process returns an idle process, or a new one.
func (w *world) process(f *function, c random, name string) *process {
	for _, p := range f.pool {
		if p.busy || p.gone {
			continue
		}
		if w.faults.injects(w.scheduler, coldStart, c, name) {
			p.gone = true
			continue
		}
		p.busy = true
		return p
	}
	p := &process{busy: true}
	f.count++
	if w.faults.injects(w.scheduler, clockWrong, c, name) {
		p.skew = c.between(-w.maxSkew, w.maxSkew)
	}
	on := app.Platform{
		Engine: platform{w}, Stream: platform{w}, Queue: platform{w}, Machine: platform{w}, Batch: batchSize, Log: silent,
		Now: func() time.Time { return w.date().Add(p.skew) },
	}
	if w.bytes != nil {
		on.Files = w.bytes
	}
	if w.mutant.platform != nil {
		w.mutant.platform(f.name, &on)
	}
	p.App = app.New(on)
	for _, s := range []*handler.Step{&p.Fence, &p.List, &p.Drain, &p.Finish} {
		s.Limit.MaxSteps = w.maxSteps
	}
	if w.mutant.handlers != nil {
		w.mutant.handlers(f.name, p.App)
	}
	f.pool = append(f.pool, p)
	return p
}

// Errors of Lambda, as Step Functions names them.
var (
	errThrottled  = &asl.TaskError{Name: "Lambda.TooManyRequestsException", Cause: "injected"}
	errService    = &asl.TaskError{Name: "Lambda.ServiceException", Cause: "injected"}
	errResultLost = &asl.TaskError{Name: "Lambda.SdkClientException", Cause: "injected"}
	errExited     = &asl.TaskError{Name: "Runtime.ExitError", Cause: "injected"}
	errTimedOut   = &asl.TaskError{Name: "States.Timeout", Cause: "injected"}
)

// invocation is one run of a function.
type invocation struct {
	function  *function
	name      string      // unique in its world
	execution string      // of the state machine, if this is a step of one
	move      string      // of the execution or batch
	batch     *move.Batch // if this converts one
}

func (i invocation) String() string { return i.name }

// isRequest reports whether a person has made a request to the API.
func (i invocation) isRequest() bool { return i.function != nil && i.function.name == "api" }

// invoke runs a function, and passes its error, or an injected one, to then.
func (w *world) invoke(i invocation, run func(context.Context, *process) error, then func(error)) {
	c := newRandom(w.seed, i.name)
	if w.faults.injects(w.scheduler, functionThrottled, c, i.name) {
		w.after(c.between(10*time.Millisecond, time.Second), func() { then(errThrottled) })
		return
	}
	if w.faults.injects(w.scheduler, functionFailed, c, i.name) {
		w.after(c.between(10*time.Millisecond, time.Second), func() { then(errService) })
		return
	}
	if w.faults.injects(w.scheduler, runTwice, c, i.name) {
		again := i
		again.name += " again"
		w.execute(again, run, func(error) {})
	}
	w.execute(i, run, func(err error) {
		if w.faults.injects(w.scheduler, resultLost, c, i.name) {
			err = errResultLost
		}
		then(err)
	})
}

// execute runs a function in a process, within the function's time limit.
func (w *world) execute(i invocation, run func(context.Context, *process) error, then func(error)) {
	p := w.process(i.function, newRandom(w.seed, i.name+" process"), i.name)
	var err error
	t := w.start(i, func(ctx context.Context) {
		err = run(ctx, p)
		p.busy = false
	}, func(how outcome) {
		switch how {
		case crashed:
			p.gone = true
			then(errExited)
		case abandoned:
			then(errTimedOut)
		default:
			then(err)
		}
	})
	if t.done {
		return
	}
	w.after(i.function.timeout, func() {
		if t.done || t.dead || t.suspended {
			return
		}
		w.log("%s has run out of time", i)
		if t.random.perMille(500) {
			t.end(abandoned) // the process is frozen, and goes on later
			t.suspended = true
			return
		}
		w.kill(t)
	})
}
