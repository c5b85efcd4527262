package admin_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"deskmove/shared/admin"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// TestAMoveThatCannotBeginIsLogged starts a move where no state machine is: it is
// stored, and an operator can read why it does not begin.
func TestAMoveThatCannotBeginIsLogged(t *testing.T) {
	r := apptest.New(t)
	r.StartErr = errors.New("state machine: unreachable")
	m := r.StartMove(apptest.History("mail"))
	for _, want := range []string{"execution not started", m.ID, "state machine"} {
		if !strings.Contains(r.Logged.String(), want) {
			t.Errorf("log = %q, want %q in it", r.Logged.String(), want)
		}
	}
}

// unaware does not see the lock when it first looks, as one who was slower by
// a moment.
type unaware struct {
	store.MoveStore
	looked bool
}

func (u *unaware) Locked(ctx context.Context, account string) (string, error) {
	if !u.looked {
		u.looked = true
		return "", nil
	}
	return u.MoveStore.Locked(ctx, account)
}

func TestR04OfTwoAtOnceOneStarts(t *testing.T) {
	r := apptest.New(t)
	id := r.StartMove(apptest.History("mail")).ID
	late := r.Starter
	late.Moves = &unaware{MoveStore: r.Moves}
	_, err := late.Start(t.Context(), apptest.Admin, desk.Choices{Channel: "phone", History: desk.NoHistory, Acknowledged: []string{desk.CodeConnectedLeft}}, desk.Idempotency{})
	if running, ok := errors.AsType[*admin.RunningError](err); !ok || running.Move != id {
		t.Errorf("the slower start = %v, want a RunningError of %s", err, id)
	}
	if locked, err := r.Moves.Locked(t.Context(), "acme"); locked != id || err != nil {
		t.Errorf("the lock is of %q, %v; want %s", locked, err, id)
	}
	if moves, _, err := r.Moves.List(t.Context(), "acme", "", 10, func(desk.Move) bool { return true }); len(moves) != 1 || err != nil {
		t.Errorf("moves = %+v, %v", moves, err)
	}
}

// TestStartsThatAreRefused: each has its own reason, and is in the audit log.
func TestStartsThatAreRefused(t *testing.T) {
	r := apptest.New(t)
	refused := func(choices desk.Choices, caller desk.Caller, want string) {
		t.Helper()
		_, err := r.Starter.Start(t.Context(), caller, choices, desk.Idempotency{})
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
		return r.Starter.Start(t.Context(), caller, apptest.History("mail"), desk.Idempotency{Key: "k", Hash: hash})
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
	if reused, ok := errors.AsType[*admin.KeyReusedError](err); !ok || reused.Key != "k" || !strings.Contains(err.Error(), "Idempotency-Key") {
		t.Errorf("for another request: %v", err)
	}
	_, err = start(desk.Caller{Account: "acme", Agent: "bob", Role: desk.SuperAdmin}, "h")
	if _, ok := errors.AsType[*desk.RefusedError](err); !ok {
		t.Errorf("by somebody else: %v", err)
	}
}

func TestRepairsAreRefused(t *testing.T) {
	r := apptest.New(t)
	agent := desk.Caller{Account: "acme", Agent: "bob", Role: desk.SuperAdmin} // says the token
	refused := func(caller desk.Caller, channel, code string) {
		t.Helper()
		before := len(r.Runs)
		_, err := r.Repairer.Repair(t.Context(), caller, channel)
		if got, ok := errors.AsType[*desk.RefusedError](err); !ok || got.Code != code {
			t.Errorf("repair of %s by %s = %v, want %s", channel, caller.Agent, err, code)
		}
		es, _, logErr := r.Journal.AuditLog(t.Context(), "acme", "", 1)
		if logErr != nil || len(es) != 1 || es[0].Action != desk.ActionRefuse || es[0].By != caller.Agent || es[0].Channel != channel || !strings.Contains(es[0].Detail, code) {
			t.Errorf("the audit log has %+v, %v", es, logErr)
		}
		if len(r.Runs) != before {
			t.Error("an execution was started")
		}
		r.Time = r.Time.Add(time.Second)
	}
	refused(apptest.Admin, "mail", desk.CodeNotMoved)
	refused(agent, "mail", desk.CodeNotSuperAdmin)
	if _, err := r.Repairer.Repair(t.Context(), apptest.Admin, "nowhere"); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("of no channel: %v", err)
	}
	m := r.StartMove(apptest.History("mail"))
	r.FenceLast()
	_, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail")
	if running, ok := errors.AsType[*admin.RunningError](err); !ok || running.Move != m.ID {
		t.Errorf("while it moves: %v", err)
	}
	r.Run()
	refused(agent, "mail", desk.CodeNotSuperAdmin)
	refused(desk.Caller{Account: "acme", Agent: "ann", Role: "agent"}, "mail", desk.CodeNotSuperAdmin)
}

// TestR29RefusedRetry: a retry that is refused is in the audit log, with who wanted it
// in which role, and of what.
func TestR29RefusedRetry(t *testing.T) {
	r := apptest.New(t)
	m := r.StartMove(apptest.History("mail"))
	r.Run()
	bob := desk.Caller{Account: "acme", Agent: "bob", Role: desk.SuperAdmin, Address: "192.0.2.7"}
	bot := desk.Caller{Account: "acme", Agent: "ann", Role: desk.ConnectorRole}
	for _, c := range []struct {
		by            desk.Caller
		id, move      string
		channel, says string
	}{
		{apptest.Admin, m.ID, m.ID, "mail", "retry: nothing-to-retry: the move has not ended, or no conversation failed; wait for its end and look at its failures"},
		{apptest.Admin, "m0", "", "", "retry: move m0: not found"},
		{apptest.Admin, "no # id", "", "", "retry: move no # id: not found"},
		{bob, m.ID, "", "", "retry: not-super-admin: only a super administrator of the account may move a channel; ask a super administrator to start the move"},
		{bot, m.ID, "", "", "retry: not-super-admin: only a super administrator of the account may move a channel; ask a super administrator to start the move"},
	} {
		r.Time = r.Time.Add(time.Second)
		if _, err := r.Retrier.Retry(t.Context(), c.by, c.id); err == nil {
			t.Errorf("a retry of %s by %s is not refused", c.id, c.by.Agent)
		}
		es, _, err := r.Journal.AuditLog(t.Context(), "acme", "", 1)
		if err != nil || len(es) != 1 {
			t.Fatal(es, err)
		}
		want := desk.AuditEntry{
			Account: "acme", ID: es[0].ID, At: r.Time.UTC().Truncate(time.Millisecond), By: c.by.Agent, Role: c.by.Role, Action: desk.ActionRefuse,
			Move: c.move, Channel: c.channel, Detail: c.says, Address: c.by.Address,
		}
		if es[0].AuditEntry != want {
			t.Errorf("entry = %+v, want %+v", es[0].AuditEntry, want)
		}
	}
}

// TestAReportNamesThoseWhoLose conversations, as far as the plan named them.
func TestAReportNamesThoseWhoLose(t *testing.T) {
	r := apptest.New(t)
	for i, c := range r.Import("mail", 4) {
		r.Mend(c, func(c *desk.Conversation) { c.Owner = []string{"cem", "cem", "dot", "bob"}[i] })
	}
	plan, err := r.Planner.Plan(t.Context(), "acme", "mail", apptest.History("mail"))
	if err != nil || len(plan.Warnings) == 0 {
		t.Errorf("plan = %+v, %v", plan, err)
	}
	for channel, choices := range map[string]desk.Choices{"none": apptest.History("mail"), "mail": {History: "some"}} {
		if _, err := r.Planner.Plan(t.Context(), "acme", channel, choices); err == nil {
			t.Errorf("a plan of %s", channel)
		}
	}
	choices := apptest.History("mail")
	for _, w := range plan.Warnings {
		choices.Acknowledged = append(choices.Acknowledged, w.Code)
	}
	r.StartMove(choices)
	if m := r.Run(); m.Report.OwnersLost != 3 || m.Report.LostBy["cem"] != 2 || m.Report.LostBy["dot"] != 1 || len(m.Report.LostBy) != 2 || m.Expected != 4 {
		t.Errorf("move = %+v", m)
	}
}
