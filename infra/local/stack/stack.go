// Package stack is to one machine what template.yaml is to AWS: it says which
// function is driven by what, with which limits.
package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"deskmove/infra"
	"deskmove/infra/local"
	"deskmove/infra/local/clock"
	"deskmove/infra/local/faults"
	"deskmove/infra/local/function"
	"deskmove/infra/local/gateway"
	"deskmove/infra/local/issuer"
	"deskmove/infra/local/machines"
	"deskmove/infra/local/queue"
	"deskmove/infra/local/schedule"
	"deskmove/infra/local/streams"
	"deskmove/shared/handler"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/sqlite"
)

// Config says where the stack keeps its data and where it listens.
type Config struct {
	Dir     string // of all data
	Address string // such as 127.0.0.1:8080, port 0 is a free one; "" serves nothing
	Remote  bool   // allows an address that other computers can reach
	Faults  *faults.Faults
	Log     *slog.Logger
	// API makes the HTTP API from the use cases.
	API func(*handler.Handlers) http.Handler
	// Wrap, if not nil, goes between the repositories and the engine.
	Wrap func(store.Engine) store.Engine
	// Concurrency is how many batches of messages are converted at a time; 16
	// if 0.
	Concurrency int
	// MaxBytes bounds the database's file; 0 is all of the disk.
	MaxBytes int64
}

// Stack is deskmove on one machine.
type Stack struct {
	Handlers *handler.Handlers
	Issuer   *issuer.Issuer
	Gateway  *gateway.Gateway // nil if nothing is served
	Machine  *machines.Machine
	Batches  *queue.Queue

	engine  *sqlite.Engine
	runtime *local.Runtime
}

// Limits of functions and queues, as in template.yaml.
const (
	brief      = 30 * time.Second  // of functions that handle batches: slow disks are slow
	short      = 60 * time.Second  // of other functions
	long       = 300 * time.Second // of steps that page through a channel
	visibility = 60 * time.Second  // how long a batch that failed waits
	receives   = 10                // before a message is dead
)

// Open opens the data, which belongs to one process at a time, and listens;
// nothing happens before Run. Close it in any case.
func Open(ctx context.Context, c Config) (_ *Stack, err error) {
	s := &Stack{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.engine, err = sqlite.Open(c.Dir, sqlite.Options{MaxBytes: c.MaxBytes}); err != nil {
		return nil, err
	}
	var waist store.Engine = s.engine
	if c.Wrap != nil {
		waist = c.Wrap(waist)
	}
	clk := clock.Clock{}
	if s.Issuer, err = issuer.Open(c.Dir, clk); err != nil {
		return nil, err
	}
	if s.runtime, err = local.Open(local.Config{Dir: c.Dir, Clock: clk, Faults: c.Faults, Log: c.Log}); err != nil {
		return nil, err
	}
	return s, s.wire(ctx, c, waist, clk)
}

func (s *Stack) wire(ctx context.Context, c Config, waist store.Engine, clk clock.Clock) error {
	dead, err := s.runtime.Queue(ctx, queue.Config{Name: "batches-dead"})
	if err != nil {
		return err
	}
	s.Batches, err = s.runtime.Queue(ctx, queue.Config{
		Name: "batches", Visibility: visibility, MaxReceives: receives, DeadLetters: dead,
	})
	if err != nil {
		return err
	}
	failures, err := s.runtime.Queue(ctx, queue.Config{
		Name: "stream-failures", Visibility: visibility, MaxReceives: 50, DeadLetters: dead,
	})
	if err != nil {
		return err
	}
	starter := &machine{}
	h := handler.New(handler.Below{
		Engine: waist, Stream: s.engine, Queue: sender{s.Batches}, Machine: starter, Now: clk.Now, Log: c.Log,
	})
	s.Handlers = h
	s.Machine, err = s.runtime.Machine(ctx, machines.Config{
		Name: "move", Definition: infra.MoveMachine, Functions: map[string]machines.Function{
			"${FenceFunctionArn}":     step("fence", short, h.Fence),
			"${ListFunctionArn}":      step("list", long, h.List),
			"${DrainFunctionArn}":     step("drain", long, h.Drain),
			"${ReconcileFunctionArn}": step("reconcile", long, h.Reconcile),
			"${FinishFunctionArn}":    step("finish", short, h.Finish),
			"${AuditFunctionArn}":     step("audit", long, h.Audit),
		},
	})
	if err != nil {
		return err
	}
	starter.m = s.Machine
	concurrency := c.Concurrency
	if concurrency == 0 {
		concurrency = 16
	}
	return errors.Join(
		s.runtime.Poll(s.Batches, queue.Mapping{
			Function:  queue.Function{Name: "convert", Timeout: brief, Handle: h.Convert.Handle},
			BatchSize: 2, Concurrency: concurrency, ReportFailures: true,
		}),
		s.runtime.Poll(failures, queue.Mapping{
			Function:  queue.Function{Name: "redirect-failed", Timeout: brief, Handle: h.Redirect.HandleFailed},
			BatchSize: 1, Concurrency: 2, ReportFailures: true,
		}),
		s.runtime.Feed(
			&streams.Feed{Stream: s.engine, Table: store.Conversations, Poll: 10 * time.Millisecond, Trim: s.trim, Keep: time.Hour},
			streams.Mapping{
				Function:  streams.Function{Name: "redirect", Timeout: short, Handle: h.Redirect.Handle},
				BatchSize: 500, Retries: 4, MaxAge: time.Hour, Bisect: true, ReportFailures: true, OnFailure: failures.Send,
				Filter: isConversation,
			}),
		s.runtime.Schedule(schedule.Schedule{
			Name: "sweep", Every: time.Minute, Function: schedule.Function{Name: "sweep", Timeout: short, Handle: h.Sweep.Handle},
		}),
		s.listen(ctx, c),
	)
}

func (s *Stack) listen(ctx context.Context, c Config) (err error) {
	if c.Address == "" {
		return nil
	}
	s.Gateway, err = gateway.Listen(ctx, gateway.Config{
		Address: c.Address, Remote: c.Remote, Handler: c.API(s.Handlers), Verify: s.Issuer.Verify, Log: c.Log,
		Public: func(r *http.Request) bool { return r.URL.Path == "/healthz" || r.URL.Path == "/openapi.yaml" },
	})
	if err == nil {
		s.runtime.Serve(s.Gateway)
	}
	return err
}

// isConversation leaves out what the handler would: one event source mapping
// on AWS has the same filter.
func isConversation(c store.Change) bool {
	_, ok := store.ReadConversation(c.Key, c.New)
	return ok
}

// trim drops changes of a shard that have been handled.
func (s *Stack) trim(ctx context.Context, shard, through string) error {
	return s.engine.Trim(ctx, map[string]string{shard: through})
}

func step(name string, timeout time.Duration, s handler.Step) machines.Function {
	return machines.Function{Name: name, Timeout: timeout, Handle: function.JSON(s.Handle)}
}

// Run runs everything until ctx is done.
func (s *Stack) Run(ctx context.Context) error { return s.runtime.Run(ctx) }

// Close closes the data. Call it after Run has returned.
func (s *Stack) Close() error {
	var errs []error
	if s.runtime != nil {
		errs = append(errs, s.runtime.DB.Close())
	}
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
	}
	return errors.Join(errs...)
}

// sender is the queue as the use cases see it.
type sender struct{ q *queue.Queue }

func (s sender) Send(ctx context.Context, bs []move.Batch) error {
	bodies := make([]string, len(bs))
	for i, b := range bs {
		bodies[i] = b.JSON()
	}
	return s.q.Send(ctx, bodies)
}

// machine is the state machine as the use cases see it.
type machine struct{ m *machines.Machine }

func (m *machine) Start(ctx context.Context, name string, r move.Run) error {
	input, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := m.m.Start(ctx, name, input); err != nil && !errors.Is(err, machines.ErrExists) {
		return fmt.Errorf("execution %s: %w", name, err)
	}
	return nil
}

func (m *machine) Running(ctx context.Context, name string) (bool, error) {
	status, err := m.m.Status(ctx, name)
	if errors.Is(err, machines.ErrNotFound) {
		return false, nil
	}
	return status == "RUNNING", err
}
