package runtime_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/desk"
	"deskmove/shared/local/db"
	"deskmove/shared/local/executions"
	"deskmove/shared/local/function"
	"deskmove/shared/local/gateway"
	"deskmove/shared/local/queue"
	"deskmove/shared/local/runtime"
	"deskmove/shared/local/schedule"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/local/streams"
	"deskmove/shared/store"
)

// childDir is the variable that makes this test's binary a process to kill.
const childDir = "DESKMOVE_LOCAL_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const counter = `{
  "StartAt": "Count",
  "States": {
    "Count": {"Type": "Task", "Resource": "${CountFunctionArn}", "TimeoutSeconds": 60, "Next": "More"},
    "More": {"Type": "Choice", "Choices": [{"Variable": "$.more", "BooleanEquals": true, "Next": "Count"}], "Default": "Done"},
    "Done": {"Type": "Succeed"}
  }
}`

// setUp has functions say what they did.
func setUp(ctx context.Context, r *runtime.Runtime, e *sqlite.Engine, say func(...any)) (*queue.Queue, *executions.StateMachine, error) {
	dead, err := r.Queue(ctx, queue.Config{Name: "dead"})
	if err != nil {
		return nil, nil, err
	}
	q, err := r.Queue(ctx, queue.Config{Name: "work", Visibility: 30 * time.Second, MaxReceives: 100, DeadLetters: dead})
	if err != nil {
		return nil, nil, err
	}
	type count struct {
		N    int  `json:"n"`
		More bool `json:"more"`
	}
	m, err := r.Machine(ctx, executions.Config{Name: "counter", Definition: []byte(counter), Functions: map[string]executions.Function{
		"${CountFunctionArn}": {Name: "count", Timeout: 3 * time.Second, Handle: function.JSON(func(_ context.Context, c count) (count, error) {
			say("counted", c.N)
			return count{c.N + 1, c.N < 99}, nil
		})},
	}})
	if err != nil {
		return nil, nil, err
	}
	r.Poll(q, queue.Function{
		Name: "work", Timeout: 3 * time.Second, Handle: func(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
			say("handled", e.Records[0].Body)
			return events.SQSEventResponse{}, nil
		},
	}, 10)
	r.Stream(&streams.Mapping{
		Stream: e, Table: store.Conversations, Poll: 5 * time.Millisecond, BatchSize: 10, Retries: 3,
		Filter: func(store.Change) bool { return true },
		Trim:   func(context.Context, string, string) error { return nil },
		Function: streams.Function{
			Name: "changes", Timeout: 3 * time.Second, Handle: func(_ context.Context, e events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
				for _, x := range e.Records {
					say("changed", x.Change.Keys[store.SK].String())
				}
				return events.DynamoDBEventResponse{}, nil
			},
		},
	})
	r.Schedule(&schedule.Schedule{Name: "sweep", Every: time.Minute, Function: schedule.Function{
		Name: "sweep", Timeout: 3 * time.Second, Handle: func(context.Context, events.EventBridgeEvent) (json.RawMessage, error) {
			say("swept")
			return nil, nil
		},
	}})
	return q, m, nil
}

// child sends, writes and starts as fast as it can until it is killed, and
// says what it was answered.
func child(dir string) error {
	ctx := context.Background()
	var mu sync.Mutex
	say := func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(words...)
	}
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		return err
	}
	r, err := runtime.Open(runtime.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	q, m, err := setUp(ctx, r, e, say)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	if err := m.Start(ctx, "a", json.RawMessage(`{"n":0}`)); err != nil {
		return err
	}
	say("started", "a")
	for i := 0; ; i++ {
		name := strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(i)
		if err := q.Send(ctx, []string{name, name + "+"}); err != nil {
			return err
		}
		say("sent", name)
		say("sent", name+"+")
		if err := store.FirstError(e.Write(ctx, []store.Write{{
			Op: store.Put, Table: store.Conversations, Key: store.Key{PK: name, SK: name},
			Set: store.Attrs{{Name: store.Home, Value: store.S("inbox")}},
		}})); err != nil {
			return err
		}
		say("wrote", name)
	}
}

// life runs a child until it is killed, and collects what it said.
func life(t *testing.T, dir string, said map[string]map[string]int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		verb, what, _ := strings.Cut(lines.Text(), " ")
		if verb == "error" {
			t.Error(lines.Text())
		}
		if said[verb] == nil {
			said[verb] = map[string]int{}
		}
		said[verb][what]++
		if n == 1000 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the process was not killed")
	}
}

// TestKill kills the process again and again, in the middle of everything.
// What it was answered before is there afterwards.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out kills")
	}
	dir := t.TempDir()
	said := map[string]map[string]int{}
	for range 5 {
		life(t, dir, said)
	}

	// The last process lives until all is done.
	e, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r, err := runtime.Open(runtime.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.DB.Close()
	var mu sync.Mutex
	q, m, err := setUp(t.Context(), r, e, func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		verb := words[0].(string)
		if said[verb] == nil {
			said[verb] = map[string]int{}
		}
		said[verb][strings.TrimSpace(fmt.Sprintln(words[1:]...))]++
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		queued, err := q.Len(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		running, err := m.Running(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		missing := len(missing(said["wrote"], said["changed"]))
		mu.Unlock()
		if queued == 0 && !running && missing == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("not at rest: %d messages, execution running: %t, %d changes missing", queued, running, missing)
			break
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if lost := missing(said["sent"], said["handled"]); len(lost) > 0 {
		t.Errorf("%d of %d messages are lost: %.200v", len(lost), len(said["sent"]), lost)
	}
	if len(said["counted"]) != 100 {
		t.Errorf("the execution took %d steps", len(said["counted"]))
	}
	if len(said["sent"]) < 500 || len(said["wrote"]) < 250 || len(said["swept"]) == 0 {
		t.Errorf("too little was done to tell: %d sent, %d written", len(said["sent"]), len(said["wrote"]))
	}
}

func missing(want, got map[string]int) (all []string) {
	for name := range want {
		if got[name] == 0 {
			all = append(all, name)
		}
	}
	return all
}

func TestOneProcessAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	r, err := runtime.Open(runtime.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runtime.Open(runtime.Config{Dir: dir}); !errors.Is(err, db.ErrInUse) {
		t.Errorf("second Open = %v", err)
	}
	if err := r.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err = runtime.Open(runtime.Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if err := r.DB.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRunEndsWithItsParts: an error of one part ends them all.
func TestRunEndsWithItsParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := runtime.Open(runtime.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer r.DB.Close()
		q, err := r.Queue(t.Context(), queue.Config{Name: "q"})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Send(t.Context(), []string{"old"}); err != nil {
			t.Fatal(err)
		}
		own := errors.New("own")
		r.Part(func(ctx context.Context) error { <-ctx.Done(); return nil })
		r.Part(func(ctx context.Context) error { time.Sleep(14*24*time.Hour + 2*time.Hour); return own })
		if err := r.Run(t.Context()); !errors.Is(err, own) {
			t.Errorf("Run = %v", err)
		}
		if n, err := q.Len(t.Context()); n != 0 || err != nil {
			t.Errorf("a message that nobody received is still there: %d, %v", n, err)
		}
	})
}

// TestZombieIsReported: Run does not hide that a function did not end.
func TestZombieIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := runtime.Open(runtime.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer r.DB.Close()
		r.Schedule(&schedule.Schedule{Name: "s", Every: time.Minute, Function: schedule.Function{
			Name: "f", Timeout: 3 * time.Second, Handle: func(context.Context, events.EventBridgeEvent) (json.RawMessage, error) {
				time.Sleep(time.Hour)
				return nil, nil
			},
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := r.Run(ctx); err == nil || time.Since(start) > 15*time.Second {
			t.Errorf("Run = %v after %v", err, time.Since(start))
		}
		time.Sleep(time.Hour)
	})
}

func TestServe(t *testing.T) {
	r, err := runtime.Open(runtime.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.DB.Close()
	g, err := gateway.Listen(t.Context(), gateway.Config{
		Address: "127.0.0.1:0",
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		Verify:  func(string) (desk.Caller, error) { return desk.Caller{}, errors.New("no") },
		Public:  func(*http.Request) bool { return true },
		Refuse:  func(_ http.ResponseWriter, _ *http.Request, err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Serve(g)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	res, err := http.Get(g.URL())
	if err != nil || res.StatusCode != http.StatusNoContent {
		t.Errorf("GET = %v, %v", res, err)
	} else {
		res.Body.Close()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
