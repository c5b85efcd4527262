package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// ChannelType is the medium by which customers write.
type ChannelType string

// The channel types. WhatsApp and Messenger cannot move (R3).
const (
	Chat      ChannelType = "chat"
	Email     ChannelType = "email"
	Form      ChannelType = "form"
	Calling   ChannelType = "calling"
	WhatsApp  ChannelType = "whatsapp"
	Messenger ChannelType = "messenger"
)

// Home is where a channel, conversation or ticket lives. It only ever goes
// forward.
type Home string

// The homes. Only channels can be Moving.
const (
	Inbox    Home = "inbox"
	Moving   Home = "moving"
	HelpDesk Home = "helpdesk"
)

// Channel is one way by which customers reach the account.
type Channel struct {
	Account   string
	ID        string
	Name      string
	Type      ChannelType
	Address   string          // e-mail address or telephone number, if it has one
	Fallback  bool            // the account's fallback e-mail address (R3)
	Connected string          // of a form: ID of the e-mail channel by which agents answer it (R14)
	Bot       *Bot            // of a chat flow with a bot
	Settings  json.RawMessage // kept byte for byte (R17); ParseSettings reads it

	Home    Home
	FenceAt time.Time // when it became Moving; zero in the inbox
	Move    string    // the move that made it Moving; "" in the inbox
}

// SettingsSum is the SHA-256 of the settings, in hex: by it a move can prove
// that they are what they were (R17).
func (c Channel) SettingsSum() string {
	sum := sha256.Sum256(c.Settings)
	return hex.EncodeToString(sum[:])
}

// Settings is the part of a channel's settings that rules read.
type Settings struct {
	Signature  string     `json:"signature"`
	Routing    Routing    `json:"routing"`
	Automation Automation `json:"automation"`
	Tickets    NewTickets `json:"tickets"`
}

// Routing names who receives new conversations. Without agents and team
// nobody owns them.
type Routing struct {
	Agents []string `json:"agents,omitempty"` // agent IDs
	Team   string   `json:"team,omitempty"`   // team ID; its members are added to Agents
}

// Automation changes what deskmove does by itself.
type Automation struct {
	KeepClosed bool `json:"keepClosed,omitempty"` // a customer's reply does not reopen a closed ticket (R19)
}

// NewTickets says how tickets of new conversations start.
type NewTickets struct {
	Status Status `json:"status,omitempty"` // an open status; "" is the first open status of the first pipeline
}

// Bot is the conversation bot of a chat flow.
type Bot struct {
	HandsOverTo    []Target `json:"handsOverTo"`
	CreatesTickets bool     `json:"createsTickets"`
	UsesInbox      bool     `json:"usesInbox"` // some action points at the old inbox
}

// Target is a person or team to whom a bot hands over. Exactly one is set.
type Target struct {
	Agent string `json:"agent,omitempty"`
	Team  string `json:"team,omitempty"`
}
