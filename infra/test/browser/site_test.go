package browser_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/app"
	"deskmove/shared/cli/demo"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/store"
)

// account is the demo's.
const account = "demo"

// batch is how many conversations the converter takes at a time: few, so that a
// move of a small sample goes by steps.
const batch = 1

// site is deskmove on one machine.
type site struct {
	ID    int    `json:"id"`
	URL   string `json:"url"`
	Token string `json:"token"`          // of a super administrator, to compare the pages with the API
	Pool  string `json:"pool,omitempty"` // origin of the user pool, if people sign in there

	t      *testing.T
	pool   *pool
	stack  *local.Stack
	engine store.Engine
	api    *client.Client
	mails  []string // conversations of the channel that moves
	brake  *brake
	begin  func(func(context.Context)) // something that ends with the site
	stop   func()
	write  func() // customers begin to write; once
}

func open(t *testing.T, o order) (*site, error) {
	one := &site{t: t, brake: &brake{changed: make(chan struct{})}}
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	var err error
	one.stack, err = local.Open(ctx, local.Config{
		Dir: t.TempDir(), Address: "127.0.0.1:0", Log: log, Operator: account,
		Wrap: func(e store.Engine) store.Engine { one.engine = e; return e },
		Each: func(function string, p app.Platform) app.Platform {
			p.Batch = batch
			if function == "convert" {
				p.Engine = braked{p.Engine, one.brake}
			}
			return p
		},
	})
	if err != nil {
		cancel()
		return nil, err
	}
	var ends sync.WaitGroup
	one.begin = func(f func(context.Context)) { ends.Go(func() { f(ctx) }) }
	one.begin(func(ctx context.Context) {
		if err := one.stack.Run(ctx); err != nil {
			t.Errorf("a site ended: %v", err)
		}
	})
	closeFront := func() {}
	one.URL = one.stack.Gateway.URL()
	if o.Pool {
		one.pool = newPool(one.stack.Issuer)
		one.Pool = one.pool.URL
	}
	if o.Lambda || o.Pool {
		front := lambdaFront(one.stack, one.pool, log)
		one.URL, closeFront = front.URL, front.Close
	}
	one.stop = sync.OnceFunc(func() {
		closeFront()
		if one.pool != nil {
			one.pool.Close()
		}
		cancel()
		ends.Wait()
		if err := one.stack.Close(); err != nil {
			t.Error(err)
		}
	})
	one.write = sync.OnceFunc(func() { one.begin(one.traffic) })
	if err := one.fill(ctx, o.Conversations); err != nil {
		one.stop()
		return nil, err
	}
	return one, nil
}

// fill gives the site its account and conversations.
func (s *site) fill(ctx context.Context, conversations int) error {
	var err error
	if s.Token, err = s.stack.Issuer.Mint(account, "admin", desk.SuperAdmin, time.Hour); err != nil {
		return err
	}
	if s.api, err = client.New(s.stack.Gateway.URL(), s.Token); err != nil {
		return err
	}
	raw, setup, err := demo.Account(account)
	if err != nil {
		return err
	}
	if _, err := s.api.ReplaceSetup(ctx, raw, ""); err != nil {
		return err
	}
	threads, err := demo.Sample(conversations, 1, setup, time.Now())
	if err != nil {
		return err
	}
	loaded, err := demo.Load(ctx, s.api, threads, func() {})
	for _, c := range loaded {
		if c.Conversation.Channel == demo.Moved {
			s.mails = append(s.mails, c.Conversation.ID)
		}
	}
	return err
}

func (s *site) link(page string) string {
	if page == "" {
		page = "/app/"
	}
	return s.URL + s.stack.SignIn.Link(account, page)
}

// traffic has customers write by e-mail, ten times a second: mostly in
// conversations that there are, at times in a new one.
func (s *site) traffic(ctx context.Context) {
	next := time.NewTicker(100 * time.Millisecond)
	defer next.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		content := api.MessageContent{
			ExternalID: fmt.Sprintf("traffic-%d@browser.example", n), Author: string(desk.ByCustomer), From: &api.Address{Address: fmt.Sprintf("customer%d@example.com", n%50)},
			Subject: fmt.Sprintf("Where is order %d?", n), Text: "I have been waiting for a week.",
		}
		var err error
		if len(s.mails) == 0 || n%5 == 0 {
			_, err = s.api.TakeMessage(ctx, demo.Moved, api.NewMessage{MessageContent: content})
		} else {
			of := s.mails[rand.IntN(len(s.mails))] // #nosec G404 -- a choice among examples
			_, err = s.api.AddMessage(ctx, of, api.AddedMessage{ChannelID: demo.Moved, MessageContent: content})
		}
		if err != nil && ctx.Err() == nil {
			s.t.Errorf("a customer could not write: %v", err)
		}
	}
}

// started is the attribute of a conversation that says when it began.
const started = "sta"

// damage makes a conversation one that cannot be converted.
func (s *site) damage(ctx context.Context, conversation string) error {
	return s.change(ctx, conversation, store.Write{Remove: []string{started}})
}

func (s *site) settle(ctx context.Context, conversation string) error {
	return s.change(ctx, conversation, store.Write{Set: store.Attrs{{Name: started, Value: store.N(time.Now().Add(-time.Hour).UnixMilli())}}})
}

func (s *site) change(ctx context.Context, conversation string, w store.Write) error {
	if conversation == "" {
		return errors.New("which conversation?")
	}
	w.Op, w.Table, w.Key = store.Update, store.Conversations, store.HeaderKey(account, conversation)
	return store.FirstError(s.engine.Write(ctx, []store.Write{w}))
}

// brake makes writes wait.
type brake struct {
	mu      sync.Mutex
	pace    time.Duration
	changed chan struct{} // closed when pace changes
}

func (b *brake) set(ms int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pace = time.Duration(ms) * time.Millisecond
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *brake) wait(ctx context.Context) {
	b.mu.Lock()
	pace, changed := b.pace, b.changed
	b.mu.Unlock()
	if pace == 0 {
		return
	}
	select {
	case <-time.After(pace):
	case <-changed:
	case <-ctx.Done():
	}
}

// braked is an engine whose writes wait.
type braked struct {
	store.Engine

	brake *brake
}

func (b braked) Write(ctx context.Context, ws []store.Write) []error {
	b.brake.wait(ctx)
	return b.Engine.Write(ctx, ws)
}
