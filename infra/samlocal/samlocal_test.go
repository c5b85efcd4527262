package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"deskmove/infra/test/bootstrap"
	"deskmove/infra/test/peers"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/cli/demo"
)

const (
	root    = "../.."
	project = root + "/template.yaml"
)

// configured is how SAM local runs a function.
type configured struct {
	Architecture string
	Environment  map[string]string
}

// functions asks SAM how it would run the functions, by name.
func functions(t *testing.T, template, environment string) map[string]configured {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), peers.Tool(t, "python"), "testdata/environment.py", template, environment)
	cmd.Env = []string{"HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"} // nobody's credentials
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var byID, all = map[string]configured{}, map[string]configured{}
	if err := json.Unmarshal(out, &byID); err != nil {
		t.Fatal(err)
	}
	for id, f := range byID {
		all[strings.ToLower(strings.TrimSuffix(id, "Function"))] = f
	}
	return all
}

// prepare sets a fresh world up, whose functions run as processes of this
// machine.
func prepare(t *testing.T) setup {
	t.Helper()
	dir := t.TempDir()
	s := setup{
		name:     "samlocal-" + uuid.NewString(),
		dynamodb: peers.DynamoDB(t), services: "http://" + freeAddress(t), host: "127.0.0.1", events: root + "/events",
		template: filepath.Join(dir, "template.yaml"), architecture: "x86_64", environment: filepath.Join(dir, "local-env.json"),
	}
	content, err := os.ReadFile(project)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.template, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// state is all that a set-up makes, but the queue.
func (s setup) state(t *testing.T) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, path := range []string{s.template, s.environment} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(content)
	}
	db, _ := dynamo.Clients(config(s.dynamodb))
	tables := s.tables()
	for _, table := range []string{tables.Conversations, tables.Control} {
		out, err := db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &table})
		if err != nil {
			t.Fatal(err)
		}
		all[table] = out.Items
	}
	return all
}

// freeAddress is one of loopback at which nothing listens yet.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// platform opens what is around functions that an Invoke API runs.
func (s setup) platform(t *testing.T, at invokeAPI) *platform {
	t.Helper()
	p, err := s.open(t.Context(), around{
		dir: filepath.Join(filepath.Dir(s.template), "data"), gateway: "127.0.0.1:0", services: strings.TrimPrefix(s.services, "http://"),
		lambda: at, log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFunctionsRun builds the functions and runs them with exactly the
// environments that SAM local gives them, on the sample events.
func TestFunctionsRun(t *testing.T) {
	s := prepare(t)
	before := s.state(t)
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := s.state(t); !reflect.DeepEqual(before, after) {
		t.Errorf("set up twice: %s", cmp.Diff(fmt.Sprint(before), fmt.Sprint(after)))
	}

	w := build(t, s)
	p := s.platform(t, "")
	t.Cleanup(func() { _ = p.close() })
	go func() { _ = p.services.Serve(p.listener) }() // and nothing else: the test is what drives the functions

	health := read(t, "testdata/healthz.json")
	w.answers(t, "api", health, `"statusCode":200`)
	w.answers(t, "api", strings.ReplaceAll(health, "/healthz", "/v1/me"), `"statusCode":401`) // SAM local passes no claims
	start := read(t, s.events+"/api.json")
	w.answers(t, "api", start, `"statusCode":202`, "m1795424460000b5c0c08d") // once more
	w.answers(t, "api", rehearsal(start), `"statusCode":202`, `\"status\":\"starting\"`)
	for _, file := range []string{
		"fence", "list", "convert", "drain", "redirect", "list-compare", "convert-compare", "drain-compare", "finish", "list-audit", "claims", "claims-connector",
	} {
		w.golden(t, file, read(t, s.events+"/"+file+".json"))
		if file == "list" {
			m, _, err := p.batches.Receive(t.Context())
			if err != nil || m == nil || !strings.Contains(m.Body, `"ids":["c-example-3","c-example-2","c-example-1"]`) {
				t.Errorf("the queue has %+v, %v", m, err)
			}
		}
	}
}

// TestMove has the demo move a channel while customers write, over HTTP, through the
// gateway and the built functions, and verify it: what runs in containers is the same,
// but that SAM serves the Invoke API.
func TestMove(t *testing.T) {
	s := prepare(t)
	w := build(t, s)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	p := s.platform(t, invokeAPI(server.URL))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.run(ctx) }()
	defer func() {
		cancel()
		if err := errors.Join(<-ended, p.close()); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	outcome, err := demo.Run(t.Context(), demo.Options{
		Call: "deskmove", Out: &out, Endpoint: p.URL(), Data: filepath.Join(filepath.Dir(s.template), "data"), Conversations: 60, Rate: 5,
	})
	if err != nil || !outcome.OK || outcome.Report.Redirected == 0 || outcome.Traffic.Changes() == 0 {
		t.Errorf("%v, %+v\n%s", err, outcome.Report, &out)
	}
	for name := range w.invoke {
		if _, ran := w.ran.Load(name); !ran && name != "claims" { // which the user pool asks
			t.Errorf("%s has not run", name)
		}
	}
	r, err := http.Get(p.URL() + "/v1/me")
	if err != nil {
		t.Fatal(err)
	}
	if r.Body.Close() != nil || r.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %s", r.Status)
	}
}

// rehearsal makes the request for the move one for a rehearsal elsewhere.
func rehearsal(start string) string {
	return strings.NewReplacer(`"example-1"`, `"example-2"`, `{\"channelId\": \"mail\"`, `{\"rehearsal\": true, \"channelId\": \"sales\"`).Replace(start)
}

// world is the functions, as they run.
type world struct {
	invoke map[string]*bootstrap.Process
	ran    sync.Map // names of those that were invoked over HTTP
}

// build builds the functions and starts them with exactly the environments that SAM
// local gives them.
func build(t *testing.T, s setup) *world {
	t.Helper()
	w := &world{invoke: map[string]*bootstrap.Process{}}
	all := functions(t, s.template, s.environment)
	var file struct{ Parameters map[string]string }
	if err := json.Unmarshal([]byte(read(t, s.environment)), &file); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := bootstrap.Build(t.Context(), dir, slices.Collect(maps.Keys(all))...); err != nil {
		t.Fatal(err)
	}
	for name, f := range all {
		if f.Architecture != s.architecture {
			t.Errorf("%s runs on %s", name, f.Architecture)
		}
		var env []string
		for variable, value := range f.Environment {
			if _, ours := file.Parameters[variable]; !ours && !strings.HasPrefix(variable, "AWS_") {
				t.Errorf("%s: %s is not in the file, but %q by the template", name, variable, value)
			}
			env = append(env, variable+"="+value)
		}
		p, err := bootstrap.Start(t.Context(), filepath.Join(dir, name), env...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() }) // killed, and meant to be
		w.invoke[name] = p
	}
	return w
}

// ServeHTTP is Lambda's Invoke API as SAM local serves it.
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/")
	id, isInvocation := strings.CutSuffix(id, "/invocations")
	name := strings.ToLower(strings.TrimSuffix(id, "Function"))
	p := w.invoke[name]
	w.ran.Store(name, true)
	event, err := io.ReadAll(r.Body)
	if !ok || !isInvocation || p == nil || err != nil {
		http.Error(out, `{"Message":"Function not found"}`, http.StatusNotFound)
		return
	}
	a, err := p.Invoke(r.Context(), event, 5*time.Minute)
	switch {
	case err != nil:
		http.Error(out, err.Error(), http.StatusInternalServerError)
		return
	case a.ErrorType != "":
		out.Header().Set("x-amz-function-error", "Unhandled")
	}
	_, _ = out.Write(a.Payload)
}

func (w *world) ask(t *testing.T, name, event string) bootstrap.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	a, err := w.invoke[name].Invoke(ctx, []byte(event), 29*time.Second)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return a
}

func (w *world) answers(t *testing.T, name, event string, parts ...string) {
	t.Helper()
	a := w.ask(t, name, event)
	for _, part := range parts {
		if a.ErrorType != "" || !strings.Contains(string(a.Payload), part) {
			t.Errorf("%s: %s %s; want %s\n%s", name, a.ErrorType, a.Payload, part, w.invoke[name].Log())
		}
	}
}

// golden compares an answer with that of the handler on the embedded engine.
func (w *world) golden(t *testing.T, file, event string) {
	t.Helper()
	name, _, _ := strings.Cut(file, "-")
	a := w.ask(t, name, event)
	if a.ErrorType != "" {
		t.Fatalf("%s: %s %s", name, a.ErrorType, a.Payload)
	}
	var want struct{ Answer map[string]any }
	var got map[string]any
	if err := json.Unmarshal([]byte(read(t, root+"/functions/testdata/"+file+".json")), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(a.Payload, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Answer, got); diff != "" {
		t.Errorf("%s (-golden +got):\n%s\n%s", file, diff, w.invoke[name].Log())
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
