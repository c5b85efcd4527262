package move_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store/storetest"
)

// TestAMoveThatCannotBeginIsLogged starts a move where no state machine is: it is
// stored, and an operator can read why it does not begin.
func TestAMoveThatCannotBeginIsLogged(t *testing.T) {
	var log strings.Builder
	a := app.New(app.Platform{
		Engine: &storetest.Memory{}, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Now: func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) },
	})
	if _, err := a.Accounts.Replace(t.Context(), desk.Setup{
		Account:   desk.Account{ID: "acme", Plan: desk.Professional, Zone: "UTC"},
		Agents:    []desk.Agent{{ID: "ann", Role: desk.SuperAdmin, HelpDesk: true}},
		Pipelines: []desk.Pipeline{{ID: "support", Statuses: []desk.PipelineStatus{{ID: "new"}, {ID: "solved", Closed: true}}}},
		Channels:  []desk.Channel{{Account: "acme", ID: "mail", Type: desk.Email, Address: "help@acme.example"}},
	}); err != nil {
		t.Fatal(err)
	}
	m, err := a.Starter.Start(t.Context(), desk.Caller{Account: "acme", Agent: "ann", Role: desk.SuperAdmin},
		desk.Choices{Channel: "mail", History: desk.NoHistory, Acknowledged: []string{desk.CodeNoSLAPolicy}}, move.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"execution not started", "move=" + m.ID, "state machine"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log = %q, want %q in it", log.String(), want)
		}
	}
}
