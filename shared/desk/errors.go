package desk

import (
	"errors"
	"fmt"
	"time"
)

// InvalidError says which field of an input is wrong, why, and what to do.
type InvalidError struct {
	Field   string // path of the field, such as "channels[2].type"
	Problem string // what is wrong, without customers' words
	Remedy  string // the remedy, as an instruction
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s: %s; %s", e.Field, e.Problem, e.Remedy)
}

// Invalid returns all *InvalidErrors in err, wrapped or joined, in order.
func Invalid(err error) []*InvalidError {
	switch e := err.(type) {
	case *InvalidError:
		return []*InvalidError{e}
	case interface{ Unwrap() error }:
		return Invalid(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []*InvalidError
		for _, one := range e.Unwrap() {
			all = append(all, Invalid(one)...)
		}
		return all
	}
	return nil
}

// RefusedError says that a rule forbids what was asked.
type RefusedError struct {
	Code    string // stable, such as "fallback-address"
	Problem string // the rule in a sentence
	Remedy  string // what to do instead
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: %s; %s", e.Code, e.Problem, e.Remedy)
}

// MovedError says that a conversation has moved, so that its status and
// owner are edited on the ticket (R19).
type MovedError struct {
	Conversation string
	Ticket       string // ID of the ticket to edit instead
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("conversation %s has moved; edit ticket %s", e.Conversation, e.Ticket)
}

// ConversionError says why a conversation cannot become a ticket. It stops
// this conversation and no other (R28).
type ConversionError struct {
	Conversation string
	Code         string // stable, one of the conversion codes
	Problem      string // what is wrong, without customers' words
	Remedy       string // what to do before it is tried again
}

func (e *ConversionError) Error() string {
	return fmt.Sprintf("conversation %s: %s: %s; %s", e.Conversation, e.Code, e.Problem, e.Remedy)
}

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
