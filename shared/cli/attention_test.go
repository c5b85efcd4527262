package cli_test

import (
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/verify"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// TestRepair: what a moved channel lacks is found on demand, by a super
// administrator, and the audit log says so.
func TestRepair(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.run(t, "import", "--channel", "support", smallMbox).ok(t, nil)
	e.run(t, "repair", "support").fails(t, 1, "is in the inbox", "move the channel")
	e.run(t, "move", "--channel", "support", "--history", "all", "--open-status", "new", "--closed-status", "solved",
		"--ack", "agents-without-access,connected-left-behind", "--watch").ok(t, nil)

	landed := store.ConversationStore{Engine: e.store}
	id := conversations(t, e)[0].ID
	behind := func() int64 {
		c, err := landed.Get(t.Context(), "demo", id)
		if err != nil {
			t.Fatal(err)
		}
		return c.Ticket.Behind
	}
	// A message that has not reached its ticket. What is in the inbox would be
	// landed by the stream.
	c, err := landed.Get(t.Context(), "demo", id)
	if err != nil {
		t.Fatal(err)
	}
	late := c
	late.Ticket.Behind = c.Rev
	if err := landed.Save(t.Context(), c, late); err != nil {
		t.Fatal(err)
	}
	agent, err := e.stack.Issuer.Mint("demo", "ben", desk.AgentRole, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	e.as(t, agent, "repair", "support").fails(t, 1, "super administrator")
	if behind() == 0 {
		t.Fatal("it was repaired by others")
	}
	var r api.Repair
	e.run(t, "repair", "support", "--json").ok(t, &r)
	if r.ID == "" || r.ChannelID != "support" || r.MoveID != c.Ticket.Move || r.Running {
		t.Errorf("repair = %+v", r)
	}
	said := e.run(t, "repair", "support").ok(t, nil).stdout
	if !strings.Contains(said, "repair-") || !strings.Contains(said, r.MoveID) || !strings.Contains(said, e.url+"/v1/audit") {
		t.Errorf("it said %q", said)
	}
	ended := func() bool {
		for a, err := range e.api(t).Audit(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if a.Action == desk.ActionRepaired {
				return true
			}
		}
		return false
	}
	for deadline := time.Now().Add(time.Minute); (!ended() || behind() != 0) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	if behind() != 0 || !ended() {
		t.Error("after a minute nothing was repaired")
	}
	e.run(t, "verify").ok(t, nil)
}

// TestAttention: a conversation that cannot be converted stops nothing, is
// named with its reason, and is tried again when that is settled.
func TestAttention(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.run(t, "import", "--channel", "support", smallMbox).ok(t, nil)
	bad := conversations(t, e)[0]
	const attrStarted = "sta"
	header := store.HeaderKey("demo", bad.ID)
	write := func(w store.Write) {
		t.Helper()
		w.Op, w.Table, w.Key = store.Update, store.Conversations, header
		if err := store.FirstError(e.store.Write(t.Context(), []store.Write{w})); err != nil {
			t.Fatal(err)
		}
	}
	write(store.Write{Remove: []string{attrStarted}})

	var moved struct {
		Move     api.ChannelMove
		Report   api.Report
		Failures []api.Failure
	}
	r := e.run(t, "move", "--channel", "support", "--history", "all", "--open-status", "new", "--closed-status", "solved",
		"--ack", "agents-without-access,connected-left-behind", "--watch")
	r.fails(t, 2, "attention", bad.ID, desk.CodeNoStartDate, "retry")
	for m, err := range e.api(t).Moves(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		moved.Move = m
	}
	id := moved.Move.ID
	e.run(t, "status", id, "--json").fails(t, 2, desk.CodeNoStartDate)
	// What failed is the admin's to settle: nothing is violated.
	e.run(t, "verify").ok(t, nil)
	e.run(t, "retry", id, "--watch").fails(t, 2, desk.CodeNoStartDate)

	write(store.Write{Set: store.Attrs{{Name: attrStarted, Value: store.N(time.Date(2026, 3, 6, 8, 0, 0, 0, time.UTC).UnixMilli())}}})
	e.run(t, "retry", id).ok(t, nil)
	e.run(t, "status", id, "--watch", "--json").ok(t, &moved)
	if moved.Move.Status != "done" || moved.Report.Created != 5 || moved.Report.Failed != 0 {
		t.Errorf("after the retry: %+v", moved)
	}
	var v verify.Result
	e.run(t, "verify", "--json").ok(t, &v)
	if v.Tickets != 5 {
		t.Errorf("verify: %+v", v)
	}
}
