package desk

import "time"

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
