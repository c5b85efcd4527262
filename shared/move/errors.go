package move

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// Errors that stores return. Test with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrChanged  = errors.New("changed meanwhile")
)

// BusyError asks to try again later. The state machine matches it by name, so
// a step must return it unwrapped.
type BusyError struct {
	What  string
	After time.Duration // when to try again
	Err   error         // the cause, may be nil
}

func (e *BusyError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s is busy, try again in %s: %v", e.What, e.After, e.Err)
	}
	return fmt.Sprintf("%s is busy, try again in %s", e.What, e.After)
}

func (e *BusyError) Unwrap() error { return e.Err }

// Temporary says that the error says nothing about what it met.
func (e *BusyError) Temporary() bool { return true }

// RunningError says that another move of the account is running (R4).
type RunningError struct{ Move string }

func (e *RunningError) Error() string {
	return fmt.Sprintf("move %s is running; an account moves one channel at a time, start this one when it has ended", e.Move)
}

// KeyReusedError says that an idempotency key came with another request.
type KeyReusedError struct{ Key string }

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
		parts = append(parts, f.Code+": "+f.Problem+"; "+f.Do)
	}
	for _, f := range e.Warnings {
		parts = append(parts, f.Code+": "+f.Problem+"; "+f.Do+", or acknowledge it by its code")
	}
	return strings.Join(parts, " | ")
}

// ForbiddenError says that the caller's role does not allow something.
type ForbiddenError struct{ Problem, Do string }

func (e *ForbiddenError) Error() string { return e.Problem + "; " + e.Do }
