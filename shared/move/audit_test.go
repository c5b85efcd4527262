package move_test

import (
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

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
