// Package auth says who calls. Tokens are checked by the gateway: API Gateway's
// JWT authorizer on AWS, shared/local/issuer on one machine. Behind it, the
// caller is in the request's context, or why there is none.
package auth

import (
	"context"
	"slices"
	"strings"

	"deskmove/shared/desk"
)

// The claims of an access token. A Cognito user pool adds account, role and
// agent by a trigger (handler.Claims).
const (
	ClaimAccount = "account"       // account ID
	ClaimRole    = "deskmove_role" // super-admin, agent or connector
	ClaimAgent   = "agent"         // agent ID, or the connector's name; sub if there is no such claim
	ClaimSubject = "sub"
	ClaimScope   = "scope"     // words; one must be Scope
	ClaimScp     = "scp"       // what some issuers call it
	ClaimUse     = "token_use" // access, of issuers that say so
	Scope        = "deskmove/api"
)

// Codes of refused tokens.
const (
	CodeNotAccess = "not-an-access-token"
	CodeClaims    = "claims"
)

// FromClaims reads a caller from the claims of a token whose signature, issuer
// and times were checked; a claim that is absent is "". Every error is a
// *desk.RefusedError: the token is no access token for this API, as an ID token
// is none, or it lacks claims.
func FromClaims(claim func(name string) string) (desk.Caller, error) {
	if use := claim(ClaimUse); use != "" && use != "access" {
		return desk.Caller{}, &desk.RefusedError{Code: CodeNotAccess, Problem: "the token is no access token", Remedy: "send the access token instead"}
	}
	scopes := claim(ClaimScope)
	if scopes == "" {
		scopes = strings.Trim(claim(ClaimScp), "[]") // a list, as API Gateway writes it
	}
	if !slices.Contains(strings.Fields(scopes), Scope) {
		return desk.Caller{}, &desk.RefusedError{Code: CodeNotAccess, Problem: "the token lacks the scope " + Scope, Remedy: "ask the issuer for an access token with it"}
	}
	c := desk.Caller{Account: claim(ClaimAccount), Agent: claim(ClaimAgent)}
	if c.Agent == "" {
		c.Agent = claim(ClaimSubject)
	}
	var bad []string
	if desk.CheckID(ClaimAccount, c.Account) != nil {
		bad = append(bad, ClaimAccount)
	}
	var err error
	if c.Role, err = desk.ParseRole(ClaimRole, claim(ClaimRole)); err != nil {
		bad = append(bad, ClaimRole)
	}
	if desk.CheckID(ClaimAgent, c.Agent) != nil {
		bad = append(bad, ClaimAgent+" (or "+ClaimSubject+")")
	}
	if bad != nil {
		return desk.Caller{}, &desk.RefusedError{Code: CodeClaims, Problem: "claims of the token are missing or not valid: " + strings.Join(bad, ", "),
			Remedy: "have the issuer add them: an account's ID, one of the roles super-admin, agent and connector, and an agent's ID"}
	}
	return c, nil
}

type (
	key     struct{}
	refused struct{}
)

// With returns a context that carries the caller.
func With(ctx context.Context, c desk.Caller) context.Context {
	return context.WithValue(ctx, key{}, c)
}

// Of returns the caller of a context, and whether there is one.
func Of(ctx context.Context) (desk.Caller, bool) {
	c, ok := ctx.Value(key{}).(desk.Caller)
	return c, ok
}

// WithRefused returns a context without a caller that carries why.
func WithRefused(ctx context.Context, why error) context.Context {
	return context.WithValue(ctx, refused{}, why)
}

// Refused returns why a context has no caller; nil if there is no reason but
// that nobody has sent a token.
func Refused(ctx context.Context) error {
	err, _ := ctx.Value(refused{}).(error)
	return err
}
