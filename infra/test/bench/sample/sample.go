// Package sample makes up the account and the history that benchmarks move.
package sample

import (
	"cmp"
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

// History is a channel's made-up history.
type History struct {
	Conversations int
	Open          int    // percent of them
	Channel       string // "mail" if ""
	First         int    // number of the first; channels of an account must not overlap
}

// Conversation is the i-th. One in four has no owner.
func (h History) Conversation(i int) desk.Conversation {
	channel := cmp.Or(h.Channel, Channel)
	i += h.First
	at := firstDay.Add(time.Duration(i) * 40 * time.Second)
	c := desk.Conversation{
		Account: Account, ID: fmt.Sprintf("c%010x%08x", at.UnixMilli(), uint32(i)*2654435761), Origin: channel, Channel: channel, // #nosec G115 -- wraps on purpose
		Subject:  fmt.Sprintf("Question %d about an order that has not arrived, and the tracking page shows nothing", i),
		Customer: fmt.Sprintf("customer.%d@some-company.example", i), Status: desk.Open,
		Started: at.Add(-time.Minute), TakenIn: at, Joined: at, ChangedAt: at.Add(time.Hour),
		Rev: 3, CustomerRev: 2, CustomerAt: at.Add(time.Minute), FirstReplyAt: at.Add(time.Hour), Messages: 3, Home: desk.Inbox,
	}
	if i%4 != 0 {
		c.Owner = fmt.Sprintf("agent%02d", i%40)
	}
	if i*61%100 >= h.Open { // spread evenly
		c.Status, c.ClosedAt = desk.Closed, at.Add(2*time.Hour)
	}
	return c
}

// Batches calls do for each batch of conversations, from several goroutines, and
// returns the first error.
func (h History) Batches(newestFirst bool, do func(cs []desk.Conversation) error) error {
	n := h.Conversations
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
				cs = append(cs, h.Conversation(i))
			}
			return do(cs)
		})
	}
	return g.Wait()
}
