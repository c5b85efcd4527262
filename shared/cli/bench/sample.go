package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// Account and Channel are what the benchmarks move.
const Account, Channel = "bench", "mail"

// workers is how many batches are written at a time when nothing else is
// done: as many as the stack converts.
const workers = 16

// Setup is the benchmarks' account.
func Setup() desk.Setup {
	s := desk.Setup{
		Account: desk.Account{ID: Account, Name: "Bench", Plan: desk.Enterprise},
		Pipelines: []desk.Pipeline{{ID: "support", Name: "Support", Statuses: []desk.PipelineStatus{
			{ID: "new", Name: "New"}, {ID: "waiting", Name: "Waiting"}, {ID: "solved", Name: "Solved", Closed: true},
		}}},
		Policies: []desk.Policy{{ID: "standard", Name: "Standard", FirstReply: 4 * time.Hour, Close: 72 * time.Hour}},
		Channels: []desk.Channel{{Account: Account, ID: Channel, Name: "Mail", Type: desk.Email, Address: "support@bench.example"}},
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

// Conversation is the i-th: one in three is closed, one in four has no owner.
func Conversation(i int) desk.Conversation {
	at := firstDay.Add(time.Duration(i) * 40 * time.Second)
	c := desk.Conversation{
		Account: Account, ID: fmt.Sprintf("c%010x%08x", at.UnixMilli(), uint32(i)*2654435761), Origin: Channel, Channel: Channel, // #nosec G115 -- wraps on purpose
		Subject:  fmt.Sprintf("Question %d about an order that has not arrived, and the tracking page shows nothing", i),
		Customer: fmt.Sprintf("customer.%d@some-company.example", i), Status: desk.Open,
		Started: at.Add(-time.Minute), TakenIn: at, Joined: at, ChangedAt: at.Add(time.Hour),
		Version: 3, CustomerVersion: 2, CustomerAt: at.Add(time.Minute), FirstReplyAt: at.Add(time.Hour), Messages: 3, Home: desk.Inbox,
	}
	if i%4 != 0 {
		c.Owner = fmt.Sprintf("agent%02d", i%40)
	}
	if i%3 == 0 {
		c.Status, c.ClosedAt = desk.Closed, at.Add(2*time.Hour)
	}
	return c
}

// Batches calls do for each batch of n conversations, from several
// goroutines, and returns the first error.
func Batches(n int, newestFirst bool, do func(cs []desk.Conversation) error) error {
	count := (n + move.BatchSize - 1) / move.BatchSize
	g, ctx := errgroup.WithContext(context.Background())
	g.SetLimit(workers)
	for b := range count {
		if ctx.Err() != nil {
			break
		}
		if newestFirst {
			b = count - 1 - b
		}
		g.Go(func() error {
			var cs []desk.Conversation
			for i := b * move.BatchSize; i < min((b+1)*move.BatchSize, n); i++ {
				cs = append(cs, Conversation(i))
			}
			return do(cs)
		})
	}
	return g.Wait()
}
