package api

import (
	"context"
	"net/http"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

func (r *routes) me() {
	add(r, operation{
		id: "get-me", method: http.MethodGet, path: "/v1/me", tag: tagAccount, roles: everyone,
		summary: "Who am I?",
		description: "The account of the token, and the caller as the account's setup has them now: a token may be older than " +
			"a change of role or of help desk access.",
	}, r.api.getMe)
}

func (a *api) getMe(ctx context.Context, c auth.Caller, _ *struct{}) (*body[me], error) {
	setup, err := a.Setups.Setup(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	m := me{
		Account: c.Account, AccountName: setup.Account.Name, Plan: string(setup.Account.Plan), Zone: setup.Account.Zone,
		Agent: c.Subject, Role: string(c.Role),
	}
	if c.Role == desk.Connector { // the name of a program, whatever agents are called
		return &body[me]{m}, nil
	}
	agent, err := a.agent(ctx, c)
	if err != nil {
		return nil, err
	}
	m.Name, m.Role, m.HelpDesk = agent.Name, string(agent.Role), agent.HelpDesk
	return &body[me]{m}, nil
}
