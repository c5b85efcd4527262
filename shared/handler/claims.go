package handler

import (
	"cmp"
	"context"
	"errors"
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
	attributeAgent   = "custom:agent" // if absent, the user's name
)

// connectorScope is what the scope that says whose connector an app client is
// begins with: "connector.ACCOUNT/CONNECTOR". Who administers the pool grants it to the
// client. What a client says of itself (ClientMetadata) counts for nothing.
const connectorScope = "connector."

// byClientCredentials is the trigger of a token that is for a program, not a person.
const byClientCredentials = "TokenGeneration_ClientCredentials" // #nosec G101 -- no credential

// Claims adds the claims and the scope of package auth to the access tokens of
// a Cognito user pool: of people from their users' attributes, of connectors from
// the scopes of their app clients. ID tokens do not get them and so cannot be taken
// for access tokens.
type Claims struct{ Log *slog.Logger }

// Handle adds to a token before it is issued; the versions 2 and 3 of the event are
// of one shape. It logs whose each token is. A user or a client of which account, role or name is missing or invalid
// gets no token but an error that says what to do.
func (h Claims) Handle(ctx context.Context, e events.CognitoEventUserPoolsPreTokenGenV2_0) (events.CognitoEventUserPoolsPreTokenGenV2_0, error) {
	of := ofUser
	if e.TriggerSource == byClientCredentials {
		of = ofClient
	}
	caller, err := of(e)
	if err != nil {
		h.Log.ErrorContext(ctx, "token not issued", "trigger", e.TriggerSource, "client", e.CallerContext.ClientID, "err", err)
		return e, err
	}
	// This function may not touch the tables, so this line is what tells of the token.
	h.Log.InfoContext(ctx, "token made", "account", caller.Account, "agent", caller.Agent, "role", caller.Role, "client", e.CallerContext.ClientID, "trigger", e.TriggerSource)
	e.Response.ClaimsAndScopeOverrideDetails.AccessTokenGeneration = events.AccessTokenGenerationV2_0{
		ClaimsToAddOrOverride: map[string]any{
			auth.ClaimAccount: caller.Account, auth.ClaimRole: string(caller.Role), auth.ClaimAgent: caller.Agent,
		},
		ScopesToAdd: []string{auth.Scope},
	}
	return e, nil
}

// ofUser returns who a user is.
func ofUser(e events.CognitoEventUserPoolsPreTokenGenV2_0) (desk.Caller, error) {
	attributes := e.Request.UserAttributes
	c := desk.Caller{Account: attributes[attributeAccount], Agent: cmp.Or(attributes[attributeAgent], e.UserName)}
	var bad []string
	if desk.CheckID(attributeAccount, c.Account) != nil {
		bad = append(bad, attributeAccount+" to an account's ID")
	}
	var err error
	if c.Role, err = desk.ParseRole(attributeRole, attributes[attributeRole]); err != nil {
		bad = append(bad, attributeRole+" to super-admin, agent or connector")
	}
	if desk.CheckID(auth.ClaimAgent, c.Agent) != nil {
		bad = append(bad, attributeAgent+" to an agent's ID, as the user name is none")
	}
	if bad != nil {
		return c, fmt.Errorf("user of deskmove without account, role or name: set %s", strings.Join(bad, ", and "))
	}
	return c, nil
}

// ofClient returns whose connector an app client is. A client may be one account's
// only.
func ofClient(e events.CognitoEventUserPoolsPreTokenGenV2_0) (desk.Caller, error) {
	var found []desk.Caller
	for _, scope := range e.Request.Scopes {
		if of, ok := strings.CutPrefix(scope, connectorScope); ok {
			account, connector, _ := strings.Cut(of, "/")
			found = append(found, desk.Caller{Account: account, Agent: connector, Role: desk.ConnectorRole})
		}
	}
	if len(found) != 1 || desk.CheckID(auth.ClaimAccount, found[0].Account) != nil || desk.CheckID(auth.ClaimAgent, found[0].Agent) != nil {
		return desk.Caller{}, errors.New("app client without an account: allow it one scope " + connectorScope + "ACCOUNT/CONNECTOR, and request no other such scope")
	}
	return found[0], nil
}
