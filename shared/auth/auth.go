// Package auth identifies the caller of a request from the claims of their
// access token. A gateway verifies the token itself: API Gateway's JWT
// authorizer on AWS, shared/local/issuer on one machine. Handlers find the
// caller in the request's context, or the reason why there is none.
package auth

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// The claims of an access token. In a Cognito user pool, a trigger adds account,
// role and agent (handler.Claims).
const (
	ClaimAccount = "account"       // account ID
	ClaimRole    = "deskmove_role" // super-admin, agent or connector
	ClaimAgent   = "agent"         // agent ID, or the connector's name; if absent, sub is used
	ClaimSubject = "sub"
	ClaimScope   = "scope"     // separated by spaces; Scope must be among them
	ClaimScp     = "scp"       // some issuers' name for scope
	ClaimUse     = "token_use" // if present, it must be "access"
	ClaimIssued  = "iat"       // seconds since 1970, or parts of them
	ClaimExpires = "exp"       // likewise: at most desk.MaxTokenLife later
	Scope        = "deskmove/api"
)

// Errors of a gateway that refuses a request before anything else looks at it.
var (
	ErrNoToken = errors.New("no valid access token")
	ErrHost    = errors.New("another host name than the server's")
)

// The codes of refused tokens.
const (
	CodeNotAccess = "not-an-access-token"
	CodeClaims    = "claims"
)

// Codes returns the codes of refused tokens.
func Codes() desk.Codes { return desk.Codes{CodeNotAccess: nil, CodeClaims: {"claims"}} }

// FromClaims returns the caller described by the claims of a token whose
// signature, issuer and times have been verified. The function claim returns ""
// for a claim that is absent. All errors are *desk.RefusedErrors: the token is
// not an access token for this API (but an ID token, for example), or claims
// are missing or invalid.
func FromClaims(claim func(name string) string) (desk.Caller, error) {
	if use := claim(ClaimUse); use != "" && use != "access" {
		return desk.Caller{}, &desk.RefusedError{Code: CodeNotAccess, Problem: "the token is not an access token", Remedy: "send the access token instead"}
	}
	scopes := claim(ClaimScope)
	if scopes == "" {
		scopes = strings.Trim(claim(ClaimScp), "[]") // a list, as API Gateway writes it
	}
	if !slices.Contains(strings.Fields(scopes), Scope) {
		return desk.Caller{}, &desk.RefusedError{Code: CodeNotAccess, Problem: "the token lacks the scope " + Scope, Remedy: "request an access token with this scope from the issuer"}
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
	if c.IssuedAt, err = instant(claim(ClaimIssued)); err != nil {
		bad = append(bad, ClaimIssued)
	}
	// Withdrawals are kept for as long as a token may live: one that lives longer, or
	// does not say since when, would count again.
	if expires, err := instant(claim(ClaimExpires)); err != nil || expires.Sub(c.IssuedAt) > desk.MaxTokenLife {
		bad = append(bad, ClaimExpires)
	}
	if bad != nil {
		return desk.Caller{}, &desk.RefusedError{Code: CodeClaims, Params: desk.Params{"claims": strings.Join(bad, ", ")},
			Problem: "claims of the token are missing or invalid: " + strings.Join(bad, ", "),
			Remedy: "configure the issuer to add an account ID, a role (super-admin, agent or connector) and an agent ID, and to say " +
				"when tokens are issued (iat) and that they expire (exp) at most 24 hours later"}
	}
	return c, nil
}

// instant reads a time, to the millisecond.
func instant(claim string) (time.Time, error) {
	seconds, err := strconv.ParseFloat(claim, 64)
	if err != nil || !(math.Abs(seconds) < 1e11) { // far from now, or not a number
		return time.Time{}, errors.New("not a time")
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), nil
}

// Claims are those of an access token that FromClaims takes for a caller's.
func Claims(c desk.Caller) map[string]string {
	seconds := func(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64) }
	return map[string]string{
		ClaimUse: "access", ClaimScope: Scope, ClaimSubject: c.Agent, ClaimAccount: c.Account, ClaimRole: string(c.Role),
		ClaimIssued: seconds(c.IssuedAt), ClaimExpires: seconds(c.IssuedAt.Add(desk.MaxTokenLife)), // at the latest
	}
}

type (
	key     struct{}
	refused struct{}
)

// WithCaller returns a context that carries the caller.
func WithCaller(ctx context.Context, c desk.Caller) context.Context {
	return context.WithValue(ctx, key{}, c)
}

// CallerFrom returns the caller that a context carries, and whether there is one.
func CallerFrom(ctx context.Context) (desk.Caller, bool) {
	c, ok := ctx.Value(key{}).(desk.Caller)
	return c, ok
}

// WithRefusal returns a context that carries the reason why it has no caller.
func WithRefusal(ctx context.Context, why error) context.Context {
	return context.WithValue(ctx, refused{}, why)
}

// RefusalFrom returns the reason why a context has no caller; nil if the request
// had no token.
func RefusalFrom(ctx context.Context) error {
	err, _ := ctx.Value(refused{}).(error)
	return err
}
