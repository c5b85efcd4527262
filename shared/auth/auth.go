// Package auth says who calls. Tokens are checked by the gateway: API Gateway's
// JWT authorizer on AWS, infra/local/issuer on one machine. Behind it, the
// caller is in the request's context.
package auth

import (
	"context"
	"fmt"

	"deskmove/shared/desk"
)

// The claims of an access token. A Cognito user pool adds the first two by a
// pre-token-generation trigger or as attributes of its own.
const (
	ClaimAccount = "account"       // account ID
	ClaimRole    = "deskmove_role" // super-admin, agent or connector
	ClaimSubject = "sub"           // agent ID, or the connector's name
	ClaimScope   = "scope"         // words; one must be Scope
	Scope        = "deskmove/api"
)

// Caller is who calls, as the token says.
type Caller struct {
	Account string
	Subject string // agent ID, or the connector's name
	Role    desk.Role
	Address string // from where, as the gateway saw it
}

// FromClaims reads a caller from a checked token's claims.
func FromClaims(claim func(name string) string) (Caller, error) {
	role, err := desk.ParseRole(ClaimRole, claim(ClaimRole))
	if err != nil {
		return Caller{}, err
	}
	c := Caller{Account: claim(ClaimAccount), Subject: claim(ClaimSubject), Role: role}
	for _, id := range [][2]string{{ClaimAccount, c.Account}, {ClaimSubject, c.Subject}} {
		if err := desk.CheckID(id[0], id[1]); err != nil {
			return Caller{}, fmt.Errorf("token: %w", err)
		}
	}
	return c, nil
}

type key struct{}

// With returns a context that carries the caller.
func With(ctx context.Context, c Caller) context.Context { return context.WithValue(ctx, key{}, c) }

// Of returns the caller of a context, and whether there is one.
func Of(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(key{}).(Caller)
	return c, ok
}
