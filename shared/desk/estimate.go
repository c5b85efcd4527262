package desk

import "time"

// What moves cost and how fast they go on AWS. Sources: the table of designs
// in the protocol's notes, and the quotas and us-east-1 prices of DynamoDB
// on demand as of November 2026.
const (
	writesEach        = 2.05 // write units per conversation: ticket, marker, and some repeats
	dollarsPerMillion = 1.43 // per million conversations: writes 90 %, then reads, queue and functions

	coldWrites  = 4_000            // a second, on a table that has been idle
	peakWrites  = 40_000           // a second, the default quota of a table
	doubleAfter = 30 * time.Minute // an on-demand table takes twice its previous peak after that long
	moveShare   = 0.7              // of the writes; live traffic keeps the rest (R22)

	// Fence, drain and reconcile wait even if there is nothing to move.
	waits = 10 * time.Second
)

// Estimate is how long a move takes on AWS and what it costs there.
type Estimate struct {
	Conversations int64         // to be moved
	Shortest      time.Duration // the table is warm and the channel silent
	Longest       time.Duration // the table is cold and live traffic takes its full share
	Writes        float64       // DynamoDB write units
	Dollars       float64
}

// estimate returns the estimate of a move; without history nothing but the
// waits is left.
func estimate(c Choices, f Facts) Estimate {
	var e Estimate
	if c.History == AllHistory {
		e.Conversations = f.Conversations
	}
	e.Writes = writesEach * float64(e.Conversations)
	e.Dollars = dollarsPerMillion * float64(e.Conversations) / 1e6
	e.Shortest = waits + seconds(e.Writes/peakWrites)
	e.Longest = waits
	left := e.Writes
	for rate := coldWrites; ; rate *= 2 {
		moved := moveShare * float64(min(rate, peakWrites))
		if rate >= peakWrites || left <= moved*doubleAfter.Seconds() {
			e.Longest += seconds(left / moved)
			return e
		}
		left -= moved * doubleAfter.Seconds()
		e.Longest += doubleAfter
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Second)
}
