package handler

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
)

// Attributes of the users of a Cognito user pool. Users must not be able to
// write them.
const (
	attributeAccount = "custom:account"
	attributeRole    = "custom:role"
)

// Claims adds the claims and the scope of package auth to the access tokens of
// a Cognito user pool, from its users' attributes. ID tokens do not get them and
// so cannot be taken for access tokens.
type Claims struct{ Log *slog.Logger }

// Handle adds to a token before it is issued. A user whose attributes are
// missing or invalid gets no token but an error that says what to do.
func (h Claims) Handle(ctx context.Context, e events.CognitoEventUserPoolsPreTokenGenV2_0) (events.CognitoEventUserPoolsPreTokenGenV2_0, error) {
	attributes := e.Request.UserAttributes
	claims := map[string]any{
		auth.ClaimAccount: attributes[attributeAccount],
		auth.ClaimRole:    attributes[attributeRole],
		auth.ClaimAgent:   e.UserName,
	}
	var bad []string
	if desk.CheckID(attributeAccount, attributes[attributeAccount]) != nil {
		bad = append(bad, attributeAccount+" to an account's ID")
	}
	if _, err := desk.ParseRole(attributeRole, attributes[attributeRole]); err != nil {
		bad = append(bad, attributeRole+" to super-admin, agent or connector")
	}
	if desk.CheckID(auth.ClaimAgent, e.UserName) != nil {
		bad = append(bad, "the user name to an agent's ID")
	}
	if bad != nil {
		err := fmt.Errorf("user of deskmove without account, role or name: set %s", strings.Join(bad, ", and "))
		h.Log.ErrorContext(ctx, "token not issued", "trigger", e.TriggerSource, "err", err)
		return e, err
	}
	e.Response.ClaimsAndScopeOverrideDetails.AccessTokenGeneration = events.AccessTokenGenerationV2_0{
		ClaimsToAddOrOverride: claims, ScopesToAdd: []string{auth.Scope},
	}
	return e, nil
}
