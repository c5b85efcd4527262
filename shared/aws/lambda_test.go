package aws

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestMargin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		left, err := withMargin(func(ctx context.Context, in int) (time.Duration, error) {
			end, _ := ctx.Deadline()
			return time.Until(end), nil
		})(ctx, 0)
		if err != nil || left != 59*time.Second {
			t.Errorf("%v left of a minute, %v", left, err)
		}
		if _, err := withMargin(func(ctx context.Context, _ int) (bool, error) {
			_, has := ctx.Deadline()
			return has, errors.New("as it is")
		})(t.Context(), 0); err == nil || err.Error() != "as it is" {
			t.Errorf("error = %v", err)
		}
	})
}

func TestCachedCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, answer := 0, error(nil)
		check := cached(func(context.Context) error { asked++; return answer })
		ask := func(want error, times int) {
			t.Helper()
			if err := check(t.Context()); err != want || asked != times {
				t.Errorf("check = %v after %d questions; want %v after %d", err, asked, want, times)
			}
		}
		ask(nil, 1)
		answer = errors.New("wrong")
		ask(nil, 1)
		time.Sleep(cacheHealthy)
		ask(answer, 2)
		wrong := answer
		answer = nil
		ask(wrong, 2)
		time.Sleep(cacheUnhealthy)
		ask(nil, 3)
	})
}

// TestChecksThatWereCancelledAreNotCached asks with a context that is done.
func TestChecksThatWereCancelledAreNotCached(t *testing.T) {
	asked := 0
	check := cached(func(ctx context.Context) error { asked++; return ctx.Err() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("check = %v", err)
	}
	if err := check(t.Context()); err != nil || asked != 2 {
		t.Errorf("check = %v after %d questions", err, asked)
	}
}
