package infra_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app/apptest"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/local/streams"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// scene is an app with every function watched. Nothing runs by itself: a test
// plays the queue, the stream, the state machine and the clock.
type scene struct {
	*apptest.Rig
	*watcher
	t      *testing.T
	api    http.Handler
	called map[string]bool // routes
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, Rig: apptest.New(t), watcher: &watcher{}, called: map[string]bool{}}
	p := s.Platform
	p.Stream = s.Memory
	for _, function := range []string{"api", "fence", "list", "drain", "finish", "convert", "redirect", "sweep"} {
		s.each(function, p)
	}
	s.api = s.handlers("api").API()
	return s
}

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
	s.Time = s.Time.Add(time.Millisecond)
	if method == "PATCH" || method == "POST" && route == "/v1/moves" {
		r.Header.Set("Idempotency-Key", strconv.FormatInt(s.Time.UnixMilli(), 10))
	}
	if method == "PUT" { // of the setup
		was := httptest.NewRecorder()
		s.api.ServeHTTP(was, httptest.NewRequestWithContext(auth.WithCaller(r.Context(), apptest.Admin), http.MethodGet, path.String(), nil))
		r.Header.Set("If-Match", was.Header().Get("ETag"))
	}
	a := httptest.NewRecorder()
	s.api.ServeHTTP(a, r.WithContext(auth.WithCaller(r.Context(), apptest.Admin)))
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
	s.Time = s.Time.Add(time.Second)
	answer := s.request("POST", "/v1/channels/{"+channel+"}/conversations", map[string]any{
		"externalId": external, "references": append([]string{}, references...), "author": "customer", "from": map[string]string{"address": "jane@customer.example"},
		"at": s.Time, "subject": "Order " + external, "text": "Where is it?",
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
	if len(s.Runs) == 0 {
		s.Fatal("nothing was started")
	}
	r := s.Runs[len(s.Runs)-1]
	s.Runs = nil
	return r
}

// step takes a step of the function whose it is.
func (s *scene) step(function string, r move.Run) move.Run {
	s.Helper()
	h := s.handlers(function)
	step := map[string]handler.Step{
		"fence": h.Fence, "list": h.List, "drain": h.Drain, "finish": h.Finish,
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
		s.Time = s.Time.Add(time.Duration(r.Wait) * time.Second)
	}
	s.Fatalf("%s never ends", function)
	return r
}

// convert converts what was sent.
func (s *scene) convert() {
	s.Helper()
	h := s.handlers("convert")
	batches := s.Sent
	s.Sent = nil
	for _, b := range batches {
		if _, err := h.Convert.Use(s.Context(), b, 1); err != nil {
			s.Fatal(err)
		}
	}
}

// redirect tells of conversations as they are now, as the stream does.
func (s *scene) redirect(ids ...string) {
	s.Helper()
	var e events.DynamoDBEvent
	for _, id := range ids {
		key := store.HeaderKey("acme", id)
		items, err := s.Memory.Get(s.Context(), store.Conversations, []store.Key{key}, store.Strong)
		if err != nil || len(items) != 1 {
			s.Fatalf("conversation %s: %v, %v", id, items, err)
		}
		e.Records = append(e.Records, streams.Record(&store.Change{Sequence: id, At: s.Time.Add(-time.Minute), Key: key, New: items[0].Attrs}, "shard", "stream"))
	}
	if res, err := s.handlers("redirect").Redirect.Handle(s.Context(), e); err != nil || len(res.BatchItemFailures) > 0 {
		s.Fatalf("redirect %v: %+v, %v", ids, res, err)
	}
}

// walk walks from the fence to the end of the move, and to the last audit.
func (s *scene) walk(r move.Run) {
	s.Helper()
	s.ended(s.listed(r))
}

// listed walks to where the batches are sent.
func (s *scene) listed(r move.Run) move.Run {
	s.Helper()
	if r.Step == move.StepFence {
		r = s.step("fence", r)
	}
	return s.loop("list", r)
}

// drained walks from there to where the last pass is done.
func (s *scene) drained(r move.Run) move.Run {
	s.Helper()
	for {
		s.convert()
		if r = s.loop("drain", r); !r.Again {
			return r
		}
		r = s.loop("list", r)
	}
}

// ended walks from there to the end of all that follows.
func (s *scene) ended(r move.Run) {
	s.Helper()
	for {
		if r = s.step("finish", s.drained(r)); !r.More {
			return
		}
		s.Time = s.Time.Add(time.Duration(r.Wait) * time.Second)
		r = s.loop("list", r)
	}
}

// change changes a conversation behind everybody's back.
func (s *scene) change(id string, change func(*desk.Conversation)) {
	s.Helper()
	was := s.Conversation(id)
	is := was
	is.Rev++
	change(&is)
	if err := s.Conversations.Save(s.Context(), was, is); err != nil {
		s.Fatal(err)
	}
}

// spoil makes a conversation one that cannot be converted, until it is mended.
func (s *scene) spoil(id string) (mend func()) {
	s.Helper()
	started := s.Conversation(id).Started
	s.change(id, func(c *desk.Conversation) { c.Started = time.Time{} })
	return func() { s.change(id, func(c *desk.Conversation) { c.Started = started }) }
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
	s.t.Cleanup(func() {
		if !done {
			s.Errorf("%s never came to %s on %s", function, action, resource)
		}
	})
}
