package simulation

import (
	"encoding/json"
	"slices"
	"time"

	"deskmove/shared/desk"
)

// settings of every channel, which must stay byte for byte.
var settings = json.RawMessage(`{"routing":{"agents":["ann","bob"]},  "signature":"–"}`)

// mailAddress is the e-mail channel's.
const mailAddress = "support@a.example"

// firstReply is how soon tickets have their first reply, by the only policy.
const firstReply = 4 * time.Hour

// newSetup returns an account's first setup.
func newSetup(account string) desk.Setup {
	channel := func(id string, of desk.ChannelType, connected string) desk.Channel {
		return desk.Channel{Account: account, ID: id, Name: id, Type: of, Connected: connected, Settings: slices.Clone(settings)}
	}
	mail := channel("mail", desk.Email, "")
	mail.Address = mailAddress
	return desk.Setup{
		Account: desk.Account{ID: account, Name: account, Plan: desk.Professional, Zone: "UTC"},
		Agents: []desk.Agent{
			{ID: "ann", Name: "Ann", Email: "ann@a.example", Role: desk.SuperAdmin, HelpDesk: true},
			{ID: "bob", Name: "Bob", Email: "bob@a.example", Role: desk.AgentRole, HelpDesk: true},
			{ID: "cem", Name: "Cem", Email: "cem@a.example", Role: desk.AgentRole},
		},
		Pipelines: []desk.Pipeline{{ID: "support", Name: "Support", Statuses: []desk.PipelineStatus{
			{ID: "new", Name: "New"}, {ID: "waiting", Name: "Waiting"}, {ID: "solved", Name: "Solved", Closed: true},
		}}},
		Policies: []desk.Policy{{ID: "gold", Name: "Gold", FirstReply: firstReply, NextReply: 8 * time.Hour, Close: 48 * time.Hour}},
		Channels: []desk.Channel{mail, channel("form", desk.Form, "mail"), channel("chat", desk.Chat, "")},
	}
}
