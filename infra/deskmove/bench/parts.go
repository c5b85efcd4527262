package bench

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

	"deskmove/infra/local/stack"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/meter"
	"deskmove/shared/store/sqlite"
)

const account, channel = "bench", "mail"

// workers is how many batches are written at a time when nothing else is
// done: as many as the stack converts.
const workers = 16

func setup() desk.Setup {
	s := desk.Setup{
		Account: desk.Account{ID: account, Name: "Bench", Plan: desk.Enterprise},
		Pipelines: []desk.Pipeline{{ID: "support", Name: "Support", Statuses: []desk.PipelineStatus{
			{ID: "new", Name: "New"}, {ID: "waiting", Name: "Waiting"}, {ID: "solved", Name: "Solved", Closed: true},
		}}},
		Policies: []desk.Policy{{ID: "standard", Name: "Standard", FirstReply: 4 * time.Hour, Close: 72 * time.Hour}},
		Channels: []desk.Channel{{Account: account, ID: channel, Name: "Mail", Type: desk.Email, Address: "support@bench.example"}},
	}
	for i := range 40 {
		s.Agents = append(s.Agents, desk.Agent{
			ID: fmt.Sprintf("agent%02d", i), Name: fmt.Sprintf("Agent %d", i), Email: fmt.Sprintf("agent%02d@bench.example", i),
			Role: desk.SuperAdmin, HelpDesk: i%10 != 0,
		})
	}
	return s
}

// firstDay is when the benchmark's channel began.
var firstDay = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// conversation is the i-th: one in three is closed, one in four has no owner.
func conversation(i int) desk.Conversation {
	at := firstDay.Add(time.Duration(i) * 40 * time.Second)
	c := desk.Conversation{
		Account: account, ID: fmt.Sprintf("c%010x%08x", at.UnixMilli(), uint32(i)*2654435761), Origin: channel, Channel: channel, // #nosec G115 -- wraps on purpose
		Subject:  fmt.Sprintf("Question %d about an order that has not arrived, and the tracking page shows nothing", i),
		Customer: fmt.Sprintf("customer.%d@some-company.example", i), State: desk.Open,
		Started: at.Add(-time.Minute), TakenIn: at, Joined: at, ChangedAt: at.Add(time.Hour),
		Version: 3, CustomerVersion: 2, CustomerAt: at.Add(time.Minute), FirstReplyAt: at.Add(time.Hour), Messages: 3, Home: desk.Inbox,
	}
	if i%4 != 0 {
		c.Owner = fmt.Sprintf("agent%02d", i%40)
	}
	if i%3 == 0 {
		c.State, c.ClosedAt = desk.Closed, at.Add(2*time.Hour)
	}
	return c
}

// batches calls do for each batch of n conversations, from several
// goroutines, and returns the first error.
func batches(n int, newestFirst bool, do func(cs []desk.Conversation) error) error {
	count := (n + move.BatchSize - 1) / move.BatchSize
	var next atomic.Int64
	var failed atomic.Value
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for failed.Load() == nil {
				b := int(next.Add(1)) - 1
				if b >= count {
					return
				}
				if newestFirst {
					b = count - 1 - b
				}
				var cs []desk.Conversation
				for i := b * move.BatchSize; i < min((b+1)*move.BatchSize, n); i++ {
					cs = append(cs, conversation(i))
				}
				if err := do(cs); err != nil {
					failed.Store(err)
				}
			}
		})
	}
	wg.Wait()
	err, _ := failed.Load().(error)
	return err
}

// seed takes n conversations in, and waits until the stream has been read.
func seed(ctx context.Context, dir string, n int) error {
	s, stop, err := open(ctx, dir, nil)
	if err != nil {
		return err
	}
	defer stop()
	if _, err := s.Handlers.Cases.Configure.Account(ctx, setup()); err != nil {
		return err
	}
	conversations := s.Handlers.Cases.Conversations
	if err := batches(n, false, func(cs []desk.Conversation) error { return conversations.Import(ctx, cs) }); err != nil {
		return err
	}
	return s.Rest(ctx)
}

// raw writes the tickets and markers of n conversations, and nothing else.
func raw(ctx context.Context, dir string, n int) (any, error) {
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = e.Close() }()
	tickets, conversations := store.TicketStore{Engine: e}, store.ConversationStore{Engine: e}
	began := time.Now()
	err = batches(n, true, func(cs []desk.Conversation) error {
		ts := make([]desk.Ticket, len(cs))
		for i, c := range cs {
			ts[i] = desk.Ticket{
				Account: account, ID: desk.TicketID(c.ID), Conversation: c.ID, Channel: channel, Subject: c.Subject, Customer: c.Customer,
				Status: "waiting", Owner: c.Owner, Created: c.Started, Provenance: desk.History, Imported: began, Move: "m1700000000000",
				From: channel, MovedStatus: "waiting", MovedOwner: c.Owner, Opened: began, Home: desk.HelpDesk,
				Clocks:        desk.Clocks{Policy: "standard", FirstReply: began, Close: began},
				SourceVersion: c.Version, Revision: 1,
			}
			cs[i].Home, cs[i].Ticket, cs[i].Move = desk.HelpDesk, ts[i].ID, ts[i].Move
		}
		if err := store.FirstError(tickets.Create(ctx, ts)); err != nil {
			return err
		}
		return store.FirstError(conversations.Mark(ctx, cs))
	})
	return map[string]float64{"raw_per_s": float64(n) / time.Since(began).Seconds()}, err
}

// whole moves the channel while customers write, 50 new conversations a
// second.
func whole(ctx context.Context, dir string, n int) (any, error) {
	var m *meter.Meter
	s, stop, err := open(ctx, dir, func(e store.Engine) store.Engine {
		m = meter.New(e)
		return m
	})
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := s.Rest(ctx); err != nil {
		return nil, err
	}
	writes, reads := waist(m)
	began := time.Now()
	started, err := s.Handlers.Cases.Start.Move(ctx, move.Who{Account: account, Agent: "agent01", Role: desk.SuperAdmin}, desk.Choices{
		Channel: channel, History: desk.AllHistory, Statuses: desk.StatusMap{Open: "waiting", Closed: "solved"},
		Acknowledged: []string{desk.CodeAgentsNoAccess},
	}, move.Idempotency{})
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
	writesAfter, readsAfter := waist(m)
	per := float64(n + len(redirects))
	return Result{
		Name: fmt.Sprintf("move-%d", n), Conversations: n,
		EndToEndPerS: float64(n) / took.Seconds(), Seconds: took.Seconds(), PeakRSSMiB: peak(),
		WritesPerConversation: float64(writesAfter-writes) / per, ReadsPerConversation: float64(readsAfter-reads) / per,
		RedirectP50Ms: percentile(redirects, 0.50), RedirectP99Ms: percentile(redirects, 0.99), Redirects: len(redirects),
	}, nil
}

// waist is how many items have passed the waist, and pages of queries.
func waist(m *meter.Meter) (writes, reads int64) {
	for _, t := range []store.Table{store.Conversations, store.Tickets, store.Control} {
		c := m.Table(t)
		writes += c.Writes()
		reads += c.Asked + c.Queries
	}
	return writes, reads
}

func open(ctx context.Context, dir string, wrap func(store.Engine) store.Engine) (*stack.Stack, func(), error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := stack.Open(ctx, stack.Config{Dir: dir, Log: log, Wrap: wrap})
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
func wait(ctx context.Context, s *stack.Stack, id string) (desk.Move, error) {
	phase, began := "", time.Now()
	for {
		m, err := s.Handlers.Cases.Moves.Get(ctx, account, id)
		if m.Phase != phase {
			phase = m.Phase
			slog.Debug("phase", "after", time.Since(began), "phase", phase)
		}
		if err != nil || m.Status == desk.Done || m.Status == desk.Attention {
			return m, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// customers write once the channel is fenced, until done is closed, and watch
// for their tickets. It returns how long each took.
func customers(ctx context.Context, s *stack.Stack, id string, done <-chan struct{}) []time.Duration {
	cases := s.Handlers.Cases
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
		if m, err := cases.Moves.Get(ctx, account, id); err != nil || m.FenceAt.IsZero() {
			continue
		}
		wg.Go(func() {
			taken, err := cases.Intake.Message(ctx, desk.Message{
				Account: account, Channel: channel, External: fmt.Sprintf("live-%d", i), Author: desk.ByCustomer,
				From: "live@some-company.example", At: time.Now(), Subject: "Live", Text: "Is anybody there?",
			}, nil)
			if err != nil {
				return
			}
			began := time.Now()
			for {
				if _, err := cases.Tickets.Get(ctx, account, desk.TicketID(taken.Conversation.ID)); err == nil {
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
