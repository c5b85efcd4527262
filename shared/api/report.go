package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/support"
)

func (r *routes) reports() {
	add(r, operation{
		id: "get-report", method: http.MethodGet, path: "/v1/moves/{id}/report", tag: tagMoves, roles: admins,
		summary: "Read the proof of a move",
		description: "What was found, what became of it, and a checksum over (conversation, start, status, owner) worked out from both " +
			"sides. There is a report when the move has ended. A rehearsal's says what a move would do.",
		problems: []error{notEnded()},
	}, r.api.getReport)
	answer := r.huma.OpenAPI().Paths["/v1/moves/{id}/report"].Get.Responses["200"]
	answer.Content = map[string]*huma.MediaType{
		"application/json": {Schema: r.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Report](), true, "")},
		"text/csv":         {Schema: &huma.Schema{Type: huma.TypeString}},
	}
	add(r, operation{
		id: "list-failures", method: http.MethodGet, path: "/v1/moves/{id}/failures", tag: tagMoves, roles: admins,
		summary:     "List what could not be converted",
		description: "Conversations that could not be converted, each with its reason, in the order of their IDs, the last first. Settle the reasons, then retry the move.",
	}, r.api.listFailures)
}

func notEnded() error {
	return &desk.RefusedError{Code: codeNotEnded, Problem: "the move has not ended, so there is no report yet",
		Remedy: "wait until its status is done or attention"}
}

// Report is the proof of a move.
type Report struct {
	MoveID       string           `json:"moveId" example:"m1795000000000a1b2c3d4"`
	ChannelID    string           `json:"channelId" example:"support-mail"`
	Status       string           `json:"status" enum:"attention,done" example:"done"`
	Rehearsal    bool             `json:"rehearsal" doc:"Nothing has been written; the numbers are what would be."`
	By           string           `json:"by" example:"ann" doc:"ID of the agent who started it."`
	StartedAt    time.Time        `json:"startedAt"`
	FenceAt      time.Time        `json:"fenceAt,omitzero" doc:"Since when new conversations go to the help desk. A rehearsal has no fence."`
	EndedAt      time.Time        `json:"endedAt"`
	Phases       []Phase          `json:"phases" nullable:"false" doc:"What it did, in order."`
	Choices      Choices          `json:"choices"`
	Found        int64            `json:"found" example:"100000" doc:"Conversations of the channel that belong to the move."`
	Created      int64            `json:"created" example:"98200" doc:"Tickets made from history."`
	AsIs         int64            `json:"asIs" example:"1790" doc:"Conversations moved with the ticket they had."`
	Redirected   int64            `json:"redirected" example:"8" doc:"Tickets made for conversations that came after the start."`
	Failed       int64            `json:"failed" example:"2" doc:"Conversations that could not be converted; each is among the failures with its reason."`
	OwnersLost   int64            `json:"ownersLost" example:"37" doc:"Tickets without an owner because the conversation's owner has no help desk access."`
	OwnersLostBy []Share          `json:"ownersLostBy" nullable:"false" doc:"Whose they were, the most first: of the 20 agents who had the most when it started. ownersLost counts those of others too."`
	Breaches     int64            `json:"breaches" example:"0" doc:"Tickets of which a clock was past when they were made."`
	ByStatus     map[string]int64 `json:"byStatus" example:"{\"new\":1200,\"solved\":98800}" doc:"Tickets by the status that the move gave them."`
	Compared     Compared         `json:"compared"`
	Checksum     Checksum         `json:"checksum"`
	LeftBehind   []Share          `json:"leftBehind" nullable:"false" doc:"Connected channels that are still in the inbox, with how many conversations they have now. Move them next."`
	NewSince     *Figure          `json:"newSince,omitempty" doc:"Of a rehearsal: how many conversations have joined the channel since it began."`
}

// Choices are what was chosen for a move.
type Choices struct {
	History       string     `json:"history" enum:"all,none" example:"all"`
	StatusMap     *StatusMap `json:"statusMap,omitempty"`
	SLA           string     `json:"sla" enum:"from-move,original,none" example:"from-move"`
	Notifications string     `json:"notifications" enum:"quiet,digest,all" example:"quiet"`
	Acknowledged  []string   `json:"acknowledged" nullable:"false" example:"[\"agents-without-access\"]"`
}

// Compared says how many were compared, on either side.
type Compared struct {
	Inbox int64 `json:"inbox" example:"99998" doc:"Conversations: those found but those that failed."`
	Desk  int64 `json:"desk" example:"99998" doc:"Tickets: created, moved as they were, and live ones."`
}

// Checksum is over (conversation, start, status, owner).
type Checksum struct {
	Inbox string `json:"inbox" example:"9f86d081884c7d65" doc:"What the conversations say, 64 bits in hex."`
	Desk  string `json:"desk" example:"9f86d081884c7d65" doc:"What the tickets say, 64 bits in hex."`
	Equal bool   `json:"equal" example:"true" doc:"Both sides agree."`
}

type reportInput struct {
	ID     string `path:"id" example:"m1795000000000a1b2c3d4" doc:"ID of the move."`
	Accept string `header:"Accept" doc:"text/csv answers with a table of the totals and the first 1,000 failures, for a spreadsheet."`
}

type reportOutput struct {
	ContentType string `header:"Content-Type"`
	Body        any
}

func (a *api) getReport(ctx context.Context, c desk.Admitted, in *reportInput) (*reportOutput, error) {
	m, err := a.Moves.Get(ctx, c.Account, in.ID)
	if err != nil {
		return nil, err
	}
	if m.EndedAt.IsZero() {
		return nil, notEnded()
	}
	w := writeReport(m)
	if err := a.compareWithToday(ctx, m, &w); err != nil {
		return nil, err
	}
	if !wantsCSV(in.Accept) {
		return &reportOutput{"application/json", w}, nil
	}
	now := a.Now()
	export := c.Entry(desk.ActionExport, fmt.Sprintf("%s-%d", c.Agent, now.UnixNano()), now)
	export.Move, export.Channel, export.Detail = m.ID, m.Choices.Channel, "report" // its failures name customers
	if err := a.Audit.Audit(ctx, export); err != nil {
		return nil, err
	}
	failures, _, err := a.Ledger.Failures(ctx, c.Account, m.ID, "", "", maxInCSV)
	if err != nil {
		return nil, err
	}
	joined, err := a.join(ctx, c, failures)
	if err != nil {
		return nil, err
	}
	return &reportOutput{csvType, writeCSV(w, joined)}, nil
}

// maxNewSince is how many conversations that came after a rehearsal are counted.
const maxNewSince = 10_000

// compareWithToday adds to a report what has changed since.
func (a *api) compareWithToday(ctx context.Context, m desk.Move, w *Report) error {
	if m.Choices.Rehearsal {
		n, err := a.Conversations.Count(ctx, m.Account, support.Stretch{
			Channel: m.Choices.Channel, Until: desk.Position{Joined: m.StartedAt},
		}, maxNewSince, maxNewSince)
		if err != nil {
			return err
		}
		w.NewSince = &Figure{n.N, string(n.Is)}
	}
	setup, err := a.Setups.Setup(ctx, m.Account)
	if err != nil {
		return err
	}
	c, ok := setup.Channel(m.Choices.Channel)
	if !ok {
		return nil // it was taken away after a rehearsal
	}
	for _, other := range setup.ConnectedChannels(c) {
		if other.Home != desk.Inbox {
			continue
		}
		n, err := a.Volumes.Count(ctx, m.Account, other.ID)
		if err != nil {
			return err
		}
		w.LeftBehind = append(w.LeftBehind, Share{other.ID, n.N})
	}
	return nil
}

func writeReport(m desk.Move) Report {
	r := m.Report
	w := Report{
		MoveID: m.ID, ChannelID: m.Choices.Channel, Status: string(m.Status), Rehearsal: m.Choices.Rehearsal, By: m.By,
		StartedAt: m.StartedAt, FenceAt: m.FenceAt, EndedAt: m.EndedAt, Phases: writePhases(m.Phases), Choices: writeChoices(m.Choices),
		Found: r.Found, Created: r.Created, AsIs: r.AsIs, Redirected: r.Redirected, Failed: r.Failed,
		OwnersLost: r.OwnersLost, Breaches: r.Breaches, ByStatus: make(map[string]int64, len(r.ByStatus)),
		OwnersLostBy: []Share{}, LeftBehind: []Share{}, Compared: Compared{r.Found - r.Failed, r.Created + r.AsIs + r.Redirected},
		Checksum: Checksum{r.InboxSum, r.DeskSum, r.InboxSum == r.DeskSum},
	}
	for status, n := range r.ByStatus {
		w.ByStatus[string(status)] = n
	}
	for agent, n := range r.LostBy {
		w.OwnersLostBy = append(w.OwnersLostBy, Share{agent, n})
	}
	slices.SortFunc(w.OwnersLostBy, func(a, b Share) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.ID, b.ID)) })
	return w
}

func writeChoices(c desk.Choices) Choices {
	w := Choices{
		History: string(c.History), SLA: string(c.SLA), Notifications: string(c.Notifications), Acknowledged: append([]string{}, c.Acknowledged...),
	}
	if c.Statuses != (desk.StatusMap{}) {
		w.StatusMap = &StatusMap{string(c.Statuses.Open), string(c.Statuses.Closed)}
	}
	return w
}

// Failure is a conversation that could not be converted, and why.
type Failure struct {
	ConversationID string      `json:"conversationId" example:"c05jg3nrm7gk2v9x0q8s4t"`
	Code           string      `json:"code" example:"no-start-date" doc:"Stable; programs may rely on it."`
	Reason         string      `json:"reason" example:"the date it started is missing; set its started date and try again"`
	At             time.Time   `json:"at"`
	Subject        string      `json:"subject,omitempty" example:"Where is my order?" doc:"Only for callers with help desk access, as customer and params."`
	Customer       string      `json:"customer,omitempty" example:"jane@customer.example"`
	Params         desk.Params `json:"params,omitempty" nullable:"false" doc:"What reason names, by name: with the code it can be said in any language."`
}

type failuresInput struct {
	ID     string `path:"id" example:"m1795000000000a1b2c3d4" doc:"ID of the move."`
	Cursor string `query:"cursor" doc:"next of the page before; without it, the first page."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most items of the page."`
}

func (a *api) listFailures(ctx context.Context, c desk.Admitted, in *failuresInput) (*body[list[Failure]], error) {
	after, err := readCursor("failures", in.Cursor)
	if err != nil {
		return nil, err
	}
	if _, err := a.Moves.Get(ctx, c.Account, in.ID); err != nil {
		return nil, err
	}
	fs, more, err := a.Ledger.Failures(ctx, c.Account, in.ID, after, "", in.Limit)
	if err != nil {
		return nil, err
	}
	if len(fs) > in.Limit {
		fs, more = fs[:in.Limit], true
	}
	l := list[Failure]{}
	if more {
		l.Next = writeCursor("failures", fs[len(fs)-1].Conversation)
	}
	if l.Items, err = a.join(ctx, c, fs); err != nil {
		return nil, err
	}
	return &body[list[Failure]]{l}, nil
}

// join returns failures with what their conversations say, if the caller has help
// desk access (R21).
func (a *api) join(ctx context.Context, c desk.Admitted, fs []move.Failure) ([]Failure, error) {
	ws := make([]Failure, len(fs))
	of := make(map[string]*Failure, len(fs))
	for i, f := range fs {
		ws[i] = Failure{ConversationID: f.Conversation, Code: f.Code, Reason: f.Reason, At: f.At}
		of[f.Conversation] = &ws[i]
	}
	if !c.Person.HelpDesk || len(fs) == 0 {
		return ws, nil
	}
	found, err := a.Conversations.GetMany(ctx, c.Account, slices.Collect(maps.Keys(of)), false)
	for _, x := range found {
		w := of[x.ID]
		w.Subject, w.Customer = x.Subject, x.Customer
		if w.Code == desk.CodeUnknownState {
			w.Params = desk.Params{"value": desk.Truncate(string(x.Status), 80)}
		}
	}
	return ws, err
}
