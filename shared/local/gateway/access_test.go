package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"deskmove/shared/auth"
)

// lines are those of a log that say of requests what a test knows.
func lines(t *testing.T, log string) (said []string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var l struct {
			Level, Msg, Method, Route, From, Account, Agent, Role, Code, Why string
			Status, Bytes, LeftOut                                           int
			Took                                                             *int64
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Msg != "request" || l.Took == nil {
			t.Errorf("line %q: %v", line, err)
		}
		if l.Status >= http.StatusBadRequest {
			l.Bytes = 0 // the texts of problems are no business of this test
		}
		said = append(said, strings.Join(strings.Fields(fmt.Sprint(l.Level, " ", l.Method, " ", l.Route, " ", l.Status, " ", l.Bytes, " ", l.From, " ", l.Account, " ", l.Agent, " ", l.Role, " ", l.Code, " ", l.Why)), " "))
	}
	return said
}

func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	c := config(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panics" {
			panic("a customer's text")
		}
		auth.TrailFrom(r.Context()).SetRoute("GET /v1/{thing}")
		switch r.URL.Path {
		case "/v1/forbidden":
			auth.TrailFrom(r.Context()).SetCode("role")
			w.WriteHeader(http.StatusForbidden)
		case "/v1/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprint(w, "12345")
		}
	})
	c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	url, stop := serve(t, c)
	as := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", token) }
	}
	for _, path := range []string{"/v1/words?q=jane", "/v1/forbidden", "/v1/busy", "/healthz"} {
		get(t, url+path, nil)
	}
	get(t, url+"/v1/words", as("Bearer secret"))
	get(t, url+"/v1/words", func(r *http.Request) { r.Method = "JANE" })
	get(t, url+"/v1/words", func(r *http.Request) { r.Host = "evil.example" })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"INFO GET GET /v1/{thing} 200 5 127.0.0.1 acme ada agent",
		"WARN GET GET /v1/{thing} 403 0 127.0.0.1 acme ada agent role",
		"INFO GET GET /v1/{thing} 503 0 127.0.0.1 acme ada agent",
		"DEBUG GET GET /v1/{thing} 200 5 127.0.0.1",
		"WARN GET 401 0 127.0.0.1 unauthenticated no",
		"INFO other GET /v1/{thing} 200 5 127.0.0.1 acme ada agent",
		"WARN GET 403 0 127.0.0.1 unknown-host",
	}
	if got := lines(t, log.String()); !slices.Equal(got, want) {
		t.Errorf("log = %q, want %q", got, want)
	}
	for _, word := range []string{"secret", "good", "jane", "words", "evil"} {
		if strings.Contains(strings.ToLower(log.String()), word) {
			t.Errorf("%q is in the log", word)
		}
	}
}

// TestAccessLogIsNotFlooded by refusals: those left out as warnings are counted.
func TestAccessLogIsNotFlooded(t *testing.T) {
	var log bytes.Buffer
	c := config(who)
	c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	url, stop := serve(t, c)
	for range 300 {
		get(t, url, func(r *http.Request) { r.Header.Del("Authorization") })
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "\n"); n < 20 || n > 100 {
		t.Errorf("%d warnings of 300", n)
	}
}
