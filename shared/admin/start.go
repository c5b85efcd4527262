package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// attempts is how often a request is tried while others change what it is about.
const attempts = 8

// Starter starts moves and rehearsals.
type Starter struct {
	Setups move.SetupReader
	Moves  interface {
		move.MoveReader
		Start(ctx context.Context, m desk.Move, setup string, idem desk.Idempotency, entry desk.AuditEntry) error
		Idempotent(ctx context.Context, account, key string) (id, hash string, err error)
	}
	Journal Journal
	Plan    Planner
	Machine move.Machine
	Log     *slog.Logger
	Now     func() time.Time
}

// Start starts a move, or with Rehearsal in its choices a rehearsal, and
// returns it. A request repeated with its idempotency key returns the move
// that the first one started. Errors: *desk.RefusedError for the rules R1 to
// R6, *desk.InvalidError for choices, *BlockedError, *RunningError,
// *KeyReusedError, desk.ErrNotFound for the channel. Every refusal is in the audit
// log.
//
// The move exists once its record and the account's lock are stored. If its
// execution cannot be started at once, the sweeper starts it.
func (s Starter) Start(ctx context.Context, caller desk.Caller, choices desk.Choices, idem desk.Idempotency) (desk.Move, error) {
	m, ok, err := s.attempt(ctx, caller, choices, idem)
	for n := 1; n < attempts && errors.Is(err, desk.ErrExists); n++ { // another start or setup came first: see which
		m, ok, err = s.attempt(ctx, caller, choices, idem)
	}
	switch {
	case ok:
		return m, err
	case errors.Is(err, desk.ErrExists):
		err = &desk.BusyError{What: "account " + caller.Account, After: time.Second}
	}
	if err != nil {
		return desk.Move{}, Refused(ctx, s.Journal, s.Now(), caller, desk.ActionStart, desk.Move{Choices: choices}, err)
	}
	startExecution(ctx, s.Machine, s.Log, move.NewRun(m, s.Now()))
	return m, nil
}

// attempt starts a move unless the request is repeated.
func (s Starter) attempt(ctx context.Context, caller desk.Caller, choices desk.Choices, idem desk.Idempotency) (_ desk.Move, repeated bool, _ error) {
	m, ok, err := s.repeated(ctx, caller, idem)
	if ok || err != nil {
		return m, ok, err
	}
	m, err = s.start(ctx, caller, choices.WithDefaults(), idem)
	return m, false, err
}

// startExecution starts the execution of a move that is stored. An error does not
// fail the request, because the sweeper starts the execution within a minute. It
// is logged because a permanent one, such as a missing permission, would only
// show as slow starts.
func startExecution(ctx context.Context, machine move.Machine, log *slog.Logger, r move.Run) {
	if err := machine.Start(ctx, r.Name(), r); err != nil {
		log.ErrorContext(ctx, "execution not started, left to the sweeper", "account", r.Account, "move", r.Move, "err", err)
	}
}

func (s Starter) repeated(ctx context.Context, caller desk.Caller, idem desk.Idempotency) (desk.Move, bool, error) {
	if idem.Key == "" {
		return desk.Move{}, false, nil
	}
	id, hash, err := s.Moves.Idempotent(ctx, caller.Account, idem.Key)
	if err != nil || id == "" {
		return desk.Move{}, false, err
	}
	setup, err := s.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Move{}, false, err
	}
	if err := caller.MayMove(setup); err != nil {
		return desk.Move{}, false, err
	}
	if hash != idem.Hash {
		return desk.Move{}, false, &KeyReusedError{Key: idem.Key, Move: id}
	}
	m, err := s.Moves.Get(ctx, caller.Account, id)
	return m, true, err
}

func (s Starter) start(ctx context.Context, caller desk.Caller, choices desk.Choices, idem desk.Idempotency) (desk.Move, error) {
	setup, err := s.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Move{}, err
	}
	if err := caller.MayMove(setup); err != nil {
		return desk.Move{}, err
	}
	c, ok := setup.Channel(choices.Channel)
	if !ok {
		return desk.Move{}, fmt.Errorf("channel %s: %w", choices.Channel, desk.ErrNotFound)
	}
	running, err := s.Moves.Locked(ctx, caller.Account)
	if err != nil {
		return desk.Move{}, err
	}
	for _, err := range []error{setup.Account.MayUseDesk(), c.Movable()} {
		if refused, ok := errors.AsType[*desk.RefusedError](err); ok && refused.Move == "" {
			refused.Move = running // whatever the reason is, it says what runs (R4)
		}
		if err != nil {
			return desk.Move{}, err
		}
	}
	if running != "" && !choices.Rehearsal {
		return desk.Move{}, &RunningError{Move: running}
	}
	if err := setup.CheckChoices(choices); err != nil {
		return desk.Move{}, err
	}
	planned, err := s.Plan.plan(ctx, setup, c, choices, true)
	if err != nil {
		return desk.Move{}, err
	}
	left, err := planned.Unacknowledged(choices.Acknowledged)
	if err != nil {
		return desk.Move{}, err
	}
	if choices.Rehearsal {
		left = nil // a rehearsal changes nothing, so it needs no acknowledgement
	}
	if len(planned.Blockers)+len(left) > 0 {
		return desk.Move{}, &BlockedError{Blockers: planned.Blockers, Warnings: left}
	}
	return s.store(ctx, caller, setup.Version, c, choices, planned, idem)
}

func (s Starter) store(ctx context.Context, caller desk.Caller, setup string, c desk.Channel, choices desk.Choices, planned Plan, idem desk.Idempotency) (desk.Move, error) {
	now := s.Now().Truncate(time.Millisecond)
	m := desk.Move{
		Account: caller.Account, ID: newMoveID(now, caller, choices, idem), Choices: choices,
		Status: desk.Starting, By: caller.Agent, StartedAt: now, Run: 1, SettingsSum: c.SettingsSum(),
	}
	if choices.History == desk.AllHistory {
		m.Expected = planned.Conversations.N
		for _, w := range planned.Warnings {
			for i, agent := range w.Each {
				if w.Code == desk.CodeAgentsNoAccess && i < desk.MaxLosers {
					m.Losers = append(m.Losers, agent.ID)
				}
			}
		}
	}
	action := desk.ActionStart
	if choices.Rehearsal {
		action = desk.ActionRehearse
	}
	entry := caller.Entry(action, m.ID, now)
	entry.Move, entry.Channel = m.ID, choices.Channel
	return m, s.Moves.Start(ctx, m, setup, idem, entry)
}

// newMoveID makes IDs that sort by time and differ for different requests.
func newMoveID(now time.Time, caller desk.Caller, choices desk.Choices, idem desk.Idempotency) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s#%s#%s#%s#%t#%d", caller.Account, caller.Agent, idem.Key, choices.Channel, choices.Rehearsal, now.UnixNano()))
	return fmt.Sprintf("m%013d%s", now.UnixMilli(), hex.EncodeToString(sum[:4]))
}
