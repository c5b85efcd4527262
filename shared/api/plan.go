package api

import (
	"context"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

type planInput struct {
	ID      string `path:"id" example:"support-mail" doc:"ID of the channel."`
	History string `query:"history" required:"true" enum:"all,none" example:"all" doc:"Which older conversations would go along."`
	Open    string `query:"open" example:"new" doc:"With history all: the ticket status of open conversations."`
	Closed  string `query:"closed" example:"solved" doc:"With history all: the ticket status of closed conversations."`
	SLA     string `query:"sla" enum:"from-move,original,none" example:"from-move" doc:"With history all: from when the clocks of older conversations would count. Without it, from the move."`
}

func (a *api) getPlan(ctx context.Context, c desk.Caller, in *planInput) (*body[Plan], error) {
	if err := a.superAdmin(ctx, c); err != nil {
		return nil, err
	}
	choices := desk.Choices{
		Channel: in.ID, History: desk.HistoryChoice(in.History), SLA: desk.SLAMode(in.SLA),
		Statuses: desk.StatusMap{Open: desk.Status(in.Open), Closed: desk.Status(in.Closed)},
	}
	p, err := a.Planner.Plan(ctx, c.Account, in.ID, choices)
	if err != nil {
		return nil, err
	}
	return &body[Plan]{writePlan(choices, p)}, nil
}

// Plan is what an admin should know before a start.
type Plan struct {
	ChannelID  string    `json:"channelId" example:"support-mail"`
	History    string    `json:"history" enum:"all,none" example:"all"`
	Blockers   []Finding `json:"blockers" nullable:"false" doc:"With any of these no move starts."`
	Warnings   []Finding `json:"warnings" nullable:"false" doc:"Acknowledge each by its code when you start the move."`
	QuietHours []Window  `json:"quietHours" nullable:"false" doc:"The quietest hours of the week on this channel, from its own history, the quietest first; the first is recommended. None without history."`
	Estimate   Estimate  `json:"estimate"`

	Conversations int64            `json:"conversations" example:"100000"`
	Open          int64            `json:"open" example:"1200"`
	Closed        int64            `json:"closed" example:"98800"`
	WithTicket    int64            `json:"withTicket" example:"1790" doc:"Conversations that have a ticket already, which moves as it is."`
	Breaching     *int64           `json:"breaching,omitempty" example:"1100" doc:"Tickets that would breach at once if clocks counted from the original times. Absent unless open and closed are given, since promises depend on the status."`
	Owned         map[string]int64 `json:"owned" example:"{\"ann\":600,\"cem\":37}" doc:"Conversations by the agent who owns them."`
	LeftBehind    map[string]int64 `json:"leftBehind" example:"{\"contact-form\":250}" doc:"Conversations of connected channels, which stay where they are."`
	Sampled       bool             `json:"sampled" doc:"The channel has more conversations than were read, the newest ones, so that counts are lower bounds. A rehearsal counts all."`
}

// Finding is one thing that speaks against a move.
type Finding struct {
	Code    string      `json:"code" example:"agents-without-access" doc:"Stable; programs may rely on it."`
	Problem string      `json:"problem" example:"agents without help desk access own 37 conversations: cem 37"`
	Remedy  string      `json:"remedy" example:"give them help desk access, or accept that the tickets will have no owner"`
	Params  desk.Params `json:"params,omitempty" nullable:"false" doc:"What problem and remedy name beside n and each, by name: with the code they can be said in any language."`
	N       int64       `json:"n,omitempty" example:"37" doc:"How many of what the problem counts."`
	Each    []Share     `json:"each,omitempty" nullable:"false" doc:"The agents, teams or channels it is about, the weightiest first."`
}

// Share is one of those that a finding is about.
type Share struct {
	ID string `json:"id" example:"cem" doc:"ID of the agent, team or channel."`
	N  int64  `json:"n,omitempty" example:"37" doc:"How many of the finding's n are its; absent if it counts as one."`
}

// Window is a recommended time to start a move.
type Window struct {
	StartAt  time.Time `json:"startAt" example:"2026-11-29T03:00:00+01:00" doc:"Its next occurrence, in the account's time zone."`
	EndAt    time.Time `json:"endAt" example:"2026-11-29T06:00:00+01:00"`
	Messages int64     `json:"messages" example:"3" doc:"Conversations that began in this window of the week, in all that was read."`
}

// Estimate is how long a move takes on AWS and what it costs there.
type Estimate struct {
	Conversations   int64   `json:"conversations" example:"100000" doc:"To be moved."`
	ShortestSeconds int64   `json:"shortestSeconds" example:"15" doc:"If the tables are warm and the channel is silent."`
	LongestSeconds  int64   `json:"longestSeconds" example:"83" doc:"If the tables are cold and live traffic takes its full share."`
	WriteUnits      float64 `json:"writeUnits" example:"205000" doc:"DynamoDB write units."`
	Dollars         float64 `json:"dollars" example:"0.14" doc:"US dollars, at the prices of us-east-1."`
}

func writePlan(choices desk.Choices, p move.Plan) Plan {
	w := Plan{
		ChannelID: choices.Channel, History: string(choices.History),
		Blockers: writeFindings(p.Blockers), Warnings: writeFindings(p.Warnings),
		QuietHours: make([]Window, len(p.QuietHours)),
		Estimate: Estimate{
			Conversations: p.Estimate.Conversations, WriteUnits: p.Estimate.Writes, Dollars: p.Estimate.Dollars,
			ShortestSeconds: int64(p.Estimate.Shortest.Seconds()), LongestSeconds: int64(p.Estimate.Longest.Seconds()),
		},
		Conversations: p.Conversations, Open: p.Open, Closed: p.Closed, WithTicket: p.WithTicket,
		Owned: make(map[string]int64), LeftBehind: p.LeftBehind, Sampled: p.Sampled,
	}
	for i, q := range p.QuietHours {
		w.QuietHours[i] = Window{q.Start, q.End, q.Messages}
	}
	for agent, n := range p.Owned {
		if agent != "" {
			w.Owned[agent] = n
		}
	}
	if choices.Statuses != (desk.StatusMap{}) {
		w.Breaching = &p.Breaching
	}
	return w
}

func writeFindings(fs []desk.Finding) []Finding {
	ws := make([]Finding, len(fs))
	for i, f := range fs {
		ws[i] = Finding{Code: f.Code, Problem: f.Problem, Remedy: f.Remedy, Params: f.Params, N: f.Count}
		for _, s := range f.Each {
			ws[i].Each = append(ws[i].Each, Share(s))
		}
	}
	return ws
}
