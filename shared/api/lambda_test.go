package api_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/api"
)

// event is what API Gateway sends for a request with ann's token; pairs of
// name and value change its claims.
func event(method, path string, claims ...string) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: path, Headers: map[string]string{"host": "api.example.com"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			Stage: "$default", DomainName: "api.example.com",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path, Protocol: "HTTP/1.1", SourceIP: "192.0.2.7"},
		},
	}
	e.RawPath, e.RawQueryString, _ = strings.Cut(path, "?")
	all := map[string]string{
		"account": "acme", "deskmove_role": "super-admin", "agent": "ann", "sub": "6a1f0c9e-5d0e", "scope": "deskmove/api",
		"token_use": "access", "iat": "1794996400", "exp": "1795000000",
	}
	for i := 0; i < len(claims); i += 2 {
		all[claims[i]] = claims[i+1]
	}
	e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: all},
	}
	return e
}

func anonymous(e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPRequest {
	e.RequestContext.Authorizer = nil
	return e
}

func withBody(e events.APIGatewayV2HTTPRequest, body string) events.APIGatewayV2HTTPRequest {
	e.Body, e.Headers = body, maps.Clone(e.Headers)
	e.Headers["content-type"] = "application/json"
	return e
}

func lambdaOf(h http.Handler) api.Lambda {
	return api.Lambda{API: h, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func serve(t *testing.T, h http.Handler, e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	res, err := lambdaOf(h).Handle(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestLambdaServesTheAPI(t *testing.T) {
	r := newRig(t)
	res := serve(t, r, event("GET", "/v1/me"))
	if res.StatusCode != 200 || !strings.Contains(res.Body, `"agent":"ann"`) || res.IsBase64Encoded || res.Headers["Content-Type"] != "application/json" || res.Headers["Cache-Control"] != "no-store" {
		t.Errorf("me = %+v", res)
	}
	order, err := json.Marshal(order("mail"))
	if err != nil {
		t.Fatal(err)
	}
	start := withBody(event("POST", "/v1/moves"), string(order))
	start.Headers["idempotency-key"] = "k1"
	first := serve(t, r, start)
	start.Body, start.IsBase64Encoded = base64.StdEncoding.EncodeToString(order), true
	again := serve(t, r, start)
	if first.StatusCode != 202 || first.Headers["Location"] == "" || again.StatusCode != 202 || again.Body != first.Body {
		t.Errorf("start = %+v, again %+v", first, again)
	}
	// The audit log says from where.
	if log := serve(t, r, event("GET", "/v1/audit?limit=1")); !strings.Contains(log.Body, `"192.0.2.7"`) {
		t.Errorf("log = %s", log.Body)
	}
}

func TestLambdaRefusesTokens(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		e      events.APIGatewayV2HTTPRequest
		status int
		code   string
		says   string
	}{
		"no token":        {anonymous(event("GET", "/v1/me")), 401, "unauthenticated", "Bearer"},
		"ID token":        {event("GET", "/v1/me", "token_use", "id", "scope", ""), 401, "not-an-access-token", "access token"},
		"ID with scope":   {event("GET", "/v1/me", "token_use", "id"), 401, "not-an-access-token", "access token"},
		"no scope":        {event("GET", "/v1/me", "scope", "openid profile"), 401, "not-an-access-token", "deskmove/api"},
		"no account":      {event("GET", "/v1/me", "account", ""), 401, "claims", "account"},
		"no role":         {event("GET", "/v1/me", "deskmove_role", ""), 401, "claims", "deskmove_role"},
		"forged account":  {event("GET", "/v1/me", "account", "acme#c1"), 401, "claims", "account"},
		"unknown role":    {event("GET", "/v1/me", "deskmove_role", "root"), 401, "claims", "deskmove_role"},
		"role too low":    {event("PUT", "/v1/account", "deskmove_role", "agent", "agent", "bob"), 403, "role", "super-admin"},
		"raised role":     {withBody(event("PUT", "/v1/account", "agent", "bob"), acme), 403, "not-super-admin", "super administrator"},
		"foreign account": {event("GET", "/v1/channels/mail", "account", "nowhere"), 403, "no-setup", "deskmove apply"},
	} {
		res := serve(t, r, c.e)
		var p struct{ Code, Problem, Detail, Remedy string }
		if err := json.Unmarshal([]byte(res.Body), &p); err != nil || res.StatusCode != c.status || p.Code != c.code || !strings.Contains(p.Detail+p.Remedy, c.says) {
			t.Errorf("%s: %d %s, %v; want %d %s %q", name, res.StatusCode, res.Body, err, c.status, c.code, c.says)
		}
		if res.Headers["Content-Type"] != "application/problem+json" || (c.status == 401) != (res.Headers["Www-Authenticate"] == "Bearer") {
			t.Errorf("%s: header %v", name, res.Headers)
		}
	}
	// A header is no claim: what the gateway did not check counts nothing.
	forged := anonymous(event("GET", "/v1/me"))
	forged.Headers["authorization"] = "Bearer eyJhbGciOiJub25lIn0.eyJhY2NvdW50IjoiYWNtZSJ9."
	forged.Headers["x-amzn-oidc-data"] = "eyJhY2NvdW50IjoiYWNtZSJ9"
	if res := serve(t, r, forged); res.StatusCode != 401 {
		t.Errorf("forged token: %d %s", res.StatusCode, res.Body)
	}
}

// TestLambdaPublic needs no token, and minds no bad one.
func TestLambdaPublic(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/healthz", "/openapi.yaml"} {
		for _, e := range []events.APIGatewayV2HTTPRequest{anonymous(event("GET", path)), event("GET", path, "scope", "")} {
			if res := serve(t, r, e); res.StatusCode != 200 || res.Body == "" {
				t.Errorf("%s: %d", path, res.StatusCode)
			}
		}
	}
}

func TestLambdaPaths(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string]int{
		"/v1/channels/mail":        200,
		"/v1/channels/mail/":       404,
		"/v1/channels/mail#x":      404, // API Gateway decodes: it was %23
		"/v1/channels/ma il":       404,
		"/v1/channels/mail%2Fplan": 404,
		"/v1/channels/mail%":       404,
		"/v1//channels":            404,
		"/v1/channels/../me":       404,
		"":                         404,
		"/":                        404,
		"v1/me":                    404,
		"//evil.example/v1/me":     404,
		"/v1/tickets?limit=2&x=1":  422,
		"/v1/tickets?limit=%32":    200,
		"/v1/tickets?limit=1;a=b":  422,
	} {
		if res := serve(t, r, event("GET", path)); res.StatusCode != want {
			t.Errorf("GET %s: %d %s, want %d", path, res.StatusCode, res.Body, want)
		}
	}
}

// echo answers with what came.
func echo(check func(*http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check(r)
		w.Header().Add("X-Many", "a")
		w.Header().Add("X-Many", "b")
		w.Header().Add("Set-Cookie", "c=1; Secure")
		w.Header().Add("Set-Cookie", "d=2, e")
		w.WriteHeader(http.StatusAccepted)
		w.Header().Set("X-Late", "too late")
		_, _ = io.Copy(w, r.Body)
	})
}

func TestLambdaCarriesEverything(t *testing.T) {
	e := event("POST", "/v1/x?a=1&a=2&b=%20+c")
	e.Headers["x-two"], e.Cookies = "a,b", []string{"one=1", "two=2"}
	e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte{0xff, 0, 1}), true
	res := serve(t, echo(func(r *http.Request) {
		q := r.URL.Query()
		if !slices.Equal(q["a"], []string{"1", "2"}) || q.Get("b") != "  c" || r.URL.Path != "/v1/x" || r.Method != "POST" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if c, err := r.Cookie("two"); err != nil || c.Value != "2" || r.Header.Get("X-Two") != "a,b" {
			t.Errorf("header = %v", r.Header)
		}
		if r.Host != "api.example.com" || r.ContentLength != 3 || r.RemoteAddr != "192.0.2.7" || r.RequestURI != "/v1/x?a=1&a=2&b=%20+c" {
			t.Errorf("host %s, length %d, from %s, %s", r.Host, r.ContentLength, r.RemoteAddr, r.RequestURI)
		}
	}), e)
	if res.StatusCode != 202 || res.Headers["X-Many"] != "a, b" || res.Headers["X-Late"] != "" || !slices.Equal(res.Cookies, []string{"c=1; Secure", "d=2, e"}) {
		t.Errorf("answer = %+v", res)
	}
	if b, err := base64.StdEncoding.DecodeString(res.Body); !res.IsBase64Encoded || err != nil || string(b) != "\xff\x00\x01" {
		t.Errorf("body = %q", res.Body)
	}
	if res := serve(t, echo(func(*http.Request) {}), withBody(event("POST", "/"), "grüß <b>&</b>\u2028")); res.IsBase64Encoded || res.Body != "grüß <b>&</b>\u2028" {
		t.Errorf("text = %+v", res)
	}
	e.Body = "no base64!"
	if res := serve(t, echo(func(*http.Request) { t.Error("was served") }), e); res.StatusCode != 400 || !strings.Contains(res.Body, `"unreadable"`) {
		t.Errorf("answer = %+v", res)
	}
}

func TestLambdaHead(t *testing.T) {
	r := newRig(t)
	get, head := serve(t, r, event("GET", "/v1/me")), serve(t, r, event("HEAD", "/v1/me"))
	if head.StatusCode != 200 || head.Body != "" || head.Headers["Content-Type"] != get.Headers["Content-Type"] {
		t.Errorf("HEAD = %+v", head)
	}
	if res := serve(t, r, anonymous(event("HEAD", "/v1/me"))); res.StatusCode != 401 || res.Body != "" {
		t.Errorf("HEAD without token = %+v", res)
	}
}

// TestLambdaLimit answers with as much as fits, and with a problem for more.
func TestLambdaLimit(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"small":          {"x", 200},
		"5 MB of text":   {strings.Repeat("x", 5<<20), 200},
		"6 MB of text":   {strings.Repeat("x", 6<<20), 413},
		"quotes":         {strings.Repeat(`"`, 3<<20+10), 413},
		"control bytes":  {strings.Repeat("\x01", 1<<20), 413},
		"fewer of them":  {strings.Repeat("\x01", 900<<10), 200},
		"4 MB of binary": {strings.Repeat("\xff", 4<<20), 200},
		"5 MB of binary": {strings.Repeat("\xff", 5<<20), 413},
	} {
		res := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.body) }), event("GET", "/"))
		if res.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, c.want)
		}
		if raw, err := json.Marshal(res); err != nil || len(raw) > 6<<20 {
			t.Errorf("%s: Lambda would fail with %d bytes", name, len(raw))
		}
		if c.want == 413 && !strings.Contains(res.Body, `"too-much"`) {
			t.Errorf("%s: %s", name, res.Body)
		}
	}
}

func TestLambdaSurvivesPanics(t *testing.T) {
	for name, v := range map[string]any{"abort": http.ErrAbortHandler, "other": "a customer's words"} {
		res := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"half":`)
			panic(v)
		}), event("GET", "/"))
		if res.StatusCode != 500 || strings.Contains(res.Body, "half") || strings.Contains(res.Body, "customer") {
			t.Errorf("%s: %+v", name, res)
		}
	}
}
