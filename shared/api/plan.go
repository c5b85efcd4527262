package api

import (
	"cmp"
	"context"
	"math"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/desk"
)

type planInput struct {
	ID            string `path:"id" example:"support-mail" doc:"ID of the channel."`
	History       string `query:"history" required:"true" enum:"all,none" example:"all" doc:"Which older conversations would go along."`
	Open          string `query:"open" example:"new" doc:"With history all: the ticket status of open conversations."`
	Closed        string `query:"closed" example:"solved" doc:"With history all: the ticket status of closed conversations."`
	SLA           string `query:"sla" enum:"from-move,original,none" example:"from-move" doc:"With history all: from when the clocks of older conversations would count. Without it, from the move."`
	Notifications string `query:"notifications" enum:"quiet,digest,all" example:"quiet" doc:"With history all: what agents would be told of older conversations, which has its price. Without it, nothing."`
}

func (a *api) getPlan(ctx context.Context, c desk.Admitted, in *planInput) (*body[Plan], error) {
	choices := desk.Choices{
		Channel: in.ID, History: desk.HistoryChoice(in.History), SLA: desk.SLAMode(in.SLA), Notifications: desk.NotificationMode(in.Notifications),
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
	ChannelID string    `json:"channelId" example:"support-mail"`
	History   string    `json:"history" enum:"all,none" example:"all"`
	Blockers  []Finding `json:"blockers" nullable:"false" doc:"With any of these no move starts."`
	Warnings  []Finding `json:"warnings" nullable:"false" doc:"Acknowledge each by its code when you start the move."`

	Conversations Figure     `json:"conversations" doc:"All that would move: those of the channel, or none without history. So it is with the figures that follow."`
	Open          Figure     `json:"open"`
	Closed        Figure     `json:"closed"`
	WithTicket    Figure     `json:"withTicket" doc:"Conversations that have a ticket already, which moves as it is."`
	Create        Figure     `json:"create" doc:"Conversations that have none and get one."`
	OwnersLost    Figure     `json:"ownersLost" doc:"Tickets that would have no owner because the conversation's has no help desk access."`
	Breaching     *Breaching `json:"breaching,omitempty" doc:"Tickets that would be overdue at once with each choice of SLA clocks. If open and closed are not given, they are taken to get the statuses of new tickets. Absent if the account's setup has none."`
	Messages      Messages   `json:"messages"`

	Hourly     []int64  `json:"hourly" nullable:"false" doc:"How many conversations began in each hour of the week in the account's time zone, Sunday 00 first, of the newest hourlyOf. All zero without history."`
	HourlyOf   int64    `json:"hourlyOf" example:"5000"`
	Zone       string   `json:"zone" example:"Europe/Berlin"`
	Quietest   *Quiet   `json:"quietest,omitempty" doc:"The quietest hours of the week on this channel. Absent without history."`
	QuietHours []Window `json:"quietHours" nullable:"false" doc:"When the three quietest stretches of the week come next, the quietest first; the first is recommended. None without history."`
	Estimate   Estimate `json:"estimate"`
}

// Figure is a number and how it was found.
type Figure struct {
	N  int64  `json:"n" example:"100000"`
	Is string `json:"is" enum:"exact,at-least,extrapolated" example:"exact" doc:"How it was found. Of a million conversations and more not all are counted, and of more than 5,000 not all are read. A rehearsal reads all."`
}

// String returns the number, and that it is no exact one.
func (f Figure) String() string { return desk.Figure{N: f.N, Is: desk.Certainty(f.Is)}.String() }

// Of returns the figure with what is counted, of which thing is the word for one.
func (f Figure) Of(thing string) string {
	return desk.Figure{N: f.N, Is: desk.Certainty(f.Is)}.Of(thing)
}

func writeFigure(f desk.Figure) Figure { return Figure{f.N, string(f.Is)} }

// Breaching is how many tickets would be overdue at once with each choice of clocks.
type Breaching struct {
	FromMove Figure `json:"fromMove"`
	Original Figure `json:"original"`
	None     Figure `json:"none"`
}

// Messages is how many notifications of older conversations each choice sends.
type Messages struct {
	Quiet  Figure `json:"quiet"`
	Digest Figure `json:"digest" doc:"One for each agent who would own tickets."`
	All    Figure `json:"all" doc:"One for each conversation."`
}

// Quiet is a stretch of the week in the account's time zone.
type Quiet struct {
	Weekday  int `json:"weekday" minimum:"0" maximum:"6" example:"0" doc:"0 is Sunday."`
	FromHour int `json:"fromHour" minimum:"0" maximum:"23" example:"3"`
	Hours    int `json:"hours" example:"3" doc:"How long it is; it may end on the next day."`
}

// Finding is one thing that speaks against a move.
type Finding struct {
	Code    string      `json:"code" example:"agents-without-access" doc:"Stable; programs may rely on it."`
	Problem string      `json:"problem" example:"agents without help desk access own 37 conversations: cem 37"`
	Remedy  string      `json:"remedy" example:"give them help desk access, or accept that the tickets will have no owner"`
	Params  desk.Params `json:"params,omitempty" nullable:"false" doc:"What problem and remedy name beside n and each, by name: with the code they can be said in any language."`
	N       int64       `json:"n,omitempty" example:"37" doc:"How many of what the problem counts."`
	Is      string      `json:"is,omitempty" enum:"exact,at-least,extrapolated" example:"exact" doc:"How n was found."`
	Each    []Share     `json:"each,omitempty" nullable:"false" doc:"The agents, teams or channels it is about, the weightiest first."`
}

// Share is one of those that a finding is about.
type Share struct {
	ID string `json:"id" example:"cem" doc:"ID of the agent, team or channel."`
	N  int64  `json:"n,omitempty" example:"37" doc:"How many of the finding's n are its; absent if it counts as one."`
}

// Window is a recommended time to start a move.
type Window struct {
	StartAt       time.Time `json:"startAt" example:"2026-11-29T03:00:00+01:00" doc:"Its next occurrence, in the account's time zone."`
	EndAt         time.Time `json:"endAt" example:"2026-11-29T06:00:00+01:00"`
	Conversations int64     `json:"conversations" example:"3" doc:"How many began in this window of the week, of those in hourly."`
}

// Estimate is how long a move takes on AWS and what it costs there.
type Estimate struct {
	Conversations   Figure  `json:"conversations" doc:"To be moved. How it was found goes for the whole estimate."`
	ShortestSeconds int64   `json:"shortestSeconds" example:"15" doc:"If the tables are warm and the channel is silent."`
	LongestSeconds  int64   `json:"longestSeconds" example:"49" doc:"If the tables are cold and live traffic takes its full share."`
	WriteUnits      float64 `json:"writeUnits" example:"104260" doc:"DynamoDB write units."`
	Dollars         float64 `json:"dollars" example:"0.08" doc:"US dollars, at the prices of us-east-1, to a hundredth of a cent."`
}

func writePlan(choices desk.Choices, p admin.Plan) Plan {
	w := Plan{
		ChannelID: choices.Channel, History: string(choices.History),
		Blockers: writeFindings(p.Blockers), Warnings: writeFindings(p.Warnings),
		Conversations: writeFigure(p.Conversations), Open: writeFigure(p.Open), Closed: writeFigure(p.Closed),
		WithTicket: writeFigure(p.WithTicket), Create: writeFigure(p.Create), OwnersLost: writeFigure(p.OwnersLost),
		Messages: Messages{writeFigure(p.Messages.Quiet), writeFigure(p.Messages.Digest), writeFigure(p.Messages.All)},
		Hourly:   p.Hourly[:], HourlyOf: p.HourlyOf, Zone: cmp.Or(p.Zone, "UTC"),
		QuietHours: make([]Window, len(p.QuietHours)),
		Estimate: Estimate{
			Conversations: writeFigure(p.Estimate.Conversations), WriteUnits: p.Estimate.Writes, Dollars: math.Round(p.Estimate.Dollars*1e4) / 1e4,
			ShortestSeconds: int64(p.Estimate.Shortest.Seconds()), LongestSeconds: int64(p.Estimate.Longest.Seconds()),
		},
	}
	if b := p.Breaching; b != nil {
		w.Breaching = &Breaching{writeFigure(b.FromMove), writeFigure(b.Original), writeFigure(b.None)}
	}
	for i, q := range p.QuietHours {
		w.QuietHours[i] = Window{q.Start, q.End, q.Conversations}
	}
	if len(p.QuietHours) > 0 {
		q := p.QuietHours[0]
		w.Quietest = &Quiet{Weekday: q.Hour / 24, FromHour: q.Hour % 24, Hours: int(q.End.Sub(q.Start).Hours())}
	}
	return w
}

func writeFindings(fs []desk.Finding) []Finding {
	ws := make([]Finding, len(fs))
	for i, f := range fs {
		ws[i] = Finding{Code: f.Code, Problem: f.Problem, Remedy: f.Remedy, Params: f.Params, N: f.Count, Is: string(f.Is)}
		for _, s := range f.Each {
			ws[i].Each = append(ws[i].Each, Share(s))
		}
	}
	return ws
}
