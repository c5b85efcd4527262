package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Refusals are how long requests took that were refused, by the server's own access log:
// from when it had read their header until it had written its answer. Clients see more,
// as they wait for a processor like everybody else.
type Refusals struct {
	Busy    Wait `json:"busy"`      // 503
	TooMany Wait `json:"too_often"` // 429, of which the server pauses before most
}

// accessed is a log that keeps of the access log how long refusals took.
type accessed struct {
	slog.Handler
	mu   sync.Mutex
	took map[int][]time.Duration // by status
}

// Enabled implements slog.Handler.
func (a *accessed) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle implements slog.Handler.
func (a *accessed) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "request" {
		var status int
		var took time.Duration
		r.Attrs(func(attr slog.Attr) bool {
			switch attr.Key {
			case "status":
				status = int(attr.Value.Int64())
			case "took":
				took = attr.Value.Duration()
			}
			return true
		})
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.took == nil {
			a.took = make(map[int][]time.Duration)
		}
		a.took[status] = append(a.took[status], took)
		return nil
	}
	if !a.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return a.Handler.Handle(ctx, r)
}

// since returns the refusals since it was last called.
func (a *accessed) since() Refusals {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := Refusals{waitOf(a.took[http.StatusServiceUnavailable]), waitOf(a.took[http.StatusTooManyRequests])}
	a.took = nil
	return r
}
