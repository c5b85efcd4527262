package desk

import "time"

// ConversationStatus says whether a conversation waits for anything.
type ConversationStatus string

// The statuses of a conversation.
const (
	Open   ConversationStatus = "open"
	Closed ConversationStatus = "closed"
)

// Conversation is a thread with one customer: the header, not the messages.
// Stored it stays within 1 KB, so Subject and Customer are cut when taken in.
type Conversation struct {
	Account  string
	ID       string // starts with the time it was taken in, so newer IDs sort later
	Origin   string // ID of the channel on which it started (R13)
	Channel  string // ID of the channel it belongs to: Origin, or the connected e-mail channel (R14)
	Subject  string
	Customer string // address, number or name of the customer
	Status   ConversationStatus
	Owner    string // agent ID or ""

	Started time.Time // when the customer began it, by the customer's date
	TakenIn time.Time // when the store first saw it
	Joined  time.Time // when it came to belong to Channel, store time

	ChangedAt       time.Time // store time of Version
	Version         int64     // one more with every change by a customer or agent; 1 at first
	CustomerVersion int64     // Version of the customer's last message
	CustomerAt      time.Time // store time of the customer's last message
	FirstReplyAt    time.Time // first answer by an agent; zero if none
	WaitingSince    time.Time // oldest customer message not yet answered; zero if none
	ClosedAt        time.Time // zero while open
	Messages        int64

	// The marker. Only the move sets it; it never goes back.
	Home   Home   // Inbox or HelpDesk
	Ticket string // ticket ID; also set in the inbox when a ticket was made there
	Move   string // the move, or "" for conversations redirected after its end
}

// Author says who wrote a message.
type Author string

// The authors of messages.
const (
	ByCustomer Author = "customer"
	ByAgent    Author = "agent"
)

// Message is one mail, form submission, call note or chat line.
type Message struct {
	Account      string
	Conversation string
	ID           string
	External     string // the connector's ID, unique in a channel
	Channel      string // by which channel it came
	Author       Author
	From         string    // address, number or name of the sender
	Agent        string    // agent ID when Author is ByAgent and known
	At           time.Time // when it was written, by the sender's date
	TakenIn      time.Time // store time
	Subject      string
	Text         string
	HTML         string
	Raw          string // the source as it came, such as a whole mail; may be empty
}
