package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/local/gateway"
)

func verify(token string) (desk.Caller, error) {
	if token != "good" {
		return desk.Caller{}, errors.New("no")
	}
	return desk.Caller{Account: "acme", Agent: "ada", Role: "agent"}, nil
}

func config(h http.HandlerFunc) gateway.Config {
	return gateway.Config{
		Address: "127.0.0.1:0", Handler: h, Verify: verify, Log: slog.New(slog.DiscardHandler), Refuse: api.Refuse,
		Public: func(r *http.Request) bool { return r.URL.Path == "/healthz" },
	}
}

// serve serves until the test ends or stop is called, which returns what
// Serve returned.
func serve(t *testing.T, c gateway.Config) (url string, stop func() error) {
	t.Helper()
	g, err := gateway.Listen(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(ctx) }()
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return g.URL(), stop
}

// get is the answer to a request: its status, type and body.
func get(t *testing.T, url string, change func(*http.Request)) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer good")
	if change != nil {
		change(r)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	if res.Header.Get("Content-Type") == "application/problem+json" {
		return problem(t, res.StatusCode, res.Header, body)
	}
	return fmt.Sprint(res.StatusCode, " ", res.Header.Get("Content-Type"), " ", string(body))
}

// problem is the status and code of a problem, which must be whole, and kept by nobody.
func problem(t *testing.T, status int, h http.Header, body []byte) string {
	t.Helper()
	var p struct {
		Status                      int
		Code, Title, Detail, Remedy string
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Status != status || p.Title != http.StatusText(status) || status != 500 && (p.Detail == "" || p.Remedy == "") {
		t.Errorf("answer = %d %s, %v", status, body, err)
	}
	if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%s has the header %v", p.Code, h)
	}
	if (h.Get("WWW-Authenticate") != "") != (status == 401) || (h.Get("Retry-After") != "") != (status == 429 || status == 503) {
		t.Errorf("%s has the header %v", p.Code, h)
	}
	return fmt.Sprint(status, " ", p.Code)
}

func who(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	c, ok := auth.CallerFrom(r.Context())
	fmt.Fprint(w, c, ok)
}

func TestAuthorization(t *testing.T) {
	url, _ := serve(t, config(who))
	const refused, elsewhere = "401 unauthenticated", "403 unknown-host"
	header := func(s string) func(*http.Request) {
		return func(r *http.Request) {
			if r.Header.Set("Authorization", s); s == "" {
				r.Header.Del("Authorization")
			}
		}
	}
	for name, c := range map[string]struct {
		path   string
		change func(*http.Request)
		want   string
	}{
		"good":         {"/v1/me", nil, "200 text/plain {acme ada agent 0001-01-01 00:00:00 +0000 UTC 127.0.0.1} true"},
		"lower case":   {"/v1/me", header("bearer good"), "200 text/plain {acme ada agent 0001-01-01 00:00:00 +0000 UTC 127.0.0.1} true"},
		"none":         {"/v1/me", header(""), refused},
		"bad":          {"/v1/me", header("Bearer bad"), refused},
		"basic":        {"/v1/me", header("Basic good"), refused},
		"token only":   {"/v1/me", header("good"), refused},
		"public":       {"/healthz", header(""), "200 text/plain {   0001-01-01 00:00:00 +0000 UTC } false"},
		"public, bad":  {"/healthz", header("Bearer bad"), "200 text/plain {   0001-01-01 00:00:00 +0000 UTC } false"},
		"other host":   {"/healthz", func(r *http.Request) { r.Host = "evil.example" }, elsewhere},
		"other host 2": {"/healthz", func(r *http.Request) { r.Host = "127.0.0.1.evil.example:80" }, elsewhere},
		"localhost":    {"/v1/me", func(r *http.Request) { r.Host = "LocalHost:80" }, "200 text/plain {acme ada agent 0001-01-01 00:00:00 +0000 UTC 127.0.0.1} true"},
		"IPv6":         {"/v1/me", func(r *http.Request) { r.Host = "[::1]" }, "200 text/plain {acme ada agent 0001-01-01 00:00:00 +0000 UTC 127.0.0.1} true"},
		"long header":  {"/v1/me", func(r *http.Request) { r.Header.Set("X", strings.Repeat("a", 20_000)) }, "431 text/plain; charset=utf-8 431 Request Header Fields Too Large"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := get(t, url+c.path, c.change); got != c.want {
				t.Errorf("answer = %s, want %s", got, c.want)
			}
		})
	}
}

func TestPanic(t *testing.T) {
	var log strings.Builder
	c := config(func(http.ResponseWriter, *http.Request) { panic("a customer's text") })
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	url, stop := serve(t, c)
	if got := get(t, url, nil); got != "500 internal" {
		t.Error(got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), "customer") || !strings.Contains(log.String(), "handler panicked") {
		t.Errorf("log = %s", log.String())
	}
}

func TestShutDown(t *testing.T) {
	begun := make(chan struct{})
	url, stop := serve(t, config(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		time.Sleep(50 * time.Millisecond)
		who(w, r)
	}))
	answer := make(chan string, 1)
	go func() { answer <- get(t, url, nil) }()
	<-begun
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := <-answer; !strings.HasPrefix(got, "200 ") {
		t.Errorf("request under way: %s", got)
	}
	if got := get(t, url, nil); !strings.Contains(got, "refused") {
		t.Errorf("request after the end: %s", got)
	}
}

func TestListenRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): taken.Addr().String() + " is in use: stop the program that has it, or use another address",
		"0.0.0.0:0":           "other computers can reach it",
		":0":                  "other computers can reach it",
		"[::]:0":              "other computers can reach it",
		"example.com:0":       "other computers can reach it",
		"127.0.0.1":           "use host:port",
	} {
		c := config(who)
		c.Address = address
		if _, err := gateway.Listen(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Listen(%q) = %v, want %q", address, err, want)
		}
	}
	c := config(who)
	c.Address, c.Remote = "0.0.0.0:0", true
	serve(t, c)
}
