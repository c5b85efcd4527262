package move_test

import (
	"log/slog"
	"strings"
	"testing"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
)

// TestAMoveThatCannotBeginIsLogged starts a move where no state machine is: it is
// stored, and an operator can read why it does not begin.
func TestAMoveThatCannotBeginIsLogged(t *testing.T) {
	var log strings.Builder
	r := apptest.New(t, nil, func(p *app.Platform) { p.Machine, p.Log = nil, slog.New(slog.NewTextHandler(&log, nil)) })
	r.Configure(t, apptest.Setup())
	m := r.StartMove(t, apptest.History())
	for _, want := range []string{"execution not started", "move=" + m.ID, "state machine"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log = %q, want %q in it", log.String(), want)
		}
	}
}
