package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"deskmove/shared/api"
)

// Problem is an error response of the API.
type Problem struct {
	Status   int                `json:"status"`
	Title    string             `json:"title,omitempty"`
	Code     string             `json:"code,omitempty"`
	Detail   string             `json:"detail,omitempty"`
	Remedy   string             `json:"remedy,omitempty"`
	Errors   []api.FieldProblem `json:"errors,omitempty"`
	Blockers []api.Finding      `json:"blockers,omitempty"`
	Warnings []api.Finding      `json:"warnings,omitempty"`
	MoveID   string             `json:"moveId,omitempty"`
	TicketID string             `json:"ticketId,omitempty"`

	After time.Duration `json:"-"` // when to retry; 0 if the API did not say
}

// Error says what is wrong and what to do about it, for each field concerned.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.summary())
	for _, e := range p.Errors {
		if e.Problem == p.Detail {
			continue
		}
		fmt.Fprintf(&b, "\n  %s: %s", e.Field, e.Problem)
		if e.Remedy != "" {
			b.WriteString("; " + e.Remedy)
		}
	}
	for _, f := range p.Blockers {
		fmt.Fprintf(&b, "\n  blocker %s: %s; %s", f.Code, f.Problem, f.Remedy)
	}
	for _, f := range p.Warnings {
		fmt.Fprintf(&b, "\n  warning %s: %s; %s", f.Code, f.Problem, f.Remedy)
	}
	return b.String()
}

func (p *Problem) summary() string {
	if hint := hints[p.Code]; hint != "" {
		return hint
	}
	switch {
	case p.Detail != "" && p.Remedy != "":
		return p.Detail + ": " + p.Remedy
	case p.Detail != "":
		return p.Detail
	}
	return fmt.Sprintf("the API answered %d %s", p.Status, p.Title)
}

// hints are what whoever runs a command can do, where that is more than the API
// knows.
var hints = map[string]string{
	"unauthenticated": "the token is missing, forged or expired: get a new one with \"deskmove token\" on the server's data, and set DESKMOVE_TOKEN",
	"unknown-host":    "the API does not answer to this host name: use the address that \"deskmove serve\" printed as endpoint, or start that with --host and this name",
	"internal":        "the API failed: its log says why",
}

// gatewayProblem returns the problem that the status alone tells: API Gateway answers
// some requests itself, with bodies that are not the API's, and so do proxies.
func gatewayProblem(status int) *Problem {
	p := &Problem{}
	switch status {
	case http.StatusUnauthorized:
		p.Code = "unauthenticated"
	case http.StatusForbidden:
		p.Code, p.Detail, p.Remedy = "forbidden", "the gateway in front of the API refuses the token or the address",
			"use an access token with the scope deskmove/api, not an ID token, and the address that the API has"
	case http.StatusNotFound:
		p.Detail, p.Remedy = "there is no such thing, or not the API at this address: 404 Not Found", "check --endpoint"
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Detail, p.Remedy = "too-large", "the request is larger than the gateway lets through", "send less"
	case http.StatusTooManyRequests:
		p.Code, p.Detail, p.Remedy = "too-many-requests", "too many requests came in a short time", "try again later, with fewer at a time"
	case http.StatusInternalServerError:
		p.Code = "internal"
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		p.Code, p.Detail, p.Remedy = "busy", "the API is busy, or took too long", "try again later"
	}
	return p
}

// Unreachable is the error of a request without a complete answer.
type Unreachable struct {
	Endpoint string
	Err      error
}

func (e *Unreachable) Error() string {
	return fmt.Sprintf("no answer from %s: is \"deskmove serve\" running there? (%v)", e.Endpoint, e.Err)
}

func (e *Unreachable) Unwrap() error { return e.Err }

// IsNotFound reports whether the API answered that something does not exist.
func IsNotFound(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == http.StatusNotFound
}

// maxProblem is how much of an error's body is read.
const maxProblem = 1 << 20

// readProblem reads an error response. One that is not problem+json, such as a
// proxy's page, becomes a Problem with what its status tells.
func readProblem(res *http.Response) *Problem {
	p := &Problem{}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil || json.Unmarshal(body, p) != nil || p.Code == "" && p.Detail == "" {
		p = gatewayProblem(res.StatusCode)
	}
	p.Status, p.After = res.StatusCode, after(res.Header)
	if p.Title == "" {
		p.Title = http.StatusText(res.StatusCode)
	}
	return p
}
