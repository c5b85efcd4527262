package desk

import "time"

// Provenance says how a ticket came to be.
type Provenance string

// The ways in which a ticket comes to be.
const (
	Native  Provenance = "native"  // made in the inbox before the move (R15)
	History Provenance = "history" // made by the move from an older conversation (R16)
	Live    Provenance = "live"    // made for a conversation taken in after the fence (R18)
)

// Edited is what an agent last made of a ticket. It proves that no agent's
// edit was overwritten: unless the customer has written since, it still holds.
type Edited struct {
	At            time.Time // zero if no agent has edited the ticket
	By            string    // agent ID
	Status        Status
	Owner         string
	SourceVersion int64 // version of the conversation that the agent's edit came after
}

// Ticket is the one ticket of a conversation. Its ID derives from the
// conversation's, so that a second one cannot be made.
type Ticket struct {
	Account      string
	ID           string
	Conversation string
	Channel      string
	Subject      string
	Customer     string
	Status       Status
	Owner        string    // agent ID or ""
	Created      time.Time // when the conversation started (R16)

	Provenance Provenance
	Imported   time.Time // when deskmove made it; zero for Native
	Move       string    // by which move; "" when redirected after its end
	From       string    // the ID of the channel on which the conversation started
	LostOwner  string    // the agent who lost it for want of help desk access, or ""

	Opened time.Time // since when its clock to close counts: its start, or when it was reopened; zero if none counts
	Clocks Clocks
	Home   Home // Inbox for a native ticket that has not moved; else HelpDesk

	// What the move made of the conversation. Agents' edits set Edited and
	// leave the other two alone, so that the proof (R27) can tell a wrong
	// conversion from a right one that was edited since.
	MovedStatus Status
	MovedOwner  string
	Edited      Edited // the last edit by an agent since it landed

	SourceVersion int64 // version of the conversation that the ticket shows
	Revision      int64 // one more with every change; 1 at first
}
