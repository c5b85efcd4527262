package executions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/local/asl"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/db"
	"deskmove/shared/local/executions"
	"deskmove/shared/local/function"
)

// loop counts to three in a task, waiting in between.
const loop = `{
  "StartAt": "Add",
  "States": {
    "Add": {
      "Type": "Task", "Resource": "${AddFunctionArn}", "TimeoutSeconds": 60,
      "Retry": [{"ErrorEquals": ["BusyError"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 3, "MaxDelaySeconds": 7200, "JitterStrategy": "FULL"}],
      "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}],
      "Next": "More"
    },
    "More": {"Type": "Choice", "Choices": [{"Variable": "$.more", "BooleanEquals": true, "Next": "Pause"}], "Default": "Done"},
    "Pause": {"Type": "Wait", "SecondsPath": "$.wait", "Next": "Add"},
    "Done": {"Type": "Succeed"},
    "Failed": {"Type": "Fail", "Error": "Stopped", "Cause": "see the state before"}
  }
}`

// count is what the states of loop hand on.
type count struct {
	Name string `json:"name"`
	N    int    `json:"n"`
	Wait int    `json:"wait"`
	More bool   `json:"more"` // it is to be counted on
}

// BusyError is an error that the machine retries.
type BusyError struct{}

func (*BusyError) Error() string { return "busy" }

type bench struct {
	t    *testing.T
	path string
	db   *db.DB
	host *function.Host

	begin   time.Time
	timeout time.Duration
	mu      sync.Mutex
	calls   []string // of the task: execution, n and when
	add     func(ctx context.Context, n int) (int, error)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "local.db"), host: &function.Host{Log: slog.New(slog.DiscardHandler)}, begin: time.Now(), timeout: 3 * time.Second}
	b.add = func(_ context.Context, n int) (int, error) { return n + 1, nil }
	b.open()
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	if b.db, err = db.Open(b.path, executions.Schema); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) config(definition string) executions.Config {
	return executions.Config{Name: "move", Definition: []byte(definition), Functions: map[string]executions.Function{
		"${AddFunctionArn}": {Name: "add", Timeout: b.timeout, Handle: function.JSON(func(ctx context.Context, c count) (count, error) {
			b.mu.Lock()
			b.calls = append(b.calls, fmt.Sprint(c.Name, " ", c.N, " ", time.Since(b.begin)))
			b.mu.Unlock()
			var err error
			c.N, err = b.add(ctx, c.N)
			c.More = c.N <= 2
			return c, err
		})},
	}}
}

// machine opens the machine as a new process would.
func (b *bench) machine(definition string) *executions.StateMachine {
	b.t.Helper()
	if err := b.db.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.open()
	m, err := executions.Open(b.t.Context(), b.db, b.host, b.config(definition))
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func start(t *testing.T, m *executions.StateMachine, name string) {
	t.Helper()
	if err := m.Start(t.Context(), name, fmt.Appendf(nil, `{"name": %q, "n": 0, "wait": 10}`, name)); err != nil {
		t.Fatal(err)
	}
}

// run runs a machine for a time.
func (b *bench) run(m *executions.StateMachine, d time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	if err := m.Run(ctx); err != nil {
		b.t.Error(err)
	}
	if err := b.host.Wait(b.t.Context()); err != nil {
		b.t.Error(err)
	}
}

// end is how an execution ended.
func (b *bench) end(name string) (e asl.Execution) {
	b.t.Helper()
	if err := b.db.Do(b.t.Context(), func(tx db.Tx) error {
		return tx.Query("SELECT state FROM execution WHERE name = ?", func(r db.Row) error {
			return json.Unmarshal(r.Bytes(0), &e)
		}, name)
	}); err != nil {
		b.t.Fatal(err)
	}
	return e
}

// succeeded reports whether an execution has counted to three.
func (b *bench) succeeded(name string) {
	b.t.Helper()
	want := fmt.Sprintf(`{"name":%q,"n":3,"wait":10,"more":false}`, name)
	if e := b.end(name); e.Status != asl.Succeeded || string(e.Output) != want {
		b.t.Errorf("%s: %s in %s, with %s; want it to end with %s", name, e.Status, e.State, e.Output, want)
	}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "a")
		time.AfterFunc(time.Second, func() { start(t, m, "b") })
		b.run(m, time.Minute)
		b.succeeded("a")
		b.succeeded("b")
		want := []string{"a 0 0s", "b 0 1s", "a 1 10s", "b 1 11s", "a 2 20s", "b 2 21s"}
		if diff := cmp.Diff(want, b.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// TestStartAgain starts an execution again while it runs, after its end, and
// when its name is free again.
func TestStartAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "a")
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { m.Run(ctx) })
		running := func(want bool) {
			t.Helper()
			if got, err := m.Running(t.Context(), "a"); got != want || err != nil {
				t.Errorf("Running = %t, %v; want %t", got, err, want)
			}
		}
		again := func(wait time.Duration, want bool) {
			time.Sleep(wait)
			start(t, m, "a")
			running(want)
		}
		for range 10 {
			wg.Go(func() { start(t, m, "a") })
		}
		again(15*time.Second, true)
		again(time.Minute, false)
		if len(b.calls) != 3 {
			t.Errorf("calls = %v", b.calls)
		}
		cancel()
		wg.Wait()
		again(90*24*time.Hour-time.Minute, false)
		again(time.Minute, true)
	})
}

func TestStartRefuses(t *testing.T) {
	b := newBench(t)
	m := b.machine(loop)
	for name, input := range map[string]string{"": "{}", "a b": "{}", "a": "{"} {
		if err := m.Start(t.Context(), name, json.RawMessage(input)); err == nil {
			t.Errorf("Start(%q, %q) = nil", name, input)
		}
	}
	if running, err := m.Running(t.Context(), "a"); running || err != nil {
		t.Errorf("Running of an execution that was not started = %t, %v", running, err)
	}
}

// TestResumeAtEveryPoint stops the process at every reading of the clock,
// which comes before and after every step, and starts another.
func TestResumeAtEveryPoint(t *testing.T) {
	// lives runs the machine in processes that each end at their nth reading
	// of the clock, and returns how many that took.
	lives := func(t *testing.T, b *bench, n int) int {
		for life := 1; ; life++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			left := n
			b.host = &function.Host{Log: b.host.Log, Clock: clock.Clock{Time: func() time.Time {
				b.mu.Lock()
				defer b.mu.Unlock()
				if left--; left == 0 {
					cancel()
				}
				return time.Now()
			}}}
			m := b.machine(loop)
			if err := m.Run(ctx); err != nil {
				t.Fatal(err)
			}
			cancel()
			if running, err := m.Running(t.Context(), "a"); err != nil || !running || life > 1000 {
				return life
			}
		}
	}
	most := 0
	for n := 5; n < 25; n++ {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			start(t, b.machine(loop), "a")
			most = max(most, lives(t, b, n))
			b.succeeded("a")
			seen := map[string]bool{}
			for _, call := range b.calls {
				seen[strings.Fields(call)[1]] = true
			}
			if len(seen) != 3 {
				t.Errorf("n = %d: calls = %v", n, b.calls)
			}
		})
	}
	if most < 5 {
		t.Errorf("at most %d lives: too few to tell", most)
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		add  func(ctx context.Context, n int) (int, error)
		want string // the error that was caught, or "" for none
		runs int
	}{
		"busy, then well": {
			add: func() func(context.Context, int) (int, error) {
				calls := 0
				return func(_ context.Context, n int) (int, error) {
					if calls++; calls < 3 {
						return 0, &BusyError{}
					}
					return n + 1, nil
				}
			}(),
			runs: 5,
		},
		"always busy":   {add: func(context.Context, int) (int, error) { return 0, &BusyError{} }, want: "BusyError", runs: 4},
		"wrapped":       {add: func(context.Context, int) (int, error) { return 0, fmt.Errorf("x: %w", &BusyError{}) }, want: "wrapError", runs: 1},
		"panic":         {add: func(context.Context, int) (int, error) { panic(&BusyError{}) }, want: "BusyError", runs: 4},
		"runtime panic": {add: func(_ context.Context, n int) (int, error) { return []int{}[n], nil }, want: "boundsError", runs: 1},
		"time-out": {
			add:  func(ctx context.Context, n int) (int, error) { <-ctx.Done(); return n, nil },
			want: "Sandbox.Timedout", runs: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.add = c.add
				m := b.machine(loop)
				start(t, m, "a")
				b.run(m, 5*time.Minute)
				e := b.end("a")
				var state struct{ Error struct{ Error, Cause string } }
				if err := json.Unmarshal(e.Input, &state); err != nil {
					t.Fatal(err)
				}
				if state.Error.Error != c.want || e.Status != "SUCCEEDED" && c.want == "" {
					t.Errorf("caught %q, want %q; %s: %s", state.Error.Error, c.want, e.Status, state.Error.Cause)
				}
				if !json.Valid([]byte(state.Error.Cause)) && c.want != "" {
					t.Errorf("cause = %s", state.Error.Cause)
				}
				if len(b.calls) != c.runs {
					t.Errorf("ran %d times, want %d", len(b.calls), c.runs)
				}
			})
		})
	}
}

// TestStateTimeout: the state's time is up before the function's; the function
// goes on beside its own retry, as on AWS.
func TestStateTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.timeout = time.Minute
		now, most, ended := 0, 0, 0
		b.add = func(_ context.Context, n int) (int, error) {
			b.mu.Lock()
			now++
			most = max(most, now)
			b.mu.Unlock()
			time.Sleep(30 * time.Second)
			b.mu.Lock()
			defer b.mu.Unlock()
			now--
			ended++
			return n + 1, nil
		}
		m := b.machine(strings.NewReplacer(`"TimeoutSeconds": 60`, `"TimeoutSeconds": 5`, `"BusyError"`, `"States.Timeout"`).Replace(loop))
		start(t, m, "a")
		b.run(m, 2*time.Minute)
		if e := b.end("a"); e.State != "Failed" {
			t.Errorf("it ends in %s", e.State)
		}
		if most != 4 || ended != 4 { // begun at 0, and at 7, 16 and 29 s at the latest
			t.Errorf("%d at a time, %d ended", most, ended)
		}
	})
}

// TestDefinitionIsKept: a new definition is for new executions.
func TestDefinitionIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "old")
		b.run(m, 5*time.Second)
		m = b.machine(`{"StartAt": "Over", "States": {"Over": {"Type": "Succeed"}}}`)
		start(t, m, "new")
		b.run(m, time.Minute)
		b.succeeded("old")
		if e := b.end("new"); e.State != "Over" {
			t.Errorf("the new execution ends in %s", e.State)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	b := newBench(t)
	c := b.config(loop)
	c.Functions = nil
	if _, err := executions.Open(t.Context(), b.db, b.host, c); err == nil || !strings.Contains(err.Error(), "${AddFunctionArn}") {
		t.Errorf("without functions: %v", err)
	}
	if _, err := executions.Open(t.Context(), b.db, b.host, b.config("{}")); err == nil {
		t.Error("a bad definition was taken")
	}
}

// TestSaveIsTriedAgain: while nothing can be saved, nothing goes on; when it
// can, the execution goes on where it was.
func TestSaveIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "a")
		exec := func(sql string) {
			if err := b.db.Do(t.Context(), func(tx db.Tx) error { return tx.Exec(sql) }); err != nil {
				t.Error(err)
			}
		}
		time.AfterFunc(15*time.Second, func() {
			exec("CREATE TRIGGER full BEFORE UPDATE ON execution BEGIN SELECT raise(ABORT, 'full'); END")
		})
		time.AfterFunc(2*time.Minute, func() {
			if len(b.calls) != 2 {
				t.Errorf("ran %v", b.calls)
			}
			exec("DROP TRIGGER full")
		})
		b.run(m, 5*time.Minute)
		b.succeeded("a")
		if len(b.calls) != 3 {
			t.Errorf("ran %v", b.calls)
		}
	})
}

// TestClockSetBack: neither a wait nor the delay before a retry becomes longer
// if the clock is set back between two processes.
func TestClockSetBack(t *testing.T) {
	for name, stop := range map[string]time.Duration{"wait": 5 * time.Second, "retry": 11 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				calls := 0
				b.add = func(_ context.Context, n int) (int, error) {
					if calls++; calls == 2 { // at 10 s
						return 0, &BusyError{}
					}
					return n + 1, nil
				}
				slow := strings.Replace(loop, `"IntervalSeconds": 2`, `"IntervalSeconds": 3600`, 1)
				m := b.machine(slow)
				start(t, m, "a")
				b.run(m, stop)
				b.host = &function.Host{Log: b.host.Log, Clock: clock.Clock{Time: func() time.Time { return time.Now().Add(-10 * time.Hour) }}}
				m = b.machine(slow)
				b.run(m, 2*time.Hour)
				b.succeeded("a")
			})
		})
	}
}
