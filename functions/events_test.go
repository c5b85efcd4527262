package functions_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"deskmove/shared/api"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden answers")

// sequence is the order in which the events of ../events happen to one
// account: a move from its start to its first audit, with live traffic. Each file is
// named for its function, and may say more behind a '-'.
var sequence = []string{
	"api", "fence", "list", "convert", "convert-poison", "drain", "redirect", "redirect-poison", "redirect-failed",
	"list-compare", "convert-compare", "drain-compare", "finish", "list-audit", "sweep", "api-id-token", "claims", "claims-connector", "claims-stranger",
}

// world is the functions' handlers, at a fixed time,
// with a queue and a machine that note what they are asked.
type world struct {
	*apptest.Rig
	changes  []store.Change
	asked    string // of the stream
	handlers map[string]lambda.Handler
}

// Between makes a world a stream that is read again.
func (w *world) Between(_ context.Context, shard, first, last string) ([]store.Change, error) {
	w.asked = shard + " " + first + " " + last
	return w.changes, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.Rig = apptest.On(t, w)
	h, log := w.App, slog.New(slog.DiscardHandler)
	w.handlers = map[string]lambda.Handler{
		"api":   lambda.NewHandler(api.Lambda{API: h.API(), Log: log}.Handle),
		"fence": lambda.NewHandler(h.Fence.Handle), "list": lambda.NewHandler(h.List.Handle), "drain": lambda.NewHandler(h.Drain.Handle),
		"finish":  lambda.NewHandler(h.Finish.Handle),
		"convert": lambda.NewHandler(h.Convert.Handle), "redirect": lambda.NewHandler(h.Redirect.Event), "sweep": lambda.NewHandler(h.Sweep.Handle),
		"claims": lambda.NewHandler(handler.Claims{Log: log}.Handle),
	}
	w.fill(t)
	w.changes = changes(t, w.Memory)
	return w
}

// fill sets the account acme up, with two conversations in its mail channel
// from before the move and one that begins five minutes later.
func (w *world) fill(t *testing.T) {
	t.Helper()
	at := w.Time // of which the sample events tell
	w.Change(func(s *desk.Setup) { s.Policies, s.Channels, s.Connectors = nil, s.Channels[:1], nil })
	w.Time = at
	var cs []desk.Conversation
	for i, at := range []time.Duration{-48 * time.Hour, -time.Hour, 5 * time.Minute} {
		began := w.Time.Add(at)
		cs = append(cs, desk.Conversation{
			Account: "acme", ID: fmt.Sprintf("c-example-%d", i+1), Origin: "mail", Channel: "mail", Status: desk.Open,
			Subject: "Where is my order?", Customer: "jane@customer.example", Started: began, TakenIn: began, Joined: began, ChangedAt: began,
			CustomerAt: began, WaitingSince: began, Rev: 1, CustomerRev: 1, Messages: 1, Home: desk.Inbox,
		})
	}
	if err := w.Conversations.Import(t.Context(), cs); err != nil {
		t.Fatal(err)
	}
}

// changes are those of the last conversation, as the stream has them.
func changes(t *testing.T, e *storetest.Memory) (of []store.Change) {
	t.Helper()
	shards, err := e.Shards(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, shard := range shards {
		cs, err := e.Changes(t.Context(), shard, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cs {
			if strings.HasSuffix(c.Key.PK, "c-example-3") {
				of = append(of, c)
			}
		}
	}
	if len(of) != 1 {
		t.Fatalf("changes = %v", of)
	}
	return of
}

// outcome is what an event led to.
type outcome struct {
	Answer  json.RawMessage   `json:",omitempty"`
	Error   string            `json:",omitempty"`
	Sent    []move.Batch      `json:",omitempty"`
	Started []string          `json:",omitempty"`
	Metrics []json.RawMessage `json:",omitempty"`
	Asked   string            `json:",omitempty"`
}

var batchTime = regexp.MustCompile(`"BatchTime":\d+`)

func (w *world) handle(t *testing.T, file string, event []byte) outcome {
	t.Helper()
	w.Time = w.Time.Add(time.Minute)
	w.Sent, w.Runs, w.asked = nil, nil, ""
	w.Measured.Reset()
	name, _, _ := strings.Cut(file, "-")
	answer, err := w.handlers[name].Invoke(t.Context(), event)
	o := outcome{Answer: answer, Sent: w.Sent, Asked: w.asked}
	for _, run := range w.Runs {
		o.Started = append(o.Started, fmt.Sprintf("%s %+v", run.Name(), run))
	}
	if err != nil {
		o.Error = err.Error()
	}
	for line := range strings.Lines(w.Measured.String()) {
		o.Metrics = append(o.Metrics, json.RawMessage(batchTime.ReplaceAllString(line, `"BatchTime":0`)))
	}
	return o
}

// TestEvents gives every function its sample events and compares what comes of
// them with testdata.
func TestEvents(t *testing.T) {
	w := newWorld(t)
	for _, file := range sequence {
		event, err := os.ReadFile(filepath.Join("..", "events", file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.MarshalIndent(w.handle(t, file, event), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		golden := filepath.Join("testdata", file+".json")
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got; rewrite with go test ./functions -run Events -update):\n%s", file, diff)
		}
	}
}

// TestEveryFunctionHasEvents compares the files with the functions.
func TestEveryFunctionHasEvents(t *testing.T) {
	files, err := filepath.Glob("../events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, f := range files {
		file := strings.TrimSuffix(filepath.Base(f), ".json")
		if !slices.Contains(sequence, file) {
			t.Errorf("%s is in no test", f)
		}
		name, _, _ := strings.Cut(file, "-")
		seen[name] = true
	}
	mains, err := filepath.Glob("*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mains {
		if !seen[filepath.Dir(m)] {
			t.Errorf("%s has no event", filepath.Dir(m))
		}
	}
	if len(mains) != 9 {
		t.Errorf("%d functions", len(mains))
	}
}
