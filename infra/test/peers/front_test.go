package peers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"deskmove/infra/test/peers"
)

// front puts the stack's API in front of its function: ministack makes an API
// of a template without the routes and the authorizer, which SAM hands over as
// a description.
func (d *deployment) front(t *testing.T) {
	t.Helper()
	api := "/v2/apis/" + d.resources["Api"]
	d.connector = d.appClient(t, account, "connector")
	authorizer := d.post(t, api+"/authorizers", map[string]any{
		"name": "Token", "authorizerType": "JWT", "identitySource": []string{"$request.header.Authorization"},
		"jwtConfiguration": map[string]any{
			"issuer": "https://cognito-idp." + d.config.Region + ".amazonaws.com/" + d.resources["UserPool"], "audience": []string{d.resources["UserPoolClient"], d.connector.ClientID},
		},
	})["authorizerId"]
	integration := d.post(t, api+"/integrations", map[string]any{
		"integrationType": "AWS_PROXY", "payloadFormatVersion": "2.0",
		"integrationUri": "arn:aws:lambda:" + d.config.Region + ":000000000000:function:" + d.resources["ApiFunction"],
	})["integrationId"]
	protected := 0
	for path, methods := range described(t) {
		for method, about := range methods {
			if method == "x-amazon-apigateway-any-method" {
				method = "any"
			}
			route := map[string]any{"routeKey": strings.ToUpper(method) + " " + path, "target": fmt.Sprint("integrations/", integration)}
			for _, by := range about.Security {
				if scopes, ok := by["Token"]; ok {
					route["authorizationType"], route["authorizerId"], route["authorizationScopes"] = "JWT", authorizer, scopes
					protected++
				}
			}
			d.post(t, api+"/routes", route)
		}
	}
	if protected == 0 {
		t.Error("no route asks for a token")
	}
}

// described are the API's paths and methods as SAM describes them.
func described(t *testing.T) map[string]map[string]struct {
	Security []map[string][]string `json:"security"`
} {
	t.Helper()
	translate := exec.CommandContext(t.Context(), peers.Tool(t, "python"), "../../guard/translate.py", "../../../template.yaml")
	translate.Env = append(os.Environ(), "AWS_DEFAULT_REGION=us-east-1")
	out, err := translate.Output()
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Properties struct {
				Body json.RawMessage // of some resources it is text
			}
		}
	}
	if err := json.Unmarshal(out, &template); err != nil {
		t.Fatal(err)
	}
	var body struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(template.Resources["Api"].Properties.Body, &body); err != nil {
		t.Fatal(err)
	}
	return body.Paths
}

// post makes something of API Gateway, of which go.mod has no client.
func (d *deployment) post(t *testing.T, path string, in map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, aws.ToString(d.config.BaseEndpoint)+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", signed("apigateway"))
	out := make(map[string]any)
	if err := send(r, &out); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

// signed is an Authorization header by which ministack knows the service.
func signed(service string) string {
	return "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=0"
}

// send sends a request and reads the answer's JSON into out, unless it is nil.
func send(r *http.Request, out any) error {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s", response.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// address is the API's host, which only ministack knows: it has to be sent
// there.
type address struct{ host, at string }

func (d *deployment) address() *address {
	at := strings.TrimPrefix(aws.ToString(d.config.BaseEndpoint), "http://")
	return &address{host: d.resources["Api"] + ".execute-api." + at, at: at}
}

// transport keeps a connection for everybody who calls at a time.
var transport = &http.Transport{MaxIdleConnsPerHost: 32}

// RoundTrip sends a request; one to an address of ministack, such as that of a file, as it is.
func (a *address) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == a.at {
		return transport.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = "http", a.at, a.host
	return transport.RoundTrip(r)
}
