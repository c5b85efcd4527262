package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/infra/test/bootstrap"
)

// reads is what each function reads of its environment, beside what the SDK
// reads.
var reads = map[string][]string{
	"api":      {"BATCHES_DEAD_QUEUE_ARN", "CONTROL_TABLE", "CONVERSATIONS_TABLE", "FILES_BUCKET", "MOVE_MACHINE_ARN", "STREAM_FAILURES_DEAD_QUEUE_ARN"},
	"fence":    {"CONTROL_TABLE", "CONVERSATIONS_TABLE"},
	"list":     {"BATCHES_QUEUE_URL", "CONTROL_TABLE", "CONVERSATIONS_TABLE", "METRICS_NAMESPACE", "MOVE_MACHINE_ARN"},
	"convert":  {"CONTROL_TABLE", "CONVERSATIONS_TABLE", "METRICS_NAMESPACE"},
	"drain":    {"BATCHES_QUEUE_URL", "CONTROL_TABLE", "CONVERSATIONS_TABLE", "METRICS_NAMESPACE", "MOVE_MACHINE_ARN"},
	"finish":   {"CONTROL_TABLE", "CONVERSATIONS_TABLE", "METRICS_NAMESPACE"},
	"redirect": {"CONTROL_TABLE", "CONVERSATIONS_STREAM_ARN", "CONVERSATIONS_TABLE", "METRICS_NAMESPACE"},
	"sweep":    {"CONTROL_TABLE", "CONVERSATIONS_TABLE", "FILES_BUCKET", "METRICS_NAMESPACE", "MOVE_MACHINE_ARN"},
	"claims":   nil,
}

// good is an environment with everything in it.
func good(endpoint string) []string {
	return []string{
		"CONVERSATIONS_TABLE=deskmove-conversations", "CONTROL_TABLE=deskmove-control", "FILES_BUCKET=deskmove-files",
		"BATCHES_QUEUE_URL=" + endpoint + "/000000000000/deskmove-batches",
		"BATCHES_DEAD_QUEUE_ARN=arn:aws:sqs:local:000000000000:deskmove-batches-dead", "STREAM_FAILURES_DEAD_QUEUE_ARN=arn:aws:sqs:local:000000000000:deskmove-stream-failures-dead",
		"MOVE_MACHINE_ARN=arn:aws:states:local:000000000000:stateMachine:deskmove-move",
		"CONVERSATIONS_STREAM_ARN=arn:aws:dynamodb:local:000000000000:table/deskmove-conversations/stream/2026-11-23T09:00:00.000",
		"METRICS_NAMESPACE=deskmove", "AWS_REGION=local", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_ENDPOINT_URL=" + endpoint,
	}
}

// built is where the functions are, built once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "functions-*")
	if err != nil {
		return "", err
	}
	return dir, bootstrap.Build(context.Background(), dir, slices.Sorted(maps.Keys(reads))...)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := built(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func start(t testing.TB, name string, env ...string) *bootstrap.Process {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p, err := bootstrap.Start(t.Context(), filepath.Join(dir, name), env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() }) // killed, and meant to be
	return p
}

func event(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "events", file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// gaps are the variables that a function which cannot start names, in its only
// line.
func gaps(t *testing.T, name string, env ...string) (variables []string, line string) {
	t.Helper()
	p := start(t, name, env...)
	code, err := p.Exit(t.Context())
	if err != nil || code != 1 {
		t.Fatalf("%s ended with %d, %v", name, code, err)
	}
	var e struct {
		Level, Message string
		Problems       []struct{ Variable, Problem, Remedy string }
	}
	line = p.Log()
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Level != "ERROR" || e.Message != "function cannot start" || strings.Count(line, "\n") != 1 {
		t.Fatalf("%s wrote %q: %v", name, line, err)
	}
	for _, p := range e.Problems {
		if p.Problem == "" || p.Remedy == "" {
			t.Errorf("%s: %+v", name, p)
		}
		variables = append(variables, p.Variable)
	}
	return variables, line
}

// TestMissingVariables starts functions without any, so that each names all
// that it reads.
func TestMissingVariables(t *testing.T) {
	for name, want := range reads {
		if want == nil {
			if _, err := start(t, name).Ready(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if got, _ := gaps(t, name, "AWS_REGION=local"); !slices.Equal(got, want) {
			t.Errorf("%s reads %v, want %v", name, got, want)
		}
	}
	if got, _ := gaps(t, "fence", "CONVERSATIONS_TABLE=abc", "CONTROL_TABLE=abc"); !slices.Equal(got, []string{"AWS_REGION"}) {
		t.Errorf("without a region: %v", got)
	}
}

// TestMalformedVariables names them, and does not repeat their values.
// TestPlainSAM: SAM local, started without tables, leaves the template's names in their
// place and ARNs that are none. The API says so, whatever it is asked.
func TestPlainSAM(t *testing.T) {
	p := start(t, "api", "CONVERSATIONS_TABLE=ConversationsTable", "CONTROL_TABLE=ControlTable", "MOVE_MACHINE_ARN=x",
		"BATCHES_DEAD_QUEUE_ARN=x", "STREAM_FAILURES_DEAD_QUEUE_ARN=x", "AWS_REGION=local")
	a, err := p.Invoke(t.Context(), event(t, "api"), 29*time.Second)
	for range 300 { // the log comes by another way than the answer
		if strings.Contains(p.Log(), "make sam-local") {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil || !strings.Contains(string(a.Payload), `"statusCode":503`) || !strings.Contains(string(a.Payload), "no-tables") || !strings.Contains(p.Log(), "make sam-local") {
		t.Errorf("%s %s, %v; log %s", a.ErrorType, a.Payload, err, p.Log())
	}
}

func TestMalformedVariables(t *testing.T) {
	for variable, values := range map[string][]string{
		"CONVERSATIONS_TABLE":      {"a", "with space", "x/y", strings.Repeat("x", 256), "${ConversationsTable}"},
		"FILES_BUCKET":             {"a", "With-Capitals", "FilesBucket", "a/b", strings.Repeat("x", 64)},
		"BATCHES_QUEUE_URL":        {"batches", "arn:aws:sqs:eu-central-1:123456789012:batches", "https://sqs.example.com", "ftp://h/1/q", "https://h/1/q?x=y"},
		"BATCHES_DEAD_QUEUE_ARN":   {"batches", "https://sqs.eu-central-1.amazonaws.com/123456789012/batches", "arn:aws:sqs:eu-central-1:123456789012:", "arn:aws:sns:eu-central-1:123456789012:batches"},
		"MOVE_MACHINE_ARN":         {"move", "arn:aws:states:eu-central-1:123456789012:execution:move:m1", "arn:aws:lambda:eu-central-1:123456789012:function:move", "arn:aws:states:eu-central-1:123456789012:stateMachine:"},
		"CONVERSATIONS_STREAM_ARN": {"stream", "arn:aws:dynamodb:eu-central-1:123456789012:table/conversations", "arn:aws:kinesis:eu-central-1:123456789012:stream/s"},
		"METRICS_NAMESPACE":        {"AWS/Lambda", "with space", strings.Repeat("n", 256)},
		"SIGN_IN_URL":              {"http://acme.example", "acme.example", "https://acme.example/login", "https://acme.example?x=y"},
	} {
		name := "drain"
		switch variable {
		case "CONVERSATIONS_STREAM_ARN":
			name = "redirect"
		case "SIGN_IN_URL", "BATCHES_DEAD_QUEUE_ARN", "FILES_BUCKET":
			name = "api"
		}
		for _, value := range values {
			got, line := gaps(t, name, append(good("http://127.0.0.1:1"), variable+"="+value)...)
			if !slices.Equal(got, []string{variable}) {
				t.Errorf("%s=%.80s: %v", variable, value, got)
			}
			if strings.Contains(line, `"`+value) {
				t.Errorf("%s=%.80s is in the log", variable, value)
			}
		}
	}
}

// TestNothingIsAskedAtStart starts every function on a cloud that must not be
// asked.
func TestNothingIsAskedAtStart(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked for %s", r.Header.Get("X-Amz-Target"))
	}))
	defer server.Close()
	for name := range reads {
		p := start(t, name, good(server.URL)...)
		if _, err := p.Ready(t.Context()); err != nil || p.Log() != "" {
			t.Errorf("%s: %v, log %q", name, err, p.Log())
		}
	}
}

// TestAnotherLayoutIsRefused has tables with data of another layout, which no
// function may touch.
func TestAnotherLayoutIsRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Key map[string]any }
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || action != "GetItem" && action != "DescribeTable" { // of the sweeper
			t.Errorf("asked for %s, %v", action, err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if in.Key == nil {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}`)
			return
		}
		in.Key["version"] = map[string]string{"N": "99"}
		answer, _ := json.Marshal(map[string]any{"Item": in.Key}) // it came from JSON
		w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(answer)), 10))
		_, _ = w.Write(answer)
	}))
	defer server.Close()
	for name, variables := range reads {
		if variables == nil {
			continue
		}
		p := start(t, name, good(server.URL)...)
		a, err := p.Invoke(t.Context(), event(t, name), time.Minute)
		_ = p.Close() // the log is whole
		if err != nil || !strings.Contains(p.Log()+string(a.Payload), "layout 99") {
			t.Errorf("%s: %s %s, %v, log %q", name, a.ErrorType, a.Payload, err, p.Log())
		}
	}
}

// busy is a cloud that throttles everything.
func busy(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprint(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestBusyErrorKeepsItsName is about what the state machine matches: the name
// that Lambda reports.
func TestBusyErrorKeepsItsName(t *testing.T) {
	endpoint := busy(t)
	var wg sync.WaitGroup
	for _, name := range []string{"fence", "list", "drain", "finish"} {
		wg.Go(func() {
			p := start(t, name, good(endpoint)...)
			a, err := p.Invoke(t.Context(), event(t, name), 4*time.Second)
			if err != nil || a.ErrorType != "BusyError" {
				t.Errorf("%s: %s %s, %v", name, a.ErrorType, a.Payload, err)
			}
		})
	}
	wg.Wait()
	p := start(t, "convert", good(endpoint)...)
	a, err := p.Invoke(t.Context(), event(t, "convert"), 4*time.Second)
	if err != nil || a.ErrorType != "" || !strings.Contains(string(a.Payload), "059f36b4-87a3-44ab-83d2-661975830a7d") {
		t.Errorf("convert: %s %s, %v", a.ErrorType, a.Payload, err)
	}
}

// TestTimeIsNearlyUp has a function say that it was busy, on a cloud that does
// not answer. How long before the end is tested in shared/aws.
func TestTimeIsNearlyUp(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	}))
	defer server.Close()
	defer close(stop)
	p := start(t, "list", good(server.URL)...)
	a, err := p.Invoke(t.Context(), event(t, "list"), 3*time.Second)
	if err != nil || a.ErrorType != "BusyError" {
		t.Errorf("list: %s %s, %v", a.ErrorType, a.Payload, err)
	}
}

// TestPoison gives functions what they cannot read.
func TestPoison(t *testing.T) {
	endpoint := busy(t)
	for name, c := range map[string]struct {
		function, event string
		want, errorType string
	}{
		"no batch":          {"convert", `{"Records":[{"messageId":"m1","body":"!","attributes":{"ApproximateReceiveCount":"1"},"eventSource":"aws:sqs"}]}`, `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, ""},
		"no change":         {"redirect", `{"Records":[{"eventSource":"aws:dynamodb","eventName":"INSERT","dynamodb":{"SequenceNumber":"7","NewImage":{"rev":{"Q":"1"}}}}]}`, `{"batchItemFailures":[{"itemIdentifier":"7"}]}`, ""},
		"no number":         {"redirect", `{"Records":[{"eventSource":"aws:dynamodb","eventName":"INSERT","dynamodb":{"SequenceNumber":"8","NewImage":{"rev":{"N":"1.5"}}}}]}`, `{"batchItemFailures":[{"itemIdentifier":"8"}]}`, ""},
		"no report":         {"redirect", `{"Records":[{"eventSource":"aws:sqs","messageId":"m2","body":"oops"}]}`, `{"batchItemFailures":[{"itemIdentifier":"m2"}]}`, ""},
		"of elsewhere":      {"redirect", `{"Records":[{"eventSource":"aws:kinesis"}]}`, "", "errorString"},
		"of nowhere":        {"redirect", `{"Records":[{}]}`, "", "errorString"},
		"unnamed change":    {"redirect", `{"Records":[{"eventSource":"aws:dynamodb","dynamodb":{"NewImage":{"rev":{"Q":"1"}}}}]}`, "", "errorString"},
		"a mixture":         {"redirect", `{"Records":[{"eventSource":"aws:sqs","messageId":"m3","body":"{}"},{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"9"}}]}`, "", "errorString"},
		"no event":          {"redirect", `[]`, "", "wrapError"},
		"no run":            {"fence", `"m1"`, "", "UnmarshalTypeError"},
		"no position":       {"list", `{"account":"acme","move":"m1","since":"x"}`, "", "InvalidError"},
		"no HTTP request":   {"api", `{"requestContext":[]}`, "", "UnmarshalTypeError"},
		"an unknown caller": {"api", `{"rawPath":"/v1/me","requestContext":{"http":{"method":"GET"}}}`, `"statusCode":401`, ""},
		"a path to nowhere": {"api", `{"rawPath":"","requestContext":{}}`, `"statusCode":404`, ""},
		"a token of no use": {"api", `{"rawPath":"/v1/me","requestContext":{"http":{"method":"GET"},"authorizer":{"jwt":{"claims":{"token_use":"id"}}}}}`, `not-an-access-token`, ""},
	} {
		p := start(t, c.function, good(endpoint)...)
		a, err := p.Invoke(t.Context(), []byte(c.event), time.Minute)
		if err != nil || !strings.Contains(string(a.Payload), c.want) || a.ErrorType != c.errorType {
			t.Errorf("%s: %s %s, %v; want %s %s", name, a.ErrorType, a.Payload, err, c.errorType, c.want)
		}
		for line := range strings.Lines(p.Log()) {
			if strings.Count(line, `"message":`) > 1 {
				t.Errorf("%s: one name twice in %s", name, line)
			}
		}
		if again, err := p.Invoke(t.Context(), []byte(c.event), time.Minute); err != nil || again.ErrorType != a.ErrorType {
			t.Errorf("%s, again: %s, %v", name, again.ErrorType, err)
		}
	}
}

// TestSize keeps the functions small, as they are loaded at each start.
func TestSize(t *testing.T) {
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	for name := range reads {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Size() > 30<<20 { // about a third when zipped
			t.Errorf("%s has %d bytes, %v", name, info.Size(), err)
		}
	}
}
