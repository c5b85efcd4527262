package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/desk"
	"deskmove/shared/progress"
)

func (r *routes) moves() {
	add(r, operation{
		id: "start-move", method: http.MethodPost, path: "/v1/moves", tag: tagMoves, roles: everyone, audits: desk.ActionStart, status: http.StatusAccepted,
		summary: "Start a move, or a rehearsal of one",
		description: "Moves a channel from the inbox to the help desk, for good: a move cannot be stopped, undone or repeated, and an " +
			"account moves one channel at a time. Only a super administrator may start one, by the token and by the account's " +
			"setup as it is now; every refusal is in the audit log. Read the channel's plan first, and acknowledge its warnings " +
			"by their codes.\n\nThe answer comes at once and names the move; follow it at Location. With an Idempotency-Key the " +
			"same request may be sent again, and answers with the move that the first one started.",
		problems: []error{
			&desk.RefusedError{Code: desk.CodeNotSuperAdmin, Problem: "only a super administrator of the account moves a channel",
				Remedy: "ask a super administrator to start the move"},
			desk.Account{Plan: desk.Starter}.MayUseDesk(),
			desk.Channel{Home: desk.Moving, Move: exampleMove}.Movable(),
			desk.Channel{Home: desk.HelpDesk, Move: exampleMove}.Movable(),
			desk.Channel{Fallback: true}.Movable(),
			desk.Channel{Type: desk.WhatsApp}.Movable(),
			&admin.RunningError{Move: exampleMove},
			&admin.BlockedError{Warnings: []desk.Finding{exampleWarning}},
			&admin.KeyReusedError{Move: exampleMove},
		},
	}, r.api.startMove)
	add(r, operation{
		id: "list-moves", method: http.MethodGet, path: "/v1/moves", tag: tagMoves, roles: admins,
		summary:     "List the moves",
		description: "Moves and rehearsals of the account, the newest first. Those that run have their progress.",
	}, r.api.listMoves)
	add(r, operation{
		id: "get-move", method: http.MethodGet, path: "/v1/moves/{id}", tag: tagMoves, roles: admins,
		summary: "See how far a move is", description: "What was chosen, how far the move is and how long it will take.",
	}, r.api.getMove)
	add(r, operation{
		id: "list-samples", method: http.MethodGet, path: "/v1/moves/{id}/samples", tag: tagMoves, roles: admins,
		summary: "See how a move has gone so far",
		description: "How far the move was from time to time, the oldest first: at most 240 samples, however long it takes. A move looks " +
			"often at first and more seldom as time goes by. While it compares, the counts stay as they are.",
	}, r.api.listSamples)
	add(r, operation{
		id: "retry-move", method: http.MethodPost, path: "/v1/moves/{id}/retry", tag: tagMoves, roles: everyone, audits: desk.ActionRetry, status: http.StatusAccepted,
		summary: "Try again what failed",
		description: "Makes a move at attention run again for the conversations that could not be converted. Settle their reasons " +
			"first: look at its failures. The statuses that the move gives to tickets must still be there.",
		problems: []error{
			&desk.RefusedError{Code: desk.CodeNothingToRetry, Problem: "the move has not ended, or no conversation failed",
				Remedy: "wait for its end and look at its failures"},
			&admin.RunningError{Move: exampleMove},
		},
	}, r.api.retryMove)
	r.reports()
}

type startInput struct {
	Key  string `header:"Idempotency-Key" example:"move-support-mail-1" doc:"1 to 64 letters, digits, dots, underscores, at signs and hyphens. The same key with another request is refused."`
	Body NewMove
}

type accepted struct {
	Location string `header:"Location" doc:"Where the move is."`
	Body     ChannelMove
}

func (a *api) startMove(ctx context.Context, c desk.Admitted, in *startInput) (*accepted, error) {
	if in.Key != "" {
		if err := desk.CheckID("Idempotency-Key", in.Key); err != nil {
			return nil, err
		}
	}
	choices := in.Body.read().WithDefaults()
	m, err := a.Starter.Start(ctx, c.Caller, choices, desk.Idempotency{Key: in.Key, Hash: hash(choices)})
	if err != nil {
		return nil, err
	}
	return &accepted{"/v1/moves/" + m.ID, writeMove(m)}, nil
}

// hash tells requests apart, however they were written.
func hash(c desk.Choices) string {
	text, _ := json.Marshal(c) // strings and booleans only: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

type movesInput struct {
	Cursor    string `query:"cursor" doc:"next of the page before; without it, the first page."`
	Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most items of the page."`
	Channel   string `query:"channel" example:"support-mail" doc:"Only those of this channel."`
	Rehearsal string `query:"rehearsal" enum:"true,false" doc:"Only rehearsals, or only moves."`
	Status    string `query:"status" enum:"starting,running,attention,done,unsettled" doc:"Only those with this status; unsettled are all that are not done: they run, or wait for a person."`
}

// unsettled asks for all moves that are not done.
const unsettled = "unsettled"

// keeps reports whether a move is one of those asked for.
func (in *movesInput) keeps(m desk.Move) bool {
	return (in.Channel == "" || in.Channel == m.Choices.Channel) &&
		(in.Rehearsal == "" || in.Rehearsal == strconv.FormatBool(m.Choices.Rehearsal)) &&
		(in.Status == "" || in.Status == string(m.Status) || in.Status == unsettled && m.Status != desk.Done)
}

func (a *api) listMoves(ctx context.Context, c desk.Admitted, in *movesInput) (*body[list[ChannelMove]], error) {
	after, err := readCursor("moves", in.Cursor)
	if err != nil {
		return nil, err
	}
	ms, more, err := a.Moves.List(ctx, c.Account, after, in.Limit, in.keeps)
	if err != nil {
		return nil, err
	}
	l := list[ChannelMove]{Items: make([]ChannelMove, len(ms))}
	if more {
		l.Next = writeCursor("moves", ms[len(ms)-1].ID)
	}
	for i, m := range ms {
		l.Items[i] = writeMove(m)
		if !m.EndedAt.IsZero() {
			continue
		}
		course, err := a.Ledger.Course(ctx, c.Account, m.ID)
		if err != nil {
			return nil, err
		}
		l.Items[i].follow(m, course, a.Now())
	}
	return &body[list[ChannelMove]]{l}, nil
}

type moveInput struct {
	ID string `path:"id" example:"m1795000000000a1b2c3d4" doc:"ID of the move."`
}

func (a *api) getMove(ctx context.Context, c desk.Admitted, in *moveInput) (*polled[ChannelMove], error) {
	m, err := a.Monitor.Overview(ctx, c.Account, in.ID)
	if err != nil {
		return nil, err
	}
	w := writeMove(m.Move)
	w.follow(m.Move, m.Course, a.Now())
	w.Access, w.Expected = m.Access, m.Expected
	w.Progress = &Progress{m.Planned, m.Done, m.Created, m.AsIs, m.Live, m.Stayed, m.Failed}
	rate := twoDigits(m.Rate)
	w.OpenBatches, w.RatePerSecond, w.ETASeconds = &m.Open, &rate, writeLeft(m.Left)
	return &polled[ChannelMove]{pace(m.Move), w}, nil
}

// Figures that go with the clock are as exact as anybody needs them, so that an answer
// stays the same, and its tag with it, while the move is where it was.

// stuckStep is how exactly it is said for how long a move has got no further.
const stuckStep = 15 * time.Second

// writeLeft rounds what is left of a move: nobody can tell an hour to the minute. It is
// nil if nobody can say.
func writeLeft(left time.Duration) *int64 {
	if left < 0 {
		return nil
	}
	step := 15 * time.Minute
	switch {
	case left < 2*time.Minute:
		step = 5 * time.Second
	case left < 10*time.Minute:
		step = time.Minute
	case left < time.Hour:
		step = 5 * time.Minute
	}
	return new(int64(left.Round(step).Seconds()))
}

// twoDigits rounds a number to its first two digits.
func twoDigits(x float64) float64 {
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 2, 64), 64)
	return x
}

// follow adds what a move has noted of itself.
func (w *ChannelMove) follow(m desk.Move, course desk.Course, now time.Time) {
	s := course.Last()
	w.Expected, w.LookedAt = progress.Expected(m, course.Planned), s.At
	w.Progress = &Progress{course.Planned, s.Done, s.Created, s.AsIs, s.Live, max(s.Done-s.Created-s.AsIs-s.Live-s.Failed, 0), s.Failed}
	if !m.EndedAt.IsZero() {
		return
	}
	stuck := int64(progress.StuckFor(m, course, now).Truncate(stuckStep).Seconds())
	w.StuckSeconds = &stuck
	if course.Waits != "" {
		w.Waiting = &Waiting{string(course.Waits), course.Since}
	}
}

// pace returns when whoever watches a move should ask again, in seconds.
func pace(m desk.Move) int {
	if m.Status == desk.Starting || m.Status == desk.Running {
		return pollRunning
	}
	return pollIdle
}

func (a *api) listSamples(ctx context.Context, c desk.Admitted, in *moveInput) (*polled[samples], error) {
	m, err := a.Moves.Get(ctx, c.Account, in.ID)
	if err != nil {
		return nil, err
	}
	course, err := a.Ledger.Course(ctx, c.Account, in.ID)
	if err != nil {
		return nil, err
	}
	w := samples{Items: make([]Sample, len(course.Samples))}
	for i, s := range course.Samples {
		w.Items[i] = Sample(s)
	}
	return &polled[samples]{pace(m), w}, nil
}

func (a *api) retryMove(ctx context.Context, c desk.Admitted, in *moveInput) (*accepted, error) {
	m, err := a.Retrier.Retry(ctx, c.Caller, in.ID)
	if err != nil {
		return nil, err
	}
	return &accepted{"/v1/moves/" + m.ID, writeMove(m)}, nil
}
