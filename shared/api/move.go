package api

import (
	"time"

	"deskmove/shared/desk"
)

// NewMove is the request that starts a move.
type NewMove struct {
	ChannelID     string    `json:"channelId" example:"support-mail" doc:"The channel to move."`
	History       string    `json:"history" enum:"all,none" example:"all" doc:"Which older conversations go along: all of the channel's, or none. This cannot be made up for later."`
	StatusMap     StatusMap `json:"statusMap,omitzero" doc:"Required with history all: the ticket statuses of open and of closed conversations, of one pipeline. Leave it out with history none."`
	SLA           string    `json:"sla,omitempty" enum:"from-move,original,none" example:"from-move" doc:"From when the clocks of older conversations count: from the move (this is the default), from the original times, or not at all."`
	Notifications string    `json:"notifications,omitempty" enum:"quiet,digest,all" example:"quiet" doc:"What agents hear of older conversations: nothing (this is the default), one message each at the end, or everything. Live conversations always notify."`
	Acknowledged  []string  `json:"acknowledged,omitempty" nullable:"false" maxItems:"20" example:"[\"agents-without-access\"]" doc:"Codes of the plan's warnings that you have read. A warning that is not among them refuses the start."`
	Rehearsal     bool      `json:"rehearsal,omitempty" doc:"Runs the whole move without writing anything but its report."`
}

// StatusMap gives the ticket statuses of open and closed conversations.
type StatusMap struct {
	Open   string `json:"open,omitempty" example:"new" doc:"ID of an open status."`
	Closed string `json:"closed,omitempty" example:"solved" doc:"ID of a closed status of the same pipeline."`
}

// ChannelMove is one channel's way from the inbox to the help desk, or a rehearsal
// of it. The fields from access on are there only when one move is read.
type ChannelMove struct {
	ID            string     `json:"id" example:"m1795000000000a1b2c3d4"`
	ChannelID     string     `json:"channelId" example:"support-mail"`
	History       string     `json:"history" enum:"all,none" example:"all"`
	StatusMap     *StatusMap `json:"statusMap,omitempty"`
	SLA           string     `json:"sla" enum:"from-move,original,none" example:"from-move"`
	Notifications string     `json:"notifications" enum:"quiet,digest,all" example:"quiet"`
	Acknowledged  []string   `json:"acknowledged,omitempty" nullable:"false" example:"[\"agents-without-access\"]"`
	Rehearsal     bool       `json:"rehearsal"`

	Status    string    `json:"status" enum:"starting,running,attention,done" example:"running" doc:"attention: it has ended, conversations failed, and the channel redirects all the same. Look at its failures, then retry."`
	Phases    []Phase   `json:"phases" nullable:"false" doc:"What it has done so far and what it does now, in order. A retry begins again with list."`
	By        string    `json:"by" example:"ann" doc:"ID of the agent who started it."`
	StartedAt time.Time `json:"startedAt"`
	FenceAt   time.Time `json:"fenceAt,omitzero" doc:"Since when new conversations go to the help desk."`
	EndedAt   time.Time `json:"endedAt,omitzero"`

	Expected int64     `json:"expected" example:"100000" doc:"How many conversations it is expected to deal with: by its plan, and by its listing once that is complete."`
	Progress *Progress `json:"progress,omitempty" doc:"Of one move as it is now; in a list, of those that run, as it was when looked at last."`
	LookedAt time.Time `json:"looked,omitzero" doc:"When the move itself looked last at how far it is."`
	Waiting  *Waiting  `json:"waiting,omitempty"`

	StuckSeconds *int64 `json:"stuckSeconds,omitempty" example:"0" doc:"Seconds for which a running move has got no further, in steps of 15: no phase has begun, and no conversation was dealt with. A healthy one stays below two minutes."`

	Access        []string `json:"access,omitempty" nullable:"false" example:"[\"ann\",\"bob\"]" doc:"IDs of the agents who had help desk access at the fence. They, and nobody else, may own what moves."`
	OpenBatches   *int     `json:"openBatches,omitempty" example:"12" doc:"Batches that are not done, as far as they were counted: 400 means that many or more."`
	RatePerSecond *float64 `json:"ratePerSecond,omitempty" example:"850" doc:"Conversations a second since the fence, on average, to two digits."`
	ETASeconds    *int64   `json:"etaSeconds,omitempty" example:"95" doc:"Seconds until the move has ended, at this rate, rounded: to 5 below two minutes, to 60 below ten, to 300 below an hour, and to 900 above. The comparison counts, too. Absent while it is not known: before the channel has been listed, and after the end."`
}

// Phase is what a move does for a while.
type Phase struct {
	Phase     string    `json:"phase" enum:"redirect,list,convert,compare,report,rehearse" example:"convert"`
	StartedAt time.Time `json:"startedAt"`
	EndedAt   time.Time `json:"endedAt,omitzero" doc:"Absent while it lasts."`
}

// Waiting is what a running move waits for.
type Waiting struct {
	Code  string    `json:"code" enum:"throttled,late-batches,indexes-settling" example:"throttled" doc:"throttled: live traffic has the way. late-batches: nothing comes back, and what is late was sent again. indexes-settling: it gives the store time to show everything."`
	Since time.Time `json:"since"`
}

// Sample is how far a move was at a time.
type Sample struct {
	At      time.Time `json:"at"`
	Done    int64     `json:"done" example:"42000" doc:"Dealt with."`
	Created int64     `json:"created" example:"41200" doc:"Got a ticket from their history."`
	AsIs    int64     `json:"asIs" example:"790" doc:"Moved with the ticket they had."`
	Live    int64     `json:"live" example:"8" doc:"Came after the start and got a live ticket."`
	Failed  int64     `json:"failed" example:"2" doc:"Could not be converted."`
	Open    int64     `json:"open" example:"12" doc:"Batches that were not done, as far as they were counted: 400 means that many or more."`
}

// samples are all there are of a move.
type samples struct {
	Items []Sample `json:"items" nullable:"false" maxItems:"240"`
}

// PhaseNow returns what a move does now; "" before its first phase and after its end.
func (m ChannelMove) PhaseNow() string {
	if n := len(m.Phases); n > 0 && m.Phases[n-1].EndedAt.IsZero() {
		return m.Phases[n-1].Phase
	}
	return ""
}

// Progress counts conversations.
type Progress struct {
	Planned int64 `json:"planned" example:"100000" doc:"Listed so far; final once the channel has been listed."`
	Done    int64 `json:"done" example:"42000" doc:"Dealt with; the sum of the numbers below."`
	Created int64 `json:"created" example:"41200" doc:"Got a ticket from their history."`
	AsIs    int64 `json:"asIs" example:"790" doc:"Moved with the ticket they had."`
	Live    int64 `json:"live" example:"8" doc:"Came after the start and got a live ticket."`
	Stayed  int64 `json:"stayed" example:"0" doc:"Turned out not to be part of the move."`
	Failed  int64 `json:"failed" example:"2" doc:"Could not be converted."`
}

// read returns what was chosen. Unknown words are for the rules to refuse.
func (w NewMove) read() desk.Choices {
	return desk.Choices{
		Channel: w.ChannelID, History: desk.HistoryChoice(w.History), SLA: desk.SLAMode(w.SLA),
		Statuses:      desk.StatusMap{Open: desk.Status(w.StatusMap.Open), Closed: desk.Status(w.StatusMap.Closed)},
		Notifications: desk.NotificationMode(w.Notifications), Acknowledged: w.Acknowledged, Rehearsal: w.Rehearsal,
	}
}

func writePhases(stages []desk.Stage) []Phase {
	ps := make([]Phase, len(stages))
	for i, s := range stages {
		ps[i] = Phase{string(s.Phase), s.StartedAt, s.EndedAt}
	}
	return ps
}

func writeMove(m desk.Move) ChannelMove {
	c := m.Choices
	w := ChannelMove{
		ID: m.ID, ChannelID: c.Channel, History: string(c.History), SLA: string(c.SLA), Notifications: string(c.Notifications),
		Acknowledged: c.Acknowledged, Rehearsal: c.Rehearsal, Status: string(m.Status), By: m.By,
		StartedAt: m.StartedAt, FenceAt: m.FenceAt, EndedAt: m.EndedAt, Expected: m.Expected, Phases: writePhases(m.Phases),
	}
	if c.Statuses != (desk.StatusMap{}) {
		w.StatusMap = &StatusMap{string(c.Statuses.Open), string(c.Statuses.Closed)}
	}
	return w
}
