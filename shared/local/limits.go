package local

import "time"

// Limits say how long functions may run, and how queues and the stream deliver
// and retry.
type Limits struct {
	Timeouts       map[string]time.Duration // by function
	Batches        Queue
	StreamFailures Queue
	Stream         Stream
	Sweep          time.Duration // from one sweep to the next
}

// Queue says how a queue delivers.
type Queue struct {
	Visibility time.Duration // until a message that failed is delivered again: six times the function's time-out, as Lambda asks for
	Receives   int           // until a message goes to the dead-letter queue
}

// Stream says how the stream is read.
type Stream struct {
	Size    int           // changes an invocation
	Retries int           // before changes are given up
	MaxAge  time.Duration // when they are given up in any case
}

// Functions' time-outs.
const (
	brief = 30 * time.Second  // of the converter: slow disks are slow
	short = 60 * time.Second  // of what does a few things
	long  = 300 * time.Second // of steps that page through a channel
)

// DefaultLimits returns the limits of template.yaml, which are also those on one
// machine: a test in infra compares the two.
func DefaultLimits() Limits {
	return Limits{
		Timeouts: map[string]time.Duration{
			"fence": short, "list": long, "drain": long, "finish": short,
			"convert": brief, "redirect": short, "sweep": short,
		},
		Batches:        Queue{Visibility: 6 * brief, Receives: 10},
		StreamFailures: Queue{Visibility: 6 * short, Receives: 50},
		Stream:         Stream{Size: 500, Retries: 4, MaxAge: time.Hour},
		Sweep:          time.Minute,
	}
}
