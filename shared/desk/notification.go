package desk

import "time"

// The kinds of notifications.
const (
	KindLive   = "live"   // the ticket of a new conversation
	KindTicket = "ticket" // one ticket made from an older conversation
	KindDigest = "digest" // how many tickets the move assigned to the agent
)

// Notification is a message to agents. It stays in the outbox until a mailer
// sends it.
type Notification struct {
	ID      string // derived from the content, so nobody is notified twice
	Kind    string
	Agent   string // agent ID; "" is everyone with help desk access
	Ticket  string // ticket ID, for KindLive and KindTicket
	Tickets int64  // number of tickets, for KindDigest
	Move    string
	Channel string
	At      time.Time
	SentAt  time.Time // zero until it has been sent
}
