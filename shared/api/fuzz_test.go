package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/api"
	"deskmove/shared/app/apptest"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// fuzzRig is the API of an account that has some of everything. Every request
// finds it as it was at first: an input that fails once fails again.
type fuzzRig struct {
	*rig
	restore func(apptest.T)

	inbox, moved, ticket, move, notice string // IDs
}

func newFuzzRig(f *testing.F) *fuzzRig {
	f.Helper()
	r := &fuzzRig{rig: newRig(f)}
	r.moved, r.inbox = r.take("mail", "m1"), r.take("phone", "p1")
	r.Undated("mail")
	r.move, r.ticket = r.start("mail"), "t-"+r.moved
	r.Run()
	live := r.take("mail", "m2")
	r.Changed(live)
	r.notice, r.restore = "live-t-"+live, r.Snapshot()
	return r
}

// reset makes the account what it was at first.
func (r *fuzzRig) reset(t *testing.T) {
	r.restore(t)
	r.log.Reset()
}

// request sends a request to the account as it was at first, and checks what
// holds for every request.
func (r *fuzzRig) request(t *testing.T, c desk.Caller, method, path, body string) answer {
	t.Helper()
	r.reset(t)
	before := allocated()
	a := r.do(c, method, path, body)
	// Of all tests at once, so there is some room.
	if bytes := allocated() - before; bytes > 64<<20+200*uint64(len(path)+len(body)) {
		t.Errorf("%s of %d bytes took %d bytes of memory", a.request, len(body), bytes)
	}
	isProblem := a.Header().Get("Content-Type") == "application/problem+json"
	if a.Code >= 400 && !isProblem || a.Code != http.StatusNoContent && !json.Valid(a.Body.Bytes()) {
		t.Errorf("%s answered %d %s %q", a.request, a.Code, a.Header(), a.Body)
	}
	return a
}

// allocated is how many bytes the program has ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// secret stands for what a customer wrote.
const secret = "dont-log-me"

// plant puts secret into the places of a JSON value in which people write.
func plant(v any) any {
	switch v := v.(type) {
	case object:
		for name, inner := range v {
			v[name] = plant(inner)
			_, isText := inner.(string)
			if isText && strings.Contains(" text html subject from raw name email address ", " "+name+" ") {
				v[name] = secret
			}
		}
	case []any:
		for i := range v {
			v[i] = plant(v[i])
		}
	}
	return v
}

// FuzzBodies sends a body to every operation that takes one. A healthy store
// gives no internal error and nothing to log; a broken one is logged without
// the customer's words.
func FuzzBodies(f *testing.F) {
	r := newFuzzRig(f)
	message := `{"externalId":"x","references":["m1"],"author":"customer","agent":"ann","from":{"name":"Jane","address":"jane@customer.example"},"to":[{"address":"us@acme.example"}],"kind":"email","visibility":"public","fields":[{"name":"a","value":"b"}],"call":{"seconds":3},"tags":["a"],"at":"2026-11-20T08:00:00Z","subject":"s","text":"t","html":"<p>t","source":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}`
	targets := []struct {
		method, path string
		caller       desk.Caller
	}{
		{"PUT", "/v1/account", ann},
		{"POST", "/v1/channels/mail/conversations", bot},
		{"POST", "/v1/channels/form/conversations", bot},
		{"POST", "/v1/conversations/" + r.moved + "/messages", bot},
		{"POST", "/v1/conversations/" + r.inbox + "/messages", bot},
		{"PATCH", "/v1/conversations/" + r.inbox, ann},
		{"POST", "/v1/conversations/" + r.inbox + "/tickets", ann},
		{"PATCH", "/v1/tickets/" + r.ticket, bob},
		{"POST", "/v1/moves", ann},
		{"POST", "/v1/moves/" + r.move + "/retry", ann},
		{"POST", "/v1/notifications/" + r.notice + "/delivered", bot},
		{"POST", "/v1/channels/mail/repair", ann},
	}
	move, err := json.Marshal(order("phone"))
	if err != nil {
		f.Fatal(err)
	}
	for i, body := range []string{acme, message, message, message, message, `{"status":"closed","owner":"bob"}`, `{"status":"new"}`,
		`{"status":"solved","owner":""}`, string(move), "", `{"at":"2026-11-23T09:00:00Z"}`, ""} {
		f.Add(byte(i), []byte(body))
		f.Add(byte(i), []byte(strings.Replace(body, ":", ":[", 1)))
		f.Add(byte(i), []byte(strings.ReplaceAll(body, "\":\"", "\":\"\\u0000\xff")))
	}
	f.Add(byte(1), []byte(`{"externalId":"x","author":"customer","at":"9999-12-31T23:59:59+23:59"}`))
	f.Add(byte(1), []byte(strings.Repeat(`{"text":`, 10_000)))
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		to := targets[int(which)%len(targets)]
		a := r.request(t, to.caller, to.method, to.path, string(body))
		if a.Code >= 500 || r.log.Len() > 0 {
			t.Errorf("%s answered %d %s and logged %s", a.request, a.Code, a.Body, &r.log)
		}
		var v any
		if json.Unmarshal(body, &v) != nil {
			return
		}
		planted, err := json.Marshal(plant(v))
		if err != nil {
			return // a number that JSON has no words for
		}
		r.WriteErr = errors.New("broken")
		defer func() { r.WriteErr = nil }()
		if a = r.request(t, to.caller, to.method, to.path, string(planted)); strings.Contains(r.log.String(), secret) {
			t.Errorf("%s logged %s", a.request, &r.log)
		}
	})
}

// FuzzCursors reads lists from cursors that nobody gave out: as they are, and
// with the right sum.
func FuzzCursors(f *testing.F) {
	r := newFuzzRig(f)
	lists := []struct{ of, path string }{
		{"conversations", "/v1/conversations"}, {"tickets", "/v1/tickets"}, {"moves", "/v1/moves"}, {"audit", "/v1/audit"},
		{"notifications", "/v1/notifications"}, {"failures", "/v1/moves/" + r.move + "/failures"},
		{"tickets activity", "/v1/tickets?sort=activity"}, {"messages of " + r.inbox, "/v1/conversations/" + r.inbox + "/messages"},
	}
	for i, place := range []string{"1795000000000.c1", "-1.", "9999999999999999999.c", "WyJhIl0", "WyIiXQ", `["a"]`, "\xff", store.MoveKey("", "").SK} {
		f.Add(byte(i), place, uint16(1), true)
		f.Add(byte(i+1), place, uint16(1000), false)
	}
	f.Fuzz(func(t *testing.T, which byte, place string, limit uint16, sum bool) {
		list := lists[int(which)%len(lists)]
		cursor := place
		if sum {
			cursor = oldCursor(list.of, place)
		}
		a := r.request(t, ann, "GET", list.path+fmt.Sprintf("%climit=%d&cursor=%s", separator(list.path), limit, url.QueryEscape(cursor)), "")
		if a.Code != http.StatusOK && a.Code != http.StatusUnprocessableEntity || r.log.Len() > 0 {
			t.Errorf("%s answered %d %s and logged %s", a.request, a.Code, a.Body, &r.log)
		}
	})
}

// separator is what comes before the next parameter of a path.
func separator(path string) byte {
	if strings.Contains(path, "?") {
		return '&'
	}
	return '?'
}

// FuzzLambda sends events of API Gateway with any method, path and parameters.
func FuzzLambda(f *testing.F) {
	r := newFuzzRig(f)
	for _, path := range []string{"/v1/conversations", "/v1/conversations/" + r.inbox, "/v1/tickets/" + r.ticket, "/v1/channels/mail/plan", "/v1/me",
		"/v1/moves/" + r.move + "/report", "/healthz", "/openapi.yaml", "/v1//me", "/v1/../v1/me", "/v1/moves/%2e%2e", "v1", "", "/v1/\xff", "*"} {
		f.Add("GET", path, "limit=1&offset=7", "application/json", "", false)
		f.Add("POST", path, "history=all&sla=original&x=%zz;", "text/plain; charset=\xff", "e30=", true)
	}
	f.Add("GET", "/v1/tickets", "status=new,waiting&open=true&unowned=true&channel=mail&provenance=live&due=0001-01-01T00:00:00Z", "", "", false)
	f.Add("GET", "/v1/conversations", "status=closed&owner=ann&home=inbox&due=9999-12-31T23:59:59Z", "", "", false)
	f.Add("GET", "/v1/conversations", "waiting=true&sort=activity&q=%3Cx%23%00%3E", "", "", false)
	f.Add("GET", "/v1/conversations/"+r.inbox+"/messages", "limit=1&cursor=AAAAAAA", "", "", false)
	f.Add("GET", "/v1/conversations/"+r.inbox+"/messages/none/html", "offset=1", "", "", false)
	f.Add("GET", "/v1/tickets/"+r.ticket, "with=conversation", "", "", false)
	f.Add("GET", "/v1/counts", "", "", "", false)
	f.Add("POST", "/v1/channels/mail/repair", "", "", "", false)
	f.Add("PATCH", "/v1/tickets/"+r.ticket, "", "application/json", `{"owner":""}`, false)
	f.Add("GET /", "/v1/me", "home=inbox&home=helpdesk&channel=%00", "", "!", true)
	h := api.Lambda{API: r.Handler, Log: slog.New(slog.NewTextHandler(&r.log, nil))}
	f.Fuzz(func(t *testing.T, method, path, query, contentType, body string, encoded bool) {
		var e events.APIGatewayV2HTTPRequest
		e.RawPath, e.RawQueryString, e.Body, e.IsBase64Encoded = path, query, body, encoded
		e.Headers = map[string]string{"content-type": contentType, "idempotency-key": query}
		e.RequestContext.HTTP.Method = method
		e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: auth.Claims(ann)},
		}
		r.reset(t)
		res, err := h.Handle(t.Context(), e)
		if err != nil || res.StatusCode >= 500 || r.log.Len() > 0 {
			t.Errorf("%q %q?%q answered %d %s, %v and logged %s", method, path, query, res.StatusCode, res.Body, err, &r.log)
		}
		if res.StatusCode == http.StatusUnauthorized {
			t.Errorf("%q %q?%q answered %d", method, path, query, res.StatusCode)
		}
	})
}
