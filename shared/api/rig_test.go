package api_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// rig is the API on the real use cases and repositories.
type rig struct {
	*apptest.Rig
	http.Handler
	log bytes.Buffer // the API's alone
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{Rig: apptest.New(t)}
	r.UseCases.Log = r.logger()
	r.Handler = r.API()
	r.do(zoe, "PUT", "/v1/account", strings.ReplaceAll(strings.ReplaceAll(acme, `"acme"`, `"zoo"`), `"ann"`, `"zoe"`)).want(200)
	r.Written = nil
	return r
}

// The callers.
var (
	ann = apptest.Admin
	bob = desk.Caller{Account: "acme", Agent: "bob", Role: desk.AgentRole, IssuedAt: apptest.Issued}
	cem = desk.Caller{Account: "acme", Agent: "cem", Role: desk.AgentRole, IssuedAt: apptest.Issued} // without help desk access
	bot = desk.Caller{Account: "acme", Agent: "mailer", Role: desk.ConnectorRole, IssuedAt: apptest.Issued}
	zoe = desk.Caller{Account: "zoo", Agent: "zoe", Role: desk.SuperAdmin, IssuedAt: apptest.Issued}

	nobody = desk.Caller{}
)

const acme = apptest.Acme

// answer is what the API said.
type answer struct {
	t apptest.T
	*httptest.ResponseRecorder
	request string
}

// do sends a request as a caller. A body that is no string is written as JSON. A setup
// replaces the one that there is, unless the request has a condition, be it empty.
func (r *rig) do(c desk.Caller, method, path string, body any, headers ...string) answer {
	r.Helper()
	var text string
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		b2, err := json.Marshal(b)
		if err != nil {
			r.Fatal(err)
		}
		text = string(b2)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(text))
	if text != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if method+path == "PUT/v1/account" {
		if setup, err := r.Setups.Setup(r.Context(), c.Account); err == nil {
			req.Header.Set("If-Match", `"`+setup.Version+`"`)
		}
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if c != nobody {
		req = req.WithContext(auth.WithCaller(req.Context(), c))
	}
	r.Time = r.Time.Add(time.Millisecond)
	a := answer{r.T, httptest.NewRecorder(), method + " " + path}
	r.ServeHTTP(a, req)
	a.wantCodes()
	a.wantDescribed()
	return a
}

// want fails the test unless the answer has the status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("%s answered %d %s, want %d", a.request, a.Code, a.Body, status)
	}
	return a
}

// object is a JSON object.
type object = map[string]any

// json reads the answer.
func (a answer) json() object {
	a.t.Helper()
	var o object
	if err := json.Unmarshal(a.Body.Bytes(), &o); err != nil {
		a.t.Fatalf("%s answered %q: %v", a.request, a.Body, err)
	}
	return o
}

// at reads a value of the answer by the names and indexes on the way to it.
func (a answer) at(path ...any) any {
	a.t.Helper()
	return at(a.json(), path...)
}

func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			o, _ := v.(object)
			v = o[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// ids are those of a list's items, or of another field of them.
func (a answer) ids(field ...string) []string {
	a.t.Helper()
	name := "id"
	if len(field) > 0 {
		name = field[0]
	}
	ids := []string{}
	items, _ := a.at("items").([]any)
	for _, item := range items {
		id, _ := at(item, name).(string)
		ids = append(ids, id)
	}
	return ids
}

// take takes a customer's message in and returns its conversation.
func (r *rig) take(channel, external string, references ...string) string {
	r.Helper()
	r.Time = r.Time.Add(time.Minute)
	id, _ := r.do(bot, "POST", "/v1/channels/"+channel+"/conversations", object{
		"externalId": external, "references": append([]string{}, references...), "author": "customer", "from": object{"address": "jane@customer.example"},
		"at": r.Time.Add(-time.Hour), "subject": "Order " + external, "text": "Where is it?",
	}).want(201).at("conversationId").(string)
	return id
}

// start starts a move of the channel with all history and returns its ID.
func (r *rig) start(channel string) string {
	r.Helper()
	id, _ := r.do(ann, "POST", "/v1/moves", order(channel)).want(202).at("id").(string)
	return id
}

// order is a request that moves a channel with all history.
func order(channel string) object {
	return object{
		"channelId": channel, "history": "all", "statusMap": object{"open": "waiting", "closed": "solved"},
		"acknowledged": []string{"connected-left-behind", "agents-without-access"},
	}
}

// finish takes a move whose batches are done to its end.
func (r *rig) finish(run move.Run) {
	r.Helper()
	for run.More = true; run.More || run.Again; {
		r.Time = r.Time.Add(time.Second)
		if run.Again {
			run = r.Step(r.List, run)
			r.Deliver()
		}
		run = r.Step(r.Drain, run)
	}
	r.Step(r.Finish, run)
}

func (r *rig) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&r.log, nil)) }
