package move

import (
	"encoding/json"
	"time"

	"deskmove/shared/desk"
)

// Batch is a message of the queue: conversations to convert.
type Batch struct {
	Account string   `json:"account"`
	Move    string   `json:"move"`
	Entry   string   `json:"entry"` // ID of its ledger entry
	Count   int      `json:"count"` // as in the ledger
	IDs     []string `json:"ids"`
	Again   bool     `json:"again,omitempty"` // sent before: read tickets before writing any
	Retry   bool     `json:"retry,omitempty"` // the conversations failed before
}

// JSON encodes the batch as a message of the queue.
func (b Batch) JSON() string {
	text, _ := json.Marshal(b) // strings, numbers and booleans only: cannot fail
	return string(text)
}

// Entry is a batch in the ledger: a range of the listing, or conversations' IDs.
type Entry struct {
	Account, Move, ID string
	Channel           string
	After, Until      desk.Position // the range; both zero if there are IDs
	IDs               []string
	Count             int
	Retry             bool
	SentAt            time.Time
}

// Counts counts a batch's conversations by what became of them.
type Counts struct {
	Created int64 // tickets made from history
	AsIs    int64 // moved with the ticket they had
	Live    int64 // tickets made for conversations taken in after the fence
	Stayed  int64 // turned out not to be part of the move
	Failed  int64
}

// Progress has the counters of a move, over all its batches.
type Progress struct {
	Planned int64
	Done    int64
	Counts
}
