package move_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// broken ends an execution as a step does that fails for good.
func broken(r *apptest.Rig, name string) {
	e := r.Executions[name]
	e.Status, e.State = "FAILED", "Broken"
	r.Executions[name] = e
}

// TestAFailedExecutionIsReplaced, wherever the move is: it ends, once.
func TestAFailedExecutionIsReplaced(t *testing.T) {
	for name, reach := range map[string]func(r *apptest.Rig){
		"at the start":   func(*apptest.Rig) {},
		"while it lists": func(r *apptest.Rig) { r.ListLast(); r.Deliver() },
		"after the end":  func(r *apptest.Rig) { r.Run() },
		"in a retry": func(r *apptest.Rig) {
			c := r.Undated("mail")
			m := r.Run()
			r.Mend(c, func(c *desk.Conversation) { c.Started = r.Time })
			if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, m.ID); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			r.Import("mail", 10)
			id := r.StartMove(apptest.History("mail")).ID
			reach(r)
			last := r.LastRun()
			broken(r, last.Name())
			if n := sweep(t, r); n != 1 || r.LastRun().Run != last.Run+1 {
				t.Fatalf("%d executions were started, the last is %+v", n, r.LastRun())
			}
			if n := sweep(t, r); n != 0 {
				t.Errorf("another one was started beside it: %+v", r.LastRun())
			}
			if m := r.Run(); m.ID != id || m.Status != desk.Done || m.Report.Created < 10 {
				t.Errorf("move = %+v", m)
			}
			r.RunOut()
			if m, err := r.Moves.Get(t.Context(), "acme", id); err != nil || m.RepairAt.IsZero() {
				t.Errorf("move = %+v, %v", m, err)
			}
		})
	}
}

// TestALongExecutionIsContinued where it was, by the limit of steps.
func TestALongExecutionIsContinued(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 300)
	r.StartMove(apptest.History("mail"))
	limit := handler.ExecutionLimit{Moves: r.Moves, Machine: r.Platform.Machine, MaxSteps: 2}
	r.List.Limit, r.Drain.Limit = limit, limit
	run := r.ListLast()
	r.Sent = append(r.Sent, r.Sent...)
	for range 5 { // nothing is delivered
		if run = r.Step(r.Drain, run); run.Yield {
			break
		}
	}
	next := r.LastRun()
	if !run.Yield || next.Run != 2 || next.Step != move.StepDrain || next.Turns != 0 || next.Yield || next.Began != 0 || next.Pass != 0 {
		t.Errorf("%+v is continued by %+v", run, next)
	}
	// The same step once more hands over nothing.
	run.Turns, run.Yield, run.Run = 1, false, 1
	if again := r.Step(r.Drain, run); again.More {
		t.Errorf("the one that was replaced goes on: %+v", again)
	}
	if len(r.Runs) != 2 {
		t.Errorf("executions = %+v", r.Runs)
	}
	if m := r.Run(); m.Status != desk.Done || m.Report.Created != 300 {
		t.Errorf("move = %+v", m)
	}
}

// TestSweepingGoesOnAfterAnError with one move.
func TestSweepingGoesOnAfterAnError(t *testing.T) {
	r := apptest.New(t)
	r.StartErr = errors.New("out of reach")
	id := r.StartMove(apptest.History("mail")).ID
	r.Time = r.Time.Add(time.Minute)
	if n, err := r.Sweep.Use(t.Context()); n != 0 || !errors.Is(err, r.StartErr) || !strings.Contains(err.Error(), id) {
		t.Errorf("%d, %v", n, err)
	}
	r.StartErr, r.EngineErr = nil, store.ErrThrottled
	if _, err := r.Sweep.Use(t.Context()); !errors.Is(err, store.ErrThrottled) {
		t.Errorf("on a busy engine: %v", err)
	}
	r.EngineErr = nil
	if sweep(t, r) != 1 {
		t.Error("it is not started")
	}
}
