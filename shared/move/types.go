package move

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// Position is a place in a channel's listing, which runs from new to old. The
// zero Position is open: the top, or the bottom.
type Position struct {
	Joined time.Time // to the millisecond
	ID     string    // of the conversation
}

// IsZero reports whether p is open.
func (p Position) IsZero() bool { return p.ID == "" && p.Joined.IsZero() }

// MarshalText writes p as "milliseconds.ID".
func (p Position) MarshalText() ([]byte, error) {
	if p.IsZero() {
		return nil, nil
	}
	return fmt.Appendf(nil, "%d.%s", p.Joined.UnixMilli(), p.ID), nil
}

// UnmarshalText reads what MarshalText wrote.
func (p *Position) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Position{}
		return nil
	}
	ms, id, ok := strings.Cut(string(text), ".")
	n, err := strconv.ParseInt(ms, 10, 64)
	if !ok || err != nil {
		return &desk.InvalidError{Field: "cursor", Problem: "it is not a cursor", Do: "use a cursor as it was returned, or none"}
	}
	*p = Position{Joined: time.UnixMilli(n).UTC(), ID: id}
	return nil
}

// Run is what an execution of the state machine carries from step to step.
type Run struct {
	Account   string `json:"account"`
	Move      string `json:"move"`
	Run       int    `json:"run"` // number of the execution, the first is 1
	History   bool   `json:"history"`
	Rehearsal bool   `json:"rehearsal"`
	Retry     bool   `json:"retry"` // convert what failed before, instead of listing
	Step      string `json:"step"`  // where the execution begins; "" is the fence

	Turns  int       `json:"turns"`  // steps of this execution
	Cursor Position  `json:"cursor"` // how far List, Reconcile or Rehearse are
	After  string    `json:"after"`  // the same, of a listing of failures
	More   bool      `json:"more"`   // the step goes on from Cursor
	Yield  bool      `json:"yield"`  // another execution goes on
	Wait   int       `json:"wait"`   // seconds until the next step
	Pass   int       `json:"pass"`   // of Reconcile
	Tally  int       `json:"tally"`  // number of the pass among those of all executions
	Page   int       `json:"page"`   // of the pass, for its tallies
	Found  int       `json:"found"`  // conversations that the pass found missing
	Done   int64     `json:"done"`   // conversations done when Drain last looked
	At     time.Time `json:"at"`     // when Drain last looked, or Rehearse began
}

// The steps at which an execution may begin, besides the fence.
const (
	StepList      = "list"
	StepDrain     = "drain"
	StepReconcile = "reconcile"
	StepRehearse  = "rehearse"
	StepAudit     = "audit"
)

// Name is the execution's name: the move's ID, and from the second execution
// on its number.
func (r Run) Name() string {
	if r.Run <= 1 {
		return r.Move
	}
	return fmt.Sprintf("%s.%d", r.Move, r.Run)
}

// Batch is what the queue carries: conversations to convert, about a hundred.
type Batch struct {
	Account string   `json:"account"`
	Move    string   `json:"move"`
	Entry   string   `json:"entry"` // ID in the ledger
	Count   int      `json:"count"` // as the ledger has it
	IDs     []string `json:"ids"`
	Again   bool     `json:"again,omitempty"` // sent before: look before you write
	Retry   bool     `json:"retry,omitempty"` // these had failed
}

// JSON is the batch as the queue carries it.
func (b Batch) JSON() string {
	text, _ := json.Marshal(b) // strings, numbers and booleans only: cannot fail
	return string(text)
}

// Entry is a batch in the ledger: a stretch of the listing, or some IDs.
type Entry struct {
	Account, Move, ID string
	Channel           string
	After, Until      Position // the stretch; both zero if IDs are given
	IDs               []string
	Count             int
	Retry             bool
	SentAt            time.Time
}

// Counts says what became of a batch's conversations.
type Counts struct {
	Created int64 // tickets made from history
	AsIs    int64 // moved with the ticket they had
	Live    int64 // tickets made for conversations taken in after the fence
	Stayed  int64 // not part of the move, after all
	Failed  int64
}

// Progress is the sum of a move's counters.
type Progress struct {
	Planned int64
	Done    int64
	Counts
}

// Tally is what one page of a reconciling pass counted.
type Tally struct {
	Report desk.Report
	Owners map[string]int64 `json:",omitempty"` // backfilled tickets by owner
	Inbox  uint64           // sums of checksums
	Desk   uint64
}

// Failure is a conversation that could not be converted, and why.
type Failure struct {
	Conversation string
	Code         string // stable, such as "no-start-date"
	Reason       string // a sentence, without customers' words
	At           time.Time
}

// Actions of the audit log.
const (
	ActionStart    = "start"
	ActionRefuse   = "refuse"
	ActionRehearse = "rehearse"
	ActionRetry    = "retry"
	ActionEnd      = "end"
)

// AuditEntry is one line of the audit log: who, when, what, from where (R29).
type AuditEntry struct {
	Account string
	ID      string // derives from what happened, so that it is logged once
	At      time.Time
	By      string // agent ID, or "deskmove"
	Action  string
	Move    string
	Channel string
	Detail  string // such as the reason of a refusal
	Address string // from where, as the gateway saw it
}

// Kinds of notifications.
const (
	KindLive   = "live"   // a new conversation's ticket
	KindTicket = "ticket" // a ticket of the backfill
	KindDigest = "digest" // so many tickets of the backfill are now yours
)

// Notification is a message for agents that waits in the outbox until a
// mailer has sent it.
type Notification struct {
	ID      string // derives from what it tells, so that it is told once
	Kind    string
	Agent   string // agent ID; "" is everyone with help desk access
	Ticket  string // of KindLive and KindTicket
	Tickets int64  // of KindDigest
	Move    string
	Channel string
	At      time.Time
	SentAt  time.Time // zero until a mailer has sent it
}

// Idempotency is the caller's key of a request, and what the request was.
type Idempotency struct {
	Key  string // "" if the caller gave none
	Hash string // of the request's body
}

// External is what an external ID of a channel stands for.
type External struct {
	Conversation string
	Message      string
	TakenIn      time.Time
}

// Name names a move.
type Name struct{ Account, Move string }

// Who is the caller of a use case.
type Who struct {
	Account string
	Agent   string // agent ID
	Role    desk.Role
	Address string // from where, as the gateway saw it
}

// mayMove reports why the caller may not start a move; nil only if the token
// and the store, as it is now, both say super administrator (R1). A connector
// may have an agent's name.
func (w Who) mayMove(setup desk.Setup) error {
	if w.Role != desk.SuperAdmin {
		w.Agent = ""
	}
	return setup.MayMove(w.Agent)
}
