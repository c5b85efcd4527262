// Package apptest runs the app on a platform in memory, for tests. Only tests may
// import it.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/desk"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// Admin is the super administrator of the account acme.
var Admin = desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin}

// Setup returns the account acme: three agents, of whom cem has no help desk
// access, one pipeline, and channels of three types, of which the form is
// connected to the mail.
func Setup() desk.Setup {
	return desk.Setup{
		Account: desk.Account{ID: "acme", Plan: desk.Professional, Zone: "UTC"},
		Agents: []desk.Agent{
			{ID: "ann", Role: desk.SuperAdmin, HelpDesk: true},
			{ID: "bob", Role: desk.AgentRole, HelpDesk: true},
			{ID: "cem", Role: desk.AgentRole},
		},
		Pipelines: []desk.Pipeline{{ID: "support", Statuses: []desk.PipelineStatus{
			{ID: "new"}, {ID: "waiting"}, {ID: "solved", Closed: true},
		}}},
		Channels: []desk.Channel{
			{Account: "acme", ID: "mail", Type: desk.Email, Settings: json.RawMessage(`{"routing":{"agents":["cem","ann"]}}`)},
			{Account: "acme", ID: "form", Type: desk.Form, Connected: "mail"},
			{Account: "acme", ID: "chat", Type: desk.Chat},
		},
	}
}

// History are the choices of a move of the channel mail with all of its
// history. They acknowledge every warning that the setup gives.
func History() desk.Choices {
	return desk.Choices{
		Channel: "mail", History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "solved"},
		Acknowledged: []string{desk.CodeNoSLAPolicy, desk.CodeConnectedLeft, desk.CodeRoutingNoAccess},
	}
}

// Rig is the app, with a queue and a state machine that record what they are
// asked and do nothing.
type Rig struct {
	*app.App
	Time     time.Time     // what the app takes for the present
	Sent     []move.Batch  // to the queue
	Runs     []move.Run    // executions that were started
	StartErr error         // returned by every start of an execution, if it is set
	Measured *bytes.Buffer // lines of metrics

	executions map[string]bool // by name
}

// New returns a rig on an engine, a new storetest.Memory if that is nil, at nine
// o'clock on 23 November 2026. Change, if not nil, changes its platform.
func New(t testing.TB, engine store.Engine, change func(*app.Platform)) *Rig {
	t.Helper()
	if engine == nil {
		engine = &storetest.Memory{}
	}
	r := &Rig{
		Time: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Measured: &bytes.Buffer{}, executions: make(map[string]bool),
	}
	now := func() time.Time { return r.Time }
	p := app.Platform{
		Engine: engine, Queue: r, Machine: r, Now: now,
		Metrics: &metrics.Writer{W: r.Measured, Namespace: "deskmove", Now: now},
	}
	if change != nil {
		change(&p)
	}
	r.App = app.New(p)
	return r
}

// Configure replaces the account's setup.
func (r *Rig) Configure(t testing.TB, setup desk.Setup) {
	t.Helper()
	if _, err := r.Accounts.Replace(context.Background(), setup); err != nil {
		t.Fatal(err)
	}
}

// StartMove starts a move by the administrator.
func (r *Rig) StartMove(t testing.TB, choices desk.Choices) desk.Move {
	t.Helper()
	m, err := r.Starter.Start(context.Background(), Admin, choices, move.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Send makes a rig the queue.
func (r *Rig) Send(_ context.Context, bs []move.Batch) error {
	r.Sent = append(r.Sent, bs...)
	return nil
}

// Start and Running make a rig the state machine. An execution runs from its
// start on.
func (r *Rig) Start(_ context.Context, name string, run move.Run) error {
	if r.StartErr == nil && !r.executions[name] {
		r.executions[name] = true
		r.Runs = append(r.Runs, run)
	}
	return r.StartErr
}

// Running reports whether an execution was started.
func (r *Rig) Running(_ context.Context, name string) (bool, error) { return r.executions[name], nil }

// LastRun returns the state from which the execution that was started last
// begins.
func (r *Rig) LastRun(t testing.TB) move.Run {
	t.Helper()
	if len(r.Runs) == 0 {
		t.Fatal("no execution was started")
	}
	return r.Runs[len(r.Runs)-1]
}
