package machines_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/local/clock"
	"deskmove/shared/local/db"
	"deskmove/shared/local/function"
	"deskmove/shared/local/machines"
)

// loop counts to three in a task, waiting in between.
const loop = `{
  "StartAt": "Init",
  "States": {
    "Init": {"Type": "Pass", "Result": {"n": 0}, "ResultPath": "$.count", "Next": "Add"},
    "Add": {
      "Type": "Task", "Resource": "${AddFunctionArn}",
      "Parameters": {"n.$": "$.count.n", "entered.$": "$$.State.EnteredTime", "name.$": "$$.Execution.Name"},
      "ResultPath": "$.count",
      "Retry": [{"ErrorEquals": ["BusyError", "Lambda.TooManyRequestsException"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 3}],
      "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}],
      "Next": "More"
    },
    "More": {"Type": "Choice", "Choices": [{"Variable": "$.count.n", "NumericLessThan": 3, "Next": "Pause"}], "Default": "Done"},
    "Pause": {"Type": "Wait", "Seconds": 10, "Next": "Add"},
    "Done": {"Type": "Succeed", "OutputPath": "$.count"},
    "Failed": {"Type": "Fail", "Error": "Stopped", "Cause": "see the state before"}
  }
}`

// BusyError is an error that the machine retries.
type BusyError struct{}

func (*BusyError) Error() string { return "busy" }

type bench struct {
	t    *testing.T
	path string
	db   *db.DB
	host *function.Host

	timeout time.Duration
	mu      sync.Mutex
	inputs  []string // of the task
	add     func(ctx context.Context, n int) (int, error)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "local.db"), host: &function.Host{Log: slog.New(slog.DiscardHandler)}}
	b.add = func(_ context.Context, n int) (int, error) { return n + 1, nil }
	b.open()
	t.Cleanup(func() { b.db.Close() })
	return b
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	if b.db, err = db.Open(b.path, machines.Schema); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) config(definition string) machines.Config {
	type count struct {
		N       int       `json:"n"`
		Entered time.Time `json:"entered,omitzero"`
		Name    string    `json:"name,omitempty"`
	}
	return machines.Config{Name: "move", Definition: []byte(definition), Functions: map[string]machines.Function{
		"${AddFunctionArn}": {Name: "add", Timeout: b.timeout, Handle: function.JSON(func(ctx context.Context, c count) (count, error) {
			b.mu.Lock()
			b.inputs = append(b.inputs, fmt.Sprint(c.Name, " ", c.N, " ", c.Entered.Unix()))
			b.mu.Unlock()
			n, err := b.add(ctx, c.N)
			return count{N: n}, err
		})},
	}}
}

// machine opens the machine as a new process would.
func (b *bench) machine(definition string) *machines.Machine {
	b.t.Helper()
	if err := b.db.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.open()
	m, err := machines.Open(b.t.Context(), b.db, b.host, b.config(definition))
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func start(t *testing.T, m *machines.Machine, name, input string) {
	t.Helper()
	if err := m.Start(t.Context(), name, json.RawMessage(input)); err != nil {
		t.Fatal(err)
	}
}

// run runs a machine for a time.
func (b *bench) run(m *machines.Machine, d time.Duration) {
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
func end(t *testing.T, m *machines.Machine, name string) string {
	t.Helper()
	e, err := m.Describe(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(fmt.Sprint(e.Status, " ", e.State, " ", e.Error, " ", string(e.Output)))
}

const succeeded = `SUCCEEDED Done  {"n":3}`

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "a", `{"move":"a"}`)
		time.AfterFunc(time.Second, func() { start(t, m, "b", "") })
		begin := time.Now().Unix()
		b.run(m, time.Minute)
		for _, name := range []string{"a", "b"} {
			if got := end(t, m, name); got != succeeded {
				t.Errorf("%s: %s", name, got)
			}
		}
		want := []string{"a 0 0", "b 0 1", "a 1 10", "b 1 11", "a 2 20", "b 2 21"}
		for i, s := range want {
			var name string
			var n, at int64
			fmt.Sscan(s, &name, &n, &at)
			want[i] = fmt.Sprint(name, " ", n, " ", begin+at)
		}
		if diff := cmp.Diff(want, b.inputs); diff != "" {
			t.Errorf("inputs (-want +got):\n%s", diff)
		}
	})
}

func TestStartIsIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "a", `{"move":"a"}`)
		start(t, m, "a", `{"move":"a"}`)
		if err := m.Start(t.Context(), "a", json.RawMessage(`{"move":"b"}`)); !errors.Is(err, machines.ErrExists) {
			t.Errorf("with another input: %v", err)
		}
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() { m.Run(ctx) })
		time.Sleep(5 * time.Second)
		for range 10 {
			wg.Go(func() { start(t, m, "a", `{"move":"a"}`) })
		}
		time.Sleep(time.Minute)
		if len(b.inputs) != 3 {
			t.Errorf("inputs = %v", b.inputs)
		}
		if err := m.Start(t.Context(), "a", json.RawMessage(`{"move":"a"}`)); !errors.Is(err, machines.ErrExists) {
			t.Errorf("after its end: %v", err)
		}
		cancel()
		wg.Wait()
		time.Sleep(90*24*time.Hour - time.Minute)
		if err := m.Start(t.Context(), "a", json.RawMessage(`{"move":"a"}`)); !errors.Is(err, machines.ErrExists) {
			t.Errorf("before 90 days are over: %v", err)
		}
		time.Sleep(time.Minute)
		start(t, m, "a", `{"move":"b"}`)
	})
}

func TestStartRefuses(t *testing.T) {
	b := newBench(t)
	m := b.machine(loop)
	for name, input := range map[string]string{"": "{}", "a b": "{}", "a": "{", strings.Repeat("a", 81): "{}", "big": `"` + strings.Repeat("a", 256<<10) + `"`} {
		if err := m.Start(t.Context(), name, json.RawMessage(input)); err == nil {
			t.Errorf("Start(%.10q, %.10q) = nil", name, input)
		}
	}
	if _, err := m.Status(t.Context(), "nobody"); !errors.Is(err, machines.ErrNotFound) {
		t.Errorf("Status of nobody = %v", err)
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
			b.host = &function.Host{Log: b.host.Log, Drain: time.Nanosecond, Clock: clock.Clock{Time: func() time.Time {
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
			if s, err := m.Status(t.Context(), "a"); err != nil || s != "RUNNING" || life > 1000 {
				return life
			}
		}
	}
	most := 0
	for n := 5; n < 25; n++ {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			start(t, b.machine(loop), "a", `{"move":"a"}`)
			most = max(most, lives(t, b, n))
			if got := end(t, b.machine(loop), "a"); got != succeeded {
				t.Errorf("n = %d: %s", n, got)
			}
			seen := map[string]string{}
			for _, in := range b.inputs {
				parts := strings.Fields(in)
				if at, ok := seen[parts[1]]; ok && at != parts[2] {
					t.Errorf("n = %d: task ran again with another time: %v", n, b.inputs)
				}
				seen[parts[1]] = parts[2]
			}
			if len(seen) != 3 {
				t.Errorf("n = %d: inputs = %v", n, b.inputs)
			}
		})
	}
	if most < 5 {
		t.Errorf("at most %d lives: too few to tell", most)
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		add     func(ctx context.Context, n int) (int, error)
		timeout time.Duration
		want    string // the error that was caught, or "" for none
		runs    int
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
				start(t, m, "a", "{}")
				b.run(m, 5*time.Minute)
				e, err := m.Describe(t.Context(), "a")
				if err != nil {
					t.Fatal(err)
				}
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
				if len(b.inputs) != c.runs {
					t.Errorf("ran %d times, want %d", len(b.inputs), c.runs)
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
		m := b.machine(strings.NewReplacer(`"Add": {`, `"Add": {"TimeoutSeconds": 5,`, `"BusyError",`, `"States.Timeout",`).Replace(loop))
		start(t, m, "a", "{}")
		b.run(m, 2*time.Minute)
		if got := end(t, m, "a"); got != "FAILED Failed Stopped" {
			t.Error(got)
		}
		if most != 4 || ended != 4 { // begun at 0, 7, 16 and 29 s
			t.Errorf("%d at a time, %d ended", most, ended)
		}
	})
}

// TestDefinitionIsKept: a new definition is for new executions.
func TestDefinitionIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "old", "{}")
		b.run(m, 5*time.Second)
		m = b.machine(`{"StartAt": "Over", "States": {"Over": {"Type": "Succeed"}}}`)
		start(t, m, "new", "{}")
		b.run(m, time.Minute)
		if got := end(t, m, "old"); got != succeeded {
			t.Error(got)
		}
		if got := end(t, m, "new"); got != "SUCCEEDED Over  {}" {
			t.Error(got)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	b := newBench(t)
	c := b.config(loop)
	c.Functions = nil
	if _, err := machines.Open(t.Context(), b.db, b.host, c); err == nil || !strings.Contains(err.Error(), "${AddFunctionArn}") {
		t.Errorf("without functions: %v", err)
	}
	if _, err := machines.Open(t.Context(), b.db, b.host, b.config("{}")); err == nil {
		t.Error("a bad definition was taken")
	}
}

// TestSaveIsTriedAgain: while nothing can be saved, nothing goes on; when it
// can, the execution goes on where it was.
func TestSaveIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "a", "{}")
		exec := func(sql string) {
			if err := b.db.Do(t.Context(), func(tx db.Tx) error { return tx.Exec(sql) }); err != nil {
				t.Error(err)
			}
		}
		time.AfterFunc(15*time.Second, func() {
			exec("CREATE TRIGGER full BEFORE UPDATE ON execution BEGIN SELECT raise(ABORT, 'full'); END")
		})
		time.AfterFunc(2*time.Minute, func() {
			if len(b.inputs) != 2 {
				t.Errorf("ran %v", b.inputs)
			}
			exec("DROP TRIGGER full")
		})
		b.run(m, 5*time.Minute)
		if got := end(t, m, "a"); got != succeeded {
			t.Error(got)
		}
		if len(b.inputs) != 3 {
			t.Errorf("ran %v", b.inputs)
		}
	})
}

// TestRestartWithTheClockSetBack: neither a wait nor the pause before a retry
// is longer for it, and a task that is tried again has the time it had.
func TestRestartWithTheClockSetBack(t *testing.T) {
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
				m := b.machine(loop)
				start(t, m, "a", "{}")
				b.run(m, stop)
				b.host = &function.Host{Log: b.host.Log, Clock: clock.Clock{Time: func() time.Time { return time.Now().Add(-time.Hour) }}}
				m = b.machine(loop)
				b.run(m, time.Minute)
				if got := end(t, m, "a"); got != succeeded {
					t.Fatal(got)
				}
				if b.inputs[1] != b.inputs[2] {
					t.Errorf("tried again with another input: %v", b.inputs)
				}
			})
		})
	}
}

func TestList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		m := b.machine(loop)
		start(t, m, "a", "")
		b.run(m, time.Minute)
		start(t, m, "b", "")
		start(t, m, "c", "")
		for want, c := range map[string]struct {
			status       string
			after, limit int
		}{"[c b a]": {"", 0, 10}, "[c b]": {"RUNNING", 0, 10}, "[a]": {"SUCCEEDED", 0, 10}, "[b]": {"", 1, 1}} {
			all, err := m.List(t.Context(), c.status, c.after, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range all {
				names = append(names, e.Name)
			}
			if got := fmt.Sprint(names); got != want {
				t.Errorf("List(%v) = %s, want %s", c, got, want)
			}
		}
	})
}
