package apptest

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
)

// Step takes a step by hand.
func (r *Rig) Step(s handler.Step, run move.Run) move.Run {
	r.Helper()
	next, err := s.Handle(r.Context(), run)
	if err != nil {
		r.Fatal(err)
	}
	return next
}

// LastRun is the run of the execution that was started last.
func (r *Rig) LastRun() move.Run { return r.Runs[len(r.Runs)-1] }

// FenceLast fences the channel of the last execution, a minute later.
func (r *Rig) FenceLast() move.Run {
	r.Helper()
	r.Time = r.Time.Add(time.Minute)
	return r.Step(r.Fence, r.LastRun())
}

// ListLast goes on until the batches are sent.
func (r *Rig) ListLast() move.Run {
	r.Helper()
	run := r.Step(r.List, r.FenceLast())
	for run.More {
		run = r.Step(r.List, run)
	}
	return run
}

// Advance returns what a state of the state machine makes of an execution, and
// sets the clock to the end of a wait.
func (r *Rig) Advance(e asl.Execution) asl.Execution {
	r.Helper()
	if r.Time.Before(e.WakeAt) {
		r.Time = e.WakeAt
	}
	next, err := asl.Runner{Machine: r.machine, Now: func() time.Time { return r.Time }, Task: r.task}.Step(r.Context(), e)
	if err != nil {
		r.Fatal(err)
	}
	return next
}

// task does the task of a state. None may fail.
func (r *Rig) task(_ context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
	r.Helper()
	name := strings.TrimSuffix(strings.TrimPrefix(resource, "${"), "FunctionArn}")
	var run move.Run
	if err := json.Unmarshal(input, &run); err != nil {
		r.Fatal(err)
	}
	next := r.Step(map[string]handler.Step{
		"Fence": r.Fence, "List": r.List, "Drain": r.Drain, "Finish": r.Finish,
	}[name], run)
	if r.OnTask != nil {
		r.OnTask(name, run)
	}
	return json.Marshal(next)
}

// Run takes the last execution to the end of its move, which it returns, and
// delivers at once what is sent. It stops before the late audits.
func (r *Rig) Run() desk.Move {
	r.Helper()
	r.Time = r.Time.Add(time.Minute)
	for range 1000 {
		last := r.LastRun()
		m, err := r.Moves.Get(r.Context(), last.Account, last.Move)
		if err != nil {
			r.Fatal(err)
		}
		if !m.EndedAt.IsZero() {
			return m
		}
		r.Executions[last.Name()] = r.Advance(r.Executions[last.Name()])
		r.Deliver()
	}
	r.Fatal("the move does not end")
	return desk.Move{}
}

// Deliver has all that was sent converted. SQS gives nothing up before it was
// received three times: what fails is a failure at once.
func (r *Rig) Deliver() {
	r.Helper()
	sent := r.Sent
	r.Sent = nil
	for _, b := range sent {
		if _, err := r.Convert.Use(r.Context(), b, 3); err != nil {
			r.Fatal(err)
		}
	}
}

// Changed has the stream tell of a conversation as it is now.
func (r *Rig) Changed(id string) {
	r.Helper()
	_, errs := r.Redirect.Use(r.Context(), []desk.Conversation{r.Conversation(id)})
	for _, err := range errs {
		r.Fatal(err)
	}
}

// RunOut takes the last execution to its end, through the late audits too, and
// delivers at once what is sent.
func (r *Rig) RunOut() {
	r.Helper()
	for range 1000 {
		name := r.LastRun().Name()
		if r.Executions[name].Ended() {
			return
		}
		r.Executions[name] = r.Advance(r.Executions[name])
		r.Deliver()
	}
	r.Fatal("the execution does not end")
}
