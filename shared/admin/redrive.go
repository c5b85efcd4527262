package admin

import "context"

// DeadLetters are the messages that failed so often that they were given up: batches,
// and changes that the stream had given up before.
type DeadLetters interface {
	// Redrive sends them back to the queues that they came from, where they count as
	// new. Whoever handles them does so as often as they come.
	Redrive(ctx context.Context) ([]Redriven, error)
}

// Redriven says what became of one queue's dead letters.
type Redriven struct {
	Queue   string // such as batches
	Letters int64  // how many are back; negative if nobody knows yet
	Running bool   // they had been on their way before
}
