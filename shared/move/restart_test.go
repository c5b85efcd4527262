package move_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
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
	limit := move.ExecutionLimit{Moves: r.Moves, Machine: r.Platform.Machine, MaxSteps: 2}
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

// TestOverview watches a move from its start to its end.
func TestOverview(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 300)
	r.Undated("mail")
	look := func(id string) move.Overview {
		t.Helper()
		o, err := r.Monitor.Overview(t.Context(), "acme", id)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	id := r.StartMove(apptest.History("mail")).ID
	if o := look(id); o.Status != desk.Starting || o.Access != nil || o.Open != 0 || o.Rate != 0 || o.Left >= 0 {
		t.Errorf("at the start: %+v", o)
	}
	notice := func(percent int) {
		t.Helper()
		ns, err := r.Monitor.Notices(t.Context(), "acme")
		if percent < 0 {
			if len(ns) > 0 || err != nil {
				t.Errorf("notices = %+v, %v", ns, err)
			}
			return
		}
		if err != nil || len(ns) != 1 || ns[0].Percent != percent || ns[0].Channel.ID != "mail" || ns[0].Move.ID != id {
			t.Errorf("notices = %+v, %v; want %d %%", ns, err, percent)
		}
	}
	notice(0)
	run := r.ListLast()
	if o := look(id); o.Planned != 301 || o.Done != 0 || o.Open != 4 || len(o.Access) != 2 || o.Left >= 0 {
		t.Errorf("when it is listed: %+v", o)
	}
	r.Sent, _ = r.Sent[:2], r.Sent[2:]
	r.Deliver()
	r.Time = r.Time.Add(10 * time.Second)
	r.Step(r.Drain, run)
	if o := look(id); o.Done != 200 || o.Rate != 20 || o.Left != 8060*time.Millisecond {
		t.Errorf("while it drains: %+v", o)
	}
	notice(66)
	m := r.Run()
	o := look(id)
	r.Time = r.Time.Add(time.Hour)
	if later := look(id); o.Status != desk.Attention || o.Done != 301 || o.Failed != 1 || o.Open != 0 || later.Rate != o.Rate || !m.EndedAt.Equal(o.EndedAt) {
		t.Errorf("at the end: %+v", o)
	}
	notice(100)
	r.Mend(r.Conversation("c0000000000undated"), func(c *desk.Conversation) { c.Started = r.Time })
	if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, id); err != nil {
		t.Fatal(err)
	}
	r.Run()
	notice(-1)
	m = rehearse(r, apptest.History("phone"))
	if o := look(m.ID); o.Status != desk.Done {
		t.Errorf("of a rehearsal: %+v", o)
	}
	if _, err := r.Monitor.Overview(t.Context(), "acme", "m0"); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("of no move: %v", err)
	}
}

// TestStartsThatAreRefused: each has its own reason, and is in the audit log.
func TestStartsThatAreRefused(t *testing.T) {
	r := apptest.New(t)
	refused := func(choices desk.Choices, caller desk.Caller, want string) {
		t.Helper()
		_, err := r.Starter.Start(t.Context(), caller, choices, move.Idempotency{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a start of %s by %s = %v, want %s", choices.Channel, caller.Agent, err, want)
		}
		es, _, err := r.Journal.AuditLog(t.Context(), "acme", "", 1)
		if err != nil || es[0].Action != desk.ActionRefuse || es[0].By != caller.Agent || !strings.Contains(es[0].Detail, want) {
			t.Errorf("the audit log has %+v, %v", es, err)
		}
		r.Time = r.Time.Add(time.Second)
	}
	r.TakeIn("form", "f1")
	refused(apptest.History("wa"), apptest.Admin, desk.CodeReconnect)
	refused(apptest.History("catch-all"), apptest.Admin, desk.CodeFallbackAddress)
	refused(apptest.History("nowhere"), apptest.Admin, "not found")
	refused(apptest.History("mail"), desk.Caller{Account: "acme", Agent: "bob", Role: desk.SuperAdmin}, desk.CodeNotSuperAdmin)
	refused(desk.Choices{Channel: "mail", History: "some"}, apptest.Admin, "history")
	refused(desk.Choices{Channel: "mail", History: desk.AllHistory, Statuses: apptest.History("mail").Statuses}, apptest.Admin, desk.CodeConnectedLeft)
	refused(apptest.History("chat"), apptest.Admin, desk.CodeBotTargetNoAccess)
	id := r.StartMove(apptest.History("mail")).ID
	r.Time = r.Time.Add(time.Second)
	refused(apptest.History("phone"), apptest.Admin, id) // R4
	r.FenceLast()
	refused(apptest.History("mail"), apptest.Admin, desk.CodeAlreadyMoving)
	r.Run()
	refused(apptest.History("mail"), apptest.Admin, desk.CodeAlreadyMoved)
	r.Change(func(s *desk.Setup) { s.Account.Plan = "starter" })
	refused(apptest.History("phone"), apptest.Admin, desk.CodePlan)
}

// TestAKeyStartsOneMove.
func TestAKeyStartsOneMove(t *testing.T) {
	r := apptest.New(t)
	start := func(caller desk.Caller, hash string) (desk.Move, error) {
		return r.Starter.Start(t.Context(), caller, apptest.History("mail"), move.Idempotency{Key: "k", Hash: hash})
	}
	first, err := start(apptest.Admin, "h")
	if err != nil {
		t.Fatal(err)
	}
	r.Run()
	if again, err := start(apptest.Admin, "h"); err != nil || again.ID != first.ID || len(r.Runs) != 1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	_, err = start(apptest.Admin, "other")
	if reused, ok := errors.AsType[*move.KeyReusedError](err); !ok || reused.Key != "k" || !strings.Contains(err.Error(), "Idempotency-Key") {
		t.Errorf("for another request: %v", err)
	}
	_, err = start(desk.Caller{Account: "acme", Agent: "bob", Role: desk.SuperAdmin}, "h")
	if _, ok := errors.AsType[*desk.RefusedError](err); !ok {
		t.Errorf("by somebody else: %v", err)
	}
}
