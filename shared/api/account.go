package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"deskmove/shared/desk"
)

func (r *routes) account() {
	add(r, operation{
		id: "get-account", method: http.MethodGet, path: "/v1/account", tag: tagAccount, roles: admins, fresh: true,
		summary: "Read the account's setup", description: "All of the account's configuration, as it can be sent back. Its ETag names " +
			"its version.",
	}, r.api.getAccount)
	add(r, operation{
		id: "put-account", method: http.MethodPut, path: "/v1/account", tag: tagAccount, roles: admins, fresh: true, limit: accountLimit,
		summary: "Replace the account's setup",
		description: "Makes the account's configuration what is sent, all of it or nothing: what is missing is taken away. The first call " +
			"makes the account; while there is none, a token is all that it takes. From then on If-Match names the version " +
			"that is replaced, by the ETag with which it was read: if another has been sent since, the answer is 412. The same, " +
			"sent again after its answer was lost, finds that it was done.\n\n" +
			"One agent at least must be a super administrator. Channels keep their homes; one that has conversations, or has moved, " +
			"must stay and keep its type. Tokens that were withdrawn stay so. The body may have 1 MB, and up to 5,000 agents, 1,000 " +
			"teams, connectors, policies and channels each, and 256 KB of settings a channel. All that is wrong is reported at once.",
		problems: []error{setupChanged(), versionRequired()},
	}, r.api.putAccount)
	add(r, operation{
		id: "withdraw-tokens", method: http.MethodPost, path: "/v1/withdrawals", tag: tagAccount, roles: admins, status: http.StatusCreated,
		summary: "Withdraw tokens",
		description: "From now on nobody gets in with a token of the agent or connector that was issued until now; without either, with any " +
			"token of the account, the caller's too. Whoever may still sign in gets another. Tokens issued by an issuer that " +
			"counts in whole seconds are withdrawn to the end of the current second. Replacing the account's setup does not undo it. " +
			"Who is no longer in the setup needs no withdrawal, unless they are to come back within a day.",
		problems: []error{tooManyWithdrawals()},
	}, r.api.withdrawTokens)
}

// setupItem is a setup and its version.
type setupItem struct {
	ETag string `header:"ETag" example:"\"7-9f86d081884c7d65\"" doc:"Its version in quotes, which whoever replaces it names in If-Match."`
	Body Setup
}

func writeSetupItem(s desk.Setup) *setupItem { return &setupItem{`"` + s.Version + `"`, writeSetup(s)} }

func (a *api) getAccount(ctx context.Context, c desk.Admitted, _ *struct{}) (*setupItem, error) {
	s, err := a.Setups.Setup(ctx, c.Account)
	if errors.Is(err, desk.ErrNotFound) {
		none := noSetup(c.Account)
		return nil, newProblem(http.StatusNotFound, codeNotFound, none.Problem, none.Remedy)
	}
	if err != nil {
		return nil, err
	}
	return writeSetupItem(s), nil
}

type setupInput struct {
	Match     string `header:"If-Match" example:"\"7-9f86d081884c7d65\"" doc:"The ETag of the setup that is replaced. Needed once there is one."`
	NoneMatch string `header:"If-None-Match" enum:"*" example:"*" doc:"* makes the account's first setup, or none."`
	Body      Setup
}

func (a *api) putAccount(ctx context.Context, c desk.Admitted, in *setupInput) (*setupItem, error) {
	if in.Body.Account.ID != c.Account {
		return nil, fmt.Errorf("account %.80q: %w", in.Body.Account.ID, desk.ErrNotFound)
	}
	version := setupVersion(in.Match)
	if isFresh := c.Person.ID == ""; version == "" && in.NoneMatch == "" && !isFresh {
		return nil, versionRequired()
	}
	s, err := in.Body.read()
	if err != nil {
		return nil, err
	}
	s.Version = version
	s, err = a.Accounts.Replace(ctx, c.Caller, s)
	if errors.Is(err, desk.ErrChanged) {
		return nil, setupChanged()
	}
	if err != nil {
		return nil, err
	}
	return writeSetupItem(s), nil
}

// setupVersion returns the version that If-Match names, "" if it names none.
func setupVersion(ifMatch string) string {
	if ifMatch == "*" { // whichever there is: that is none in particular
		return ""
	}
	return strings.Trim(plainTag(strings.TrimPrefix(ifMatch, "W/")), `"`)
}

func setupChanged() *problem {
	return newProblem(http.StatusPreconditionFailed, codeSetupOther, "the account's setup is not the one that you name",
		"read it again, make your change in what it is now, and send that with its ETag as If-Match")
}

func versionRequired() *problem {
	return newProblem(http.StatusPreconditionRequired, codeNoVersion, "the account has a setup, and the request does not say which one it replaces",
		"read the setup and send its ETag as If-Match")
}

// Withdrawal says whose tokens are good no more.
type Withdrawal struct {
	Agent     string `json:"agent,omitempty" minLength:"1" example:"ann" doc:"ID of an agent."`
	Connector string `json:"connector,omitempty" minLength:"1" example:"mailer" doc:"ID of a connector."`
	Everybody bool   `json:"everybody,omitempty" doc:"Those of everybody in the account, connectors too. One of the three must be there."`
}

// Withdrawn is a withdrawal that was made.
type Withdrawn struct {
	Withdrawal
	Until time.Time `json:"until" doc:"Tokens that were issued until then are good no more."`
}

type withdrawInput struct{ Body Withdrawal }

func (a *api) withdrawTokens(ctx context.Context, c desk.Admitted, in *withdrawInput) (*body[Withdrawn], error) {
	if in.Body.Everybody == (in.Body.Agent+in.Body.Connector != "") {
		return nil, &desk.InvalidError{Field: "everybody", Code: desk.CodeNoHolder, Problem: "it does not say whose tokens are meant",
			Remedy: "name one agent or connector, or set everybody"}
	}
	until, err := a.Accounts.Withdraw(ctx, c.Caller, desk.Holder{Agent: in.Body.Agent, Connector: in.Body.Connector})
	if err != nil {
		return nil, err
	}
	return &body[Withdrawn]{Withdrawn{in.Body, until}}, nil
}

func tooManyWithdrawals() error {
	many := desk.Withdrawals{}
	for i := range desk.MaxWithdrawals {
		many[fmt.Sprint(i)] = time.Time{}.Add(desk.MaxTokenLife)
	}
	_, err := many.With(desk.Holder{Agent: "ann"}, time.Time{})
	return err
}
