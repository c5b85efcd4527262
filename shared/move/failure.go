package move

import (
	"time"
)

// Failure is a conversation that could not be converted, and why.
type Failure struct {
	Conversation string
	Code         string // stable, such as "no-start-date"
	Reason       string // a sentence, without customers' words
	At           time.Time
}
