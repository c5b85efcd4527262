package move

import (
	"encoding/json"
	"time"

	"deskmove/shared/desk"
)

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
