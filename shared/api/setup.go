package api

import "encoding/json"

// Setup is all of an account's configuration. Orders matter: the first
// matching policy applies, and the first pipeline is the default.
type Setup struct {
	Account    Account        `json:"account"`
	Agents     []Agent        `json:"agents,omitempty" nullable:"false" doc:"One of them at least is a super-admin."`
	Teams      []Team         `json:"teams,omitempty" nullable:"false"`
	Connectors []Connector    `json:"connectors,omitempty" nullable:"false" doc:"The programs that deliver messages. A connector that is not here gets in nowhere."`
	Pipelines  []Pipeline     `json:"pipelines,omitempty" nullable:"false"`
	Policies   []Policy       `json:"policies,omitempty" nullable:"false"`
	Channels   []ChannelSetup `json:"channels,omitempty" nullable:"false"`
}

// Account is the tenant.
type Account struct {
	ID   string `json:"id" example:"acme" doc:"Must be the account of the token."`
	Name string `json:"name,omitempty" example:"Acme"`
	Plan string `json:"plan" enum:"free,starter,professional,enterprise" example:"professional" doc:"professional and enterprise include the help desk."`
	Zone string `json:"zone,omitempty" example:"Europe/Berlin" doc:"IANA time zone; UTC if it is absent."`
}

// Agent is a person who answers customers.
type Agent struct {
	ID       string `json:"id" example:"ann"`
	Name     string `json:"name,omitempty" example:"Ann"`
	Email    string `json:"email,omitempty" example:"ann@acme.example" doc:"The address by which imports recognise the agent's mails."`
	Role     string `json:"role" enum:"super-admin,agent" example:"super-admin" doc:"Only a super-admin starts a move."`
	HelpDesk bool   `json:"helpDesk,omitempty" doc:"Has help desk access: sees tickets and may own them."`
}

// Team is a group of agents.
type Team struct {
	ID     string   `json:"id" example:"first-line"`
	Name   string   `json:"name,omitempty" example:"First line"`
	Agents []string `json:"agents,omitempty" nullable:"false" example:"[\"ann\"]" doc:"IDs of agents."`
}

// Connector is a program that delivers messages of some channels.
type Connector struct {
	ID       string   `json:"id" example:"mailer" doc:"As its tokens name it; no agent has it."`
	Name     string   `json:"name,omitempty" example:"Mail server"`
	Channels []string `json:"channels" nullable:"false" minItems:"1" example:"[\"support-mail\"]" doc:"IDs of its channels, each by name, so that it gets none that nobody meant for it. It takes messages in on these alone, and finds nothing of the others."`
}

// Pipeline is a list of ticket statuses.
type Pipeline struct {
	ID       string   `json:"id" example:"support"`
	Name     string   `json:"name,omitempty" example:"Support"`
	Statuses []Status `json:"statuses" nullable:"false" doc:"In their order. At least one must be open and one closed."`
}

// Status is a ticket status.
type Status struct {
	ID     string `json:"id" example:"new" doc:"Unique in the account."`
	Name   string `json:"name,omitempty" example:"New"`
	Closed bool   `json:"closed,omitempty" doc:"Tickets with it are closed."`
}

// Policy promises service in working time of its schedule. Durations are
// written as 30m, 4h or 1h30m.
type Policy struct {
	ID         string   `json:"id" example:"gold"`
	Name       string   `json:"name,omitempty" example:"Gold"`
	Channels   []string `json:"channels,omitempty" nullable:"false" example:"[\"support-mail\"]" doc:"IDs of the channels it is for; all if there are none."`
	Statuses   []string `json:"statuses,omitempty" nullable:"false" example:"[\"new\"]" doc:"IDs of the ticket statuses it is for; all if there are none."`
	Schedule   Schedule `json:"schedule,omitzero"`
	FirstReply Duration `json:"firstReply,omitempty" example:"4h" doc:"Until the first answer; promises nothing if it is absent."`
	NextReply  Duration `json:"nextReply,omitempty" example:"8h" doc:"Until each further answer; promises nothing if it is absent."`
	Close      Duration `json:"close,omitempty" example:"48h" doc:"Until the ticket is closed; promises nothing if it is absent."`
}

// Schedule is when a team works; without weekly hours it does around the
// clock.
type Schedule struct {
	Zone     string   `json:"zone,omitempty" example:"Europe/Berlin" doc:"IANA time zone; the account's if it is absent."`
	Weekly   []Hours  `json:"weekly,omitempty" nullable:"false"`
	Holidays []string `json:"holidays,omitempty" nullable:"false" example:"[\"2026-12-25\"]" doc:"Dates on which nobody works."`
}

// Hours are the working hours of one day of the week.
type Hours struct {
	Day  string `json:"day" enum:"sunday,monday,tuesday,wednesday,thursday,friday,saturday" example:"monday"`
	From string `json:"from" example:"09:00"`
	To   string `json:"to" example:"17:00" doc:"24:00 is the end of the day."`
}

// ChannelSetup is one way by which customers reach the account, as its owner
// configures it. Its home is no part of that.
type ChannelSetup struct {
	ID        string          `json:"id" example:"support-mail"`
	Name      string          `json:"name,omitempty" example:"Support mail"`
	Type      string          `json:"type" enum:"chat,email,form,calling,whatsapp,messenger" example:"email"`
	Address   string          `json:"address,omitempty" example:"support@acme.example" doc:"E-mail address or telephone number."`
	Fallback  bool            `json:"fallback,omitempty" doc:"It is the account's fallback e-mail address, which cannot move."`
	Connected string          `json:"connected,omitempty" example:"support-mail" doc:"Of a form: ID of the e-mail channel by which agents answer it."`
	Bot       *Bot            `json:"bot,omitempty" doc:"Of a chat flow with a bot."`
	Settings  json.RawMessage `json:"settings,omitempty" example:"{\"signature\":\"Your Acme team\",\"routing\":{\"agents\":[\"ann\"]}}" doc:"Any JSON object; it is kept byte for byte. Read from it are routing.agents, routing.team, automation.keepClosed and tickets.status."`
}

// Bot answers on a chat channel before agents do.
type Bot struct {
	HandsOverTo    []Target `json:"handsOverTo,omitempty" nullable:"false" doc:"To whom it hands over."`
	CreatesTickets bool     `json:"createsTickets,omitempty" doc:"It creates tickets itself."`
	UsesInbox      bool     `json:"usesInbox,omitempty" doc:"Some action of it points at the old inbox."`
}

// Target is an agent or a team; exactly one is set.
type Target struct {
	Agent string `json:"agent,omitempty" example:"ann"`
	Team  string `json:"team,omitempty" example:"first-line"`
}
