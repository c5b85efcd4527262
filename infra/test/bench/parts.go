package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"deskmove/infra/test/bench/sample"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
)

// seed takes conversations in, and waits until the stream has been read.
func seed(ctx context.Context, dir string, setup desk.Setup, of ...sample.History) error {
	s, stop, err := open(ctx, dir, nil)
	if err != nil {
		return err
	}
	defer stop()
	if _, err := s.App.Accounts.Replace(ctx, desk.Caller{}, setup); err != nil {
		return err
	}
	conversations := s.App.Conversations
	for _, h := range of {
		if err := h.Batches(false, func(cs []desk.Conversation) error { return conversations.Import(ctx, cs) }); err != nil {
			return err
		}
	}
	return s.WaitIdle(ctx)
}

// raw lands n conversations, each by the update that the move makes, and does
// nothing else.
func raw(ctx context.Context, dir string, n int) (any, error) {
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = e.Close() }()
	conversations := store.ConversationStore{Engine: e}
	rules, err := landing()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	err = history(n).Batches(true, func(cs []desk.Conversation) error {
		changes := make([]desk.Change, len(cs))
		for i, c := range cs {
			landed, err := rules.Land(c, began)
			if err != nil {
				return err
			}
			changes[i] = desk.Change{Old: c, New: landed}
		}
		return store.FirstError(conversations.SaveMany(ctx, changes))
	})
	return map[string]float64{"raw_per_s": float64(n) / time.Since(began).Seconds()}, err
}

// landing returns the rules of a move of the channel that has just been fenced.
func landing() (*desk.Rules, error) {
	s := sample.Setup()
	c := s.Channels[0]
	c.Home, c.FenceAt = desk.Moving, time.Now()
	m := desk.Move{Account: sample.Account, ID: "m1700000000000", Choices: choices, StartedAt: c.FenceAt, FenceAt: c.FenceAt}
	return desk.NewRules(s, m, c, s.Access())
}

// choices are those of the benchmarks' moves.
var choices = desk.Choices{
	Channel: sample.Channel, History: desk.AllHistory, Statuses: desk.StatusMap{Open: "waiting", Closed: "solved"},
	SLA: desk.FromMove, Notifications: desk.Quiet, Acknowledged: []string{desk.CodeAgentsNoAccess},
}

// history is a channel of which two in three conversations are open.
func history(n int) sample.History { return sample.History{Conversations: n, Open: 67} }

// whole moves the channel while customers write, 50 new conversations a
// second.
func whole(ctx context.Context, dir string, n int) (any, error) {
	var c *counter
	s, stop, err := open(ctx, dir, func(e store.Engine) store.Engine {
		c = &counter{Engine: e}
		return c
	})
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := s.WaitIdle(ctx); err != nil {
		return nil, err
	}
	writes, reads := c.writes.Load(), c.reads.Load()
	began := time.Now()
	started, err := s.App.Starter.Start(ctx, desk.Caller{Account: sample.Account, Agent: "agent01", Role: desk.SuperAdmin}, choices, desk.Idempotency{})
	if err != nil {
		return nil, err
	}
	latencies, done := make(chan []time.Duration, 1), make(chan struct{})
	go func() { latencies <- customers(ctx, s, started.ID, done) }()
	moved, err := wait(ctx, s, started.ID)
	took := time.Since(began)
	close(done)
	redirects := <-latencies
	if err != nil {
		return nil, err
	}
	if moved.Status != desk.Done || moved.Report.Created < int64(n) || moved.Report.InboxSum != moved.Report.DeskSum {
		return nil, fmt.Errorf("the move ended wrongly: %+v", moved)
	}
	per := float64(n + len(redirects))
	return Result{
		Name: fmt.Sprintf("move-%d", n), Conversations: n,
		EndToEndPerS: float64(n) / took.Seconds(), Seconds: took.Seconds(), PeakRSSMiB: peak(),
		WritesPerConversation: float64(c.writes.Load()-writes) / per, ReadsPerConversation: float64(c.reads.Load()-reads) / per,
		RedirectP50Ms: percentile(redirects, 0.50), RedirectP99Ms: percentile(redirects, 0.99), Redirects: len(redirects),
	}, nil
}

// counter counts the items that an engine is to write, and the items and pages
// of queries that it is to read.
type counter struct {
	store.Engine
	writes, reads atomic.Int64
}

func (c *counter) Get(ctx context.Context, t store.Table, keys []store.Key, how store.Consistency) ([]store.Item, error) {
	c.reads.Add(int64(len(keys)))
	return c.Engine.Get(ctx, t, keys, how)
}

func (c *counter) Query(ctx context.Context, q store.Query) (store.Page, error) {
	c.reads.Add(1)
	return c.Engine.Query(ctx, q)
}

func (c *counter) Write(ctx context.Context, ws []store.Write) []error {
	c.writes.Add(int64(len(ws)))
	return c.Engine.Write(ctx, ws)
}

func (c *counter) Transact(ctx context.Context, ws []store.Write) error {
	c.writes.Add(int64(len(ws)))
	return c.Engine.Transact(ctx, ws)
}

func open(ctx context.Context, dir string, wrap func(store.Engine) store.Engine) (*local.Stack, func(), error) {
	return openAt(ctx, dir, "", warnings(), wrap)
}

// warnings are all that a measured server logs.
func warnings() slog.Handler {
	return slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})
}

// openAt opens data and serves the API at an address, unless that is "".
func openAt(ctx context.Context, dir, address string, to slog.Handler, wrap func(store.Engine) store.Engine) (*local.Stack, func(), error) {
	log := slog.New(to)
	s, err := local.Open(ctx, local.Config{Dir: dir, Address: address, Log: log, Wrap: wrap})
	if err != nil {
		return nil, nil, err
	}
	running, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(running); err != nil && running.Err() == nil {
			log.Error("stack failed", "err", err)
		}
	})
	return s, func() {
		cancel()
		wg.Wait()
		_ = s.Close()
	}, nil
}

// wait looks at the move often enough to time it, and seldom enough not to
// slow it down.
func wait(ctx context.Context, s *local.Stack, id string) (desk.Move, error) {
	for {
		m, err := s.App.Moves.Get(ctx, sample.Account, id)
		if err != nil || m.Status == desk.Done || m.Status == desk.Attention {
			return m, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// customers write once the channel is fenced, until done is closed, and watch
// for their tickets. It returns how long each took.
func customers(ctx context.Context, s *local.Stack, id string, done <-chan struct{}) []time.Duration {
	cases := s.App.UseCases
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-done:
			wg.Wait()
			return took
		case <-tick.C:
		}
		if m, err := cases.Moves.Get(ctx, sample.Account, id); err != nil || m.FenceAt.IsZero() {
			continue
		}
		wg.Go(func() {
			taken, err := cases.Intake.TakeIn(ctx, desk.Message{
				Account: sample.Account, Channel: sample.Channel, External: fmt.Sprintf("live-%d", i), Author: desk.ByCustomer,
				From: desk.Address{Address: "live@some-company.example"}, At: time.Now(), Subject: "Live", Text: "Is anybody there?",
			}, nil)
			if err != nil {
				return
			}
			began := time.Now()
			for {
				if c, err := cases.Conversations.Get(ctx, sample.Account, taken.Conversation.ID); err == nil && c.Home == desk.HelpDesk {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		})
	}
}

// percentile is in milliseconds; 0 without values.
func percentile(ds []time.Duration, p float64) float64 {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	return float64(ds[int(math.Ceil(p*float64(len(ds))))-1]) / float64(time.Millisecond)
}

// peak is the most memory that this process has had, in MiB.
func peak() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Maxrss) / 1024
}
