package desk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
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

// ParseChannelType reads a channel type; an unknown one is an *InvalidError
// about field.
func ParseChannelType(field, s string) (ChannelType, error) {
	return parse(field, s, Chat, Email, Form, Calling, WhatsApp, Messenger)
}

// Home is where a channel, conversation or ticket lives. It only ever goes
// forward.
type Home string

// The homes. Only channels can be Moving.
const (
	Inbox    Home = "inbox"
	Moving   Home = "moving"
	HelpDesk Home = "helpdesk"
)

// ParseHome reads a home; an unknown one is an *InvalidError about field.
func ParseHome(field, s string) (Home, error) {
	return parse(field, s, Inbox, Moving, HelpDesk)
}

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

// Movable reports why the channel cannot move to the help desk; nil if it
// can (R3). It cannot move twice, whatever was chosen the first time (R5).
func (c Channel) Movable() error {
	switch {
	case c.Home == Moving:
		return &RefusedError{Code: CodeAlreadyMoving, Problem: "the channel is moving",
			Remedy: "wait for the move; it cannot be stopped or repeated"}
	case c.Home == HelpDesk:
		return &RefusedError{Code: CodeAlreadyMoved, Problem: "the channel is in the help desk",
			Remedy: "nothing is left to do; history that was left behind stays in the inbox"}
	case c.Fallback:
		return &RefusedError{Code: CodeFallbackAddress, Problem: "the account's fallback e-mail address cannot move",
			Remedy: "connect an address of your own and move that"}
	}
	switch c.Type {
	case Chat, Email, Form, Calling:
		return nil
	case WhatsApp, Messenger:
		return &RefusedError{Code: CodeReconnect, Problem: "WhatsApp and Facebook Messenger channels cannot move",
			Remedy: "delete it from the inbox and connect it to the help desk"}
	}
	return &RefusedError{Code: CodeNotMovable, Problem: "channels of this type cannot move",
		Remedy: "move a chat flow, e-mail, form or calling channel"}
}

// Settings is the part of a channel's settings that rules read.
type Settings struct {
	Signature  string         `json:"signature"`
	Routing    Routing        `json:"routing"`
	Automation Automation     `json:"automation"`
	Tickets    TicketSettings `json:"tickets"`
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

// TicketSettings says how tickets of new conversations start.
type TicketSettings struct {
	Status Status `json:"status,omitempty"` // an open status; "" is the first open status of the first pipeline
}

// ParseSettings reads the part of a channel's settings that rules need. The
// settings are the customer's (R17): unknown fields are left alone, and
// nothing at all is the zero Settings. A known field of the wrong type is an
// *InvalidError with its path, such as "settings.routing.agents".
func ParseSettings(raw json.RawMessage) (Settings, error) {
	var s Settings
	if len(bytes.TrimSpace(raw)) == 0 {
		return s, nil
	}
	err := json.Unmarshal(raw, &s)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return s, nil
	case errors.As(err, &wrong):
		field := "settings"
		if wrong.Field != "" {
			field += "." + wrong.Field
		}
		return Settings{}, &InvalidError{Field: field, Problem: "a JSON " + wrong.Value + " cannot stand here",
			Remedy: "give a value that fits Go's " + wrong.Type.String()}
	default:
		return Settings{}, &InvalidError{Field: "settings", Problem: "not JSON", Remedy: "send a JSON object"}
	}
}

// ParsedSettings reads c's settings; see ParseSettings.
func (c Channel) ParsedSettings() (Settings, error) {
	return ParseSettings(c.Settings)
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

// BotFindings reports why the bot of c is not fit for a desk; none for a
// channel without a bot (R6). Whoever asks for a person must reach one:
//
//  1. the bot hands over to somebody;
//  2. everybody it hands over to has help desk access, every member of a
//     team, for any of them may get the conversation, and a team has members;
//  3. the bot makes no tickets, for the desk does and there would be two;
//  4. no action of it points at the old inbox, where nobody looks any more.
//
// The published list is not available to us. These four are our reading.
func (s Setup) BotFindings(c Channel) []Finding {
	if c.Bot == nil {
		return nil
	}
	var found []Finding
	if len(c.Bot.HandsOverTo) == 0 {
		found = append(found, Finding{Code: CodeBotNoHandover, Problem: "the bot hands over to nobody",
			Remedy: "let it hand over to an agent or team with help desk access"})
	}
	if without := s.targetsWithoutAccess(c.Bot.HandsOverTo); len(without) > 0 {
		found = append(found, Finding{Code: CodeBotTargetNoAccess, Count: int64(len(without)), About: without,
			Problem: "the bot hands over to agents or teams without help desk access",
			Remedy:  "give them help desk access, or let the bot hand over to others"})
	}
	if c.Bot.CreatesTickets {
		found = append(found, Finding{Code: CodeBotCreatesTickets, Problem: "the bot creates tickets, which the help desk does itself",
			Remedy: "remove the action that creates tickets"})
	}
	if c.Bot.UsesInbox {
		found = append(found, Finding{Code: CodeBotUsesInbox, Problem: "an action of the bot points at the inbox",
			Remedy: "point it at the help desk or remove it"})
	}
	return found
}

// targetsWithoutAccess returns, in order and once each, the agents among
// targets and their teams who lack help desk access, and the teams without
// members.
func (s Setup) targetsWithoutAccess(targets []Target) []string {
	var reached, without []string
	for _, t := range targets {
		if t.Agent != "" {
			reached = append(reached, t.Agent)
			continue
		}
		team, _ := s.Team(t.Team)
		if len(team.Agents) == 0 {
			without = append(without, t.Team)
		}
		reached = append(reached, team.Agents...)
	}
	return append(without, s.withoutAccess(reached)...)
}
