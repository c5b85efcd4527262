package api

import (
	"cmp"
	"errors"
	"time"

	"deskmove/shared/desk"
)

// Facts are things as they are kept, so that they can be taken out of one account
// and brought into another as they were. Package exchange has them as lines. What
// a field is not given says that it has no value, or the one that it usually has.

// AgentFacts are an agent, who may be no longer in the account.
type AgentFacts struct {
	Agent
	Left bool `json:"left,omitempty" doc:"Is no agent of the account any more, and only named by what was done then. Nobody is made an agent by this."`
}

// PipelineFacts are a pipeline and its place among the account's, or statuses that are
// no longer in the account.
type PipelineFacts struct {
	Order int  `json:"order,omitempty" minimum:"1" example:"1" doc:"Its number among the account's pipelines, from 1. The first one is the default."`
	Left  bool `json:"left,omitempty" doc:"Is no pipeline of the account: its statuses are only named by tickets from earlier."`
	Pipeline
}

// PolicyFacts are an SLA policy and its place among the account's.
type PolicyFacts struct {
	Order int `json:"order" minimum:"1" example:"1" doc:"Its number among the account's policies, from 1. The first that fits counts."`
	Policy
}

// ChannelFacts are a channel and where it lives.
type ChannelFacts struct {
	ChannelSetup
	Home string     `json:"home" enum:"inbox,helpdesk" example:"helpdesk" doc:"Where it lives. One that is moving is neither here nor there, and has no facts."`
	Move *MoveFacts `json:"move,omitempty" doc:"What brought it to the help desk; absent in the inbox."`
	Part bool       `json:"part,omitempty" doc:"Not all of its conversations are here, or none: it is not brought in as it was."`
}

// MoveFacts are a move that is done.
type MoveFacts struct {
	ID            string      `json:"id" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"m1795000000000a1b2c3d4"`
	History       string      `json:"history" enum:"all,none" example:"all"`
	StatusMap     *StatusMap  `json:"statusMap,omitempty"`
	SLA           string      `json:"sla" enum:"from-move,original,none" example:"from-move"`
	Notifications string      `json:"notifications" enum:"quiet,digest,all" example:"quiet"`
	Acknowledged  []string    `json:"acknowledged,omitempty" nullable:"false" example:"[\"agents-without-access\"]"`
	By            string      `json:"by" example:"ann" doc:"ID of the agent who started it."`
	StartedAt     time.Time   `json:"startedAt"`
	FenceAt       time.Time   `json:"fenceAt" doc:"Since when new conversations go to the help desk."`
	EndedAt       time.Time   `json:"endedAt"`
	Phases        []Phase     `json:"phases,omitempty" nullable:"false" doc:"What it did, in order."`
	Expected      int64       `json:"expected,omitempty" minimum:"0" example:"100000" doc:"Conversations, by its plan."`
	Access        []string    `json:"access,omitempty" nullable:"false" example:"[\"ann\",\"bob\"]" doc:"IDs of the agents who had help desk access at the fence, in order."`
	Report        ReportFacts `json:"report"`
}

// ReportFacts are what a move found and made. Checksums are 64 bits in hex.
type ReportFacts struct {
	Found        int64            `json:"found,omitempty" minimum:"0" example:"100000"`
	Created      int64            `json:"created,omitempty" minimum:"0" example:"98200"`
	AsIs         int64            `json:"asIs,omitempty" minimum:"0" example:"1790"`
	Redirected   int64            `json:"redirected,omitempty" minimum:"0" example:"10"`
	Failed       int64            `json:"failed,omitempty" minimum:"0"`
	OwnersLost   int64            `json:"ownersLost,omitempty" minimum:"0" example:"37"`
	OwnersLostBy map[string]int64 `json:"ownersLostBy,omitempty" nullable:"false" example:"{\"cem\":37}"`
	Breaches     int64            `json:"breaches,omitempty" minimum:"0"`
	ByStatus     map[string]int64 `json:"byStatus,omitempty" nullable:"false" example:"{\"new\":1200,\"solved\":98800}"`
	InboxSum     string           `json:"inboxSum" example:"9f86d081884c7d65"`
	DeskSum      string           `json:"deskSum" example:"9f86d081884c7d65"`
}

// ConversationFacts are a conversation without its messages, with its ticket if it
// has one. What nobody but deskmove can know may be missing: it is then given when
// the conversation is brought in.
type ConversationFacts struct {
	ID              string       `json:"id" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,61}$" patternDescription:"an ID" example:"c05jg3nrm7gk2v9x0q8s4t"`
	ChannelID       string       `json:"channelId" example:"support-mail" doc:"The channel it belongs to."`
	OriginID        string       `json:"originId,omitempty" example:"contact-form" doc:"The channel on which it started; absent if that is channelId."`
	Subject         string       `json:"subject,omitempty" example:"Where is my order?"`
	Customer        string       `json:"customer,omitempty" example:"jane@customer.example"`
	CustomerName    string       `json:"customerName,omitempty" example:"Jane Doe"`
	Status          string       `json:"status" enum:"open,closed" example:"open" doc:"In the help desk, as it was when it landed."`
	Owner           string       `json:"owner,omitempty" example:"ann" doc:"ID of the agent; in the help desk, as it was when it landed."`
	Home            string       `json:"home" enum:"inbox,helpdesk" example:"inbox"`
	Tags            []string     `json:"tags,omitempty" nullable:"false" example:"[\"invoice\"]" doc:"In order."`
	MessageCount    int64        `json:"messageCount" minimum:"1" example:"3" doc:"How many messages it has."`
	StartedAt       time.Time    `json:"startedAt,omitzero" doc:"When it began, by the customer's date."`
	TakenInAt       time.Time    `json:"takenInAt,omitzero" doc:"When deskmove first saw it."`
	JoinedAt        time.Time    `json:"joinedAt,omitzero" doc:"When it came to belong to its channel; absent if when it was taken in."`
	History         bool         `json:"history,omitempty" doc:"It began with history that was brought in later."`
	ChangedAt       time.Time    `json:"changedAt,omitzero" doc:"When a customer or agent last changed it."`
	Version         int64        `json:"version,omitempty" minimum:"1" example:"3"`
	CustomerAt      time.Time    `json:"customerAt,omitzero"`
	CustomerVersion int64        `json:"customerVersion,omitempty" minimum:"1" example:"3"`
	FirstReplyAt    time.Time    `json:"firstReplyAt,omitzero" doc:"When an agent first answered."`
	WaitingSince    time.Time    `json:"waitingSince,omitzero" doc:"Since when the customer waits for an answer."`
	ClosedAt        time.Time    `json:"closedAt,omitzero"`
	Edits           []Edit       `json:"edits,omitempty" nullable:"false" maxItems:"8" doc:"What agents did to it and its ticket, the last eight times, the oldest first."`
	Ticket          *TicketFacts `json:"ticket,omitempty"`
}

// Check returns what is wrong with a conversation as it came, if its channel has that home and
// was brought there by that move; joined *InvalidErrors.
func (f ConversationFacts) Check(home, move string) error {
	c, err := f.read("")
	c.Rev = cmp.Or(c.Rev, max(c.Messages, c.CustomerRev))
	return errors.Join(err, c.Restorable(desk.Channel{ID: c.Channel, Home: desk.Home(home), Move: move}))
}

// TicketFacts are the ticket of a conversation. Its ID is the conversation's after t-.
type TicketFacts struct {
	Status      string    `json:"status" example:"new" doc:"ID of a status."`
	Owner       string    `json:"owner,omitempty" example:"ann"`
	CreatedAt   time.Time `json:"createdAt"`
	Provenance  string    `json:"provenance" enum:"native,history,live" example:"history" doc:"native: made in the inbox. history: made by a move of an older conversation. live: made of one that came after the fence."`
	ImportedAt  time.Time `json:"importedAt,omitzero" doc:"When the move made it; absent for native tickets."`
	MoveID      string    `json:"moveId,omitempty" doc:"By which move; absent for native tickets, and if it came after the move's end."`
	LostOwner   string    `json:"lostOwner,omitempty" example:"cem"`
	OpenedAt    time.Time `json:"openedAt,omitzero"`
	Clocks      Clocks    `json:"clocks,omitzero"`
	Breached    bool      `json:"breached,omitempty" doc:"A clock was past when it landed."`
	Closed      bool      `json:"closed,omitempty" doc:"Nobody has to work on it, in the help desk."`
	Landed      *Landed   `json:"landed,omitempty" doc:"What it was when it landed; absent if nothing has changed since."`
	Edited      *Edited   `json:"edited,omitempty" doc:"The last edit by an agent."`
	MadeVersion int64     `json:"madeVersion,omitempty" minimum:"1" doc:"The version of the conversation that the making of a native ticket made, if no agent has edited it since."`
	NotApplied  int64     `json:"notApplied,omitempty" minimum:"1" doc:"The version of the first message that could not be applied to it."`
}

// Landed is what a ticket was when it landed in the help desk.
type Landed struct {
	Status string `json:"status" example:"new"`
	Owner  string `json:"owner,omitempty" example:"ann"`
}

// MessageFacts are a message of a conversation.
type MessageFacts struct {
	ConversationID string    `json:"conversationId" example:"c05jg3nrm7gk2v9x0q8s4t"`
	ID             string    `json:"id" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"05jg3nrm7g5r0m9v3w2k8d1c7x" doc:"In order, the IDs of a conversation's messages are in the order in which they were written."`
	ChannelID      string    `json:"channelId,omitempty" example:"support-mail" doc:"The channel by which it came; absent if that on which its conversation began."`
	TakenInAt      time.Time `json:"takenInAt,omitzero" doc:"When deskmove took it in."`
	Stranger       bool      `json:"stranger,omitempty" doc:"It joined the conversation by its references, and its sender had had no part in it."`
	References     []string  `json:"references,omitempty" nullable:"false" maxItems:"1000" doc:"External IDs of earlier messages of the channel, the most telling first. It joins the conversation of one that is known."`
	MessageContent
}

// Check returns what is wrong with a message as it came, joined *desk.InvalidErrors.
func (m MessageFacts) Check() error {
	_, err := m.read("", "", time.Time{})
	return errors.Join(err, checkDate("takenInAt", m.TakenInAt))
}
