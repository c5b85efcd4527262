package client

import (
	"encoding/json"
	"time"
)

// The API's shapes, as far as the command line needs them; infra/openapi.yaml
// says what they mean.

// Setup is an account's configuration.
type Setup struct {
	Account   Account    `json:"account"`
	Agents    []Agent    `json:"agents"`
	Teams     []Team     `json:"teams"`
	Pipelines []Pipeline `json:"pipelines"`
	Channels  []Channel  `json:"channels"`
}

// Account is the tenant.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Plan string `json:"plan"`
}

// Agent is a person who answers customers.
type Agent struct {
	ID       string `json:"id"`
	Email    string `json:"email"`
	Role     string `json:"role"`
	HelpDesk bool   `json:"helpDesk"`
}

// Team is a group of agents.
type Team struct {
	ID     string   `json:"id"`
	Agents []string `json:"agents"`
}

// Pipeline is a list of ticket statuses.
type Pipeline struct {
	ID       string   `json:"id"`
	Statuses []Status `json:"statuses"`
}

// Status is a ticket status.
type Status struct {
	ID     string `json:"id"`
	Closed bool   `json:"closed"`
}

// Channel is a channel as its owner configures it.
type Channel struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Address  string          `json:"address"`
	Settings json.RawMessage `json:"settings"`
}

// Me is the calling agent.
type Me struct {
	Account  string `json:"account"`
	Agent    string `json:"agent"`
	Role     string `json:"role"`
	HelpDesk bool   `json:"helpDesk"`
}

// ChannelStatus says where a channel is, and why it may not move.
type ChannelStatus struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Home    string    `json:"home"`
	FenceAt time.Time `json:"fenceAt,omitzero"`
	MoveID  string    `json:"moveId,omitempty"`
	Refusal *Finding  `json:"refusal,omitempty"`
}

// Finding is a blocker or a warning of a plan.
type Finding struct {
	Code    string   `json:"code"`
	Problem string   `json:"problem"`
	Remedy  string   `json:"remedy"`
	Count   int64    `json:"count,omitempty"`
	About   []string `json:"about,omitempty"`
}

// Plan is what to expect of a move.
type Plan struct {
	ChannelID     string           `json:"channelId"`
	History       string           `json:"history"`
	Blockers      []Finding        `json:"blockers"`
	Warnings      []Finding        `json:"warnings"`
	QuietHours    []Window         `json:"quietHours"`
	Estimate      Estimate         `json:"estimate"`
	Conversations int64            `json:"conversations"`
	Open          int64            `json:"open"`
	Closed        int64            `json:"closed"`
	WithTicket    int64            `json:"withTicket"`
	Breaching     int64            `json:"breaching"`
	Owned         map[string]int64 `json:"owned"`
	LeftBehind    map[string]int64 `json:"leftBehind"`
	Sampled       bool             `json:"sampled"`
}

// Window is a quiet time of the week.
type Window struct {
	StartAt  time.Time `json:"startAt"`
	EndAt    time.Time `json:"endAt"`
	Messages int64     `json:"messages"`
}

// Estimate is the expected time and cost of a move on AWS.
type Estimate struct {
	Conversations   int64   `json:"conversations"`
	ShortestSeconds int64   `json:"shortestSeconds"`
	LongestSeconds  int64   `json:"longestSeconds"`
	WriteUnits      float64 `json:"writeUnits"`
	Dollars         float64 `json:"dollars"`
}

// StatusMap gives the ticket statuses of open and closed conversations.
type StatusMap struct {
	Open   string `json:"open,omitempty"`
	Closed string `json:"closed,omitempty"`
}

// NewMove asks for a move.
type NewMove struct {
	ChannelID     string     `json:"channelId"`
	History       string     `json:"history"`
	StatusMap     *StatusMap `json:"statusMap,omitempty"`
	SLA           string     `json:"sla,omitempty"`
	Notifications string     `json:"notifications,omitempty"`
	Acknowledged  []string   `json:"acknowledged,omitempty"`
	Rehearsal     bool       `json:"rehearsal,omitempty"`
}

// Move is a channel's way to the help desk, or a rehearsal of it.
type Move struct {
	ID            string     `json:"id"`
	ChannelID     string     `json:"channelId"`
	History       string     `json:"history"`
	StatusMap     *StatusMap `json:"statusMap,omitempty"`
	SLA           string     `json:"sla"`
	Notifications string     `json:"notifications"`
	Rehearsal     bool       `json:"rehearsal"`
	Status        string     `json:"status"`
	Phase         string     `json:"phase,omitempty"`
	By            string     `json:"by"`
	StartedAt     time.Time  `json:"startedAt"`
	FenceAt       time.Time  `json:"fenceAt,omitzero"`
	EndedAt       time.Time  `json:"endedAt,omitzero"`
	Access        []string   `json:"access,omitempty"`

	Progress      *Progress `json:"progress,omitempty"`
	OpenBatches   *int      `json:"openBatches,omitempty"`
	RatePerSecond *float64  `json:"ratePerSecond,omitempty"`
	ETASeconds    *int64    `json:"etaSeconds,omitempty"`
}

// Progress counts a move's conversations.
type Progress struct {
	Planned int64 `json:"planned"`
	Done    int64 `json:"done"`
	Created int64 `json:"created"`
	AsIs    int64 `json:"asIs"`
	Live    int64 `json:"live"`
	Stayed  int64 `json:"stayed"`
	Failed  int64 `json:"failed"`
}

// Report is the proof of a move.
type Report struct {
	MoveID     string           `json:"moveId"`
	Found      int64            `json:"found"`
	Created    int64            `json:"created"`
	AsIs       int64            `json:"asIs"`
	Redirected int64            `json:"redirected"`
	Failed     int64            `json:"failed"`
	Unsettled  int64            `json:"unsettled"`
	OwnersLost int64            `json:"ownersLost"`
	Breaches   int64            `json:"breaches"`
	ByStatus   map[string]int64 `json:"byStatus"`
	Checksum   Checksum         `json:"checksum"`
}

// Checksum holds the checksums of both sides.
type Checksum struct {
	Inbox string `json:"inbox"`
	Desk  string `json:"desk"`
	Equal bool   `json:"equal"`
}

// Failure is a conversation that could not be converted.
type Failure struct {
	ConversationID string    `json:"conversationId"`
	Code           string    `json:"code"`
	Reason         string    `json:"reason"`
	At             time.Time `json:"at"`
}

// Conversation is a thread with a customer, without its messages.
type Conversation struct {
	ID              string    `json:"id"`
	ChannelID       string    `json:"channelId"`
	OriginID        string    `json:"originId"`
	Status          string    `json:"status"`
	Owner           string    `json:"owner"`
	Home            string    `json:"home"`
	TicketID        string    `json:"ticketId"`
	MoveID          string    `json:"moveId"`
	StartedAt       time.Time `json:"startedAt"`
	TakenInAt       time.Time `json:"takenInAt"`
	JoinedAt        time.Time `json:"joinedAt"`
	ChangedAt       time.Time `json:"changedAt"`
	Version         int64     `json:"version"`
	CustomerVersion int64     `json:"customerVersion"`
	CustomerAt      time.Time `json:"customerAt"`
	MessageCount    int64     `json:"messageCount"`
}

// Ticket is the ticket of a conversation.
type Ticket struct {
	ID             string    `json:"id"`
	ConversationID string    `json:"conversationId"`
	ChannelID      string    `json:"channelId"`
	Status         string    `json:"status"`
	Owner          string    `json:"owner"`
	CreatedAt      time.Time `json:"createdAt"`
	Home           string    `json:"home"`
	Provenance     string    `json:"provenance"`
	ImportedAt     time.Time `json:"importedAt"`
	MoveID         string    `json:"moveId"`
	LostOwner      string    `json:"lostOwner"`
	MovedStatus    string    `json:"movedStatus"`
	MovedOwner     string    `json:"movedOwner"`
	Edited         *Edited   `json:"edited"`
	SourceVersion  int64     `json:"sourceVersion"`
}

// Edited is an agent's last edit of a ticket.
type Edited struct {
	At            time.Time `json:"at"`
	Status        string    `json:"status"`
	Owner         string    `json:"owner"`
	SourceVersion int64     `json:"sourceVersion"`
}

// NewMessage is a message to deliver. ChannelID is for Add only.
type NewMessage struct {
	ExternalID string    `json:"externalId"`
	References []string  `json:"references,omitempty"`
	ChannelID  string    `json:"channelId,omitempty"`
	From       string    `json:"from,omitempty"`
	Author     string    `json:"author"`
	Agent      string    `json:"agent,omitempty"`
	At         time.Time `json:"at,omitzero"`
	Subject    string    `json:"subject,omitempty"`
	Text       string    `json:"text,omitempty"`
	HTML       string    `json:"html,omitempty"`
	Raw        string    `json:"raw,omitempty"`
}

// Taken is the acknowledgement of a message.
type Taken struct {
	ConversationID string `json:"conversationId"`
	MessageID      string `json:"messageId"`
	Began          bool   `json:"began"`
	Known          bool   `json:"known"`
}

// ConversationEdit changes the fields that are not nil.
type ConversationEdit struct {
	Status *string `json:"status,omitempty"`
	Owner  *string `json:"owner,omitempty"`
}
