// Package clock lets the local engine run on the computer's clock or on
// another: a simulated one, or one that jumps.
package clock

import (
	"context"
	"time"
)

// Clock tells the time and calls sleepers. The zero Clock is package time's,
// which testing/synctest replaces by itself.
type Clock struct {
	// Time is the time, time.Now if nil.
	Time func() time.Time
	// After calls f in its own goroutine after d, unless stopped before;
	// time.AfterFunc if nil.
	After func(d time.Duration, f func()) (stop func() bool)
}

// Now is the time.
func (c Clock) Now() time.Time {
	if c.Time == nil {
		return time.Now()
	}
	return c.Time()
}

func (c Clock) after(d time.Duration, f func()) (stop func() bool) {
	if c.After == nil {
		return time.AfterFunc(d, f).Stop
	}
	return c.After(d, f)
}

// Sleep waits for d, or until ctx is done, and returns ctx's error then.
func (c Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.Wait(ctx, d, nil)
	return ctx.Err()
}

// Wait waits for d, or until wake is closed or sends, or ctx is done.
func (c Clock) Wait(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	if d <= 0 {
		return
	}
	rang := make(chan struct{})
	stop := c.after(d, func() { close(rang) })
	defer stop()
	select {
	case <-rang:
	case <-wake:
	case <-ctx.Done():
	}
}

// WithTimeout is context.WithTimeout on this clock. When the time is up, the
// context's cause is context.DeadlineExceeded.
func (c Clock) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if c.After == nil {
		return context.WithTimeout(parent, d)
	}
	ctx, cancel := context.WithCancelCause(parent)
	stop := c.After(d, func() { cancel(context.DeadlineExceeded) })
	return limited{ctx, c.Now().Add(d)}, func() {
		stop()
		cancel(context.Canceled)
	}
}

// limited is a context that knows its deadline.
type limited struct {
	context.Context
	deadline time.Time
}

func (l limited) Deadline() (time.Time, bool) {
	if t, ok := l.Context.Deadline(); ok && t.Before(l.deadline) {
		return t, true
	}
	return l.deadline, true
}
