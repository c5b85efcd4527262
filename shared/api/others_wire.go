package api

import "time"

// me is the caller, as the store has it now.
type me struct {
	Account     string `json:"account" example:"acme" doc:"ID of the account."`
	AccountName string `json:"accountName,omitempty" example:"Acme"`
	Plan        string `json:"plan" enum:"free,starter,professional,enterprise" example:"professional"`
	Zone        string `json:"zone,omitempty" example:"Europe/Berlin" doc:"IANA time zone of the account."`
	Agent       string `json:"agent" example:"ann" doc:"ID of the agent, or the connector's name."`
	Name        string `json:"name,omitempty" example:"Ann"`
	Role        string `json:"role" enum:"super-admin,agent,connector" example:"super-admin" doc:"The role that the store has now, which may be another than the token's."`
	HelpDesk    bool   `json:"helpDesk" doc:"Has help desk access."`
}

// channel is one way by which customers reach the account, and where it lives.
type channel struct {
	ID        string    `json:"id" example:"support-mail"`
	Name      string    `json:"name" example:"Support mail"`
	Type      string    `json:"type" enum:"chat,email,form,calling,whatsapp,messenger" example:"email"`
	Address   string    `json:"address,omitempty" example:"support@acme.example"`
	Fallback  bool      `json:"fallback" doc:"It is the account's fallback e-mail address."`
	Connected string    `json:"connected,omitempty" doc:"Of a form: the e-mail channel by which agents answer it."`
	HasBot    bool      `json:"hasBot"`
	Home      string    `json:"home" enum:"inbox,moving,helpdesk" example:"inbox" doc:"Where it lives. It only ever goes forward."`
	FenceAt   time.Time `json:"fenceAt,omitzero" doc:"Since when new conversations go to the help desk."`
	MoveID    string    `json:"moveId,omitempty" doc:"The move that took it there."`
	Refusal   *finding  `json:"refusal,omitempty" doc:"Why it cannot move; absent if it may. The plan says more."`
}

// notice is a banner: a channel is moving.
type notice struct {
	ChannelID   string    `json:"channelId" example:"support-mail"`
	ChannelName string    `json:"channelName" example:"Support mail"`
	MoveID      string    `json:"moveId" example:"m1795000000000a1b2c3d4"`
	Status      string    `json:"status" enum:"starting,running,attention" example:"running"`
	Since       time.Time `json:"since"`
	Percent     int       `json:"percent" minimum:"0" maximum:"100" example:"42" doc:"How far it is."`
}

// auditEntry is one line of the audit log.
type auditEntry struct {
	ID        string    `json:"id" example:"start-m1795000000000a1b2c3d4"`
	At        time.Time `json:"at"`
	By        string    `json:"by" example:"ann" doc:"ID of the agent, or deskmove."`
	Action    string    `json:"action" enum:"start,refuse,rehearse,retry,end" example:"start"`
	MoveID    string    `json:"moveId,omitempty" example:"m1795000000000a1b2c3d4"`
	ChannelID string    `json:"channelId,omitempty" example:"support-mail"`
	Detail    string    `json:"detail,omitempty" doc:"Such as the reason of a refusal."`
	Address   string    `json:"address,omitempty" example:"203.0.113.7" doc:"From where."`
}

// notification is a message for agents that waits until a mailer has sent it.
type notification struct {
	ID        string    `json:"id" example:"live-t-c05jg3nrm7gk2v9x0q8s4t" doc:"Derives from what it tells, so that it is told once."`
	Kind      string    `json:"kind" enum:"live,ticket,digest" example:"live" doc:"live: a new conversation's ticket. ticket: a ticket of the move. digest: so many tickets of the move are now the agent's."`
	Agent     string    `json:"agent,omitempty" example:"ann" doc:"For whom; everyone with help desk access if it is absent."`
	TicketID  string    `json:"ticketId,omitempty" example:"t-c05jg3nrm7gk2v9x0q8s4t"`
	Tickets   int64     `json:"tickets,omitempty" example:"37" doc:"Of a digest: how many."`
	MoveID    string    `json:"moveId,omitempty" example:"m1795000000000a1b2c3d4"`
	ChannelID string    `json:"channelId,omitempty" example:"support-mail"`
	At        time.Time `json:"at"`
	SentAt    time.Time `json:"sentAt,omitzero" doc:"Absent until it was delivered."`
}
