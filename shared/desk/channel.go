package desk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// ChannelType is the medium that customers of a channel use.
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

// ParseChannelType returns the channel type named s, or an *InvalidError for
// field.
func ParseChannelType(field, s string) (ChannelType, error) {
	return parse(field, s, Chat, Email, Form, Calling, WhatsApp, Messenger)
}

// Home is where a channel, conversation or ticket is worked on. It changes from
// Inbox to Moving to HelpDesk, never back.
type Home string

// The homes. Only channels can be Moving.
const (
	Inbox    Home = "inbox"
	Moving   Home = "moving"
	HelpDesk Home = "helpdesk"
)

// ParseHome returns the home named s, or an *InvalidError for field.
func ParseHome(field, s string) (Home, error) {
	return parse(field, s, Inbox, Moving, HelpDesk)
}

// Channel is one way in which customers reach the account.
type Channel struct {
	Account   string
	ID        string
	Name      string
	Type      ChannelType
	Address   string          // e-mail address or phone number, if any
	Fallback  bool            // it is the account's fallback e-mail address (R3)
	Connected string          // for a form: ID of the e-mail channel through which agents answer (R14)
	Bot       *Bot            // for a chat flow with a bot
	Settings  json.RawMessage // kept byte for byte (R17); see ParseSettings

	Home    Home
	FenceAt time.Time // when it became Moving; zero in the inbox
	Move    string    // the move that made it Moving; "" in the inbox

	From      string // the account of which it was brought in; "" if it was made here
	Restoring bool   // it is being brought in; until that has ended it cannot move
}

// SettingsSum returns the SHA-256 of the settings, in hex. A move compares it
// to prove that the settings have not changed (R17).
func (c Channel) SettingsSum() string {
	sum := sha256.Sum256(c.Settings)
	return hex.EncodeToString(sum[:])
}

// Movable returns a *RefusedError if the channel cannot move to the help desk
// (R3). No channel moves twice, whatever was chosen the first time (R5).
func (c Channel) Movable() error {
	switch {
	case c.Home == Moving:
		return &RefusedError{Code: CodeAlreadyMoving, Move: c.Move, Problem: "the channel is already moving",
			Remedy: "wait for the move to end; it cannot be stopped or repeated"}
	case c.Home == HelpDesk:
		return &RefusedError{Code: CodeAlreadyMoved, Move: c.Move, Problem: "the channel is already in the help desk",
			Remedy: "there is nothing left to do; history that was left behind stays in the inbox"}
	case c.Restoring:
		return &RefusedError{Code: CodeRestoring, Params: Params{"from": c.From}, Problem: "its conversations are being brought in, from " + c.From,
			Remedy: "wait for the import to end; if it was interrupted, give its command again, or end it with deskmove import --end or DELETE /v1/channels/{id}/restoration"}
	case c.Fallback:
		return &RefusedError{Code: CodeFallbackAddress, Problem: "the account's fallback e-mail address cannot move",
			Remedy: "connect an address of your own and move that"}
	}
	switch c.Type {
	case Chat, Email, Form, Calling:
		return nil
	case WhatsApp, Messenger:
		return &RefusedError{Code: CodeReconnect, Problem: "WhatsApp and Facebook Messenger channels cannot move",
			Remedy: "delete the channel from the inbox and connect it to the help desk"}
	}
	return &RefusedError{Code: CodeNotMovable, Problem: "channels of this type cannot move",
		Remedy: "move a chat flow, e-mail, form or calling channel"}
}

// Settings is the part of a channel's settings that the rules use.
type Settings struct {
	Signature  string         `json:"signature"`
	Routing    Routing        `json:"routing"`
	Automation Automation     `json:"automation"`
	Tickets    TicketSettings `json:"tickets"`
}

// Routing names the agents who receive new conversations. Without agents and
// team, new conversations have no owner.
type Routing struct {
	Agents []string `json:"agents,omitempty"` // agent IDs
	Team   string   `json:"team,omitempty"`   // team ID; its members are added to Agents
}

// Automation configures what deskmove does automatically.
type Automation struct {
	KeepClosed bool `json:"keepClosed,omitempty"` // a customer's reply does not reopen a closed ticket (R19)
}

// TicketSettings configures the tickets of new conversations.
type TicketSettings struct {
	Status Status `json:"status,omitempty"` // an open status; "" is the first open status of the first pipeline
}

// ParseSettings decodes the part of a channel's settings that the rules use.
// Unknown fields are ignored, because the settings belong to the customer
// (R17); empty settings are the zero Settings. A known field of the wrong type
// is an *InvalidError with its path, such as "settings.routing.agents".
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
		return Settings{}, &InvalidError{Field: field, Code: CodeWrongType, Params: Params{"type": wrong.Value, "wanted": wrong.Type.String()},
			Problem: "a JSON " + wrong.Value + " is not allowed here",
			Remedy:  "use a value that fits the Go type " + wrong.Type.String()}
	default:
		return Settings{}, &InvalidError{Field: "settings", Code: CodeNotJSON, Problem: "not valid JSON", Remedy: "send a JSON object"}
	}
}

// ParsedSettings decodes c's settings; see ParseSettings.
func (c Channel) ParsedSettings() (Settings, error) {
	return ParseSettings(c.Settings)
}

// Bot is the conversation bot of a chat flow.
type Bot struct {
	HandsOverTo    []Target `json:"handsOverTo"`
	CreatesTickets bool     `json:"createsTickets"`
	UsesInbox      bool     `json:"usesInbox"` // one of its actions refers to the inbox
}

// Target is an agent or a team to which a bot hands over. Exactly one is set.
type Target struct {
	Agent string `json:"agent,omitempty"`
	Team  string `json:"team,omitempty"`
}

// BotFindings reports what makes the bot of c unfit for a help desk (R6). A
// customer who asks for a person must reach one, so
//
//  1. the bot must hand over to an agent or a team;
//  2. all of them need help desk access, and a team needs members, because any
//     member may get the conversation;
//  3. the bot must not create tickets, because the help desk does: there would
//     be two;
//  4. none of its actions may refer to the inbox, where nobody looks any more.
//
// The vendor's own list of conditions is not public; these four are our
// interpretation.
func (s Setup) BotFindings(c Channel) []Finding {
	if c.Bot == nil {
		return nil
	}
	var found []Finding
	if len(c.Bot.HandsOverTo) == 0 {
		found = append(found, Finding{Code: CodeBotNoHandover, Problem: "the bot hands over to nobody",
			Remedy: "make it hand over to an agent or team with help desk access"})
	}
	if without := s.targetsWithoutAccess(c.Bot.HandsOverTo); len(without) > 0 {
		found = append(found, Finding{Code: CodeBotTargetNoAccess, Count: int64(len(without)), Each: shares(without, nil),
			Problem: "the bot hands over to agents or teams without help desk access",
			Remedy:  "give them help desk access, or make the bot hand over to others"})
	}
	if c.Bot.CreatesTickets {
		found = append(found, Finding{Code: CodeBotCreatesTickets, Problem: "the bot creates tickets, and so does the help desk",
			Remedy: "remove the action that creates tickets"})
	}
	if c.Bot.UsesInbox {
		found = append(found, Finding{Code: CodeBotUsesInbox, Problem: "an action of the bot refers to the inbox",
			Remedy: "change it to the help desk, or remove it"})
	}
	return found
}

// targetsWithoutAccess returns the teams without members among targets, and
// then the agents, alone or in a team, who lack help desk access.
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
