package dynamo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"deskmove/infra/test/peers"
	"deskmove/shared/app/apptest"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/store"
	"deskmove/shared/support"
)

// lossy loses the answer to every tenth write, after it was done, so that the
// SDK makes it again.
type lossy struct {
	client    aws.HTTPClient
	off       atomic.Bool
	n, losses atomic.Int64
}

func (l *lossy) Do(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	res, err := l.client.Do(r)
	if err != nil || l.off.Load() || strings.Contains(operation, "Get") || operation == "Query" || l.n.Add(1)%10 != 0 {
		return res, err
	}
	l.losses.Add(1)
	return nil, errors.Join(errors.New("connection reset by the test"), res.Body.Close())
}

// late hides a third of what the channel's index holds until the first
// comparison begins: that is how late an index may be.
type late struct {
	store.Engine
	seen   atomic.Bool
	hidden atomic.Int64
}

func (l *late) Query(ctx context.Context, q store.Query) (store.Page, error) {
	page, err := l.Engine.Query(ctx, q)
	if q.Index != store.ByChannel || l.seen.Load() {
		return page, err
	}
	var shown []store.Item
	for _, item := range page.Items {
		if item.Key.PK[len(item.Key.PK)-1]%3 == 0 {
			l.hidden.Add(1)
		} else {
			shown = append(shown, item)
		}
	}
	page.Items = shown
	return page, err
}

func (l *late) Write(ctx context.Context, ws []store.Write) []error {
	for _, w := range ws {
		if strings.Contains(w.Set.Str(store.AttrPhases), string(desk.PhaseCompare)) {
			l.seen.Store(true)
		}
	}
	return l.Engine.Write(ctx, ws)
}

// TestMove runs a whole move of the local stack on DynamoDB, whose index lags
// and whose answers get lost.
func TestMove(t *testing.T) {
	const conversations = 600
	cfg := config(peers.DynamoDB(t))
	net := &lossy{client: dynamo.HTTPClient()}
	cfg.HTTPClient = net
	net.off.Store(true)
	e := newEngine(t, cfg)
	lagging := &late{Engine: e}
	var logged bytes.Buffer
	s, err := local.Open(t.Context(), local.Config{
		Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&locked{to: &logged}, nil)), Wrap: func(store.Engine) store.Engine { return lagging },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	defer func() {
		cancel()
		running.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	cases := s.App.UseCases
	apptest.Apply(t, s.App)
	cs := imported(conversations)
	if err := (store.ConversationStore{Engine: e}).Import(t.Context(), cs); err != nil {
		t.Fatal(err)
	}

	net.off.Store(false)
	m, err := cases.Starter.Start(t.Context(), apptest.Admin, apptest.History("mail"), desk.Idempotency{Key: "k", Hash: "h"})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(2 * time.Minute); m.Status != desk.Done; time.Sleep(100 * time.Millisecond) {
		if m, err = cases.Moves.Get(t.Context(), "acme", m.ID); err != nil {
			t.Fatal(err)
		}
		if m.Status == desk.Attention || time.Now().After(end) {
			t.Fatalf("the move is %s (%s)\n%s", m.Status, m.Phase(), logged.String())
		}
	}
	net.off.Store(true)
	if lagging.hidden.Load() < conversations/10 || net.losses.Load() < conversations/10 {
		t.Errorf("the index hid %d, and %d answers got lost: the test tests little", lagging.hidden.Load(), net.losses.Load())
	}
	wantMoved(t, e, cs)
	converted, err := cases.Ledger.Progress(t.Context(), "acme", m.ID, "0")
	if err != nil || converted.Planned != converted.Done || converted.Created != converted.Done || converted.Done == conversations {
		t.Errorf("converted %+v, %v", converted, err)
	}
	if r := m.Report; r.Found != conversations || r.Created != conversations || r.Failed != 0 || r.InboxSum != r.DeskSum {
		t.Errorf("report %+v", r)
	}
}

// wantMoved checks that each conversation has its ticket, and that the lists hold
// each once, what is open alone in the index of that.
func wantMoved(t *testing.T, e *dynamo.Engine, cs []desk.Conversation) {
	t.Helper()
	s := store.ConversationStore{Engine: e}
	ids := make([]string, len(cs))
	open := make(map[string]int)
	for i, c := range cs {
		if ids[i] = c.ID; c.Status == desk.Open {
			open[c.ID] = 1
		}
	}
	got, err := s.GetMany(t.Context(), "acme", ids, true)
	if err != nil || len(got) != len(cs) {
		t.Fatalf("%d conversations, %v", len(got), err)
	}
	for _, c := range got {
		if c.Home != desk.HelpDesk || !c.HasTicket() || c.Rev != 2 || !c.Ticket.Created.Equal(c.Started) {
			t.Errorf("conversation %s landed as %+v", c.ID, c)
		}
	}
	listed := map[string]int{}
	for after, more := (desk.Position{}), true; more; {
		var os []support.Open
		if os, more, err = s.ListOpen(t.Context(), "acme", nil, after, 100); err != nil {
			t.Fatal(err)
		}
		for _, o := range os {
			if listed[o.ID]++; o.Home != desk.HelpDesk || o.Status != "waiting" || o.Channel != "mail" {
				t.Errorf("open is %+v", o)
			}
			after = o.Position
		}
	}
	if !maps.Equal(listed, open) {
		t.Errorf("%d are listed as open, want %d, each once", len(listed), len(open))
	}
}

func imported(n int) []desk.Conversation {
	began := time.Date(2025, 3, 1, 9, 0, 0, 0, time.UTC)
	cs := make([]desk.Conversation, n)
	for i := range cs {
		at := began.Add(time.Duration(i) * time.Minute)
		cs[i] = desk.Conversation{
			Account: "acme", ID: fmt.Sprintf("c%06d", i), Channel: "mail", Origin: "mail", Subject: "Order", Customer: "jane@customer.example",
			Status: []desk.ConversationStatus{desk.Open, desk.Closed}[i%2], Owner: []string{"ann", "bob", ""}[i%3], Started: at, TakenIn: at, Joined: at,
			ChangedAt: at, Rev: 1, Messages: 1, Home: desk.Inbox,
		}
	}
	return cs
}

// locked is a writer for many.
type locked struct {
	mu sync.Mutex
	to io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(b)
}
