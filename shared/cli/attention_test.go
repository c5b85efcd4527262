package cli_test

import (
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/verify"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// TestAttention: a conversation that cannot be converted stops nothing, is
// named with its reason, and is tried again when that is settled.
func TestAttention(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.run(t, "import", "--channel", "support", smallMbox).ok(t, nil)
	bad := conversations(t, e)[0]
	header := store.HeaderKey("demo", bad.ID)
	write := func(w store.Write) {
		t.Helper()
		w.Op, w.Table, w.Key = store.Update, store.Conversations, header
		if err := store.FirstError(e.store.Write(t.Context(), []store.Write{w})); err != nil {
			t.Fatal(err)
		}
	}
	write(store.Write{Remove: []string{store.AttrStarted}})

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

	write(store.Write{Set: store.Attrs{{Name: store.AttrStarted, Value: store.N(time.Date(2026, 3, 6, 8, 0, 0, 0, time.UTC).UnixMilli())}}})
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
