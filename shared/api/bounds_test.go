package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

func TestValuesExceed(t *testing.T) {
	for text, n := range map[string]int{
		`7`: 1, `{"a": 1}`: 3, `{"a": [1, 2, "x,:[{\",", "\\"], "b": null}`: 9, `[[[[`: 5, "": 1,
		`"` + strings.Repeat(",", 20_000) + `"`:                     1, // across pieces
		"[" + strings.Repeat(`"\\",`, 20_000) + "1]":                20_002,
		`{"` + strings.Repeat("a", 8189) + `\"` + `": [1, 2, "3"]}`: 6, // escaped at the end of a piece
	} {
		if valuesExceed(strings.NewReader(text), n) || !valuesExceed(strings.NewReader(text), n-1) {
			t.Errorf("%.60q has not %d names and values", text, n)
		}
	}
}

// post has a connector send a message.
func post(t *testing.T, body string) *httptest.ResponseRecorder {
	t.Helper()
	setups := store.SetupStore{Engine: &storetest.Memory{}}
	if _, err := setups.Replace(t.Context(), desk.Setup{
		Account: desk.Account{ID: "acme"}, Connectors: []desk.Connector{{ID: "bot", Channels: []string{"mail"}}},
	}, time.Now()); err != nil {
		t.Fatal(err)
	}
	h := New(UseCases{Setups: setups, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	r := httptest.NewRequestWithContext(auth.WithCaller(t.Context(), desk.Caller{Account: "acme", Agent: "bot", Role: desk.ConnectorRole}),
		http.MethodPost, "/v1/channels/mail/conversations", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// unknown is a body of fields that nobody knows.
func unknown(n int) string {
	var b strings.Builder
	b.WriteString(`{"author":"customer","externalId":"x"`)
	for i := range n {
		fmt.Fprintf(&b, `,"f%d":1`, i)
	}
	return b.String() + "}"
}

// TestErrorsAreCounted: the first of many errors are listed, and the number of the
// others.
func TestErrorsAreCounted(t *testing.T) {
	for n, says := range map[int]string{20: "", 21: `"code":"more","problem":"1 more are not listed"`, 520: `"params":{"more":"500"}`} {
		w := post(t, unknown(n))
		got := w.Body.String()
		if w.Code != 422 || strings.Count(got, `"unknown-field"`) != 20 || strings.Contains(got, `"more"`) != (says != "") || !strings.Contains(got, says) {
			t.Errorf("%d unknown fields: %d %s", n, w.Code, got)
		}
	}
	es := make([]*desk.InvalidError, 1000)
	for i := range es {
		es[i] = &desk.InvalidError{Field: "a", Code: "b"}
	}
	if p := invalid(es); len(p.Errors) != maxFields+1 || p.Errors[maxFields].Params["more"] != "980" {
		t.Errorf("1000 errors of a rule: %+v", p)
	}
}

// TestTooManyValues: a large body of nothing but names is refused before it is
// looked at.
func TestTooManyValues(t *testing.T) {
	w := post(t, unknown(600_000))
	if got := w.Body.String(); w.Code != 422 || !strings.Contains(got, `"too-many-values"`) || !strings.Contains(got, `"most":"200000"`) {
		t.Errorf("%d %.300s", w.Code, got)
	}
	if w := post(t, `{"author":"customer","externalId":"x","text":"`+strings.Repeat(",", maxValues+1)+`","f":1}`); !strings.Contains(w.Body.String(), `"unknown-field"`) {
		t.Errorf("a long text: %d %.300s", w.Code, w.Body)
	}
}

// TestTimeUpIsNoPanic: what panics since the time is up has no stack in the log.
func TestTimeUpIsNoPanic(t *testing.T) {
	for why, want := range map[error]int{
		fmt.Errorf("write: %w", context.DeadlineExceeded): 503, fmt.Errorf("write: %w", context.Canceled): 503, errors.New("a customer's text"): 500,
	} {
		var log strings.Builder
		s := &server{routes: http.NewServeMux(), log: slog.New(slog.NewTextHandler(&log, nil))}
		s.routes.HandleFunc("/v1/x", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(why)
		})
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/x", nil))
		if w.Code != want || strings.Contains(w.Body.String(), "half") || strings.Contains(log.String(), "stack") != (want == 500) ||
			strings.Contains(log.String(), "customer") || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%v: %d %s, log %s", why, w.Code, w.Body, log.String())
		}
	}
}

// TestRefuse: a gateway's refusals are problems.
func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		err        error
		status     int
		code, says string
		after      string
	}{
		{&desk.RateError{Who: "ann", PerSecond: 50, After: 1200 * time.Millisecond}, 429, "too-many-requests", `"params":{"perSecond":"50","who":"ann"}`, "2"},
		{&desk.RateError{Who: "acme", PerSecond: 0.5, After: time.Millisecond}, 429, "too-many-requests", "acme asks more often than 0.5 times a second", "1"},
		{&desk.BusyError{What: "the server", After: time.Second, Err: errors.New("secret")}, 503, "busy", "", "1"},
		{errors.New("secret"), 500, "internal", "", ""},
	} {
		w := httptest.NewRecorder()
		Refuse(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), c.err)
		got := w.Body.String()
		if w.Code != c.status || !strings.Contains(got, `"code":"`+c.code+`"`) || !strings.Contains(got, c.says) || strings.Contains(got, "secret") {
			t.Errorf("%v: %d %s", c.err, w.Code, got)
		}
		h := w.Header()
		if h.Get("Retry-After") != c.after || h.Get("Content-Type") != problemType || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%v: header %v", c.err, h)
		}
	}
}
