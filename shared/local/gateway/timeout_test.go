package gateway

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/local/admission"
)

// TestTimeout: what is not done in 30 s is answered as the house would.
func TestTimeout(t *testing.T) {
	for want, refuse := range map[string]func(http.ResponseWriter, *http.Request, error){
		`503 application/problem+json {"type":"about:blank","title":"Service Unavailable","status":503,"code":"busy","detail":"the system is busy","remedy":"try again after Retry-After seconds"}` + "\n": api.Refuse,
		`503 text/plain the house`: func(w http.ResponseWriter, _ *http.Request, err error) {
			if _, ok := errors.AsType[*desk.BusyError](err); !ok {
				t.Errorf("refused with %v", err)
			}
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "the house")
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log strings.Builder
			ended := make(chan struct{})
			c := Config{
				Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }), Refuse: refuse,
				Public: func(*http.Request) bool { return true }, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
			}
			began, w := time.Now(), httptest.NewRecorder()
			h, _ := c.handler(false)
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
			close(ended)
			if got := httpAnswer(w); got != want || time.Since(began) != maxTime {
				t.Errorf("answer = %s after %v, want %s", got, time.Since(began), want)
			}
			if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "level=WARN") || strings.Contains(log.String(), "stack") {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

func httpAnswer(w *httptest.ResponseRecorder) string {
	return strings.Join([]string{strconv.Itoa(w.Code), w.Header().Get("Content-Type"), w.Body.String()}, " ")
}

// TestRoomIsKept: while what people ask fills all the room there is, messages come in,
// and pages are served.
func TestRoomIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		var log bytes.Buffer
		one := admission.Desk()
		one.AtWork, one.Waiting = 1, 1
		c := Config{
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && r.URL.Path == "/v1/list" {
					<-hold
				}
			}),
			Public: func(r *http.Request) bool { return r.URL.Path == "/healthz" },
			Intake: func(r *http.Request) bool { return r.Method == http.MethodPost },
			Verify: func(string) (desk.Caller, error) {
				return desk.Caller{Account: "acme", Agent: "ann", Role: desk.AgentRole}, nil
			},
			Lanes: &Lanes{one, admission.Intake(), admission.Public(), admission.Files()}, Refuse: api.Refuse,
			Route: func(r *http.Request) string { return r.Method + " {path}" },
			Log:   slog.New(slog.NewTextHandler(&log, nil)),
		}
		h, _ := c.handler(false)
		ask := func(method, path string) *httptest.ResponseRecorder {
			w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader("{}"))
			r.Header.Set("Authorization", "Bearer x")
			h.ServeHTTP(w, r)
			return w
		}
		answered := make(chan int, 2)
		for range cap(answered) {
			go func() { answered <- ask(http.MethodGet, "/v1/list").Code }()
		}
		synctest.Wait()
		if w := ask(http.MethodGet, "/v1/list"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" {
			t.Errorf("beyond the room: %d %v", w.Code, w.Header())
		}
		if said := log.String(); !strings.Contains(said, `msg="requests refused" lane=desk causes="map[too many requests wait:map[GET {path}:1]]"`) ||
			!regexp.MustCompile(`msg=request method=GET route="GET {path}" status=503 .* account=acme agent=ann .* code=busy why="too many requests wait"`).MatchString(said) {
			t.Errorf("the log does not say who was refused what, and why: %s", said)
		}
		if w := ask(http.MethodPost, "/v1/take"); w.Code != http.StatusOK {
			t.Errorf("a message: %d %s", w.Code, w.Body)
		}
		if w := ask(http.MethodGet, "/healthz"); w.Code != http.StatusOK {
			t.Errorf("health: %d %s", w.Code, w.Body)
		}
		close(hold)
		for range cap(answered) {
			if code := <-answered; code != http.StatusOK {
				t.Errorf("what had room: %d", code)
			}
		}
	})
}

// TestRate: one request too many is refused before its body is read.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lanes := LanesOf(DefaultMemory)
		lanes.Desk.Rates = map[desk.Role]admission.Rate{desk.AgentRole: {PerSecond: 0.1, Burst: 1}}
		c := Config{
			Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
			Public:  func(*http.Request) bool { return false },
			Verify: func(string) (desk.Caller, error) {
				return desk.Caller{Account: "acme", Agent: "ann", Role: desk.AgentRole}, nil
			},
			Lanes: &lanes, Refuse: api.Refuse,
		}
		h, _ := c.handler(false)
		for i, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
			body := strings.NewReader("{}")
			w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v1/x", body)
			r.Header.Set("Authorization", "Bearer x")
			h.ServeHTTP(w, r)
			if w.Code != want || (w.Header().Get("Retry-After") == "10") != (i == 1) || body.Len() != 2*i {
				t.Errorf("request %d: %d %v, %d bytes of its body are left", i, w.Code, w.Header(), body.Len())
			}
		}
	})
}
