package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/local/clock"
	"deskmove/shared/move"
)

func setup() desk.Setup {
	return desk.Setup{
		Account: desk.Account{ID: "acme", Name: "Acme", Plan: desk.Professional, Zone: "Europe/Berlin"},
		Agents: []desk.Agent{
			{ID: "ann", Name: "Ann", Email: "ann@acme.example", Role: desk.SuperAdmin, HelpDesk: true},
			{ID: "bob", Name: "Bob", Email: "bob@acme.example", Role: desk.AgentRole, HelpDesk: true},
			{ID: "cem", Name: "Cem", Email: "cem@acme.example", Role: desk.AgentRole},
		},
		Pipelines: []desk.Pipeline{{ID: "support", Name: "Support", Statuses: []desk.PipelineStatus{
			{ID: "new", Name: "New"}, {ID: "waiting", Name: "Waiting"}, {ID: "solved", Name: "Solved", Closed: true},
		}}},
		Policies: []desk.Policy{{ID: "gold", Name: "Gold", FirstReply: 4 * time.Hour, NextReply: 8 * time.Hour, Close: 48 * time.Hour}},
		Channels: []desk.Channel{
			{Account: "acme", ID: "mail", Name: "Mail", Type: desk.Email, Address: "support@acme.example", Settings: json.RawMessage(`{"routing":{"agents":["ann","bob"]}}`)},
			{Account: "acme", ID: "form", Name: "Form", Type: desk.Form, Connected: "mail"},
			{Account: "acme", ID: "chat", Name: "Chat", Type: desk.Chat},
		},
	}
}

// rig is a running stack.
type rig struct {
	*local.Stack
	t    *testing.T
	stop func()
}

func start(t *testing.T, dir string) *rig {
	t.Helper()
	return startAt(t, dir, clock.Clock{})
}

// startAt starts a stack with a clock of its own.
func startAt(t *testing.T, dir string, c clock.Clock) *rig {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if os.Getenv("DESKMOVE_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	s, err := local.Open(t.Context(), local.Config{Dir: dir, Log: log, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Run(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	r := &rig{Stack: s, t: t}
	r.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *rig) cases() api.UseCases { return r.App.UseCases }

// take takes a customer's message in and returns the conversation.
func (r *rig) take(channel, external string, at time.Time, refs ...string) desk.Conversation {
	r.t.Helper()
	taken, err := r.cases().Intake.TakeIn(context.Background(), desk.Message{
		Account: "acme", Channel: channel, External: external, Author: desk.ByCustomer, From: "jane@customer.example",
		At: at, Subject: "Order " + external, Text: "Where is it?",
	}, refs)
	if err != nil {
		r.t.Error(err)
	}
	return taken.Conversation
}

func (r *rig) move(choices desk.Choices) desk.Move {
	r.t.Helper()
	m, err := r.cases().Starter.Start(r.t.Context(), desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin}, choices, move.Idempotency{})
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *rig) wait(id string, limit time.Duration) desk.Move {
	r.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		m, err := r.cases().Moves.Get(r.t.Context(), "acme", id)
		if err != nil {
			r.t.Fatal(err)
		}
		if m.Status == desk.Done || m.Status == desk.Attention {
			return m
		}
		if time.Now().After(end) {
			p, _ := r.cases().Ledger.Progress(r.t.Context(), "acme", id)
			r.t.Fatalf("move %s is %s (%s) after %s: %+v", id, m.Status, m.Phase, limit, p)
		}
	}
}

var all = desk.Choices{
	Channel: "mail", History: desk.AllHistory, Statuses: desk.StatusMap{Open: "waiting", Closed: "solved"},
	Acknowledged: []string{desk.CodeAgentsNoAccess, desk.CodeConnectedLeft},
}

func TestMoveUnderTraffic(t *testing.T) {
	r := start(t, t.TempDir())
	if _, err := r.cases().Accounts.Replace(t.Context(), setup()); err != nil {
		t.Fatal(err)
	}
	began := time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)
	var wg sync.WaitGroup
	const n = 600
	ids := make([]desk.Conversation, n)
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				ids[i] = r.take("mail", fmt.Sprint("old-", i), began.Add(time.Duration(i)*time.Hour))
			}
		})
	}
	wg.Wait()
	who := desk.Caller{Account: "acme", Agent: "ann"}
	closed, bob, cem := desk.Closed, "bob", "cem"
	for i, c := range ids {
		e := desk.Edit{Owner: &bob}
		if i%3 == 0 {
			e = desk.Edit{Status: &closed, Owner: &cem}
		}
		if _, err := r.cases().Editor.EditConversation(t.Context(), who, c.ID, e); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			if _, err := r.cases().Editor.NewTicket(t.Context(), who, c.ID, "new"); err != nil {
				t.Fatal(err)
			}
		}
	}
	foreign := r.take("chat", "chat-1", began)

	m := r.move(all)
	ctx, cancel := context.WithCancel(t.Context())
	var live []desk.Conversation
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			live = append(live, r.take("mail", fmt.Sprint("new-", i), time.Now()))
			r.take("mail", fmt.Sprint("reply-", i), time.Now(), fmt.Sprint("old-", rand.IntN(n)))
			time.Sleep(10 * time.Millisecond)
		}
	})
	done := r.wait(m.ID, 3*time.Minute)
	cancel()
	wg.Wait()
	if done.Status != desk.Done || done.Report.InboxSum != done.Report.DeskSum || done.Report.Failed != 0 || done.Report.Created < n-n/50 || done.Report.AsIs != n/50 {
		t.Errorf("move = %+v", done)
	}
	time.Sleep(time.Second)
	for _, c := range append(ids, live...) {
		now, err := r.cases().Conversations.Get(t.Context(), "acme", c.ID)
		if err != nil {
			t.Fatal(err)
		}
		ticket, err := r.cases().Tickets.Get(t.Context(), "acme", desk.TicketID(c.ID))
		if errors.Is(err, desk.ErrNotFound) || now.Home != desk.HelpDesk || ticket.SourceVersion != now.Version {
			t.Errorf("conversation %+v\nticket %+v %v", now, ticket, err)
			continue
		}
		if ticket.Provenance != desk.Native && !ticket.Created.Equal(now.Started) {
			t.Errorf("ticket of %s created %s, want %s", c.ID, ticket.Created, now.Started)
		}
	}
	if c, err := r.cases().Conversations.Get(t.Context(), "acme", foreign.ID); err != nil || c.Home != desk.Inbox {
		t.Errorf("foreign conversation = %+v, %v", c, err)
	}
	p, err := r.cases().Ledger.Progress(t.Context(), "acme", m.ID)
	if err != nil || p.Planned != p.Done {
		t.Errorf("progress = %+v, %v", p, err)
	}
	t.Logf("%+v live %d report %+v", p, len(live), done.Report)
}
