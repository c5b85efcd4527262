package move

import (
	"encoding/json"
	"time"

	"deskmove/shared/desk"
)

// Kind is what is done with the conversations of a batch.
type Kind string

// The kinds of batches.
const (
	Convert  Kind = "convert"  // land them
	Retry    Kind = "retry"    // land those that failed before
	Compare  Kind = "compare"  // land what has not landed, and count and prove the rest
	Rehearse Kind = "rehearse" // count what a move would make of them, and write nothing
)

// Batch is a message of the queue: conversations to work on.
type Batch struct {
	Account string   `json:"account"`
	Move    string   `json:"move"`
	Job     string   `json:"job"`  // whose ledger has its entry: see Run.Job
	Pass    string   `json:"pass"` // see Run.PassID
	Kind    Kind     `json:"kind"`
	Entry   string   `json:"entry"` // ID of its ledger entry
	Count   int      `json:"count"` // as in the ledger
	IDs     []string `json:"ids"`
	Again   bool     `json:"again,omitempty"` // sent before, or failed before: read strongly before writing
}

// JSON encodes the batch as a message of the queue.
func (b Batch) JSON() string {
	text, _ := json.Marshal(b) // #nosec G117 -- cannot fail; a pass is not a password
	return string(text)
}

// Late reports whether the batch is one of an audit or a repair, after the move.
func (b Batch) Late() bool { return b.Job != b.Move }

// Entry is a batch in the ledger: a stretch of what its pass lists.
type Entry struct {
	ID           string
	Began, Pass  int // as of Run
	After, Until desk.Position
	Count        int
	SentAt       time.Time
}

// MaxEntries is how many entries one transaction enters at most.
const MaxEntries = 90

// Cursor says how far a job has listed.
type Cursor struct {
	Began, Pass int           // as of Run
	After       desk.Position // the last one listed
	Listed      bool          // the pass has been listed to its end
	Closed      bool          // the move has ended: nothing is listed any more, unless it is retried
}

// before reports whether the cursor is in an earlier pass.
func (c Cursor) before(d Cursor) bool {
	return c.Began < d.Began || c.Began == d.Began && c.Pass < d.Pass
}

// Counts counts conversations by what became of them.
type Counts struct {
	Found   int64 // that belong to the move and were compared or rehearsed
	Created int64 // tickets made from history
	AsIs    int64 // moved with the ticket they had
	Live    int64 // tickets made for conversations taken in after the fence
	Stayed  int64 // turned out not to be part of the move
	Failed  int64
	Landed  int64 // that a comparison had to land

	OwnersLost int64
	LostBy     map[string]int64 // OwnersLost by the owner, of few
	Breaches   int64
	ByStatus   map[desk.Status]int64
	Inbox      uint64 // sums of the checksums of both sides
	Desk       uint64
}

// Found is what was found in a batch.
type Found struct {
	Counts
	Owners map[string]int64 // tickets from history by owner, if there is to be a digest
}

// Progress has the counters of a pass, over all its batches.
type Progress struct {
	Planned int64
	Done    int64
	Counts
}

// Failure is a conversation that could not be converted, and why.
type Failure struct {
	Conversation string
	Code         string // stable, such as "no-start-date"
	Reason       string // a sentence, without customers' words
	At           time.Time
}
