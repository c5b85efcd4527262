package move_test

import (
	"errors"
	"strings"
	"testing"

	"deskmove/shared/app/apptest"
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
