package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"deskmove/shared/local/asl"

	"github.com/google/go-cmp/cmp"
)

// TestTimeout: the timeout of Drain is 300 seconds. Each case runs in a bubble,
// which also fails if a goroutine is left.
func TestTimeout(t *testing.T) {
	after := func(d time.Duration, heeds bool) func(context.Context, string, json.RawMessage) (json.RawMessage, error) {
		return func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
			done := ctx.Done()
			if !heeds {
				done = nil
			}
			select {
			case <-done:
				return nil, ctx.Err()
			case <-time.After(d):
				return json.RawMessage("{}"), nil
			}
		}
	}
	for name, c := range map[string]struct {
		takes time.Duration
		heeds bool // its context
		want  string
		ends  time.Duration
	}{
		"in time":   {299 * time.Second, true, "RUNNING Drained", 299 * time.Second},
		"late":      {400 * time.Second, true, "RUNNING Drain", 300 * time.Second},
		"very late": {400 * time.Second, false, "RUNNING Drain", 400 * time.Second},
	} {
		for _, clock := range []string{"running", "stopped"} {
			t.Run(name+" on a "+clock+" clock", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.task = after(c.takes, c.heeds)
					e, start := w.at("Drain", "{}"), time.Now()
					r := w.runner()
					if clock == "running" {
						r.Now = time.Now
					}
					e, err := r.Step(t.Context(), e)
					if err != nil || summary(e) != c.want || time.Since(start) != c.ends {
						t.Errorf("%s, %v after %s; want %s after %s", summary(e), err, time.Since(start), c.want, c.ends)
					}
					if retried := e.State == "Drain"; retried != cmp.Equal(e.Retries, []int{0, 1}) {
						t.Errorf("retries: %v", e.Retries)
					}
				})
			})
		}
	}
}

// TestCancel: a step that was cancelled has not happened, unless its task
// still succeeded.
func TestCancel(t *testing.T) {
	for name, c := range map[string]struct {
		result string
		err    error
		want   string
	}{
		"fails":    {"", &busyError{}, "RUNNING Drain"},
		"succeeds": {"{}", nil, "RUNNING Drained"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ctx, cancel := context.WithCancel(t.Context())
			w.task = func(ctx context.Context, _ string, _ json.RawMessage) (json.RawMessage, error) {
				cancel()
				<-ctx.Done()
				return json.RawMessage(c.result), c.err
			}
			before := w.at("Drain", "{}")
			r := w.runner()
			r.Save = func(ctx context.Context, _ asl.Execution) error { return ctx.Err() }
			e, err := r.Run(ctx, before)
			if !errors.Is(err, context.Canceled) || summary(e) != c.want {
				t.Errorf("Run = %s, %v; want %s", summary(e), err, c.want)
			}
			if e.State == "Drain" && !cmp.Equal(before, e) {
				t.Errorf("it has changed (-before +after):\n%s", cmp.Diff(before, e))
			}
		})
	}
}
