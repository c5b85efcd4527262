package infra_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/app"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/local"
	"deskmove/shared/move"
)

// scene is the local stack with every function watched. Nothing runs by
// itself: a test plays the queue, the stream, the state machine and the clock.
type scene struct {
	*testing.T
	*watcher
	stack   *local.Stack
	api     http.Handler
	called  map[string]bool // routes
	time    time.Time
	runs    []move.Run
	batches []move.Batch
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{T: t, watcher: &watcher{}, called: map[string]bool{}, time: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	s.watcher.now = func() time.Time { return s.time }
	s.watcher.queue = func(bs []move.Batch) { s.batches = append(s.batches, bs...) }
	s.watcher.machine = func(_ string, r move.Run) { s.runs = append(s.runs, r) }
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	if s.stack, err = local.Open(t.Context(), local.Config{Dir: t.TempDir(), Log: log, Each: s.each}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stack.Close(); err != nil {
			t.Error(err)
		}
	})
	s.api = s.stack.App.API()
	s.request("PUT", "/v1/account", sceneAccount, 200)
	return s
}

const sceneAccount = `{
	"account": {"id": "acme", "name": "Acme", "plan": "professional", "zone": "Europe/Berlin"},
	"agents": [
		{"id": "ann", "role": "super-admin", "helpDesk": true},
		{"id": "bob", "role": "agent", "helpDesk": true},
		{"id": "cem", "role": "agent"}
	],
	"teams": [{"id": "all", "agents": ["ann", "bob"]}],
	"pipelines": [{"id": "support", "statuses": [{"id": "new"}, {"id": "solved", "closed": true}]}],
	"policies": [{"id": "gold", "firstReply": "4h", "nextReply": "8h", "close": "48h"}],
	"channels": [
		{"id": "mail", "type": "email", "address": "help@acme.example", "settings": {"routing": {"agents": ["ann"]}}},
		{"id": "form", "type": "form", "connected": "mail"},
		{"id": "chat", "type": "chat"},
		{"id": "talk", "type": "chat"},
		{"id": "late", "type": "chat"}
	]
}`

// request calls the API as a super administrator, or as a connector where
// only those may, and wants a status. The route is the path with what is an ID
// in braces: "/v1/moves/{m1}".
func (s *scene) request(method, route string, body any, want int) map[string]any {
	s.Helper()
	var path, pattern strings.Builder
	for rest := route; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		path.WriteString(before)
		pattern.WriteString(before)
		if !found {
			break
		}
		id, left, _ := strings.Cut(after, "}")
		path.WriteString(id)
		pattern.WriteString("{id}")
		rest = left
	}
	place, _, _ := strings.Cut(pattern.String(), "?")
	s.called[method+" "+place] = true
	var text string
	if body != nil {
		if raw, ok := body.(string); ok {
			text = raw
		} else {
			b, err := json.Marshal(body)
			if err != nil {
				s.Fatal(err)
			}
			text = string(b)
		}
	}
	r := httptest.NewRequest(method, path.String(), strings.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	c := desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin}
	s.time = s.time.Add(time.Millisecond)
	a := httptest.NewRecorder()
	s.api.ServeHTTP(a, r.WithContext(auth.WithCaller(r.Context(), c)))
	if a.Code != want {
		s.Fatalf("%s %s answered %d %s, want %d", method, path.String(), a.Code, a.Body, want)
	}
	var answer map[string]any
	_ = json.Unmarshal(a.Body.Bytes(), &answer) // the description is no JSON
	return answer
}

// take takes a customer's message in and returns its conversation's ID.
func (s *scene) take(channel, external string, references ...string) string {
	s.Helper()
	s.time = s.time.Add(time.Second)
	answer := s.request("POST", "/v1/channels/{"+channel+"}/conversations", map[string]any{
		"externalId": external, "references": references, "author": "customer", "from": "jane@customer.example",
		"at": s.time, "subject": "Order " + external, "text": "Where is it?",
	}, 201)
	return text(answer["conversationId"])
}

// order is a request to move a channel.
func order(channel string, choices map[string]any) map[string]any {
	o := map[string]any{
		"channelId": channel, "history": "all", "statusMap": map[string]any{"open": "new", "closed": "solved"},
		"acknowledged": []string{desk.CodeConnectedLeft, desk.CodeAgentsNoAccess},
	}
	for name, v := range choices {
		if o[name] = v; name == "history" {
			delete(o, "statusMap") // is of the history
		}
	}
	return o
}

// start starts a move or a rehearsal and returns the run that it began.
func (s *scene) start(channel string, choices map[string]any) move.Run {
	s.Helper()
	s.request("POST", "/v1/moves", order(channel, choices), 202)
	return s.next()
}

// next is the run that was started last.
func (s *scene) next() move.Run {
	s.Helper()
	if len(s.runs) == 0 {
		s.Fatal("nothing was started")
	}
	r := s.runs[len(s.runs)-1]
	s.runs = nil
	return r
}

// step takes a step of the function whose it is.
func (s *scene) step(function string, r move.Run) move.Run {
	s.Helper()
	h := s.handlers(function)
	step := map[string]handler.Step{
		"fence": h.Fence, "list": h.List, "drain": h.Drain, "reconcile": h.Reconcile, "finish": h.Finish, "audit": h.Audit,
	}[function]
	next, err := step.Handle(s.Context(), r)
	if err != nil {
		s.Fatalf("%s: %v", function, err)
	}
	return next
}

// loop takes a step until there is no more of it, and lets the time pass for
// which it asks.
func (s *scene) loop(function string, r move.Run) move.Run {
	s.Helper()
	for range 100 {
		if r = s.step(function, r); !r.More {
			return r
		}
		s.time = s.time.Add(time.Duration(r.Wait) * time.Second)
	}
	s.Fatalf("%s never ends", function)
	return r
}

// convert converts what was sent.
func (s *scene) convert() {
	s.Helper()
	h := s.handlers("convert")
	batches := s.batches
	s.batches = nil
	for _, b := range batches {
		if _, err := h.Convert.Use(s.Context(), b, 1); err != nil {
			s.Fatal(err)
		}
	}
}

// redirect tells of conversations as they are now, as the stream does.
func (s *scene) redirect(ids ...string) {
	s.Helper()
	var cs []desk.Conversation
	for _, id := range ids {
		cs = append(cs, s.conversation(id))
	}
	_, errs := s.handlers("redirect").Redirect.Use(s.Context(), cs)
	for id, err := range errs {
		s.Fatalf("redirect %s: %v", id, err)
	}
}

// walk walks from the fence to the end of the move, and to the last audit.
func (s *scene) walk(r move.Run) {
	s.Helper()
	s.reconciled(s.listed(r))
}

// listed walks to where the batches are sent.
func (s *scene) listed(r move.Run) move.Run {
	s.Helper()
	if r.Step == "" {
		r = s.step("fence", r)
	}
	if r.History || r.Retry {
		r = s.loop("list", r)
	}
	return r
}

// reconciled walks from there to the end.
func (s *scene) reconciled(r move.Run) {
	s.Helper()
	for found := 1; found > 0; found = r.Found {
		s.convert()
		r = s.loop("drain", r)
		r = s.loop("reconcile", r)
	}
	r = s.step("finish", r)
	s.time = s.time.Add(time.Duration(r.Wait) * time.Second)
	s.loop("audit", r)
}

// conversation reads a conversation, unwatched.
func (s *scene) conversation(id string) desk.Conversation {
	s.Helper()
	c, err := s.unwatched().Conversations.Get(s.Context(), "acme", id)
	if err != nil {
		s.Fatal(err)
	}
	return c
}

// unwatched are use cases and repositories that no function is seen to use.
func (s *scene) unwatched() api.UseCases {
	b := s.below["fence"]
	watched, ok := b.Engine.(watchedEngine)
	if !ok {
		s.Fatal("the engine is not watched")
	}
	b.Engine = watched.Engine
	return app.New(b).UseCases
}

// spoil makes a conversation one that cannot be converted.
func (s *scene) spoil(id string) desk.Conversation {
	s.Helper()
	whole := s.conversation(id)
	broken := whole
	broken.Started = time.Time{}
	if err := s.unwatched().Conversations.Save(s.Context(), broken, whole.Version); err != nil {
		s.Fatal(err)
	}
	return whole
}

// mend makes it whole again.
func (s *scene) mend(whole desk.Conversation) {
	s.Helper()
	if err := s.unwatched().Conversations.Save(s.Context(), whole, whole.Version); err != nil {
		s.Fatal(err)
	}
}

// once lets something happen before a function does an action for the first
// time from now on.
func (s *scene) once(function, action, resource string, happen func()) {
	done := false
	s.watcher.before = func(f, a, r string) error {
		if !done && f == function && a == action && r == resource {
			done = true
			happen()
		}
		return nil
	}
	s.Cleanup(func() {
		if !done {
			s.Errorf("%s never came to %s on %s", function, action, resource)
		}
	})
}
