// Package function runs handlers as Lambda does: with a time limit and a request
// ID, and with a panic as an error. Errors have the names that AWS reports.
package function

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/uuid"

	"deskmove/shared/local/clock"
)

// Region and Account are those of ARNs and events.
const (
	Region  = "local"
	Account = "000000000000"
)

// Function is a handler with its name and time limit.
type Function[In, Out any] struct {
	Name    string
	Timeout time.Duration // required
	Handle  func(context.Context, In) (Out, error)
}

// ARN is the function's ARN.
func (f Function[In, Out]) ARN() string {
	return "arn:aws:lambda:" + Region + ":" + Account + ":function:" + f.Name
}

// Bytes is a handler of JSON.
type Bytes = func(context.Context, json.RawMessage) (json.RawMessage, error)

// JSON returns a handler of JSON for a typed one. Like Lambda, it fails on an
// input that is not an In.
func JSON[In, Out any](f func(context.Context, In) (Out, error)) Bytes {
	return func(ctx context.Context, raw json.RawMessage) (json.RawMessage, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, err
		}
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}
}

// Failure is an error of Lambda itself rather than one that a handler
// returned. Step Functions matches its Name, which for a panic is that of its
// value's type.
type Failure struct {
	Name    string
	Message string
	Stack   []string // of a panic
}

func (f *Failure) Error() string { return f.Name + ": " + f.Message }

const (
	// drain is how long a function may go on once the context of its
	// invocation is cancelled.
	drain = 5 * time.Second
	// grace is how long a function whose time is up is waited for. One that
	// still does not return is left behind.
	grace = time.Second
)

// Host runs functions. Its fields must not change once in use.
type Host struct {
	Clock clock.Clock
	Log   *slog.Logger // slog.Default if nil
	// Ended, if not nil, is told of each invocation: of which function, how long it took,
	// and its error.
	Ended func(function string, took time.Duration, err error)

	running sync.WaitGroup
}

// Logger is Log or its default.
func (h *Host) Logger() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}

// Wait waits until no function runs, not even one that was left behind, or until
// ctx is done. Nothing may be invoked meanwhile.
func (h *Host) Wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.running.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("functions still running: %w", context.Cause(ctx))
	}
}

// answer is the result of one run of a handler.
type answer[Out any] struct {
	out  Out
	err  error
	late bool // its time was up before it returned
}

// ErrStillRunning reports that a function runs on after its caller has stopped
// waiting.
var ErrStillRunning = errors.New("function has not ended yet")

// Invoke runs f once and waits for its answer. The error is the handler's own,
// unwrapped, or a *Failure. When ctx is done, the function has 5 s left.
//
// If stopWaiting is not nil and is closed first, Invoke returns ErrStillRunning
// and the function runs on, as on AWS.
func Invoke[In, Out any](ctx context.Context, h *Host, f Function[In, Out], stopWaiting <-chan struct{}, in In) (Out, error) {
	begun := time.Now()
	out, err := invoke(ctx, h, f, stopWaiting, in)
	if h.Ended != nil {
		h.Ended(f.Name, time.Since(begun), err)
	}
	return out, err
}

func invoke[In, Out any](ctx context.Context, h *Host, f Function[In, Out], stopWaiting <-chan struct{}, in In) (Out, error) {
	var none Out
	a, err := start(ctx, h, f, in).wait(ctx, stopWaiting)
	switch {
	case err == ErrStillRunning:
		return none, err
	case err != nil:
		h.Logger().ErrorContext(ctx, "function still runs although its time is up", "function", f.Name, "timeout", f.Timeout)
		return none, timeoutFailure(f.Timeout)
	case a.late:
		return none, timeoutFailure(f.Timeout)
	}
	return a.out, a.err
}

// run is a handler under way.
type run[Out any] struct {
	ctx     context.Context // the handler's
	answers chan answer[Out]
}

func start[In, Out any](ctx context.Context, h *Host, f Function[In, Out], in In) run[Out] {
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.Timeout)
	unlink := context.AfterFunc(ctx, func() {
		h.Clock.Wait(work, drain, nil)
		cancel()
	})
	r := run[Out]{work, make(chan answer[Out], 1)}
	h.running.Go(func() {
		defer cancel()
		defer unlink()
		lambda := lambdacontext.NewContext(work, &lambdacontext.LambdaContext{
			AwsRequestID: uuid.NewString(), InvokedFunctionArn: f.ARN(),
		})
		a := answer[Out]{err: &Failure{Name: "Runtime.ExitError", Message: "handler ended its goroutine"}}
		defer func() { // also if it did
			a.late = context.Cause(work) == context.DeadlineExceeded
			r.answers <- a
		}()
		a = call(lambda, f.Handle, in)
	})
	return r
}

// errAbandoned reports that a function has not ended after its time and grace.
var errAbandoned = errors.New("function did not end")

// wait returns the answer, or errAbandoned, or ErrStillRunning unless ctx is done.
func (r run[Out]) wait(ctx context.Context, stopWaiting <-chan struct{}) (a answer[Out], err error) {
	select {
	case a = <-r.answers:
		return a, nil
	case <-stopWaiting:
		if ctx.Err() == nil {
			return a, ErrStillRunning
		}
		select {
		case a = <-r.answers:
			return a, nil
		case <-r.ctx.Done():
		}
	case <-r.ctx.Done():
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case a = <-r.answers:
		return a, nil
	case <-late.C:
		return a, errAbandoned
	}
}

// call runs a handler and makes its panic a failure.
func call[In, Out any](ctx context.Context, handle func(context.Context, In) (Out, error), in In) (a answer[Out]) {
	defer func() {
		if v := recover(); v != nil {
			a.err = panicFailure(v)
		}
	}()
	a.out, a.err = handle(ctx, in)
	return a
}

// panicFailure is a panic as aws-lambda-go reports it.
func panicFailure(v any) *Failure {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return &Failure{
		Name:    cmp.Or(t.Name(), "Lambda.Unknown"),
		Message: fmt.Sprint(v),
		Stack:   strings.Split(strings.TrimSpace(string(debug.Stack())), "\n"),
	}
}

func timeoutFailure(limit time.Duration) *Failure {
	return &Failure{Name: "Sandbox.Timedout", Message: fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds())}
}
