// Package local is to one machine what template.yaml is to AWS: it says which
// function is driven by what, with which limits.
package local

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/app"
	"deskmove/shared/console"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/executions"
	"deskmove/shared/local/files"
	"deskmove/shared/local/function"
	"deskmove/shared/local/gateway"
	"deskmove/shared/local/issuer"
	"deskmove/shared/local/queue"
	"deskmove/shared/local/runtime"
	"deskmove/shared/local/signin"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/local/streams"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// Config says where the stack keeps its data and where it listens.
type Config struct {
	Dir     string // of all data
	Address string // such as 127.0.0.1:8080; port 0 picks a free one, "" serves nothing
	Remote  bool   // allows an address that other computers can reach
	// Hosts, Proxies and Certificate are as of gateway.Config.
	Hosts       []string
	Proxies     []netip.Prefix
	Certificate *gateway.Certificate
	Log         *slog.Logger
	// Wrap, if not nil, returns what the repositories use in place of the engine.
	Wrap func(store.Engine) store.Engine
	// Each, if not nil, returns the platform of one function, which has the name
	// of its folder, made from the platform of all. Tests see with it which
	// function does what.
	Each func(function string, b app.Platform) app.Platform
	// MaxBytes limits the size of the database's file; 0 is no limit.
	MaxBytes int64
	// Clock is the computer's if zero. It may jump.
	Clock clock.Clock
	// Operator is the account of whoever runs the stack, as of app.Platform.
	Operator string
	// Lanes are the limits of requests; if nil, those of gateway.DefaultMemory.
	Lanes *gateway.Lanes
}

// LimitMemory sets how a process that serves a stack collects its garbage. A move
// makes garbage faster than it keeps anything: collecting half as often costs little
// memory, of which the limit keeps it from taking more. The database's caches come
// on top. A process that keeps much, such as an import, must not be limited: close to
// its limit it would do nothing but collect.
func LimitMemory() {
	debug.SetGCPercent(300)
	debug.SetMemoryLimit(memoryLimit)
}

const (
	memoryLimit = 72 << 20
	// perConnection is what an open connection keeps: its buffers and its goroutine's stack.
	perConnection = 24 << 10
)

// makeRoom raises the limit of LimitMemory, if there is one, by what open connections keep.
// Without that some thousand of them, which anybody may open, would leave nothing below
// the limit, and the process did little but collect.
func makeRoom(connections int) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit + int64(connections)*perConnection)
	}
}

// Stack is deskmove on one machine.
type Stack struct {
	App     *app.App
	Issuer  *issuer.Issuer
	Gateway *gateway.Gateway // nil if nothing is served
	SignIn  *signin.SignIn   // nil if nothing is served, or other computers can reach it without TLS
	Machine *executions.StateMachine
	Batches *queue.Queue
	Site    http.Handler                                    // what is served to whom the gateway has let in
	Refuse  func(http.ResponseWriter, *http.Request, error) // how the gateway answers whom it has not

	engine   *sqlite.Engine
	files    *files.Folder
	runtime  *runtime.Runtime
	measured *measurer
}

// Open opens the data, which belongs to one process at a time, and the address;
// nothing is done or answered before Run. If there is no error, call Close at
// the end.
func Open(ctx context.Context, c Config) (_ *Stack, err error) {
	s := &Stack{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	// One clock dates all that is stored, and it never goes back: what comes
	// after the fence must be dated after it. Tokens go by the computer's clock,
	// which the processes that make and check them have in common, and by the
	// newest withdrawal, which has the time of what is stored.
	var clk clock.Clock
	if err = closeFiles(c.Dir); err != nil {
		return nil, err
	}
	now := func() time.Time { return clk.Now() }
	s.measured = &measurer{record: &metrics.Recorder{}, now: now}
	s.measured.record.Expect(Measures()...)
	if s.engine, err = sqlite.Open(c.Dir, sqlite.Options{MaxBytes: c.MaxBytes, Now: now, Meter: s.measured}); err != nil {
		return nil, err
	}
	clk = c.Clock.Steady(s.engine.Newest())
	if ahead := clk.Now().Sub(c.Clock.Now()); ahead > time.Minute && c.Log != nil {
		c.Log.WarnContext(ctx, "the clock was put back: times go on from those of the data, slower until it has caught up", "ahead", ahead.String())
	}
	if err = store.CheckLayout(ctx, s.engine); err != nil {
		return nil, err
	}
	var engine store.Engine = s.engine
	if c.Wrap != nil {
		engine = c.Wrap(engine)
	}
	if s.Issuer, err = issuer.Open(c.Dir, c.Clock); err != nil {
		return nil, err
	}
	secret, err := s.Issuer.Secret("addresses of files")
	if err != nil {
		return nil, err
	}
	if s.files, err = files.Open(c.Dir, files.Config{
		Secret: secret, Clock: clk, Refuse: s.measured.refused(app.Refuse), Admit: s.admit, Log: c.Log, Small: &store.FileBytes{Engine: engine},
	}); err != nil {
		return nil, err
	}
	if s.runtime, err = runtime.Open(runtime.Config{Dir: c.Dir, Clock: clk, Log: c.Log, Ended: s.measured.invoked}); err != nil {
		return nil, err
	}
	return s, s.wire(ctx, c, engine, clk)
}

// admit returns a *desk.RefusedError unless a caller's account knows them now.
func (s *Stack) admit(ctx context.Context, c desk.Caller) error {
	m, err := s.App.Setups.Membership(ctx, c)
	if err == nil {
		_, err = c.Admit(m)
	}
	return err
}

// batchSize is the largest number of conversations in a batch. The one writer
// commits up to 800 writes at once, whatever the batches; fewer of them wait less
// often for it.
const batchSize = 400

// converters is how many batches are converted at a time: fewer leave the one
// writer idle, more make live traffic wait.
const converters = 4

func (s *Stack) wire(ctx context.Context, c Config, engine store.Engine, clk clock.Clock) error {
	limits := DefaultLimits()
	stream := &streams.Mapping{
		Stream: s.engine, Table: store.Conversations, Filter: isConversation,
		Poll: time.Second, News: s.engine.News, Trim: s.trim, Keep: time.Hour,
	}
	pace := &pace{most: converters, late: func() time.Duration { return max(stream.Behind(), s.engine.Waiting()) }, crowded: s.crowded}
	queues, err := OpenQueues(ctx, s.runtime, limits, pace.ready)
	if err != nil {
		return err
	}
	s.Batches, s.measured.queues = queues.Batches, queues.All
	starter := &machine{}
	of := each(app.Platform{
		Engine: engine, Stream: s.engine, Queue: sender{s.Batches, pace.standBack}, Turn: pace.turn, Machine: starter, Batch: batchSize, Pause: clk.Sleep, Now: clk.Now, Log: c.Log, Files: s.files,
		DeadLetters: deadLetters{queues.Batches, queues.StreamFailures}, Operator: c.Operator, Metrics: &metrics.Writer{Record: s.measured.record, Now: clk.Now},
	}, c.Each)
	s.App = of("api")
	s.App.Accounts.Setups = withdrawals{s.App.Setups, s.Issuer}
	step := func(h handler.Step) function.Bytes { return in(sqlite.Backfill, function.JSON(h.Handle)) }
	f := Functions{
		Fence: step(of("fence").Fence), List: step(of("list").List), Drain: step(of("drain").Drain), Finish: step(of("finish").Finish),
	}
	convert, live, sweep := of("convert").Convert, of("redirect").Redirect, of("sweep").Sweep
	f.Convert.Handle = in(sqlite.Backfill, convert.Handle)
	f.Redirect.Handle, f.RedirectFailed.Handle = s.measured.behind(in(sqlite.Live, live.Handle)), in(sqlite.Live, live.HandleFailed)
	f.Sweep.Handle, f.Executed = sweep.Handle, s.measured.executed
	if s.Machine, err = Drive(ctx, s.runtime, limits, queues, stream, converters, f); err != nil {
		return err
	}
	starter.StateMachine = s.Machine
	s.runtime.Part(s.measured.watch)
	tokens := Tokens{Journal: s.App.Journal, Issuer: s.Issuer, Clock: clk, Log: s.runtime.Host.Logger()}
	s.runtime.Part(tokens.Run)
	return s.listen(ctx, c, tokens)
}

// in has a handler work with a priority.
func in[In, Out any](priority func(context.Context) context.Context, f func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) { return f(priority(ctx), in) }
}

// each returns the handlers of a function, which are made once. Without own,
// all functions share them.
func each(b app.Platform, own func(string, app.Platform) app.Platform) func(name string) *app.App {
	if own == nil {
		all := app.New(b)
		return func(string) *app.App { return all }
	}
	made := make(map[string]*app.App)
	return func(name string) *app.App {
		if made[name] == nil {
			made[name] = app.New(own(name, b))
		}
		return made[name]
	}
}

// crowded is for how long people have been waiting in line.
func (s *Stack) crowded() time.Duration {
	if s.Gateway == nil {
		return 0
	}
	return s.Gateway.Crowded()
}

func (s *Stack) listen(ctx context.Context, c Config, tokens Tokens) (err error) {
	site := func(how console.SignIn) http.Handler { return s.measured.answered(withPriority(s.App.Site(how))) }
	s.Site = split(files.IsFor, s.files, site(console.SignIn{Kind: console.None}))
	s.Refuse = s.measured.refused(app.Refuse)
	if c.Address == "" {
		return nil
	}
	s.Gateway, s.SignIn, err = Listen(ctx, c, Front{
		Tokens: s.Issuer, Made: tokens.Made, Setups: s.App.Setups, Site: site, Refuse: s.Refuse,
		Files: s.measured.answered(s.files),
	})
	if err == nil {
		s.runtime.Serve(s.Gateway)
	}
	return err
}

// isSecure reports whether a request's browser came by TLS: ours, or that of a proxy,
// which has another name than this computer's own.
func (c Config) isSecure(r *http.Request) bool {
	return r.TLS != nil || len(c.Proxies) > 0 && !gateway.IsLoopback(gateway.HostOf(r))
}

// withPriority has messages come in ahead of what people read.
func withPriority(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if app.IsIntake(r) {
			r = r.WithContext(sqlite.Live(r.Context()))
		}
		site.ServeHTTP(w, r)
	})
}

// isConversation leaves out what is no conversation. The engine records changes
// of conversations in the inbox only, as the filter of the event source mapping on
// AWS does.
func isConversation(c store.Change) bool {
	_, ok := store.ReadConversation(c.Key, c.New)
	return ok
}

// trim drops changes of a shard that have been handled.
func (s *Stack) trim(ctx context.Context, shard, through string) error {
	return s.engine.Trim(ctx, map[string]string{shard: through})
}

// Run runs everything until ctx is done.
func (s *Stack) Run(ctx context.Context) error { return s.runtime.Run(ctx) }

// Close closes the data. Call it after Run has returned.
func (s *Stack) Close() error {
	var errs []error
	if s.runtime != nil {
		errs = append(errs, s.runtime.DB.Close())
	}
	if s.files != nil {
		errs = append(errs, s.files.Close())
	}
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
	}
	return errors.Join(errs...)
}

// sender is the queue as the use cases see it.
type sender struct {
	q         *queue.Queue
	standBack func(context.Context)
}

func (s sender) Send(ctx context.Context, bs []move.Batch) error {
	s.standBack(ctx)
	bodies := make([]string, len(bs))
	for i, b := range bs {
		bodies[i] = b.JSON()
	}
	return s.q.Send(ctx, bodies)
}

// deadLetters are those of some queues, as the use cases see them.
type deadLetters []*queue.Queue

func (d deadLetters) Redrive(ctx context.Context) (all []admin.Redriven, _ error) {
	for _, q := range d {
		n, err := q.Redrive(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, admin.Redriven{Queue: q.Name(), Letters: int64(n)})
	}
	return all, nil
}

// machine is the state machine as the use cases see it.
type machine struct{ *executions.StateMachine }

func (m *machine) Start(ctx context.Context, name string, r move.Run) error {
	input, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return m.StateMachine.Start(ctx, name, input)
}
