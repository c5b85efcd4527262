package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// RunningError says that another move of the account is running (R4).
type RunningError struct{ Move string }

func (e *RunningError) Error() string {
	return fmt.Sprintf("move %s is running; an account moves one channel at a time, start this one when it has ended", e.Move)
}

// KeyReusedError says that an idempotency key came with another request.
type KeyReusedError struct{ Key, Move string } // the move that the first one started

func (e *KeyReusedError) Error() string {
	return "the Idempotency-Key was used for another request; use a new key for a new request"
}

// BlockedError carries what a preflight found against a start: blockers, or
// warnings that were not acknowledged (R11).
type BlockedError struct {
	Blockers []desk.Finding
	Warnings []desk.Finding // not acknowledged
}

func (e *BlockedError) Error() string {
	var parts []string
	for _, f := range e.Blockers {
		parts = append(parts, f.Code+": "+f.Problem+"; "+f.Remedy)
	}
	for _, f := range e.Warnings {
		parts = append(parts, f.Code+": "+f.Problem+"; "+f.Remedy+", or acknowledge it by its code")
	}
	return strings.Join(parts, " | ")
}

// Journal adds entries to the audit log.
type Journal interface {
	Audit(ctx context.Context, e desk.AuditEntry) error
}

// Refused records in the audit log that something was refused, and returns the
// refusal. Of is the move that it was about, as far as there is one. Other errors,
// such as a busy store, are only returned.
func Refused(ctx context.Context, journal Journal, now time.Time, caller desk.Caller, what string, of desk.Move, refusal error) error {
	if !isRefusal(refusal) {
		return refusal
	}
	entry := caller.Refusal(what+": "+refusal.Error(), now)
	if entry.Move = of.ID; desk.CheckID("channelId", of.Choices.Channel) == nil {
		entry.Channel = of.Choices.Channel
	}
	return errors.Join(refusal, journal.Audit(ctx, entry))
}

func isRefusal(err error) bool {
	var (
		refused *desk.RefusedError
		invalid *desk.InvalidError
		blocked *BlockedError
		running *RunningError
		reused  *KeyReusedError
	)
	return errors.Is(err, desk.ErrNotFound) || errors.As(err, &refused) || errors.As(err, &invalid) ||
		errors.As(err, &blocked) || errors.As(err, &running) || errors.As(err, &reused)
}
