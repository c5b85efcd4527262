package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

func TestWhatTheStoreCannotDo(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7: jane@customer.example")
	for name, c := range map[string]struct {
		err           error
		status        int
		code, remedy  string
		retry, logged string
	}{
		"throttled": {store.ErrThrottled, 503, "busy", "try again", "1", "operation=take-message"},
		"busy":      {&desk.BusyError{What: "conversation", After: 2500 * time.Millisecond}, 503, "busy", "try again", "3", "operation=take-message"},
		"full":      {store.ErrFull, 507, "full", "free disk space", "", ""},
		"unknown":   {secret, 500, "internal", "", "", "operation=take-message"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.EngineErr = c.err
			a := r.do(bot, "POST", "/v1/channels/mail/conversations", object{"externalId": "x", "author": "customer"}).want(c.status)
			remedy, _ := a.at("remedy").(string)
			if a.at("code") != c.code || !strings.Contains(remedy, c.remedy) || a.Header().Get("Retry-After") != c.retry || a.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("answer = %s %v", a.Body, a.Header())
			}
			if log := r.log.String(); strings.Count(log, "\n") != strings.Count(c.logged, "=") || !strings.Contains(log, c.logged) {
				t.Errorf("log = %q, want %q once", log, c.logged)
			}
			if busy := c.status == 503; busy != strings.Contains(r.log.String(), "level=WARN") {
				t.Errorf("log = %q", &r.log)
			}
			if c.status == 500 && a.Body.String() != `{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal"}`+"\n" {
				t.Errorf("answer = %s, want it bare", a.Body)
			}
		})
	}
}

// TestARefusalThatCannotBeLogged is none: whoever asks again learns of it.
func TestARefusalThatCannotBeLogged(t *testing.T) {
	r := newRig(t)
	r.WriteErr = store.ErrThrottled
	r.do(bob, "POST", "/v1/moves", order("mail")).want(503)
}

func TestTheCallerIsGone(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(auth.WithCaller(t.Context(), ann))
	cancel()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/v1/channels", nil).WithContext(ctx))
	if w.Code != 503 || r.log.Len() > 0 {
		t.Errorf("answer = %d, log = %q", w.Code, &r.log)
	}
}

func TestPanics(t *testing.T) {
	var log strings.Builder
	h := api.New(api.UseCases{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, path := range []string{"/v1/channels", "/v1/me"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil).WithContext(auth.WithCaller(t.Context(), ann)))
		if w.Code != 500 || w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(w.Body.String(), `"internal"`) {
			t.Errorf("answer = %d %s", w.Code, w.Body)
		}
	}
	if n := strings.Count(log.String(), "handler panicked"); n != 2 || !strings.Contains(log.String(), "runtime.errorString") && !strings.Contains(log.String(), "runtime.") {
		t.Errorf("log = %s", log.String())
	}
}

func TestHealth(t *testing.T) {
	sick := error(nil)
	h := api.New(api.UseCases{
		Log:    slog.New(slog.NewTextHandler(io.Discard, nil)),
		Health: func(context.Context) error { return sick },
	})
	get := func(path string) string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()))
	}
	if got, want := get("/healthz"), `200 {"status":"ok"}`; got != want {
		t.Errorf("health = %s, want %s", got, want)
	}
	for _, path := range []string{"/", "/v1/nothing"} {
		if got := get(path); !strings.HasPrefix(got, "404 {") {
			t.Errorf("%s answers %s, want 404", path, got)
		}
	}
	sick = store.ErrThrottled
	if got := get("/healthz"); !strings.HasPrefix(got, "503 ") {
		t.Errorf("health = %s", got)
	}
}

// TestABodyThatSaysItIsTooLargeIsNotRead spares everybody the bytes.
func TestABodyThatSaysItIsTooLargeIsNotRead(t *testing.T) {
	r := newRig(t)
	endless := &counter{}
	req := httptest.NewRequest("POST", "/v1/moves", endless)
	req.ContentLength = 64<<10 + 1
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req.WithContext(auth.WithCaller(t.Context(), ann)))
	if w.Code != 413 || endless.n.Load() > 0 || w.Header().Get("Connection") != "close" {
		t.Errorf("answer = %d after %d bytes, %v", w.Code, endless.n.Load(), w.Header())
	}
}

// TestNobodySendsForEver streams bodies at a real server.
func TestNobodySendsForEver(t *testing.T) {
	r := newRig(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.ServeHTTP(w, req.WithContext(auth.WithCaller(req.Context(), ann)))
	}))
	defer server.Close()
	endless := &counter{}
	req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/v1/moves", endless)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != 413 || endless.n.Load() > 8<<20 {
		t.Errorf("answer = %d after %d bytes", res.StatusCode, endless.n.Load())
	}

	// A body that ends too early is the sender's fault.
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprint(conn, "POST /v1/moves HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err = http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != 400 {
		t.Errorf("answer = %v, %v", res, err)
	}
}

type counter struct{ n atomic.Int64 }

func (c *counter) Read(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// TestCodes keeps the table of doc.go and the description together.
func TestCodes(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	spec, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z-]+) +(\d{3})\b`).FindAllStringSubmatch(string(doc), -1) {
		listed[m[1]] = m[2]
	}
	described := map[string]string{}
	for _, m := range regexp.MustCompile(`status: (\d{3})\n +code: ([a-z-]+)\n`).FindAllStringSubmatch(string(spec), -1) {
		described[m[2]] = m[1]
	}
	for code, status := range described {
		if listed[code] != status {
			t.Errorf("%s %s is not in the table of doc.go", code, status)
		}
	}
	// These belong to no operation, or to what no channel has.
	for _, code := range []string{"method-not-allowed", "unreadable", "not-movable"} {
		delete(listed, code)
	}
	for code, status := range listed {
		if described[code] != status {
			t.Errorf("%s %s of doc.go is not described", code, status)
		}
	}
	if len(listed) < 20 {
		t.Errorf("doc.go lists %v only", listed)
	}
}
