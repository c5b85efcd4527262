package move

import (
	"encoding/json"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Run is what an execution of the state machine carries from step to step.
type Run struct {
	Account   string `json:"account"`
	Move      string `json:"move"`
	Run       int    `json:"run"` // number of the execution, the first is 1
	History   bool   `json:"history"`
	Rehearsal bool   `json:"rehearsal"`
	Retry     bool   `json:"retry"` // convert what failed before, instead of listing
	Step      string `json:"step"`  // where the execution begins; "" is the fence

	Turns  int           `json:"turns"`  // steps of this execution
	Cursor desk.Position `json:"cursor"` // how far List, Reconcile or Rehearse are
	After  string        `json:"after"`  // the same, of a listing of failures
	More   bool          `json:"more"`   // the step goes on from Cursor
	Yield  bool          `json:"yield"`  // another execution goes on
	Wait   int           `json:"wait"`   // seconds until the next step
	Pass   int           `json:"pass"`   // of Reconcile
	Tally  int           `json:"tally"`  // number of the pass among those of all executions
	Page   int           `json:"page"`   // of the pass, for its tallies
	Found  int           `json:"found"`  // conversations that the pass found missing
	Done   int64         `json:"done"`   // conversations done when Drain last looked
	At     time.Time     `json:"at"`     // when Drain last looked, or Rehearse began
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
	After, Until      desk.Position // the stretch; both zero if IDs are given
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

// Idempotency is the caller's key of a request, and what the request was.
type Idempotency struct {
	Key  string // "" if the caller gave none
	Hash string // of the request's body
}

// Ref names a move.
type Ref struct{ Account, Move string }
