package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// problem is the body of every error: application/problem+json (RFC 9457) with a
// stable code and what to do.
type problem struct {
	Type     string         `json:"type" example:"about:blank" doc:"Always about:blank; the code says which problem it is."`
	Title    string         `json:"title" example:"Conflict" doc:"The status in words."`
	Status   int            `json:"status" example:"409"`
	Code     string         `json:"code" example:"move-running" doc:"Stable; programs may rely on it."`
	Detail   string         `json:"detail,omitempty" example:"move m1795000000000a1b2c3d4 is running" doc:"What is wrong."`
	Remedy   string         `json:"remedy,omitempty" example:"start this one when it has ended" doc:"What to do."`
	Params   desk.Params    `json:"params,omitempty" nullable:"false" doc:"What detail and remedy name, by name: with the code they can be said in any language."`
	Errors   []FieldProblem `json:"errors,omitempty" nullable:"false" doc:"What is wrong with the request, field by field: the first 20, then how many more."`
	Blockers []Finding      `json:"blockers,omitempty" nullable:"false" doc:"What makes the move impossible."`
	Warnings []Finding      `json:"warnings,omitempty" nullable:"false" doc:"Warnings that were not acknowledged."`
	MoveID   string         `json:"moveId,omitempty" doc:"The move that runs, or that has moved the channel."`
	TicketID string         `json:"ticketId,omitempty" doc:"The ticket to edit instead."`
	Current  any            `json:"current,omitempty" doc:"The conversation or ticket as it is now, if it is no longer as it was seen."`
	Link     string         `json:"link,omitempty" example:"/v1/moves/m1795000000000a1b2c3d4" doc:"Where the move or ticket is."`

	after time.Duration // when to retry; 0 sets no Retry-After
}

// FieldProblem says what is wrong with one field.
type FieldProblem struct {
	Field   string      `json:"field" example:"statusMap.open" doc:"Path of the field, or name of the parameter."`
	Code    string      `json:"code" example:"unknown-id" doc:"Stable; programs may rely on it."`
	Problem string      `json:"problem" example:"status \"nwe\" is unknown"`
	Remedy  string      `json:"remedy" example:"choose an open status of a pipeline of the account"`
	Params  desk.Params `json:"params,omitempty" nullable:"false" example:"{\"kind\":\"status\",\"value\":\"nwe\"}" doc:"What problem and remedy name, by name: with the code they can be said in any language."`
}

func newProblem(status int, code, detail, remedy string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail, Remedy: remedy}
}

func unauthenticated() *problem {
	return newProblem(http.StatusUnauthorized, codeUnauthenticated, "the request has no valid access token",
		"send one as Authorization: Bearer")
}

func unknownHost() *problem {
	return newProblem(http.StatusForbidden, codeHost, "the server does not answer to this host name",
		"use the address that it printed when it started, or start it with --host and this name")
}

func noRoute(path string) *problem {
	return newProblem(http.StatusNotFound, codeNotFound, fmt.Sprintf("there is nothing at %.200q", path),
		"look at /openapi.yaml for what there is")
}

func wrongMethod(method, allowed string) *problem {
	p := newProblem(http.StatusMethodNotAllowed, codeMethod, fmt.Sprintf("%.20s is not possible here", method), "use "+allowed)
	p.Params = desk.Params{"method": desk.Truncate(method, 20), "allowed": allowed}
	return p
}

func tooLarge(limit int64) *problem {
	p := newProblem(http.StatusRequestEntityTooLarge, codeTooLarge,
		fmt.Sprintf("the body is larger than %d KB", limit>>10), "send less; messages may have 10 MB and an account's setup 1 MB")
	p.Params = desk.Params{"kilobytes": strconv.FormatInt(limit>>10, 10)}
	return p
}

func unreadable() *problem {
	return newProblem(http.StatusBadRequest, codeUnreadable, "the body could not be read to its end", "send it again")
}

func noBody() *problem {
	return newProblem(http.StatusBadRequest, codeNoBody, "the request has no body", "send a JSON object")
}

func wrongType(contentType string) *problem {
	p := newProblem(http.StatusUnsupportedMediaType, codeMediaType, fmt.Sprintf("bodies of type %.80q are not read", contentType),
		"send JSON as Content-Type: application/json")
	p.Params = desk.Params{"type": desk.Truncate(contentType, 80)}
	return p
}

// maxFields is how much of what is wrong with a request is listed.
const maxFields = 20

// wrongFields says what is wrong with the first of some fields, and how many more
// there are.
func wrongFields(status int, of int, field func(i int) FieldProblem) *problem {
	p := newProblem(status, codeInvalid, "the request is not valid", "correct what errors lists")
	for i := range min(of, maxFields) {
		p.Errors = append(p.Errors, field(i))
	}
	if more := of - maxFields; more > 0 {
		p.Errors = append(p.Errors, FieldProblem{Code: codeMore, Params: desk.Params{"more": strconv.Itoa(more)},
			Problem: fmt.Sprintf("%d more are not listed", more), Remedy: "correct these, and send it again"})
	}
	return p
}

// answerTooLarge says that an answer exceeds the limit of Lambda.
func answerTooLarge() *problem {
	return newProblem(http.StatusRequestEntityTooLarge, codeTooMuch, "the answer is larger than the gateway lets through, 6 MB",
		"ask for less: a smaller limit")
}

// internal hides an unexpected error from the caller.
func internal() *problem {
	return newProblem(http.StatusInternalServerError, codeInternal, "", "")
}

func busy(after time.Duration) *problem {
	p := newProblem(http.StatusServiceUnavailable, codeBusy, "the system is busy", "try again after Retry-After seconds")
	p.after = max(after, time.Second)
	return p
}

// tooOften refuses a caller who asks more often than they may.
func tooOften(e *desk.RateError) *problem {
	rate := strconv.FormatFloat(e.PerSecond, 'f', -1, 64)
	p := newProblem(http.StatusTooManyRequests, codeRate, fmt.Sprintf("%s asks more often than %s times a second", e.Who, rate),
		"try again after Retry-After seconds, and less often")
	p.Params, p.after = desk.Params{"who": e.Who, "perSecond": rate}, max(e.After, time.Second)
	return p
}

// Refuse answers a request that the API does not get to see, as the API would. A
// gateway calls it; an error that the API does not know is one of the server's own,
// which the gateway has logged.
func Refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := known(r.Context(), err)
	if p == nil {
		p = internal()
	}
	auth.TrailFrom(r.Context()).SetCode(p.Code)
	p.write(w)
}

// problem converts an operation's error. An unexpected one is logged, here and
// nowhere else.
func (a *api) problem(ctx context.Context, operation string, err error) *problem {
	err = a.refused(ctx, operation, err)
	if p := known(ctx, err); p != nil {
		auth.TrailFrom(ctx).SetCode(p.Code)
		if p.Status == http.StatusServiceUnavailable && !errors.Is(ctx.Err(), context.Canceled) { // or nobody waits for the answer
			a.Log.WarnContext(ctx, "request not done", "operation", operation, "cause", err)
		}
		return p
	}
	a.Log.ErrorContext(ctx, "request failed", "operation", operation, "err", err)
	return internal()
}

// known converts an expected error, and returns nil for others. Errors of the
// store come first: a refusal counts only if the audit log has it.
func known(ctx context.Context, err error) *problem {
	if p, ok := err.(*problem); ok {
		return p
	}
	if errors.Is(err, store.ErrFull) {
		return newProblem(http.StatusInsufficientStorage, codeFull, "no storage is left",
			"free disk space or raise the limit; what was answered before is safe")
	}
	if e, ok := errors.AsType[*desk.BusyError](err); ok {
		return busy(e.After)
	}
	if e, ok := errors.AsType[*desk.RateError](err); ok {
		return tooOften(e)
	}
	// A context that is done means that the caller is gone or a timeout is near.
	if errors.Is(err, store.ErrThrottled) || ctx.Err() != nil {
		return busy(time.Second)
	}
	if e, ok := errors.AsType[*store.LayoutError](err); ok {
		return newProblem(http.StatusConflict, codeLayout, e.Error(), "use new tables or a new data folder, or the version of deskmove that wrote the data")
	}
	if e, ok := errors.AsType[*store.TablesError](err); ok {
		return newProblem(http.StatusServiceUnavailable, codeNoTables, e.Error(),
			"run make sam-local, or name the tables of a stack in the file for sam local's --env-vars")
	}
	if p := conflict(err); p != nil {
		return p
	}
	if p := refusal(err); p != nil {
		return p
	}
	switch {
	case errors.Is(err, auth.ErrNoToken): // and it is not said what is wrong with one
		return unauthenticated()
	case errors.Is(err, auth.ErrHost):
		return unknownHost()
	}
	if errors.Is(err, desk.ErrNotFound) {
		return newProblem(http.StatusNotFound, codeNotFound, missing(err), "check the ID; of other accounts nothing is found")
	}
	if errors.Is(err, store.ErrCursor) { // its checksum is right, so it was forged
		return invalid([]*desk.InvalidError{notACursor()})
	}
	if es := desk.Invalid(err); len(es) > 0 {
		return invalid(es)
	}
	return nil
}

// changedError says that what a caller edits is no longer as it was seen.
type changedError struct {
	what    string
	current any // as it is now: a Conversation or Ticket
}

func (e changedError) Error() string { return e.what + " has changed" }

// conflict converts errors about a move, ticket or request that came before.
func conflict(err error) *problem {
	if e, ok := errors.AsType[changedError](err); ok {
		p := newProblem(http.StatusPreconditionFailed, codeChanged, e.Error()+" since you read it", "look at current, and edit that version")
		p.Current = e.current
		return p
	}
	if e, ok := errors.AsType[*admin.RunningError](err); ok {
		p := newProblem(http.StatusConflict, codeMoveRunning, "move "+e.Move+" is running, and an account moves one channel at a time",
			"start this one when it has ended")
		p.MoveID, p.Link, p.Params = e.Move, "/v1/moves/"+e.Move, desk.Params{"move": e.Move}
		return p
	}
	if e, ok := errors.AsType[*desk.MovedError](err); ok {
		p := newProblem(http.StatusConflict, codeMoved, "conversation "+e.Conversation+" is in the help desk",
			"edit ticket "+e.Ticket+" instead")
		p.TicketID, p.Link = e.Ticket, "/v1/tickets/"+e.Ticket
		p.Params = desk.Params{"conversation": e.Conversation, "ticket": e.Ticket}
		return p
	}
	if e, ok := errors.AsType[*admin.KeyReusedError](err); ok {
		p := newProblem(http.StatusUnprocessableEntity, codeKeyReused, "the Idempotency-Key was used for another request",
			"use a new key for a new request")
		p.Errors = []FieldProblem{{Field: "Idempotency-Key", Code: codeKeyReused, Problem: p.Detail, Remedy: p.Remedy}}
		p.MoveID, p.Link = e.Move, "/v1/moves/"+e.Move
		return p
	}
	return nil
}

// refusal converts errors about rules.
func refusal(err error) *problem {
	if e, ok := errors.AsType[*desk.RefusedError](err); ok {
		p := newProblem(refusedStatus(e.Code), e.Code, e.Problem, e.Remedy)
		p.Params = e.Params
		if e.Move != "" {
			p.MoveID, p.Link = e.Move, "/v1/moves/"+e.Move
		}
		return p
	}
	if e, ok := errors.AsType[*admin.BlockedError](err); ok {
		p := newProblem(http.StatusUnprocessableEntity, codeBlocked, "the preflight speaks against the move",
			"settle the blockers, and acknowledge the warnings by their codes")
		p.Blockers, p.Warnings = writeFindings(e.Blockers), writeFindings(e.Warnings)
		return p
	}
	return nil
}

// refusedStatus returns 401 if another token may do it, 403 if another caller or
// plan may, else 409.
func refusedStatus(code string) int {
	switch code {
	case desk.CodeNotSuperAdmin, desk.CodePlan, desk.CodeNotAgent, desk.CodeNotConnector, codeRole, codeNoAccess, codeNoSetup, codeOtherChannel, codeNotOperator, desk.CodeAddress:
		return http.StatusForbidden
	case auth.CodeNotAccess, auth.CodeClaims, desk.CodeWithdrawn:
		return http.StatusUnauthorized
	}
	return http.StatusConflict
}

func invalid(es []*desk.InvalidError) *problem {
	return wrongFields(http.StatusUnprocessableEntity, len(es), func(i int) FieldProblem {
		e := es[i]
		return FieldProblem{e.Field, e.Code, e.Problem, e.Remedy, e.Params}
	})
}

// missing returns what was not found: the text that wraps ErrNotFound.
func missing(err error) string {
	for err != nil {
		switch e := err.(type) {
		case interface{ Unwrap() []error }:
			for _, one := range e.Unwrap() {
				if errors.Is(one, desk.ErrNotFound) {
					return missing(one)
				}
			}
			return ""
		case interface{ Unwrap() error }:
			if e.Unwrap() == desk.ErrNotFound {
				return err.Error()
			}
			err = e.Unwrap()
		default:
			return err.Error()
		}
	}
	return ""
}

// Error implements error, so that huma writes the problem.
func (p *problem) Error() string { return p.Code }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

const problemType = "application/problem+json"

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return problemType }

// GetHeaders implements huma.HeadersError.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.after.Seconds()))))
	}
	if p.Link != "" {
		h.Set("Link", "<"+p.Link+`>; rel="related"`)
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// write writes the problem as an answer, where huma does not.
func (p *problem) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range p.GetHeaders() {
		h[name] = values
	}
	h.Set("Content-Type", problemType)
	secure(h)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller may be gone
}
