package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"deskmove/shared/desk"
)

func (r *routes) account() {
	add(r, operation{
		id: "get-account", method: http.MethodGet, path: "/v1/account", tag: tagAccount, roles: admins,
		summary: "Read the account's setup", description: "All of the account's configuration, as it can be sent back.",
	}, r.api.getAccount)
	add(r, operation{
		id: "put-account", method: http.MethodPut, path: "/v1/account", tag: tagAccount, roles: admins, limit: accountLimit,
		summary: "Replace the account's setup",
		description: "Makes the account's configuration what is sent, all of it: what is missing is taken away. The first call makes the " +
			"account. Channels keep their homes; one that has conversations, or has moved, must stay and keep its type. " +
			"The body may have 1 MB. All that is wrong is reported at once.",
	}, r.api.putAccount)
}

func (a *api) getAccount(ctx context.Context, c desk.Caller, _ *struct{}) (*body[Setup], error) {
	if err := a.superAdmin(ctx, c); err != nil {
		return nil, err
	}
	s, err := a.Setups.Setup(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	return &body[Setup]{writeSetup(s)}, nil
}

type setupInput struct{ Body Setup }

func (a *api) putAccount(ctx context.Context, c desk.Caller, in *setupInput) (*body[Setup], error) {
	if in.Body.Account.ID != c.Account {
		return nil, fmt.Errorf("account %.80q: %w", in.Body.Account.ID, desk.ErrNotFound)
	}
	if err := a.mayConfigure(ctx, c); err != nil {
		return nil, err
	}
	s, err := in.Body.read()
	if err != nil {
		return nil, err
	}
	s, err = a.Accounts.Replace(ctx, s)
	if err != nil {
		return nil, err
	}
	return &body[Setup]{writeSetup(s)}, nil
}

// mayConfigure returns a refusal if the caller may not replace the setup. Those
// who were demoted must not regain the role with an old token (R1). While there
// is no super administrator, the token alone decides.
func (a *api) mayConfigure(ctx context.Context, c desk.Caller) error {
	s, err := a.Setups.Setup(ctx, c.Account)
	if errors.Is(err, desk.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Agents, func(a desk.Agent) bool { return a.Role == desk.SuperAdmin }) {
		return nil
	}
	return a.superAdmin(ctx, c)
}
