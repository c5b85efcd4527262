package aws

import (
	"context"
	"sync"
	"time"
)

// How long the result of a check is cached, since anybody may ask for the API's
// health as often as they like.
const (
	cacheHealthy   = time.Minute
	cacheUnhealthy = 10 * time.Second
)

// cached returns a check that runs again only when its last result has expired.
func cached(check func(context.Context) error) func(context.Context) error {
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
		if ctx.Err() != nil { // the caller gave up, which says nothing about the tables
			return err
		}
		last, until = err, time.Now().Add(cacheHealthy)
		if err != nil {
			until = time.Now().Add(cacheUnhealthy)
		}
		return err
	}
}
