// Package apptest runs the app in a test: on an engine in memory, for the
// account acme, by a clock that the test sets. What the app sends to its queue
// and starts on its state machine waits until the test lets it happen.
//
// Only tests may import it.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"deskmove/shared/app"
	"deskmove/shared/handler"
	"deskmove/shared/local/asl"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
	"deskmove/shared/support/filetest"
)

// T is what a rig needs of a test, a benchmark, or a round of rapid.
type T interface {
	Context() context.Context
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Helper()
}

// Rig is the app in a test.
type Rig struct {
	T
	*app.App
	Platform app.Platform // on which the app was made
	Time     time.Time    // what the app takes for the present

	Memory    *storetest.Memory // the engine
	Bytes     *filetest.Memory  // of files
	Written   []store.Key       // items
	Read      int               // items
	EngineErr error             // of every request, if not nil
	WriteErr  error             // of every write, if not nil
	mu        sync.Mutex        // of the engine's counts

	Sent       []move.Batch // in the queue
	Runs       []move.Run   // that executions were started with, in order
	Executions map[string]asl.Execution
	StartErr   error // of starting an execution, if not nil
	// OnTask, if not nil, is told of each task that an execution has done.
	OnTask func(state string, r move.Run)

	Measured bytes.Buffer // lines of metrics
	Logged   bytes.Buffer // lines of the log
	CheckErr error        // what is wrong with the tables, if not nil

	machine *asl.Machine
}

// New returns a rig with the account acme, at nine o'clock on Monday, 23
// November 2026.
func New(t T) *Rig {
	t.Helper()
	return On(t, nil)
}

// On returns a rig with a stream.
func On(t T, stream handler.ChangeReader) *Rig {
	t.Helper()
	machine, err := asl.Parse(move.StateMachine)
	if err != nil {
		t.Fatal(err)
	}
	r := &Rig{
		T: t, Time: time.Date(2026, 11, 23, 8, 59, 59, 0, time.UTC), Memory: &storetest.Memory{}, Bytes: &filetest.Memory{},
		Executions: make(map[string]asl.Execution), machine: machine,
	}
	now := func() time.Time { return r.Time }
	r.Platform = app.Platform{
		Engine: engine{r}, Files: r.Bytes, Stream: stream, Queue: queue{r}, Machine: stateMachine{r}, Operator: Admin.Account, Now: now,
		Check: func(context.Context) error { return r.CheckErr },
		Log:   slog.New(slog.NewJSONHandler(&r.Logged, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr})), Metrics: &metrics.Writer{W: &r.Measured, Namespace: "deskmove", Now: now},
	}
	r.App = app.New(r.Platform)
	Apply(t, r.App)
	r.Time = r.Time.Add(time.Second)
	return r
}

// Snapshot returns a function that makes everything what it is now, for
// another test.
func (r *Rig) Snapshot() (restore func(T)) {
	at, memory, sent, runs, executions := r.Time, r.Memory.Copy(), slices.Clone(r.Sent), slices.Clone(r.Runs), maps.Clone(r.Executions)
	return func(t T) {
		r.T, r.Time, r.Memory, r.Sent, r.Runs, r.Executions = t, at, memory.Copy(), slices.Clone(sent), slices.Clone(runs), maps.Clone(executions)
		r.Written, r.Read = nil, 0
		r.Measured.Reset()
		r.Logged.Reset()
		r.App = app.New(r.Platform) // remembers nothing
	}
}

// queue holds what was sent until the test delivers it.
type queue struct{ rig *Rig }

func (q queue) Send(_ context.Context, bs []move.Batch) error {
	q.rig.Sent = append(q.rig.Sent, bs...)
	return nil
}

// stateMachine holds executions, which the test takes further.
type stateMachine struct{ rig *Rig }

func (m stateMachine) Start(_ context.Context, name string, run move.Run) error {
	r := m.rig
	if _, there := r.Executions[name]; there || r.StartErr != nil {
		return r.StartErr
	}
	input, err := json.Marshal(run)
	if err != nil {
		return err
	}
	if r.Executions[name], err = r.machine.Start(name, input, r.Time); err != nil {
		return err
	}
	r.Runs = append(r.Runs, run)
	return nil
}

func (m stateMachine) Running(_ context.Context, name string) (bool, error) {
	e, ok := m.rig.Executions[name]
	return ok && !e.Ended(), nil
}
