package aws

import (
	"context"
	"sync"
	"time"
)

// How long a check's answer is remembered. Anybody may ask whether the API is
// healthy, as often as they like.
const (
	wellFor = time.Minute
	illFor  = 10 * time.Second
)

// remember makes a check that asks seldom.
func remember(check func(context.Context) error) func(context.Context) error {
	var (
		mu    sync.Mutex
		until time.Time
		last  error
	)
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if time.Now().Before(until) {
			return last
		}
		err := check(ctx)
		if ctx.Err() != nil { // says nothing about what was checked
			return err
		}
		last, until = err, time.Now().Add(wellFor)
		if err != nil {
			until = time.Now().Add(illFor)
		}
		return err
	}
}
