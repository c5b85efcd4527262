package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"deskmove/shared/local/clock"
)

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock
		wake := make(chan struct{})
		time.AfterFunc(2*time.Second, func() { close(wake) })
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		for i, d := range []time.Duration{time.Second, time.Minute, time.Minute} {
			if i == 2 {
				wake = nil
			}
			c.Wait(ctx, d, wake)
			if got := time.Since(start); got != time.Duration(i+1)*time.Second {
				t.Errorf("wait %d ended at %v", i, got)
			}
		}
		if err := c.Sleep(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("Sleep = %v", err)
		}
		if err := c.Sleep(t.Context(), -time.Second); err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("Sleep = %v", err)
		}
	})
}

func TestWithTimeoutOnAnotherClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := 0
		c := clock.Clock{After: func(d time.Duration, f func()) func() bool {
			timer := time.AfterFunc(d/2, f) // runs at double speed
			return func() bool { stopped++; return timer.Stop() }
		}}
		start := time.Now()
		ctx, cancel := c.WithTimeout(t.Context(), time.Minute)
		if d, ok := ctx.Deadline(); !ok || !d.Equal(start.Add(time.Minute)) {
			t.Errorf("deadline = %v", d)
		}
		<-ctx.Done()
		if err := context.Cause(ctx); err != context.DeadlineExceeded || time.Since(start) != 30*time.Second {
			t.Errorf("cause = %v after %v", err, time.Since(start))
		}
		cancel()
		ctx, cancel = c.WithTimeout(t.Context(), time.Minute)
		cancel()
		if context.Cause(ctx) != context.Canceled || stopped != 2 {
			t.Errorf("cause = %v, %d stopped", context.Cause(ctx), stopped)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ctx, cancel = c.WithTimeout(short, time.Minute)
		defer cancel()
		if d, _ := ctx.Deadline(); !d.Equal(time.Now().Add(time.Second)) {
			t.Errorf("deadline = %v", d)
		}
	})
}
