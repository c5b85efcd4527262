package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// Codes of refusals and blockers: with one of them no move starts. Codes are
// stable; programs and translations may rely on them.
const (
	CodeNotSuperAdmin   = "not-super-admin"  // R1: only a super administrator moves
	CodePlan            = "plan"             // R2: the plan has no help desk
	CodeFallbackAddress = "fallback-address" // R3: the fallback address cannot move at all
	CodeReconnect       = "reconnect"        // R3: WhatsApp and Messenger are connected anew instead
	CodeNotMovable      = "not-movable"      // R3: a channel of a type we do not know
	CodeAlreadyMoving   = "already-moving"   // R3, R5
	CodeAlreadyMoved    = "already-moved"    // R3, R5: also for history left behind
	CodeSetup           = "setup"            // pipelines or the channel's settings would fail every conversation

	CodeBotNoHandover     = "bot-no-handover"           // R6: hands over to nobody
	CodeBotTargetNoAccess = "bot-target-without-access" // R6: hands over to someone without help desk access
	CodeBotCreatesTickets = "bot-creates-tickets"       // R6: makes tickets, as the desk does
	CodeBotUsesInbox      = "bot-uses-inbox"            // R6: some action points at the old inbox
)

// Codes of warnings: a move starts when the admin has acknowledged them (R11).
const (
	CodeAgentsNoAccess  = "agents-without-access"  // owners of conversations have no help desk access
	CodeNoSLAPolicy     = "no-sla-policy"          // no policy is for this channel
	CodeRoutingNoAccess = "routing-without-access" // routing names agents who cannot receive tickets
	CodeConnectedLeft   = "connected-left-behind"  // a connected form or e-mail channel stays in the inbox
	CodeWouldBreach     = "would-breach"           // clocks from the original times would be past at once
)

// Codes of conversations that cannot become tickets (R28).
const (
	CodeOtherChannel = "other-channel"   // R13, R14: it belongs to another channel
	CodeStaysInInbox = "stays-in-inbox"  // R20: history stays behind
	CodeHasTicket    = "has-ticket"      // R15: its ticket moves as it is
	CodeNoStartDate  = "no-start-date"   // R16: nobody knows when it began
	CodeNoArrival    = "no-arrival-date" // whether it is history or live cannot be told
	CodeNoVersion    = "no-version"      // it was never counted, so replies could not be told apart
	CodeUnknownState = "unknown-state"   // neither open nor closed
)

// CodeNotMoved refuses what must wait for the end of a conversation's move.
const CodeNotMoved = "not-moved-yet"

// StillMoving refuses what must wait for a moment, and says what to do.
func StillMoving(remedy string) *RefusedError {
	return &RefusedError{Code: CodeNotMoved, Problem: "the conversation is still being moved", Remedy: remedy}
}

// warnings returns every code that can be acknowledged.
func warnings() []string {
	return []string{CodeAgentsNoAccess, CodeNoSLAPolicy, CodeRoutingNoAccess, CodeConnectedLeft, CodeWouldBreach}
}

// problems collects what is wrong, so that it is reported all together.
type problems []error

func (p *problems) add(field, problem, remedy string) {
	*p = append(*p, &InvalidError{Field: field, Problem: problem, Remedy: remedy})
}

// check adds err unless it is nil.
func (p *problems) check(err error) {
	if err != nil {
		*p = append(*p, err)
	}
}

// zone loads the first of names that is not "", else UTC.
func (p *problems) zone(field string, names ...string) *time.Location {
	for _, name := range names {
		if name == "" {
			continue
		}
		zone, err := time.LoadLocation(name)
		// "Local" would make due times depend on the machine.
		if err != nil || name == "Local" {
			p.add(field, fmt.Sprintf("%.40q is not a time zone", name), "use an IANA name such as Europe/Berlin")
			return time.UTC
		}
		return zone
	}
	return time.UTC
}

// checkID adds a problem if id is no ID or was seen before, and notes it.
func (p *problems) checkID(field, id string, seen map[string]bool) {
	p.check(CheckID(field, id))
	p.checkUnique(field, id, seen)
}

// checkUnique adds a problem if value was seen before, and notes it.
func (p *problems) checkUnique(field, value string, seen map[string]bool) {
	if seen[value] {
		p.add(field, fmt.Sprintf("%.80q is there twice", value), "give each its own")
	}
	seen[value] = true
}

// checkKnown adds a problem unless ok says that the thing which id names exists.
func (p *problems) checkKnown(field, what, id string, ok bool) {
	if !ok {
		p.add(field, fmt.Sprintf("%s %.80q is unknown", what, id), "name one of the account")
	}
}

// join returns all problems as one error, nil if there are none.
func (p problems) join() error {
	return errors.Join(p...)
}

// parse returns s as a T if it is one of accepted; otherwise an
// *InvalidError that names field and lists what would do.
func parse[T ~string](field, s string, accepted ...T) (T, error) {
	if slices.Contains(accepted, T(s)) {
		return T(s), nil
	}
	quoted := make([]string, len(accepted))
	for i, a := range accepted {
		quoted[i] = fmt.Sprintf("%q", string(a))
	}
	return "", &InvalidError{Field: field, Problem: fmt.Sprintf("%.40q is unknown", s),
		Remedy: "use one of " + strings.Join(quoted, ", ")}
}
