package handler

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"deskmove/shared/metrics"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/support"
)

// Below is what differs between AWS and one machine.
type Below struct {
	Engine  store.Engine
	Stream  store.Stream // nil where the on-failure queue of the stream is not read
	Queue   move.Queue   // nil where nothing is sent
	Machine move.Machine // nil where nothing is started
	Batch   int          // conversations in a batch of a listing; move.BatchSize if 0
	// Pause waits a moment; nil where reads cost money, so that nobody waits in
	// a step.
	Pause   func(ctx context.Context, d time.Duration) error
	Now     func() time.Time
	Log     *slog.Logger
	Metrics *metrics.Writer // nil where nothing is measured
	// Check says what is wrong with the engine's tables; nil where they
	// cannot be wrong.
	Check func(ctx context.Context) error
}

// Handlers are all handlers, one for each Lambda function, and the use cases
// behind the HTTP API.
type Handlers struct {
	Fence, List, Drain, Reconcile, Finish, Audit Step

	Convert  Convert
	Redirect *Redirect
	Sweep    Sweep

	Cases Cases
}

// Cases are the use cases behind the HTTP API.
type Cases struct {
	Plan      move.Plan
	Start     move.Start
	Retry     move.Retry
	Intake    support.Intake
	Edits     support.Edits
	Configure support.Configure

	Setups        store.SetupStore
	Conversations store.ConversationStore
	Messages      store.MessageStore
	Tickets       store.TicketStore
	Moves         store.MoveStore
	Ledger        store.LedgerStore
	Journal       store.JournalStore

	Check func(ctx context.Context) error // as in Below
	Now   func() time.Time
}

// How much a step does at most, so that it ends long before a function's
// time is up, and yet costs few transitions: about 60,000 conversations in
// some seconds.
const (
	perStep = 60_000
	pages   = 15   // of 4,000
	turns   = 1500 // of an execution, about 18,000 events of its 25,000
	sample  = 20_000
	memory  = 5 * time.Second // for which rules are remembered
)

// New wires the handlers up.
func New(b Below) *Handlers {
	var (
		setups        = store.SetupStore{Engine: b.Engine}
		conversations = store.ConversationStore{Engine: b.Engine}
		messages      = store.MessageStore{Engine: b.Engine}
		tickets       = store.TicketStore{Engine: b.Engine}
		moves         = store.MoveStore{Engine: b.Engine}
		ledger        = store.LedgerStore{Engine: b.Engine}
		journal       = store.JournalStore{Engine: b.Engine}

		book     = &move.Rulebook{Setups: setups, Moves: moves, Now: b.Now, For: memory}
		ensure   = move.Ensure{Conversations: conversations, Tickets: tickets, Outbox: journal, Now: b.Now}
		dispatch = move.Dispatch{Ledger: ledger, Queue: b.Queue, Now: b.Now}
		phase    = move.Phase{Moves: moves}
		plan     = move.Plan{Setups: setups, Listing: conversations, Conversations: conversations, Now: b.Now, Sample: sample}
		survey   = move.Survey{
			Listing: conversations, Conversations: conversations, Tickets: tickets, Failures: ledger, Now: b.Now,
		}

		measure = measures{b.Metrics}

		fence = move.Fence{Setups: setups, Moves: moves, Now: b.Now}
		list  = move.List{
			Moves: moves, Listing: conversations, Failures: ledger, Dispatch: dispatch, Phase: phase,
			PerStep: perStep, Batch: cmp.Or(b.Batch, move.BatchSize),
		}
		drain = move.Drain{
			Moves: moves, Ledger: ledger, Listing: conversations, Queue: b.Queue, Phase: phase, Pause: b.Pause,
			Now: b.Now, Saw: measure.drained,
		}
		reconcile = move.Reconcile{
			Moves: moves, Rulebook: book, Survey: survey, Ledger: ledger, Dispatch: dispatch, Phase: phase, Pages: pages,
		}
		rehearse = move.Rehearse{Moves: moves, Setups: setups, Survey: survey, Ledger: ledger, Phase: phase, Pages: pages}
		finish   = move.Finish{Moves: moves, Ledger: ledger, Outbox: journal, Now: b.Now, Ended: measure.ended}
		audit    = move.Audit{
			Moves: moves, Rulebook: book, Survey: survey, Ensure: ensure, Ledger: ledger, Now: b.Now, Found: measure.audited,
		}

		step = func(name string, do stepFunc) Step {
			return Step{
				Name: name, Do: do, Log: b.Log, Yield: move.Yield{Moves: moves, Machine: b.Machine, Turns: turns},
			}
		}
	)
	return &Handlers{
		Fence:     step("fence", fence.Step),
		List:      step(move.StepList, list.Step),
		Drain:     step(move.StepDrain, drain.Step),
		Reconcile: step(move.StepReconcile, either(measure.reconciled(reconcile.Step), rehearse.Step)),
		Finish:    step("finish", finish.Step),
		Audit:     step(move.StepAudit, audit.Step),

		Convert: Convert{
			Use: move.Convert{Rulebook: book, Ensure: ensure, Ledger: ledger, Now: b.Now}.Batch,
			Log: b.Log, Metrics: b.Metrics,
		},
		Redirect: &Redirect{
			Use: (&move.Redirect{Setups: setups, Rulebook: book, Ensure: ensure, Ledger: ledger, Now: b.Now}).Changed,
			Log: b.Log, Stream: b.Stream, Metrics: b.Metrics, Now: b.Now,
		},
		Sweep: Sweep{
			Use: move.Sweep{Moves: moves, Machine: b.Machine, Now: b.Now}.Run, Check: b.Check, Log: b.Log, Metrics: b.Metrics,
		},

		Cases: Cases{
			Plan:   plan,
			Start:  move.Start{Setups: setups, Moves: moves, Journal: journal, Plan: plan, Machine: b.Machine, Now: b.Now},
			Retry:  move.Retry{Setups: setups, Moves: moves, Ledger: ledger, Machine: b.Machine, Now: b.Now},
			Intake: support.Intake{Setups: setups, Conversations: conversations, Messages: messages, Now: b.Now},
			Edits: support.Edits{
				Setups: setups, Conversations: conversations, Tickets: tickets, Moves: moves, Now: b.Now,
			},
			Configure: support.Configure{Setups: setups, Moves: moves, Listing: conversations},

			Setups: setups, Conversations: conversations, Messages: messages, Tickets: tickets, Moves: moves,
			Ledger: ledger, Journal: journal, Check: b.Check, Now: b.Now,
		},
	}
}
