package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"deskmove/infra/test/bootstrap"
	"deskmove/infra/test/peers"
	"deskmove/shared/aws/dynamo"
)

const (
	root    = "../.."
	project = root + "/template.yaml"
)

// function is how SAM local runs a function.
type function struct {
	Architecture string
	Environment  map[string]string
}

// functions asks SAM how it would run the functions, by name.
func functions(t *testing.T, template, environment string) map[string]function {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), peers.Tool(t, "python"), "testdata/environment.py", template, environment)
	cmd.Env = []string{"HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"} // nobody's credentials
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var byID, all = map[string]function{}, map[string]function{}
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
		dynamodb: peers.DynamoDB(t), sqs: peers.Fauxqs(t), host: "127.0.0.1", events: root + "/events",
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

// received are the bodies of the messages in a queue.
func (s setup) received(t *testing.T, queue string) (bodies []string) {
	t.Helper()
	out, err := sqs.NewFromConfig(config(s.sqs)).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range out.Messages {
		bodies = append(bodies, aws.ToString(m.Body))
	}
	return bodies
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

	w := world{invoke: map[string]*bootstrap.Process{}}
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

	health := read(t, "testdata/healthz.json")
	w.answers(t, "api", health, `"statusCode":200`)
	w.answers(t, "api", strings.ReplaceAll(health, "/healthz", "/v1/me"), `"statusCode":401`) // SAM local passes no claims
	start := read(t, s.events+"/api.json")
	w.answers(t, "api", start, `"statusCode":202`, "m1795424460000b5c0c08d") // once more
	w.answers(t, "api", rehearsal(start), `"statusCode":202`, `\"status\":\"starting\"`)
	w.fails(t, "sweep", read(t, s.events+"/sweep.json"), "describe execution")

	for _, file := range []string{
		"fence", "list", "convert", "drain", "redirect", "list-compare", "convert-compare", "drain-compare", "finish", "list-audit", "claims", "claims-connector",
	} {
		w.golden(t, file, read(t, s.events+"/"+file+".json"))
		if file == "list" {
			got := s.received(t, all["list"].Environment["BATCHES_QUEUE_URL"])
			if len(got) != 1 || !strings.Contains(got[0], `"ids":["c-example-3","c-example-2","c-example-1"]`) {
				t.Errorf("queue has %q", got)
			}
		}
	}
}

// rehearsal makes the request for the move one for a rehearsal elsewhere.
func rehearsal(start string) string {
	return strings.NewReplacer(`"example-1"`, `"example-2"`, `{\"channelId\": \"mail\"`, `{\"rehearsal\": true, \"channelId\": \"sales\"`).Replace(start)
}

// world is the functions, as they run.
type world struct{ invoke map[string]*bootstrap.Process }

func (w world) ask(t *testing.T, name, event string) bootstrap.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	a, err := w.invoke[name].Invoke(ctx, []byte(event), 29*time.Second)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return a
}

func (w world) answers(t *testing.T, name, event string, parts ...string) {
	t.Helper()
	a := w.ask(t, name, event)
	for _, part := range parts {
		if a.ErrorType != "" || !strings.Contains(string(a.Payload), part) {
			t.Errorf("%s: %s %s; want %s\n%s", name, a.ErrorType, a.Payload, part, w.invoke[name].Log())
		}
	}
}

func (w world) fails(t *testing.T, name, event, part string) {
	t.Helper()
	if a := w.ask(t, name, event); a.ErrorType == "" || !strings.Contains(string(a.Payload), part) {
		t.Errorf("%s: %s %s; want an error about %s", name, a.ErrorType, a.Payload, part)
	}
}

// golden compares an answer with that of the handler on the embedded engine.
func (w world) golden(t *testing.T, file, event string) {
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
