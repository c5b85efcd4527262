package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/local/clock"
	"deskmove/shared/local/db"
	"deskmove/shared/local/executions"
	"deskmove/shared/local/function"
	"deskmove/shared/local/gateway"
	"deskmove/shared/local/queue"
	"deskmove/shared/local/schedule"
	"deskmove/shared/local/streams"
)

// Config says where the local engine keeps its file; Dir is required.
type Config struct {
	Dir   string // where local.db is
	Clock clock.Clock
	Log   *slog.Logger
	// Ended, if not nil, is told of each invocation of a function.
	Ended func(function string, took time.Duration, err error)
}

// Runtime is the local engine: it runs the functions for what happens in
// queues, streams, executions and schedules. Set it up, then Run it.
type Runtime struct {
	DB   *db.DB
	Host *function.Host

	queues []*queue.Queue
	parts  []func(context.Context) error
}

// Open opens the engine's file, which belongs to one process at a time.
func Open(c Config) (*Runtime, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("local engine: %w", err)
	}
	d, err := db.Open(filepath.Join(c.Dir, "local.db"), queue.Schema, streams.Schema, executions.Schema, schedule.Schema)
	if err != nil {
		return nil, fmt.Errorf("local engine: %w", err)
	}
	return &Runtime{DB: d, Host: &function.Host{Clock: c.Clock, Log: c.Log, Ended: c.Ended}}, nil
}

// Queue opens a queue.
func (r *Runtime) Queue(ctx context.Context, c queue.Config) (*queue.Queue, error) {
	q, err := queue.Open(ctx, r.DB, r.Host, c)
	if err == nil {
		r.queues = append(r.queues, q)
	}
	return q, err
}

// Poll has a function handle the messages of a queue, so many at a time.
func (r *Runtime) Poll(q *queue.Queue, f queue.Function, concurrency int) {
	r.Part(func(ctx context.Context) error { return q.Poll(ctx, f, concurrency) })
}

// Stream has a function handle the changes of a stream. It sets the mapping's
// DB and Host.
func (r *Runtime) Stream(m *streams.Mapping) {
	m.DB, m.Host = r.DB, r.Host
	r.Part(m.Run)
}

// Machine opens a state machine and has its executions run.
func (r *Runtime) Machine(ctx context.Context, c executions.Config) (*executions.StateMachine, error) {
	m, err := executions.Open(ctx, r.DB, r.Host, c)
	if err == nil {
		r.Part(m.Run)
	}
	return m, err
}

// Schedule runs a function at a rate. It sets the schedule's DB and Host.
func (r *Runtime) Schedule(s *schedule.Schedule) {
	s.DB, s.Host = r.DB, r.Host
	r.Part(s.Run)
}

// Serve serves requests.
func (r *Runtime) Serve(g *gateway.Gateway) { r.Part(g.Serve) }

// Part adds something that runs as long as the engine. It must return soon after
// its context is done; its error ends Run.
func (r *Runtime) Part(run func(context.Context) error) { r.parts = append(r.parts, run) }

// Run runs everything until ctx is done. Functions under way get the time to
// end, 5 s; one that takes more is an error.
func (r *Runtime) Run(ctx context.Context) error {
	g, within := errgroup.WithContext(ctx)
	for _, part := range r.parts {
		g.Go(func() error { return part(within) })
	}
	g.Go(func() error { return r.deleteExpired(within) })
	err := g.Wait()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, r.Host.Wait(late))
}

// deleteExpired deletes, every hour, messages that nobody received in time.
func (r *Runtime) deleteExpired(ctx context.Context) error {
	for ctx.Err() == nil {
		for _, q := range r.queues {
			if err := q.DeleteExpired(ctx); err != nil && ctx.Err() == nil {
				r.Host.Logger().ErrorContext(ctx, "expired messages not deleted", "queue", q.Name(), "err", err)
			}
		}
		r.Host.Clock.Wait(ctx, time.Hour, nil)
	}
	return nil
}
