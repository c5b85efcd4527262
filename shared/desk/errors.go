package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// InvalidError reports one invalid field of an input.
type InvalidError struct {
	Field   string // path of the field, such as "channels[2].type"
	Code    string // stable, one of FieldCodes
	Params  Params
	Problem string // what is wrong; never contains customers' text
	Remedy  string // what to do, as an instruction
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s: %s; %s", e.Field, e.Problem, e.Remedy)
}

// Invalid returns all *InvalidErrors that err wraps, in order.
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

// RefusedError reports that a rule forbids the requested action.
type RefusedError struct {
	Code    string // stable, such as "fallback-address"
	Params  Params
	Problem string // the rule, in one sentence
	Remedy  string // what to do instead
	Move    string // the move that is in the way, if any
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: %s; %s", e.Code, e.Problem, e.Remedy)
}

// MovedError reports that a conversation has moved: its status and owner must
// be edited on the ticket (R19).
type MovedError struct {
	Conversation string
	Ticket       string // ID of the ticket to edit instead
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("conversation %s has moved; edit ticket %s", e.Conversation, e.Ticket)
}

// ConversionError reports why a conversation cannot become a ticket. The other
// conversations of the move are not affected (R28).
type ConversionError struct {
	Conversation string
	Code         string // stable, one of FailureCodes
	Problem      string // what is wrong; never contains customers' text
	Remedy       string // what to do before trying again
}

func (e *ConversionError) Error() string {
	return fmt.Sprintf("conversation %s: %s: %s; %s", e.Conversation, e.Code, e.Problem, e.Remedy)
}

// Errors that stores return. Test with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
	ErrChanged  = errors.New("changed in the meantime")
)

// ChangedError reports that a conversation is no longer as it was read; it is an
// ErrChanged.
type ChangedError struct {
	Conversation string
	Now          *Conversation // as it is now; nil if the store does not tell
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("conversation %s: %v", e.Conversation, ErrChanged)
}

// Is makes errors.Is(err, ErrChanged) hold.
func (e *ChangedError) Is(target error) bool { return target == ErrChanged }

// BusyError asks the caller to try again later. The state machine matches it by
// its type name, so a step must return it unwrapped.
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

// Temporary marks the error as retryable: it was not caused by the item that
// was being processed.
func (e *BusyError) Temporary() bool { return true }

// RateError refuses a caller who asks more often than they may.
type RateError struct {
	Who       string        // whose rate it is: the ID of a caller or an account, or an address
	PerSecond float64       // what it is
	After     time.Duration // when to ask again
}

func (e *RateError) Error() string {
	return fmt.Sprintf("%s asks more often than %g times a second, try again in %s", e.Who, e.PerSecond, e.After)
}

// Temporary reports whether an error may pass by itself, because the store is busy
// or out of reach.
func Temporary(err error) bool {
	temporary, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && temporary.Temporary() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// problems collects errors, to report all of them at once.
type problems []error

func (p *problems) add(field, code string, params Params, problem, remedy string) {
	*p = append(*p, &InvalidError{Field: field, Code: code, Params: params, Problem: problem, Remedy: remedy})
}

// check adds err unless it is nil.
func (p *problems) check(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

// zone loads the time zone of the first non-empty name; UTC if all are empty.
func (p *problems) zone(field string, names ...string) *time.Location {
	for _, name := range names {
		if name == "" {
			continue
		}
		zone, err := time.LoadLocation(name)
		// "Local" would make due times depend on the machine.
		if err != nil || name == "Local" {
			p.add(field, CodeZone, Params{"value": Truncate(name, 40)}, fmt.Sprintf("%.40q is not a known time zone", name), "use an IANA name such as Europe/Berlin")
			return time.UTC
		}
		return zone
	}
	return time.UTC
}

// checkID adds a problem if id is invalid or in seen, and adds id to seen.
func (p *problems) checkID(field, id string, seen map[string]bool) {
	p.check(CheckID(field, id))
	p.checkUnique(field, id, seen)
}

// checkUnique adds a problem if value is in seen, and adds value to seen.
func (p *problems) checkUnique(field, value string, seen map[string]bool) {
	if seen[value] {
		p.add(field, CodeDuplicate, Params{"value": Truncate(value, 80)}, fmt.Sprintf("%.80q is duplicated", value), "make each one unique")
	}
	seen[value] = true
}

// checkKnown adds a problem unless ok, which tells whether id exists.
func (p *problems) checkKnown(field, what, id string, ok bool) {
	if !ok {
		p.add(field, CodeUnknownID, Params{"kind": what, "value": Truncate(id, 80)}, fmt.Sprintf("%s %.80q is unknown", what, id), "use an ID that exists in the account")
	}
}

// join returns all problems as one error, nil if there are none.
func (p problems) join() error {
	return errors.Join(p...)
}

// parse returns s as a T if it is one of accepted, and otherwise an
// *InvalidError for field that lists the accepted values.
func parse[T ~string](field, s string, accepted ...T) (T, error) {
	if slices.Contains(accepted, T(s)) {
		return T(s), nil
	}
	words, quoted := make([]string, len(accepted)), make([]string, len(accepted))
	for i, a := range accepted {
		words[i], quoted[i] = string(a), fmt.Sprintf("%q", string(a))
	}
	return "", &InvalidError{Field: field, Code: CodeNotOneOf, Params: Params{"accepted": strings.Join(words, ", ")},
		Problem: fmt.Sprintf("%.40q is unknown", s), Remedy: "use one of " + strings.Join(quoted, ", ")}
}
