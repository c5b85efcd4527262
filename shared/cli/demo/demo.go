// Package demo shows a move: it starts a server with a sample account, moves
// the busiest channel while customers keep writing, and proves at the end that
// nothing was lost.
package demo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/process"
	"deskmove/shared/cli/traffic"
	"deskmove/shared/cli/verify"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
)

// Options are the user's choices, and how to run this program again.
type Options struct {
	Program string    // path of deskmove, to start the server
	Call    string    // the command a user types
	Out     io.Writer // text for people; io.Discard for none
	Live    bool      // Out is a terminal, where lines can be redrawn
	Keep    bool      // keeps the data
	// Stay, if not nil, returns when the server may end, of whose console a link
	// has been printed by then.
	Stay func(context.Context)

	// Endpoint, if not empty, is the URL of a server that runs on the folder Data, on
	// which the demo is to take place.
	Endpoint, Data string

	Conversations int     // of the sample; 400 if 0
	Rate          float64 // changes a second; 50 if 0
	Seed          uint64
}

// Outcome is the result of a demo.
type Outcome struct {
	OK            bool            `json:"ok"`
	Seconds       float64         `json:"seconds"`
	Data          string          `json:"data,omitempty"` // if it was kept
	Conversations int             `json:"conversations"`  // of the sample
	Messages      int             `json:"messages"`
	Plan          api.Plan        `json:"plan"`
	Rehearsal     api.Report      `json:"rehearsal"`
	Move          api.ChannelMove `json:"move"`
	Report        api.Report      `json:"report"`
	Story         Story           `json:"story"`
	Mail          Mail            `json:"mail"`
	Traffic       traffic.Stats   `json:"traffic"`
	Check         traffic.Checked `json:"check"`
	Verify        verify.Result   `json:"verify"`
}

const account = "demo"

// demo is one run.
type demo struct {
	Options
	Outcome
	screen

	dir      string
	server   *process.Server
	admin    *client.Client
	setup    desk.Setup
	settings map[string][]byte // of channels, before the move
	loaded   []Loaded
	traffic  *traffic.Traffic
	stop     func() error // ends the traffic
}

// Run runs the demo. The outcome is not OK if a guarantee was violated; an error
// says why the demo could not finish.
func Run(ctx context.Context, o Options) (Outcome, error) {
	if o.Conversations == 0 {
		o.Conversations = 400
	}
	if o.Rate == 0 {
		o.Rate = 50
	}
	d := &demo{Options: o, screen: screen{out: o.Out, live: o.Live}}
	began := time.Now()
	within, cancel := context.WithCancel(ctx)
	err := d.run(within)
	cancel()
	d.Story.settle()
	if ctx.Err() != nil {
		err = ctx.Err() // whatever else went wrong, went wrong because of that
	}
	d.Seconds = time.Since(began).Seconds()
	if err == nil {
		d.OK = d.Outcome.kept()
		d.conclusion()
		err = d.stay(ctx)
		d.keep()
	}
	return d.Outcome, errors.Join(err, d.cleanUp(err))
}

// kept reports whether every guarantee was kept.
func (o Outcome) kept() bool {
	return o.Verify.OK && len(o.Check.Violations) == 0 && o.Report.Checksum.Equal && o.Report.Failed == 0 && len(o.Mail.Broken) == 0
}

func (d *demo) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		d.startEngine, d.load, d.startTraffic, d.plan, d.rehearse, d.move, d.report, d.stopTraffic, d.verify,
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) startEngine(ctx context.Context) (err error) {
	if d.Endpoint != "" {
		return d.join(ctx)
	}
	began := time.Now()
	if d.dir, err = os.MkdirTemp("", "deskmove-demo-"); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(d.dir, "serve.log"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the server has its own handle
	data := filepath.Join(d.dir, "data")
	if d.server, err = process.Start(ctx, process.Config{Program: d.Program, Dir: data, Log: log}); err != nil {
		return err
	}
	if d.admin, err = d.server.Client(account, "admin", desk.SuperAdmin); err != nil {
		return err
	}
	d.title("A separate server")
	d.say("deskmove serve at %s, data in %s (%s)", d.server.URL(), data, since(began))
	return nil
}

// join uses a server that runs, whose account the demo's must not be.
func (d *demo) join(ctx context.Context) (err error) {
	d.server = process.At(d.Endpoint, d.Options.Data)
	if d.admin, err = d.server.Client(account, "admin", desk.SuperAdmin); err != nil {
		return err
	}
	if _, _, err = d.admin.Setup(ctx); !client.IsNotFound(err) {
		return cmp.Or(err, fmt.Errorf("%s has an account %q already: start that server with other data", d.Endpoint, account))
	}
	d.title("A server that runs already")
	d.say("deskmove at %s", d.server.URL())
	return nil
}

func (d *demo) load(ctx context.Context) error {
	began := time.Now()
	raw, setup, err := Account(account)
	if err != nil {
		return err
	}
	d.setup = setup
	if _, err := d.admin.ReplaceSetup(ctx, raw, ""); err != nil {
		return err
	}
	stored, _, err := d.admin.Setup(ctx)
	if err != nil {
		return err
	}
	d.settings = make(map[string][]byte)
	for _, c := range stored.Channels {
		d.settings[c.ID] = c.Settings
	}
	threads, hero, err := sampleWithStory(d.Options.Conversations, d.Seed, setup, time.Now())
	if err != nil {
		return err
	}
	d.title("A sample account")
	d.describe(stored.Account.Name)
	for _, t := range threads {
		d.Messages += len(t.Messages)
	}
	d.Outcome.Conversations = len(threads)
	var seen atomic.Int64
	done := d.watch(ctx, func() string { return fmt.Sprintf("importing messages: %d of %d", seen.Load(), d.Messages) })
	d.loaded, err = Load(ctx, d.admin, threads, func() { seen.Add(1) })
	done()
	if err != nil {
		return err
	}
	d.Story.Conversation = d.loaded[hero].Conversation.ID
	if err := d.loadMail(ctx); err != nil {
		return err
	}
	d.say("%s with %s of the last year imported (%s): %s", desk.Count(len(threads), "conversation"), desk.Count(d.Messages, "message"), since(began), d.perChannel())
	return nil
}

func (d *demo) startTraffic(ctx context.Context) error {
	connector, err := d.server.Client(account, "connector", desk.ConnectorRole)
	if err != nil {
		return err
	}
	agent, err := d.server.Client(account, "ben", desk.AgentRole)
	if err != nil {
		return err
	}
	connector.Patience, agent.Patience = -1, -1
	d.traffic, err = traffic.New(traffic.Config{
		Name: "demo", Seed: d.Seed, Rate: d.Rate, Setup: d.setup, Busiest: Moved,
	}, traffic.HTTPAPI{Connector: connector, Agent: agent, Reader: d.admin})
	if err != nil {
		return err
	}
	for _, l := range d.loaded {
		if l.Conversation.ID != d.Story.Conversation {
			d.traffic.AddConversations(l.Conversation)
		}
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.traffic.Run(running) }()
	d.stop = func() error {
		cancel()
		d.stop = nil
		return <-ended
	}
	d.title("Traffic")
	d.say("From now on customers and agents make %.0f changes per second on all channels: new conversations, replies to", d.Rate)
	d.say("old and new ones, form conversations continued by e-mail; agents answer, close and assign.")
	return nil
}

func (d *demo) stopTraffic(ctx context.Context) error {
	if err := clock.Sleep(ctx, 2*time.Second); err != nil { // traffic on the moved channel continues
		return err
	}
	if err := d.stop(); err != nil {
		return err
	}
	d.Traffic = d.traffic.Stats()
	return nil
}

// cleanUp stops what was started. Cause is why the demo could not finish.
func (d *demo) cleanUp(cause error) error {
	var errs []error
	if d.stop != nil {
		_ = d.stop() // its error would have the same cause
	}
	if d.server != nil {
		if err := d.server.Stop(); err != nil && cause == nil {
			errs = append(errs, fmt.Errorf("server: %w", err))
		}
	}
	if cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		errs = append(errs, d.lastWords())
	}
	if d.dir != "" && d.Outcome.Data == "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// lastWords returns the end of the server's log as an error, nil if it is empty.
func (d *demo) lastWords() error {
	if d.dir == "" {
		return nil // the log is not ours
	}
	log, err := os.ReadFile(filepath.Join(d.dir, "serve.log"))
	const most = 2000
	if log = bytes.TrimSpace(log); err != nil || len(log) == 0 {
		return err
	}
	return fmt.Errorf("the end of the server's log:\n%s", log[max(0, len(log)-most):])
}

func since(t time.Time) string { return fmt.Sprintf("%.1f s", time.Since(t).Seconds()) }
