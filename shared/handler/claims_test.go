package handler

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"deskmove/shared/auth"
)

// TestClaims: whose a token is follows from what administrators of the pool have set,
// and from nothing that a caller may say.
func TestClaims(t *testing.T) {
	type attributes = map[string]string
	user := attributes{"custom:account": "acme", "custom:role": "agent"}
	for name, of := range map[string]struct {
		trigger    string
		attributes attributes
		scopes     []string
		metadata   attributes
		wants      map[string]any
		says       string
	}{
		"a person":                     {attributes: user, scopes: []string{"openid"}, wants: map[string]any{"account": "acme", "deskmove_role": "agent", "agent": "ann"}},
		"a person with another scope":  {attributes: user, scopes: []string{"connector.other/mail"}, wants: map[string]any{"account": "acme", "deskmove_role": "agent", "agent": "ann"}},
		"a person by another name":     {attributes: attributes{"custom:account": "acme", "custom:role": "agent", "custom:agent": "admin"}, wants: map[string]any{"account": "acme", "deskmove_role": "agent", "agent": "admin"}},
		"a name that is none":          {attributes: attributes{"custom:account": "acme", "custom:role": "agent", "custom:agent": "a#b"}, says: "set custom:agent to an agent's ID"},
		"a person of no account":       {attributes: attributes{"custom:role": "agent"}, metadata: user, scopes: []string{"connector.acme/mail"}, says: "set custom:account"},
		"a connector":                  {trigger: byClientCredentials, scopes: []string{auth.Scope, "connector.acme/mail"}, wants: map[string]any{"account": "acme", "deskmove_role": "connector", "agent": "mail"}},
		"an account with a dot":        {trigger: byClientCredentials, scopes: []string{"connector.acme.eu/mail-1"}, wants: map[string]any{"account": "acme.eu", "deskmove_role": "connector", "agent": "mail-1"}},
		"a connector that boasts":      {trigger: byClientCredentials, scopes: []string{"connector.acme/mail"}, attributes: attributes{"custom:account": "other", "custom:role": "super-admin"}, metadata: attributes{"account": "other", "agent": "admin", "deskmove_role": "super-admin", "scope": "connector.other/mail"}, wants: map[string]any{"account": "acme", "deskmove_role": "connector", "agent": "mail"}},
		"a client of no account":       {trigger: byClientCredentials, scopes: []string{auth.Scope}, metadata: attributes{"account": "acme"}, says: "one scope connector.ACCOUNT/CONNECTOR"},
		"a client of no scope":         {trigger: byClientCredentials, attributes: user, says: "one scope"},
		"a client of two accounts":     {trigger: byClientCredentials, scopes: []string{"connector.acme/mail", "connector.other/mail"}, says: "one scope"},
		"a client without a name":      {trigger: byClientCredentials, scopes: []string{"connector.acme"}, says: "one scope"},
		"a client with a strange name": {trigger: byClientCredentials, scopes: []string{"connector.acme/a/b"}, says: "one scope"},
		"a scope of another kind":      {trigger: byClientCredentials, scopes: []string{"xconnector.acme/mail"}, says: "one scope"},
	} {
		t.Run(name, func(t *testing.T) {
			e := events.CognitoEventUserPoolsPreTokenGenV2_0{}
			e.TriggerSource, e.UserName = "TokenGeneration_HostedAuth", "ann"
			e.CallerContext.ClientID = "client-1"
			if of.trigger != "" {
				e.TriggerSource, e.UserName = of.trigger, ""
			}
			e.Request.UserAttributes, e.Request.Scopes, e.Request.ClientMetadata = of.attributes, of.scopes, of.metadata
			var log strings.Builder
			answer, err := Claims{Log: slog.New(slog.NewTextHandler(&log, nil))}.Handle(t.Context(), e)
			got := answer.Response.ClaimsAndScopeOverrideDetails.AccessTokenGeneration
			if of.says != "" {
				if err == nil || !strings.Contains(err.Error(), of.says) || !strings.Contains(log.String(), "token not issued") || got.ClaimsToAddOrOverride != nil {
					t.Errorf("%v, %v, logged %q", got, err, log.String())
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			line := fmt.Sprintf(`level=INFO msg="token made" account=%s agent=%s role=%s client=client-1 trigger=%s`,
				of.wants["account"], of.wants["agent"], of.wants["deskmove_role"], e.TriggerSource)
			if _, said, _ := strings.Cut(log.String(), " "); said != line+"\n" {
				t.Errorf("logged %q, not %q", said, line)
			}
			if diff := cmp.Diff(of.wants, got.ClaimsToAddOrOverride); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{auth.Scope}, got.ScopesToAdd); diff != "" {
				t.Error(diff)
			}
		})
	}
}
