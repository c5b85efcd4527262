package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

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
	apptest.Apply(t, s.App)
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

// take takes a customer's message in and returns the conversation.
func (r *rig) take(channel, external string, at time.Time, refs ...string) desk.Conversation {
	r.t.Helper()
	taken, err := r.App.Intake.TakeIn(context.Background(), desk.Message{
		Account: "acme", Channel: channel, External: external, Author: desk.ByCustomer, From: desk.Address{Address: "jane@customer.example"},
		At: at, Subject: "Order " + external, Text: "Where is it?",
	}, refs)
	if err != nil {
		r.t.Error(err)
	}
	return taken.Conversation
}

// move starts a move of the channel mail.
func (r *rig) move() desk.Move {
	r.t.Helper()
	m, err := r.App.Starter.Start(r.t.Context(), apptest.Admin, apptest.History("mail"), desk.Idempotency{})
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *rig) wait(id string, limit time.Duration) desk.Move {
	r.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		m, err := r.App.Moves.Get(r.t.Context(), "acme", id)
		if err != nil {
			r.t.Fatal(err)
		}
		if m.Status == desk.Done || m.Status == desk.Attention {
			return m
		}
		if time.Now().After(end) {
			p, _ := r.App.Ledger.Progress(r.t.Context(), "acme", id, "0")
			r.t.Fatalf("move %s is %s (%s) after %s: %+v", id, m.Status, m.Phase(), limit, p)
		}
	}
}

func (r *rig) conversation(id string) desk.Conversation {
	r.t.Helper()
	c, err := r.App.Conversations.Get(r.t.Context(), "acme", id)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// eventually waits until the condition holds, three minutes at most.
func (r *rig) eventually(what string, holds func() bool) {
	r.t.Helper()
	for end := time.Now().Add(3 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("not within three minutes: %s", what)
		}
	}
}

func TestMoveUnderTraffic(t *testing.T) {
	r := start(t, t.TempDir())
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
	for i, c := range ids {
		e := desk.Edit{Owner: new("bob")}
		if i%3 == 0 {
			e = desk.Edit{Status: new(desk.Closed), Owner: new("cem")}
		}
		if _, err := r.App.Editor.EditConversation(t.Context(), apptest.Admin, c.ID, "", e); err != nil {
			t.Fatal(err)
		}
		if i%50 == 0 {
			if _, err := r.App.Editor.NewTicket(t.Context(), apptest.Admin, c.ID, "new"); err != nil {
				t.Fatal(err)
			}
		}
	}
	foreign := r.take("chat", "chat-1", began)

	m := r.move()
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
	if err := r.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range append(ids, live...) {
		now, err := r.App.Conversations.Get(t.Context(), "acme", c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if now.Home != desk.HelpDesk || !now.HasTicket() || now.Ticket.Behind != 0 {
			t.Errorf("conversation %+v", now)
			continue
		}
		if now.Ticket.Provenance != desk.Native && !now.Ticket.Created.Equal(now.Started) {
			t.Errorf("ticket of %s created %s, want %s", c.ID, now.Ticket.Created, now.Started)
		}
	}
	if c, err := r.App.Conversations.Get(t.Context(), "acme", foreign.ID); err != nil || c.Home != desk.Inbox {
		t.Errorf("foreign conversation = %+v, %v", c, err)
	}
	p, err := r.App.Ledger.Progress(t.Context(), "acme", m.ID, "0")
	if err != nil || p.Planned != p.Done {
		t.Errorf("progress = %+v, %v", p, err)
	}
	t.Logf("%+v live %d report %+v", p, len(live), done.Report)
}

// TestR28FailuresAreRetried: whether a move has ended well or not, live
// conversations are redirected.
func TestR28FailuresAreRetried(t *testing.T) {
	r := start(t, t.TempDir())
	r.take("mail", "good", time.Now())
	bad := r.take("mail", "bad", time.Now())
	broken, mended := bad, bad
	broken.Started, broken.Rev = time.Time{}, bad.Rev+1
	mended.Rev = bad.Rev + 2
	if err := r.App.Conversations.Save(t.Context(), bad, broken); err != nil {
		t.Fatal(err)
	}
	m := r.wait(r.move().ID, 3*time.Minute)
	fs, _, err := r.App.Ledger.Failures(t.Context(), "acme", m.ID, "", "", 10)
	if err != nil || m.Status != desk.Attention || m.Report.Created != 1 || len(fs) != 1 || fs[0].Code != desk.CodeNoStartDate {
		t.Fatalf("move = %+v, failures = %+v, %v", m, fs, err)
	}
	live := r.take("mail", "live", time.Now())
	r.eventually("redirection at attention", func() bool { return r.conversation(live.ID).Home == desk.HelpDesk })
	if err := r.App.Conversations.Save(t.Context(), broken, mended); err != nil {
		t.Fatal(err)
	}
	if _, err := r.App.Retrier.Retry(t.Context(), apptest.Admin, m.ID); err != nil {
		t.Fatal(err)
	}
	if m = r.wait(m.ID, 3*time.Minute); m.Status != desk.Done || m.Report.Failed != 0 || m.Report.Created != 2 {
		t.Errorf("after the retry: move = %+v", m)
	}
}

// TestAnotherLayoutIsRefused opens data that another version has written.
func TestAnotherLayoutIsRefused(t *testing.T) {
	dir := t.TempDir()
	start(t, dir).stop()
	// The item that says so is the first that a new account writes.
	layout := storetest.Items(func(e store.Engine) { apptest.Apply(t, app.New(app.Platform{Engine: e, Now: time.Now})) })[0]
	for i := range layout.New {
		layout.New[i].Value = store.N(store.Layout + 1)
	}
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(store.FirstError(e.Write(t.Context(), []store.Write{{Table: layout.Table, Key: layout.Key, Set: layout.New}})), e.Close())
	if err != nil {
		t.Fatal(err)
	}
	_, err = local.Open(t.Context(), local.Config{Dir: dir})
	if wrong, ok := errors.AsType[*store.LayoutError](err); !ok || wrong.Found != store.Layout+1 {
		t.Errorf("opened: %v", err)
	}
}

// TestSweeperStartsWhatHasNoExecution stores a move as one does who crashes
// right after.
func TestSweeperStartsWhatHasNoExecution(t *testing.T) {
	r := start(t, t.TempDir())
	c := r.take("mail", "a", time.Now())
	starts := r.App.Starter
	starts.Machine = lost{}
	starts.Now = func() time.Time { return time.Now().Add(-time.Minute) }
	m, err := starts.Start(t.Context(), apptest.Admin, apptest.History("mail"), desk.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	if now, err := r.App.Moves.Get(t.Context(), "acme", m.ID); err != nil || now.Status != desk.Starting {
		t.Fatalf("move = %+v, %v", now, err)
	}
	if _, err := r.App.Sweep.Use(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wait(m.ID, 3*time.Minute)
	if r.conversation(c.ID).Home != desk.HelpDesk {
		t.Error("nothing moved")
	}
}

// lost is a machine that is out of reach.
type lost struct{}

func (lost) Start(context.Context, string, move.Run) error { return store.ErrThrottled }
func (lost) Running(context.Context, string) (bool, error) { return false, store.ErrThrottled }
