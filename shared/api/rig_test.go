package api_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// rig is the API on the real use cases and repositories.
type rig struct {
	testing.TB
	http.Handler
	*apptest.Rig
	engine *engine
	log    *bytes.Buffer
}

// engine notes what is written, and fails if it is told to.
type engine struct {
	store.Engine
	mu     sync.Mutex
	writes []store.Key
	read   int   // items
	fail   error // of everything

	failWrites error
}

func (e *engine) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	e.mu.Lock()
	e.read += len(keys)
	e.mu.Unlock()
	if e.fail != nil {
		return nil, e.fail
	}
	return e.Engine.Get(ctx, t, keys, c)
}

func (e *engine) Query(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := e.Engine.Query(ctx, q)
	e.mu.Lock()
	e.read += len(p.Items)
	e.mu.Unlock()
	return p, err
}

func (e *engine) Write(ctx context.Context, ws []store.Write) []error {
	if err := cmp.Or(e.fail, e.failWrites); err != nil {
		return []error{err}
	}
	errs := e.Engine.Write(ctx, ws)
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, w := range ws {
		if errs == nil || errs[i] == nil {
			e.writes = append(e.writes, w.Key)
		}
	}
	return errs
}

func (e *engine) Transact(ctx context.Context, ws []store.Write) error {
	if err := cmp.Or(e.fail, e.failWrites); err != nil {
		return err
	}
	err := e.Engine.Transact(ctx, ws)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range ws {
		if err == nil {
			e.writes = append(e.writes, w.Key)
		}
	}
	return err
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{TB: t, engine: &engine{Engine: &storetest.Memory{}}, log: &bytes.Buffer{}}
	r.Rig = apptest.New(t, r.engine, nil)
	r.UseCases.Log = slog.New(slog.NewTextHandler(r.log, nil)) // the API's alone
	r.Handler = r.API()
	r.do(ann, "PUT", "/v1/account", acme).want(200)
	r.do(zoe, "PUT", "/v1/account", strings.ReplaceAll(strings.ReplaceAll(acme, `"acme"`, `"zoo"`), `"ann"`, `"zoe"`)).want(200)
	return r
}

// The callers.
var (
	ann = desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin, Address: "192.0.2.7"}
	bob = desk.Caller{Account: "acme", Agent: "bob", Role: desk.AgentRole}
	cem = desk.Caller{Account: "acme", Agent: "cem", Role: desk.AgentRole} // without help desk access
	bot = desk.Caller{Account: "acme", Agent: "mailer", Role: desk.Connector}
	zoe = desk.Caller{Account: "zoo", Agent: "zoe", Role: desk.SuperAdmin}

	nobody = desk.Caller{}
)

const acme = `{
	"account": {"id": "acme", "name": "Acme", "plan": "professional", "zone": "Europe/Berlin"},
	"agents": [
		{"id": "ann", "name": "Ann", "email": "ann@acme.example", "role": "super-admin", "helpDesk": true},
		{"id": "bob", "name": "Bob", "role": "agent", "helpDesk": true},
		{"id": "cem", "name": "Cem", "role": "agent"},
		{"id": "dot", "role": "super-admin"}
	],
	"teams": [{"id": "all", "agents": ["ann", "bob"]}],
	"pipelines": [
		{"id": "support", "statuses": [{"id": "new"}, {"id": "waiting"}, {"id": "solved", "closed": true}]},
		{"id": "sales", "statuses": [{"id": "lead"}, {"id": "won", "closed": true}]}
	],
	"policies": [{
		"id": "gold", "schedule": {"weekly": [{"day": "monday", "from": "09:00", "to": "17:00"}], "holidays": ["2026-12-25"]},
		"firstReply": "4h", "nextReply": "1h30m", "close": "48h"
	}],
	"channels": [
		{"id": "mail", "name": "Mail", "type": "email", "address": "help@acme.example", "settings": {"routing":{"agents":["ann","bob"]}}},
		{"id": "form", "type": "form", "connected": "mail"},
		{"id": "chat", "type": "chat", "bot": {"handsOverTo": [{"agent": "cem"}]}},
		{"id": "plain", "type": "chat"},
		{"id": "phone", "type": "calling"},
		{"id": "wa", "type": "whatsapp"},
		{"id": "fb", "type": "messenger"},
		{"id": "catch-all", "type": "email", "fallback": true}
	]
}`

// answer is what the API said.
type answer struct {
	t testing.TB
	*httptest.ResponseRecorder
	request string
}

// do sends a request as a caller. A body that is no string is written as JSON.
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
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if c != nobody {
		req = req.WithContext(auth.WithCaller(req.Context(), c))
	}
	r.Time = r.Time.Add(time.Millisecond)
	a := answer{r.TB, httptest.NewRecorder(), method + " " + path}
	r.ServeHTTP(a, req)
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
		"externalId": external, "references": references, "author": "customer", "from": "jane@customer.example",
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

// run does what the state machine, the queue and the converters do.
func (r *rig) run() {
	r.Helper()
	run := r.fence()
	for more := true; more; more = run.More {
		run = r.step(r.List, run)
	}
	r.convert()
	for more := true; more; more = run.More {
		run = r.step(r.Drain, run)
		r.Time = r.Time.Add(time.Duration(run.Wait) * time.Second)
	}
	for more := true; more; more = run.More {
		run = r.step(r.Reconcile, run)
	}
	if len(r.Sent) > 0 {
		r.Fatalf("reconciling found %v", r.Sent)
	}
	r.step(r.Finish, run)
}

// fence takes the first step of the execution that was started last.
func (r *rig) fence() move.Run {
	r.Helper()
	r.Time = r.Time.Add(time.Minute)
	run := r.Runs[len(r.Runs)-1]
	if run.Step != "" {
		return run
	}
	return r.step(r.Fence, run)
}

func (r *rig) step(s handler.Step, run move.Run) move.Run {
	r.Helper()
	next, err := s.Handle(r.Context(), run)
	if err != nil {
		r.Fatal(err)
	}
	return next
}

func (r *rig) convert() {
	r.Helper()
	for _, b := range r.Sent {
		if _, err := r.Convert.Use(r.Context(), b, 3); err != nil {
			r.Fatal(err)
		}
	}
	r.Sent = nil
}

// redirect does what the stream's handler does for a conversation.
func (r *rig) redirect(id string) {
	r.Helper()
	c, err := r.Conversations.Get(r.Context(), "acme", id)
	if err != nil {
		r.Fatal(err)
	}
	_, errs := r.Redirect.Use(r.Context(), []desk.Conversation{c})
	for _, err := range errs {
		r.Fatal(err)
	}
}

// importMany stores n conversations of a channel without messages, a second
// apart.
func (r *rig) importMany(channel string, n int) {
	r.Helper()
	cs := make([]desk.Conversation, n)
	for i := range cs {
		r.Time = r.Time.Add(time.Second)
		cs[i] = desk.Conversation{
			Account: "acme", ID: fmt.Sprintf("c%013d", r.Time.UnixMilli()), Origin: channel, Channel: channel, Status: desk.Open,
			Started: r.Time, TakenIn: r.Time, Joined: r.Time, ChangedAt: r.Time, Version: 1, Home: desk.Inbox,
		}
	}
	for some := range slices.Chunk(cs, 2000) {
		if err := r.Conversations.Import(r.Context(), some); err != nil {
			r.Fatal(err)
		}
	}
}
