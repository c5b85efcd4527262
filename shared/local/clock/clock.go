// Package clock lets the local engine run on a clock other than the computer's,
// such as one that jumps.
package clock

import (
	"context"
	"time"
)

// Clock tells the time. The zero Clock tells the computer's.
type Clock struct {
	Time func() time.Time // time.Now if nil
}

// Now is the time.
func (c Clock) Now() time.Time {
	if c.Time == nil {
		return time.Now()
	}
	return c.Time()
}

// Sleep waits for d, or until ctx is done, and returns ctx's error then.
func (c Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.Wait(ctx, d, nil)
	return ctx.Err()
}

// Sleep is that of the zero Clock.
func Sleep(ctx context.Context, d time.Duration) error { return Clock{}.Sleep(ctx, d) }

// Wait waits for d, or until wake is closed or sends, or ctx is done.
func (c Clock) Wait(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}
