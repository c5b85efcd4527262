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
	switch {
	case p.Detail != "" && p.Remedy != "":
		return p.Detail + ": " + p.Remedy
	case p.Detail != "":
		return p.Detail
	case p.Status == http.StatusUnauthorized:
		return "the token is missing, forged or expired: get a new one with \"deskmove token\" on the server's data, and set DESKMOVE_TOKEN"
	case p.Status == http.StatusForbidden:
		return "the API does not answer to this host name: use the address that \"deskmove serve\" printed as endpoint"
	case p.Status == http.StatusInternalServerError:
		return "the API failed: its log says why"
	}
	return fmt.Sprintf("the API answered %d %s", p.Status, p.Title)
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
// proxy's page, becomes a Problem with just its status.
func readProblem(res *http.Response) *Problem {
	p := &Problem{}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil || json.Unmarshal(body, p) != nil {
		p = &Problem{}
	}
	p.Status, p.After = res.StatusCode, after(res.Header)
	if p.Title == "" {
		p.Title = http.StatusText(res.StatusCode)
	}
	return p
}
