// Package app wires the handlers, the use cases and the HTTP API on a platform:
// AWS (package aws), one machine (package local), or a test's.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/api"
	"deskmove/shared/console"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
	"deskmove/shared/progress"
	"deskmove/shared/store"
	"deskmove/shared/support"
)

// Platform is what differs between AWS and one machine.
type Platform struct {
	Engine  store.Engine
	Stream  handler.ChangeReader // nil in a function that does not read the stream's on-failure queue
	Queue   move.Queue           // nil in a function that sends no batches
	Machine move.Machine         // nil in a function that starts no executions
	Files   support.FileBytes    // nil in a function that needs none
	// DeadLetters are what the queues have given up; nil in a function that sends none
	// back.
	DeadLetters admin.DeadLetters
	Operator    string // account of whoever runs the platform; "" is nobody's
	Batch       int    // largest number of conversations in a listed batch; move.BatchSize if 0
	// PerStep is about how many conversations a step lists before it reports; 60,000
	// if 0.
	PerStep int
	// Pause waits within a step, which then polls the ledger instead of ending;
	// nil on AWS, where reads cost money.
	Pause func(ctx context.Context, d time.Duration) error
	// Turn waits until live traffic leaves room for a piece of the backfill
	// (move.Converter); nil where LateAfter sees to that.
	Turn func(ctx context.Context) (most int, done func())
	// LateAfter is how old a live change may be when it is redirected, until converters
	// in other processes stand back (handler.Pace); 0 where Turn sees to that.
	LateAfter time.Duration
	// StandBack is how long a converter waits after its store was too busy; 0 where
	// Turn sees to that.
	StandBack time.Duration
	Now       func() time.Time
	Log       *slog.Logger    // nil discards logs
	Metrics   *metrics.Writer // nil discards metrics
	// Check reports what is wrong with the engine's tables; nil where the engine
	// creates them itself.
	Check func(ctx context.Context) error
}

// App has a handler for each Lambda function, and the use cases behind the
// HTTP API.
type App struct {
	Fence, List, Drain, Finish handler.Step

	Convert  handler.Convert
	Redirect *handler.Redirect
	Sweep    handler.Sweep

	api.UseCases
}

// API returns the HTTP API.
func (a *App) API() http.Handler { return api.New(a.UseCases) }

// Site returns the HTTP API and the console's pages, which sign in as said.
func (a *App) Site(s console.SignIn) http.Handler {
	return console.New(s, a.Files.Bytes.Origin(), a.API())
}

// PublicRoutes are the routes of the site that need no token, as API Gateway
// spells them. They hold nobody's data.
func PublicRoutes() []string {
	return []string{"GET /healthz", "GET /openapi.yaml", "ANY /", "ANY /app", "ANY /app/{proxy+}"}
}

// IsPublic reports whether a request is for one of the public routes.
func IsPublic(r *http.Request) bool { return isFor(r, PublicRoutes()) }

// IntakeRoutes are the routes by which messages and their files come in, for which room is kept.
func IntakeRoutes() []string {
	return []string{"POST /v1/channels/{id}/conversations", "POST /v1/conversations/{id}/messages", "POST /v1/files"}
}

// IsIntake reports whether a request brings a message or files in.
func IsIntake(r *http.Request) bool { return isFor(r, IntakeRoutes()) }

// isFor reports whether a request is for one of some routes.
func isFor(r *http.Request, routes []string) bool {
	return slices.ContainsFunc(routes, func(route string) bool {
		method, path, _ := strings.Cut(route, " ")
		if method != "ANY" && method != r.Method {
			return false
		}
		if prefix, isGreedy := strings.CutSuffix(path, "{proxy+}"); isGreedy {
			return strings.HasPrefix(r.URL.Path, prefix)
		}
		before, after, hasID := strings.Cut(path, "{id}")
		id, isBefore := strings.CutPrefix(r.URL.Path, before)
		id, isAfter := strings.CutSuffix(id, after)
		return isBefore && isAfter && (hasID && id != "" && !strings.Contains(id, "/") || !hasID && id == "")
	})
}

// Router returns a function that names the route of a request to the API before the
// site sees it; "" if there is none.
func Router() func(*http.Request) string { return api.Router() }

// Refuse answers a request that the site does not get to see, as the API would: with
// a problem for an error such as a *desk.BusyError or *desk.RateError.
func Refuse(w http.ResponseWriter, r *http.Request, err error) { api.Refuse(w, r, err) }

// What a step does at most, so that it ends long before the function's time-out
// and yet needs few transitions of the state machine: about 60,000
// conversations in a few seconds.
const (
	listedPerStep   = 60_000 // conversations
	maxSteps        = 1500   // of an execution: about 18,000 of the 25,000 events that it may have
	plannedSample   = 5_000  // conversations that a plan reads of the newest, and of those that are open
	rulesRemembered = 5 * time.Second
)

// New wires the app on a platform. Whatever needs a part that the platform lacks
// fails with an error that names the part.
func New(p Platform) *App {
	p = p.complete()
	var (
		setups        = store.SetupStore{Engine: p.Engine, Cache: &store.SetupCache{}}
		conversations = store.ConversationStore{Engine: p.Engine}
		messages      = store.MessageStore{Engine: p.Engine}
		files         = support.Files{Store: store.FileStore{Engine: p.Engine}, Bytes: p.Files, Now: p.Now}
		moves         = store.MoveStore{Engine: p.Engine}
		ledger        = store.LedgerStore{Engine: p.Engine}
		journal       = store.JournalStore{Engine: p.Engine}
		audit         = &support.Journal{Log: journal}

		book    = &store.Rulebook{Setups: setups, Moves: moves, Now: p.Now, TTL: rulesRemembered}
		open    = &support.OpenRows{Conversations: conversations, Now: p.Now}
		volumes = &support.Volumes{Conversations: conversations, Now: p.Now}
		land    = move.Lander{Conversations: conversations, Now: p.Now}
		source  = move.Source{Listing: conversations, Failures: ledger}
		survey  = &support.Survey{Volumes: volumes, Open: open, Conversations: conversations, Now: p.Now, Sample: plannedSample}
		plan    = admin.Planner{Setups: setups, Survey: survey, Now: p.Now}

		report  = reporter{p.Metrics}
		record  = progress.Recorder{Courses: ledger, Moves: moves, OnLooked: report.looked}
		monitor = progress.Monitor{Setups: setups, Moves: moves, Ledger: ledger, Now: p.Now}
		late    func(context.Context)

		fence = move.Fence{Setups: setups, Moves: moves, Now: p.Now}
		list  = move.Lister{
			Moves: moves, Source: source, Ledger: ledger, Queue: p.Queue, Phase: moves, Watch: record,
			PerStep: cmp.Or(p.PerStep, listedPerStep), Batch: cmp.Or(p.Batch, move.BatchSize), Now: p.Now,
		}
		drain = move.Drain{
			Moves: moves, Ledger: ledger, Source: source, Queue: p.Queue, Phase: moves, Watch: record, Pause: p.Pause, Now: p.Now,
		}
		finish = move.Finish{Moves: moves, Ledger: ledger, Outbox: journal, Now: p.Now, OnEnded: report.ended}

		step = func(name string, do stepFunc) handler.Step {
			return handler.Step{
				Name: name, Do: do, Log: p.Log, Limit: handler.ExecutionLimit{Moves: moves, Machine: p.Machine, MaxSteps: maxSteps},
			}
		}
	)
	if p.LateAfter > 0 {
		pace := &handler.Pace{Late: store.LatenessStore{Engine: p.Engine}, Log: p.Log}
		p.Turn, late = pace.Turn, pace.Tell
	}
	a := &App{
		Fence:  step("fence", fence.Step),
		List:   step(move.StepList, list.Step),
		Drain:  step(move.StepDrain, drain.Step),
		Finish: step("finish", finish.Step),

		Convert: handler.Convert{
			Use: move.Converter{Rulebook: book, Lander: land, Ledger: ledger, Now: p.Now, Turn: p.Turn}.Do, Log: p.Log, Metrics: p.Metrics,
			StandBack: p.StandBack,
		},
		Redirect: &handler.Redirect{
			Use: move.Redirector{Setups: setups, Rulebook: book, Lander: land, Ledger: ledger, Now: p.Now}.Redirect,
			Log: p.Log, Stream: p.Stream, Metrics: p.Metrics, Now: p.Now, Late: late, LateAfter: p.LateAfter,
		},
		Sweep: handler.Sweep{
			Use:   move.Sweeper{Moves: moves, Machine: p.Machine, Now: p.Now, OnSilent: report.silent(monitor), OnRestarted: report.restarted, OnAttention: report.attention}.Sweep,
			Check: p.Check, Log: p.Log,
		},

		UseCases: api.UseCases{
			Planner:  plan,
			Starter:  admin.Starter{Setups: setups, Moves: moves, Journal: audit, Plan: plan, Machine: p.Machine, Log: p.Log, Now: p.Now},
			Retrier:  admin.Retrier{Setups: setups, Moves: moves, Journal: audit, Ledger: ledger, Machine: p.Machine, Log: p.Log, Now: p.Now},
			Repairer: admin.Repairer{Setups: setups, Moves: moves, Journal: audit, Machine: p.Machine, Log: p.Log, Now: p.Now},
			Intake:   support.Intake{Setups: setups, Conversations: conversations, Messages: messages, Files: files, Rulebook: book, Now: p.Now},
			Files:    files,
			Editor:   support.Editor{Setups: setups, Conversations: conversations, Moves: moves, Now: p.Now},
			Monitor:  monitor,
			ConversationList: support.ConversationList{
				Setups: setups, Moves: moves, Conversations: conversations, Frontier: ledger, Open: open, Now: p.Now,
			},
			TicketList: support.TicketList{Setups: setups, Conversations: conversations, Open: open},
			Finder:     support.Finder{Setups: setups, Messages: messages, Conversations: conversations},
			Counter:    support.Counter{Open: open, Now: p.Now},
			Volumes:    volumes,
			Restorer: support.Restorer{
				Setups: setups, Channels: setups, Moves: moves, Listing: conversations, Conversations: conversations, Messages: messages, Files: files, Now: p.Now,
			},
			Accounts: support.Accounts{Setups: setups, Moves: moves, Listing: conversations, Now: p.Now},

			Setups: setups, Conversations: conversations, Messages: messages, Moves: moves,
			Ledger: ledger, Journal: journal, Audit: audit, DeadLetters: p.DeadLetters, Operator: p.Operator, Recorder: p.Metrics.Recorder(), Health: p.Check, Now: p.Now, Log: p.Log,
		},
	}
	if _, none := p.Files.(noFiles); !none {
		a.Sweep.Files = files.Sweep
	}
	return a
}

// complete replaces missing parts of a platform, so that a function that needs
// one fails with an error instead of a nil pointer.
func (p Platform) complete() Platform {
	if p.Queue == nil {
		p.Queue = missing{}
	}
	if p.Machine == nil {
		p.Machine = missing{}
	}
	if p.Stream == nil {
		p.Stream = missing{}
	}
	if p.DeadLetters == nil {
		p.DeadLetters = missing{}
	}
	if p.Files == nil {
		p.Files = noFiles{}
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	return p
}

// missing stands for a part of a platform that was not given.
type missing struct{}

var errMissing = errors.New("the function was started without it; set it in the function's main")

func (missing) Send(context.Context, []move.Batch) error { return fmt.Errorf("queue: %w", errMissing) }

// noFiles stands for the bytes of files where they were not given.
type noFiles struct{}

var errNoFiles = fmt.Errorf("files: %w", errMissing)

func (noFiles) There(context.Context, desk.File) (bool, error)         { return false, errNoFiles }
func (noFiles) Put(context.Context, desk.File, []byte) error           { return errNoFiles }
func (noFiles) Delete(context.Context, desk.File) error                { return errNoFiles }
func (noFiles) Origin() string                                         { return "" }
func (noFiles) Open(context.Context, desk.File) (io.ReadCloser, error) { return nil, errNoFiles }

func (noFiles) PutAt(context.Context, desk.File, time.Time) (support.Address, error) {
	return support.Address{}, errNoFiles
}

func (noFiles) GetAt(context.Context, desk.File, support.Download, time.Time) (support.Address, error) {
	return support.Address{}, errNoFiles
}

func (noFiles) Read(context.Context, desk.File, int64, int) ([]byte, error) {
	return nil, errNoFiles
}

func (missing) Redrive(context.Context) ([]admin.Redriven, error) {
	return nil, fmt.Errorf("dead letters: %w", errMissing)
}

func (missing) Start(context.Context, string, move.Run) error {
	return fmt.Errorf("state machine: %w", errMissing)
}

func (missing) Running(context.Context, string) (bool, error) {
	return false, fmt.Errorf("state machine: %w", errMissing)
}

func (missing) Between(context.Context, string, string, string) ([]store.Change, error) {
	return nil, fmt.Errorf("stream: %w", errMissing)
}
