package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/shared/cli"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/store"
)

const accountFile = "../../infra/deskmove/account.yaml"

// result is what one run of the program left.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a command that calls the API.
func (e *engine) run(t *testing.T, args ...string) result {
	t.Helper()
	return e.as(t, e.token, args...)
}

func (e *engine) as(t *testing.T, token string, args ...string) result {
	t.Helper()
	return run(t, append(args, "--endpoint", e.url, "--token", token)...)
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := cli.Main(t.Context(), args, &out, &err)
	return result{code, out.String(), err.String()}
}

// ok fails the test unless the program ended well, and reads its JSON if into
// is not nil.
func (r result) ok(t *testing.T, into any) result {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", r.code, r.stdout, r.stderr)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(r.stdout), into); err != nil {
			t.Fatalf("%v in %s", err, r.stdout)
		}
	}
	return r
}

// fails fails the test unless the program ended with a code and said all of
// that.
func (r result) fails(t *testing.T, code int, says ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\n%s\n%s", r.code, code, r.stdout, r.stderr)
	}
	for _, s := range says {
		if !strings.Contains(r.stdout+r.stderr, s) {
			t.Errorf("%q is not in:\n%s\n%s", s, r.stdout, r.stderr)
		}
	}
	if strings.Contains(r.stderr, "goroutine ") {
		t.Errorf("a stack trace is no error message:\n%s", r.stderr)
	}
}

// engine is deskmove running in this process.
type engine struct {
	dir, url, token string
	stack           *local.Stack
	store           store.Engine
	stop            func()
}

// start runs deskmove on dir until the test ends or stop is called. The
// account is not applied.
func start(t *testing.T, dir string, change ...func(*local.Config)) *engine {
	t.Helper()
	e := &engine{dir: dir}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	config := local.Config{
		Dir: dir, Address: "127.0.0.1:0", Log: log, Operator: "demo",
		Wrap: func(s store.Engine) store.Engine {
			e.store = s
			return s
		},
	}
	for _, c := range change {
		c(&config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, err := local.Open(ctx, config)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	e.stack = s
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("the engine ended: %v", err)
		}
	})
	e.stop = sync.OnceFunc(func() {
		cancel()
		ended.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(e.stop)
	e.url = s.Gateway.URL()
	if e.token, err = s.Issuer.Mint("demo", "admin", desk.SuperAdmin, time.Hour); err != nil {
		t.Fatal(err)
	}
	return e
}

// ready is an engine whose account is applied.
func ready(t *testing.T) *engine {
	t.Helper()
	e := start(t, t.TempDir())
	e.run(t, "apply", accountFile).ok(t, nil)
	return e
}

// api is a client of the engine.
func (e *engine) api(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(e.url, e.token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// file writes a file into a directory of its own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
