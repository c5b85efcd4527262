package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskmove/shared/api"
)

// serve answers with the handlers, one after the other, and again with the
// last.
func serve(t *testing.T, answers ...http.HandlerFunc) (*Client, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := min(int(calls.Add(1)), len(answers))
		answers[n-1](w, r)
	}))
	t.Cleanup(s.Close)
	c, err := New(s.URL+"/", "secret")
	if err != nil {
		t.Fatal(err)
	}
	return c, &calls
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func ok(body string) http.HandlerFunc { return status(http.StatusOK, body) }

func TestTriesAgain(t *testing.T) {
	for name, first := range map[string]http.HandlerFunc{
		"busy":        status(http.StatusServiceUnavailable, ""),
		"throttled":   status(http.StatusTooManyRequests, `{"code":"busy"}`),
		"gateway":     status(http.StatusBadGateway, "<html>"),
		"timed out":   status(http.StatusGatewayTimeout, ""),
		"cut off":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"half a body": ok(`{"account":`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, calls := serve(t, first, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Authorization"); got != "Bearer secret" {
					t.Errorf("Authorization is %q", got)
				}
				ok(`{"account":"demo"}`)(w, r)
			})
			me, err := c.Me(t.Context())
			if err != nil || me.Account != "demo" || calls.Load() != 2 {
				t.Errorf("Me() = %+v, %v after %d calls", me, err, calls.Load())
			}
		})
	}
}

// TestSendsTheSameAgain: a body that was read once is sent whole the next
// time, and with the same key.
func TestSendsTheSameAgain(t *testing.T) {
	var bodies, keys []string
	note := func(answer http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			bodies, keys = append(bodies, string(b)), append(keys, r.Header.Get("Idempotency-Key"))
			answer(w, r)
		}
	}
	c, _ := serve(t, note(status(503, "")), note(ok(`{"id":"m1"}`)))
	if _, err := c.StartMove(t.Context(), api.NewMove{ChannelID: "a<b"}, "key"); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 2 || bodies[0] != bodies[1] || keys[0] != "key" || keys[1] != "key" || !strings.Contains(bodies[0], "a<b") {
		t.Errorf("sent %q with %q", bodies, keys)
	}
}

func TestGivesUp(t *testing.T) {
	c, calls := serve(t, status(http.StatusServiceUnavailable, `{"detail":"the system is busy","remedy":"try later"}`))
	c.Patience = 300 * time.Millisecond
	_, err := c.Me(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the system is busy: try later") || calls.Load() < 2 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	c.Patience = -1
	calls.Store(0)
	if _, err := c.Me(t.Context()); err == nil || calls.Load() != 1 {
		t.Errorf("without patience: %v after %d calls", err, calls.Load())
	}
}

// TestRetryAfter: the server says how long to wait.
func TestRetryAfter(t *testing.T) {
	c, calls := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		status(http.StatusServiceUnavailable, "")(w, r)
	})
	c.Patience = 5 * time.Second
	if _, err := c.Me(t.Context()); err == nil || calls.Load() != 1 {
		t.Errorf("%v after %d calls: it cannot wait so long, so it must not call again", err, calls.Load())
	}
}

func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c, err := New(s.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	c.Patience = 200 * time.Millisecond
	_, err = c.Me(t.Context())
	var unreachable *Unreachable
	if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), s.URL) || !strings.Contains(err.Error(), "running") {
		t.Errorf("Me() = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.Patience = time.Hour
	if _, err := c.Me(ctx); err == nil {
		t.Error("a cancelled call succeeded")
	}
}

func TestEndpoint(t *testing.T) {
	for _, bad := range []string{"", "localhost", "127.0.0.1:8420", "ftp://a", "http://", "http://a b", "::"} {
		if _, err := New(bad, ""); err == nil {
			t.Errorf("New(%q) succeeded", bad)
		}
	}
}

func TestProblem(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		says   []string
	}{
		"field": {422, `{"detail":"the request is not valid","remedy":"correct it","errors":[{"field":"statusMap.open","problem":"unknown","remedy":"choose one"}]}`,
			[]string{"not valid", "statusMap.open: unknown; choose one"}},
		"warning": {422, `{"detail":"no","remedy":"r","warnings":[{"code":"w","problem":"p","remedy":"q"}],"blockers":[{"code":"b","problem":"p","remedy":"q"}]}`,
			[]string{"warning w: p; q", "blocker b: p; q"}},
		"token":     {401, `{"message":"Unauthorized"}`, []string{"deskmove token", "DESKMOVE_TOKEN"}},
		"token 2":   {401, `{"code":"unauthenticated","detail":"none","remedy":"Bearer"}`, []string{"deskmove token", "DESKMOVE_TOKEN"}},
		"host":      {403, `{"code":"unknown-host","detail":"d","remedy":"r"}`, []string{"endpoint"}},
		"scope":     {403, `{"message":"Forbidden"}`, []string{"scope deskmove/api", "ID token"}},
		"role":      {403, `{"code":"role","detail":"a token with the role agent cannot do this","remedy":"use another"}`, []string{"role agent", "use another"}},
		"too large": {413, `{"message":"Request Entity Too Large"}`, []string{"larger", "send less"}},
		"inside":    {500, `{"title":"Internal Server Error","status":500,"code":"internal"}`, []string{"log"}},
		"function":  {500, `{"message":"Internal Server Error"}`, []string{"log"}},
		"not ours":  {404, "<html>nginx", []string{"404 Not Found", "--endpoint"}},
		"elsewhere": {302, "", []string{"302"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, calls := serve(t, status(test.status, test.body))
			_, err := c.Me(t.Context())
			var p *Problem
			if !errors.As(err, &p) || p.Status != test.status {
				t.Fatalf("Me() = %v", err)
			}
			for _, s := range test.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q is not in %q", s, err)
				}
			}
			if calls.Load() != 1 {
				t.Errorf("it was tried %d times", calls.Load())
			}
		})
	}
}

// TestGatewaysThatAreBusy: API Gateway's own answers lead on, too.
func TestGatewaysThatAreBusy(t *testing.T) {
	for status, says := range map[int]string{429: "fewer at a time", 502: "try again later", 503: "try again later", 504: "try again later"} {
		c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"message":"`+http.StatusText(status)+`"}`)
		})
		c.Patience = -1
		if _, err := c.Me(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%d: %v, want %q", status, err, says)
		}
	}
}

// TestList: pages are read to the last, empty ones too, and no further than
// is wanted.
func TestList(t *testing.T) {
	var asked []string
	page := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Query().Get("cursor"))
			ok(body)(w, r)
		}
	}
	c, _ := serve(t, page(`{"items":[{"id":"a"},{"id":"b"}],"next":"1"}`), page(`{"items":[],"next":"2"}`), page(`{"items":[{"id":"c"}]}`))
	all := c.Tickets(t.Context())
	var ids []string
	for ticket, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, ticket.ID)
	}
	if got, _ := json.Marshal([][]string{ids, asked}); string(got) != `[["a","b","c"],["","1","2"]]` {
		t.Errorf("read and asked %s", got)
	}
	for range all { // a second time it begins at the beginning
		break
	}
	if last := asked[len(asked)-1]; last != "" || len(asked) != 4 {
		t.Errorf("asked %q", asked)
	}
	failing, _ := serve(t, ok(`{"items":[{"id":"a"}],"next":"1"}`), status(404, ""))
	n := 0
	for _, err := range failing.Tickets(t.Context()) {
		if n++; (err != nil) != (n == 2) {
			t.Errorf("item %d: %v", n, err)
		}
	}
	if n != 2 {
		t.Errorf("%d items", n)
	}
}
