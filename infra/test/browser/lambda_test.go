package browser_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"

	"deskmove/shared/api"
	"deskmove/shared/auth"
	"deskmove/shared/console"
	"deskmove/shared/local"
	"deskmove/shared/local/gateway"
)

// lambdaFront answers as API Gateway does in front of the API's function: it turns
// each request into an event, and the function's answer into one of HTTP. Signing
// in is at a user pool or, without one, the local gateway's.
func lambdaFront(stack *local.Stack, users *pool, log *slog.Logger) *httptest.Server {
	front, err := url.Parse(stack.Gateway.URL())
	if err != nil {
		panic(err)
	}
	how := console.SignIn{Kind: console.Local}
	if users != nil {
		how = users.signIn()
	}
	function := api.Lambda{API: stack.App.Site(how), Log: log}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	if users != nil {
		users.console = server.URL
	}
	mux.Handle("/local/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(front)
		if r.In.Header.Get("Origin") == server.URL {
			r.Out.Header.Set("Origin", front.String())
		}
	}})
	integration := gateway.Integration{Invoke: function.Handle, Log: log}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/app") {
			token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			caller, err := stack.Issuer.Verify(token)
			if err != nil {
				http.Error(w, `{"message":"Unauthorized"}`, http.StatusUnauthorized)
				return
			}
			r = r.WithContext(auth.WithCaller(r.Context(), caller))
		}
		integration.ServeHTTP(w, r)
	})
	return server
}
