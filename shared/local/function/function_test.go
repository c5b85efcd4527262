package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"deskmove/shared/local/clock"
	"deskmove/shared/local/function"
)

type fn = function.Function[int, int]

func host() *function.Host { return &function.Host{Log: slog.New(slog.DiscardHandler)} }

func invoke(t *testing.T, h *function.Host, f fn) (int, error) {
	t.Helper()
	return function.Invoke(t.Context(), h, f, nil, 1)
}

// failure is the name of a *Failure, or else the error.
func failure(err error) string {
	if f, ok := errors.AsType[*function.Failure](err); ok {
		return f.Name
	}
	return fmt.Sprint(err)
}

type customPanic struct{}

func TestOutcomes(t *testing.T) {
	own := errors.New("own")
	for name, c := range map[string]struct {
		handle func(context.Context, int) (int, error)
		want   string
		after  time.Duration
	}{
		"success":     {handle: func(_ context.Context, n int) (int, error) { return n + 1, nil }, want: "<nil>"},
		"its error":   {handle: func(context.Context, int) (int, error) { return 0, own }, want: "own"},
		"panic":       {handle: func(context.Context, int) (int, error) { panic("no") }, want: "string"},
		"panic error": {handle: func(context.Context, int) (int, error) { panic(own) }, want: "errorString"},
		"panic type":  {handle: func(context.Context, int) (int, error) { panic(customPanic{}) }, want: "customPanic"},
		"no type":     {handle: func(context.Context, int) (int, error) { panic([]int{}) }, want: "Lambda.Unknown"},
		"goexit":      {handle: func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil }, want: "Runtime.ExitError"},
		"time-out": {
			handle: func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 2, nil },
			want:   "Sandbox.Timedout", after: 3 * time.Second,
		},
		"late": {
			handle: func(context.Context, int) (int, error) { time.Sleep(3500 * time.Millisecond); return 2, nil },
			want:   "Sandbox.Timedout", after: 3500 * time.Millisecond,
		},
		"for ever": {
			handle: func(context.Context, int) (int, error) { time.Sleep(time.Hour); return 2, nil },
			want:   "Sandbox.Timedout", after: 4 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := host()
				start := time.Now()
				n, err := invoke(t, h, fn{Name: "f", Timeout: 3 * time.Second, Handle: c.handle})
				if got := failure(err); got != c.want || time.Since(start) != c.after {
					t.Errorf("Invoke = %v after %v, want %s after %v", err, time.Since(start), c.want, c.after)
				}
				if want := map[bool]int{true: 2}[err == nil]; n != want {
					t.Errorf("Invoke = %d, want %d", n, want)
				}
				if err := h.Wait(t.Context()); err != nil { // no goroutine is left
					t.Error(err)
				}
			})
		})
	}
}

func TestContext(t *testing.T) {
	f := fn{Name: "f", Timeout: time.Minute}
	f.Handle = func(ctx context.Context, _ int) (int, error) {
		if d, ok := ctx.Deadline(); !ok || time.Until(d) > time.Minute || time.Until(d) < 50*time.Second {
			t.Errorf("deadline = %v, %v", d, ok)
		}
		if c, ok := lambdacontext.FromContext(ctx); !ok || c.AwsRequestID == "" || c.InvokedFunctionArn != "arn:aws:lambda:local:000000000000:function:f" {
			t.Errorf("Lambda context = %+v, %v", c, ok)
		}
		return 0, nil
	}
	if _, err := invoke(t, host(), f); err != nil {
		t.Error(err)
	}
}

// TestDrain: when the caller's context ends, the function gets 5 s to end,
// and its answer still counts.
func TestDrain(t *testing.T) {
	for name, c := range map[string]struct {
		takes, ends time.Duration
		want        string
	}{
		"short": {3 * time.Second, 3 * time.Second, "<nil>"},
		"long":  {20 * time.Second, 6 * time.Second, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := function.Invoke(ctx, host(), fn{Name: "f", Timeout: time.Minute, Handle: func(ctx context.Context, n int) (int, error) {
					return n, clock.Clock{}.Sleep(ctx, c.takes)
				}}, nil, 1)
				if got := fmt.Sprint(err); got != c.want || time.Since(start) != c.ends {
					t.Errorf("Invoke = %v after %v, want %s after %v", err, time.Since(start), c.want, c.ends)
				}
			})
		})
	}
}

func TestFunctionGoesOnWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := host()
		waiting, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var ended time.Time
		start := time.Now()
		_, err := function.Invoke(t.Context(), h, fn{Name: "f", Timeout: time.Minute, Handle: func(ctx context.Context, n int) (int, error) {
			time.Sleep(30 * time.Second)
			ended = time.Now()
			return n, ctx.Err()
		}}, waiting.Done(), 1)
		if err != function.ErrStillRunning || time.Since(start) != time.Second {
			t.Errorf("Invoke = %v after %v", err, time.Since(start))
		}
		if err := h.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if d := ended.Sub(start); d != 30*time.Second {
			t.Errorf("function ended after %v", d)
		}
	})
}

func TestWaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := host()
		if _, err := invoke(t, h, fn{Name: "f", Timeout: time.Minute, Handle: func(context.Context, int) (int, error) { time.Sleep(time.Hour); return 0, nil }}); err == nil {
			t.Error("no time-out")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := h.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v", err)
		}
		time.Sleep(time.Hour)
	})
}

func TestJSON(t *testing.T) {
	f := function.JSON(func(_ context.Context, in struct{ N int }) (map[string]int, error) {
		if in.N == 0 {
			return nil, errors.New("zero")
		}
		return map[string]int{"n": in.N}, nil
	})
	for in, want := range map[string]string{`{"N":3}`: `{"n":3} <nil>`, `{}`: ` zero`, `[]`: ` json: cannot unmarshal array`} {
		out, err := f(t.Context(), json.RawMessage(in))
		if got := fmt.Sprint(string(out), " ", err); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
