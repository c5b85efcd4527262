package api

import (
	"context"
	"errors"
	"net/http"

	"deskmove/shared/desk"
)

func (r *routes) me() {
	add(r, operation{
		id: "get-me", method: http.MethodGet, path: "/v1/me", tag: tagAccount, roles: everyone, fresh: true,
		summary: "Who am I?",
		description: "The account of the token, and the caller as the account's setup has them now: a token may be older than " +
			"a change of role or of help desk access. Before the account has been set up, what the token says.",
	}, r.api.getMe)
}

func (a *api) getMe(ctx context.Context, c desk.Admitted, _ *struct{}) (*body[Me], error) {
	setup, err := a.Setups.Setup(ctx, c.Account)
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return nil, err
	}
	m := Me{
		Account: c.Account, AccountName: setup.Account.Name, Plan: string(setup.Account.Plan), Zone: setup.Account.Zone,
		ID: c.Agent, Agent: c.Agent, Role: string(c.Role),
	}
	m.Name, m.HelpDesk = c.Person.Name, c.Person.HelpDesk
	if c.Role == desk.ConnectorRole {
		m.Name, m.Channels = c.Connector.Name, c.Connector.Channels
	}
	return &body[Me]{m}, nil
}

// Me is the caller, with the role and access that the store has now.
type Me struct {
	Account     string `json:"account" example:"acme" doc:"ID of the account."`
	AccountName string `json:"accountName,omitempty" example:"Acme"`
	Plan        string `json:"plan,omitempty" enum:"free,starter,professional,enterprise" example:"professional" doc:"Absent before the account has been set up."`
	Zone        string `json:"zone,omitempty" example:"Europe/Berlin" doc:"IANA time zone of the account."`
	ID          string `json:"id" example:"ann" doc:"ID of the agent or connector."`
	Agent       string `json:"agent" example:"ann" doc:"The same as id."`
	Name        string `json:"name,omitempty" example:"Ann"`
	Role        string `json:"role" enum:"super-admin,agent,connector" example:"super-admin" doc:"What the caller may be now: no more than the token says, and no more than the account's setup."`
	HelpDesk    bool   `json:"helpDesk" doc:"Has help desk access."`

	Channels []string `json:"channels,omitempty" example:"[\"support-mail\"]" doc:"Of a connector: IDs of its channels."`
}
