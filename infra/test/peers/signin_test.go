package peers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"deskmove/shared/auth"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// client calls the API as somebody of an account, who signs in for it.
func (d *deployment) client(t *testing.T, account, agent string, role desk.Role) *client.Client {
	t.Helper()
	tokens, err := d.signIn(t, agent, map[string]string{"custom:account": account, "custom:role": string(role)})
	if err != nil {
		t.Fatal(err)
	}
	return d.with(tokens.AccessToken)
}

// with calls the API with a token.
func (d *deployment) with(token string) *client.Client {
	return client.With("http://api.example", token, d.address())
}

// tokens are what somebody gets who signs in.
type tokens struct{ AccessToken, IdToken string }

// signIn makes a user of the stack's pool and signs in; what the access token
// says is made by the claims function.
func (d *deployment) signIn(t *testing.T, name string, attributes map[string]string) (tokens, error) {
	t.Helper()
	const password = "Correct-horse-7"
	user := map[string]any{"UserPoolId": d.resources["UserPool"], "Username": name}
	list := []map[string]string{{"Name": "email", "Value": name + "@example.com"}}
	for key, value := range attributes {
		list = append(list, map[string]string{"Name": key, "Value": value})
	}
	if err := d.cognito(t, "AdminCreateUser", user, map[string]any{"UserAttributes": list, "MessageAction": "SUPPRESS"}, nil); err != nil {
		return tokens{}, err
	}
	if err := d.cognito(t, "AdminSetUserPassword", user, map[string]any{"Password": password, "Permanent": true}, nil); err != nil {
		return tokens{}, err
	}
	var signedIn struct{ AuthenticationResult tokens }
	err := d.cognito(t, "AdminInitiateAuth", map[string]any{"UserPoolId": user["UserPoolId"]}, map[string]any{
		"ClientId": d.resources["UserPoolClient"], "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": name, "PASSWORD": password},
	}, &signedIn)
	return signedIn.AuthenticationResult, err
}

// appClient is a user pool's client with a secret.
type appClient struct {
	ClientID     string `json:"ClientId"`
	ClientSecret string
}

// appClient makes one for a connector of an account, as README says.
func (d *deployment) appClient(t *testing.T, account, connector string) appClient {
	t.Helper()
	pool := map[string]any{"UserPoolId": d.resources["UserPool"]}
	if err := d.cognito(t, "CreateResourceServer", pool, map[string]any{
		"Identifier": "connector." + account, "Name": "connectors of " + account,
		"Scopes": []map[string]string{{"ScopeName": connector, "ScopeDescription": "Delivers mail"}},
	}, nil); err != nil {
		t.Fatal(err)
	}
	var made struct{ UserPoolClient appClient }
	if err := d.cognito(t, "CreateUserPoolClient", pool, map[string]any{
		"ClientName": account + "-" + connector, "GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true,
		"AllowedOAuthFlows": []string{"client_credentials"}, "AllowedOAuthScopes": []string{auth.Scope, "connector." + account + "/" + connector},
	}, &made); err != nil {
		t.Fatal(err)
	}
	return made.UserPoolClient
}

// token signs the client in. What it says of itself must count for nothing.
func (c appClient) token(t *testing.T, d *deployment) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "aws_client_metadata": {`{"account": "other", "deskmove_role": "super-admin"}`}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, aws.ToString(d.config.BaseEndpoint)+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(c.ClientID, c.ClientSecret)
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := send(r, &answer); err != nil || answer.Token == "" {
		t.Fatalf("no token by client credentials: %v", err)
	}
	return answer.Token
}

// cognito calls the user pools' API, of which go.mod has no client.
func (d *deployment) cognito(t *testing.T, action string, about, more map[string]any, out any) error {
	t.Helper()
	in := maps.Clone(about)
	maps.Copy(in, more)
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, aws.ToString(d.config.BaseEndpoint), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+action)
	r.Header.Set("Authorization", signed("cognito-idp"))
	if err := send(r, out); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}
