package traffic_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/traffic"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local"
)

const account = "acme"

var who = desk.Caller{Account: account, Agent: "ann", Role: desk.SuperAdmin}

func setup() desk.Setup {
	return desk.Setup{
		Account: desk.Account{ID: account, Plan: desk.Professional},
		Agents: []desk.Agent{
			{ID: "ann", Role: desk.SuperAdmin, HelpDesk: true}, {ID: "ben", Role: desk.AgentRole, HelpDesk: true},
			{ID: "cem", Role: desk.AgentRole},
		},
		Pipelines: []desk.Pipeline{{ID: "support", Statuses: []desk.PipelineStatus{
			{ID: "new"}, {ID: "waiting"}, {ID: "solved", Closed: true}, {ID: "spam", Closed: true},
		}}},
		Channels: []desk.Channel{
			{ID: "mail", Type: desk.Email, Settings: []byte(`{"routing":{"agents":["ann","ben"]}}`)},
			{ID: "form", Type: desk.Form, Connected: "mail"},
			{ID: "chat", Type: desk.Chat},
			{ID: "hotline", Type: desk.Calling, Settings: []byte(`{"automation":{"keepClosed":true}}`)},
		},
	}
}

// world is an account on a running engine, and its API.
type world struct {
	traffic.HTTPAPI

	cases api.UseCases
}

func start(t *testing.T) world {
	t.Helper()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	s, err := local.Open(t.Context(), local.Config{Dir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.App.Accounts.Replace(t.Context(), who, setup()); err != nil {
		t.Fatal(err)
	}
	c := client.With("http://localhost", "", &client.InProcess{API: s.App.API(), Caller: who})
	c.Patience = -1
	return world{traffic.HTTPAPI{Connector: c, Agent: c}, s.App.UseCases}
}

func (w world) move(t *testing.T, channel string, history desk.HistoryChoice) desk.Move {
	t.Helper()
	choices := desk.Choices{Channel: channel, History: history, Acknowledged: []string{
		desk.CodeAgentsNoAccess, desk.CodeNoSLAPolicy, desk.CodeConnectedLeft, desk.CodeRoutingNoAccess,
	}}
	if history == desk.AllHistory {
		choices.Statuses = desk.StatusMap{Open: "new", Closed: "solved"}
	}
	m, err := w.cases.Starter.Start(t.Context(), who, choices, desk.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	for m.EndedAt.IsZero() {
		time.Sleep(20 * time.Millisecond)
		if m, err = w.cases.Moves.Get(t.Context(), account, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	if m.Status != desk.Done {
		t.Fatalf("move ended with %s", m.Status)
	}
	return m
}

// run makes traffic while do is done and a second longer.
func run(t *testing.T, tr *traffic.Traffic, do func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tr.Run(ctx) }()
	do()
	time.Sleep(time.Second)
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestTrafficDuringMove(t *testing.T) {
	for _, history := range []desk.HistoryChoice{desk.AllHistory, desk.NoHistory} {
		t.Run(string(history), func(t *testing.T) {
			w := start(t)
			tr, err := traffic.New(traffic.Config{Name: "t", Seed: 1, Rate: 200, Setup: setup(), Busiest: "mail"}, w)
			if err != nil {
				t.Fatal(err)
			}
			var moves []desk.Move
			run(t, tr, func() {
				time.Sleep(time.Second)
				tr.Sample("mail")
				moves = append(moves, w.move(t, "mail", history))
			})
			checked, err := tr.Check(t.Context(), moves, 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", tr.Stats())
			for _, v := range checked.Violations {
				t.Error(v)
			}
			if checked.Messages < 100 || checked.Edits < 20 || checked.Tickets < 20 {
				t.Errorf("checked too little: %+v", checked)
			}
		})
	}
}
