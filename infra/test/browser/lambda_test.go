package browser_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/api"
	"deskmove/shared/console"
	"deskmove/shared/local"
)

// lambdaFront answers as API Gateway does in front of the API's function: it turns
// each request into an event, and the function's answer into one of HTTP. Signing
// in, which AWS leaves to the user pool, is the local gateway's.
func lambdaFront(stack *local.Stack, log *slog.Logger) *httptest.Server {
	gateway, err := url.Parse(stack.Gateway.URL())
	if err != nil {
		panic(err)
	}
	function := api.Lambda{API: stack.App.Site(console.SignIn{Kind: console.Local}), Log: log}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	mux.Handle("/local/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(gateway)
		if r.In.Header.Get("Origin") == server.URL {
			r.Out.Header.Set("Origin", gateway.String())
		}
	}})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		e, ok := event(stack, r)
		if !ok {
			http.Error(w, `{"message":"Unauthorized"}`, http.StatusUnauthorized)
			return
		}
		answer, err := function.Handle(r.Context(), e)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		for name, value := range answer.Headers {
			w.Header().Set(name, value)
		}
		for name, values := range answer.MultiValueHeaders {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
		body := []byte(answer.Body)
		if answer.IsBase64Encoded {
			body, _ = base64.StdEncoding.DecodeString(answer.Body)
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(body)
	})
	return server
}

// event is a request as API Gateway hands it to a function; false if its token is
// none.
func event(stack *local.Stack, r *http.Request) (e events.APIGatewayV2HTTPRequest, ok bool) {
	body, _ := io.ReadAll(r.Body)
	e = events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Headers: map[string]string{},
		Body: base64.StdEncoding.EncodeToString(body), IsBase64Encoded: true,
	}
	e.RequestContext.DomainName = r.Host
	e.RequestContext.Stage = "$default"
	e.RequestContext.HTTP = events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: r.Method, Path: r.URL.Path, SourceIP: "192.0.2.1"}
	for name, values := range r.Header {
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/app") {
		return e, true
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, err := stack.Issuer.Verify(token); err != nil {
		return e, false
	}
	claims := map[string]string{}
	var all map[string]any
	parts := strings.Split(token, ".")
	if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil || json.Unmarshal(raw, &all) != nil {
		return e, false
	}
	for name, value := range all {
		if text, ok := value.(string); ok {
			claims[name] = text
		}
	}
	e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims},
	}
	return e, true
}
