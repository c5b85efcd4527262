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
