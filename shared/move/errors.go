package move

import (
	"fmt"
	"strings"

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
