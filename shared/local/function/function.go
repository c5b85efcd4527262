// Package function runs handlers as Lambda does: with a time limit, a request
// ID and no mercy for a panic. The names of errors are those that AWS reports.
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

// Region and Account stand in ARNs and events where AWS has the real ones.
const (
	Region  = "local"
	Account = "000000000000"
)

// Function is a handler with the limits that its template gives it.
type Function[In, Out any] struct {
	Name    string
	Timeout time.Duration // 3 s if 0, as on AWS
	Handle  func(context.Context, In) (Out, error)
}

// Limit is Timeout or its default.
func (f Function[In, Out]) Limit() time.Duration {
	if f.Timeout == 0 {
		return 3 * time.Second
	}
	return f.Timeout
}

// ARN is the function's ARN.
func (f Function[In, Out]) ARN() string {
	return "arn:aws:lambda:" + Region + ":" + Account + ":function:" + f.Name
}

// Bytes is a handler of JSON.
type Bytes = func(context.Context, json.RawMessage) (json.RawMessage, error)

// JSON makes a typed handler one of JSON. An input that is not an In is an
// error, as in Lambda.
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
// returned. Its Name is what Step Functions matches.
type Failure struct {
	Name    string
	Message string
	Stack   []string // of a panic
}

// Names of failures. A panic's is the name of its value's type.
const (
	Exited   = "Runtime.ExitError"
	TimedOut = "Sandbox.Timedout"
	Unknown  = "Lambda.Unknown"
)

func (f *Failure) Error() string { return f.Name + ": " + f.Message }

// Host is where functions run. Its fields must not change once in use.
type Host struct {
	Clock clock.Clock
	Log   *slog.Logger // slog.Default if nil

	// Drain is how long a function may go on once the context of its
	// invocation is cancelled; 5 s if 0.
	Drain time.Duration
	// Grace is how long a function whose time is up is waited for. One that
	// still does not return is left behind as a zombie; 1 s if 0.
	Grace time.Duration

	running sync.WaitGroup
}

// Logger is Log or its default.
func (h *Host) Logger() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}

// Wait waits until no function runs, zombies included, or ctx is done. Nothing
// may be invoked meanwhile.
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

// answer is what came of one run of a handler.
type answer[Out any] struct {
	out  Out
	err  error
	late bool // its time was up before it returned
}

// ErrStillRunning says that the function goes on although its caller has stopped
// waiting for it.
var ErrStillRunning = errors.New("function has not ended yet")

// Invoke runs f once and waits for its answer. The error is the handler's own,
// unwrapped, or a *Failure. When ctx is done, the function has Drain left.
//
// When stopWaiting is closed, which may be nil for never, the error is
// ErrStillRunning; the function goes on, as on AWS.
func Invoke[In, Out any](ctx context.Context, h *Host, f Function[In, Out], stopWaiting <-chan struct{}, in In) (Out, error) {
	var none Out
	limit := f.Limit()
	a, err := start(ctx, h, f, limit, in).wait(ctx, h, stopWaiting)
	switch {
	case err == ErrStillRunning:
		return none, err
	case err != nil:
		h.Logger().ErrorContext(ctx, "function goes on although its time is up", "function", f.Name, "timeout", limit)
		return none, timedOut(limit)
	case a.late:
		return none, timedOut(limit)
	}
	return a.out, a.err
}

// run is a handler that runs.
type run[Out any] struct {
	ctx     context.Context // the handler's
	answers chan answer[Out]
}

func start[In, Out any](ctx context.Context, h *Host, f Function[In, Out], limit time.Duration, in In) run[Out] {
	work, cancel := h.Clock.WithTimeout(context.WithoutCancel(ctx), limit)
	unlink := context.AfterFunc(ctx, func() {
		h.Clock.Wait(work, cmp.Or(h.Drain, 5*time.Second), nil)
		cancel()
	})
	r := run[Out]{work, make(chan answer[Out], 1)}
	h.running.Go(func() {
		defer cancel()
		defer unlink()
		call := lambdacontext.NewContext(work, &lambdacontext.LambdaContext{
			AwsRequestID: uuid.NewString(), InvokedFunctionArn: f.ARN(),
		})
		a := answer[Out]{err: &Failure{Name: Exited, Message: "handler ended its goroutine"}}
		defer func() { // also if it did
			a.late = context.Cause(work) == context.DeadlineExceeded
			r.answers <- a
		}()
		a = guarded(call, f.Handle, in)
	})
	return r
}

// errZombie says that a function has not ended long after its time.
var errZombie = errors.New("function did not end")

// wait returns the answer, or errZombie, or ErrStillRunning unless ctx is done.
func (r run[Out]) wait(ctx context.Context, h *Host, stopWaiting <-chan struct{}) (a answer[Out], err error) {
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
	grace, cancel := h.Clock.WithTimeout(context.Background(), cmp.Or(h.Grace, time.Second))
	defer cancel()
	select {
	case a = <-r.answers:
		return a, nil
	case <-grace.Done():
		return a, errZombie
	}
}

// guarded runs a handler and makes its panic a failure.
func guarded[In, Out any](ctx context.Context, handle func(context.Context, In) (Out, error), in In) (a answer[Out]) {
	defer func() {
		if v := recover(); v != nil {
			a.err = panicked(v)
		}
	}()
	a.out, a.err = handle(ctx, in)
	return a
}

// panicked is a panic as aws-lambda-go reports it: under the name of the
// value's type.
func panicked(v any) *Failure {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return &Failure{
		Name:    cmp.Or(t.Name(), Unknown),
		Message: fmt.Sprint(v),
		Stack:   strings.Split(strings.TrimSpace(string(debug.Stack())), "\n"),
	}
}

func timedOut(limit time.Duration) *Failure {
	return &Failure{Name: TimedOut, Message: fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds())}
}
