package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"deskmove/shared/api"
	"deskmove/shared/app"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// sample puts the account in that the sample events are about, with its move
// as the first two of them leave it, at their time: the move's ID, which the
// others name, comes of that time. What is there already stays.
func sample(ctx context.Context, engine store.Engine, events string) error {
	var (
		now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		log = slog.New(slog.DiscardHandler)
		h   = app.New(app.Platform{Engine: engine, Machine: nothing{}, Now: func() time.Time { return now }, Log: log})
	)
	if _, err := h.Setups.Setup(ctx, account); !errors.Is(err, desk.ErrNotFound) {
		return err
	}
	if err := fill(ctx, h.UseCases, now); err != nil {
		return err
	}
	for _, e := range []struct {
		file    string
		handler lambda.Handler
	}{
		{"api.json", lambda.NewHandler(api.Lambda{API: h.API(), Log: log}.Handle)},
		{"fence.json", lambda.NewHandler(h.Fence.Handle)},
	} {
		now = now.Add(time.Minute)
		event, err := os.ReadFile(filepath.Join(events, e.file)) // #nosec G304 -- the caller's
		if err == nil {
			_, err = e.handler.Invoke(ctx, event)
		}
		if err != nil {
			return fmt.Errorf("event %s: %w", e.file, err)
		}
	}
	return nil
}

const account = "acme"

// fill makes the account, with two conversations in its channel from before
// the move and one that begins while it moves, and with an empty channel.
func fill(ctx context.Context, c api.UseCases, now time.Time) error {
	if _, err := c.Accounts.Replace(ctx, desk.Caller{Account: account, Agent: "ann", Role: desk.SuperAdmin}, desk.Setup{
		Account:    desk.Account{ID: account, Plan: desk.Professional, Zone: "Europe/Berlin"},
		Agents:     []desk.Agent{{ID: "ann", Role: desk.SuperAdmin, HelpDesk: true}},
		Connectors: []desk.Connector{{ID: "mailer", Channels: []string{"mail", "sales"}}},
		Pipelines:  []desk.Pipeline{{ID: "support", Statuses: []desk.PipelineStatus{{ID: "new"}, {ID: "solved", Closed: true}}}},
		Channels: []desk.Channel{
			{Account: account, ID: "mail", Type: desk.Email, Home: desk.Inbox}, {Account: account, ID: "sales", Type: desk.Email, Home: desk.Inbox},
		},
	}); err != nil {
		return err
	}
	var cs []desk.Conversation
	for i, ago := range []time.Duration{48 * time.Hour, time.Hour, -5 * time.Minute} {
		at := now.Add(-ago)
		cs = append(cs, desk.Conversation{
			Account: account, ID: fmt.Sprintf("c-example-%d", i+1), Origin: "mail", Channel: "mail", Home: desk.Inbox, Status: desk.Open,
			Subject: "Where is my order?", Customer: "jane@customer.example", Messages: 1, Rev: 1, CustomerRev: 1,
			Started: at, TakenIn: at, Joined: at, ChangedAt: at, CustomerAt: at, WaitingSince: at,
		})
	}
	return c.Conversations.Import(ctx, cs)
}

// nothing is what walks the state machine under SAM local.
type nothing struct{}

func (nothing) Start(context.Context, string, move.Run) error { return errors.ErrUnsupported }
func (nothing) Running(context.Context, string) (bool, error) { return false, nil }
