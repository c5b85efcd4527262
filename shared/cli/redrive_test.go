package cli_test

import (
	"testing"
	"time"

	"deskmove/shared/desk"
)

// TestRedriveByHand: nothing is dead, and redrive says so of both queues; agents may
// not. The drills send real ones back.
func TestRedriveByHand(t *testing.T) {
	e := ready(t)
	e.run(t, "redrive").ok(t, nil)
	e.run(t, "redrive").fails(t, 0, "batches: 0 dead letters sent back", "stream-failures: 0 dead letters sent back")
	agent, err := e.stack.Issuer.Mint("demo", "ben", desk.AgentRole, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	e.as(t, agent, "redrive").fails(t, 1, "super-admin")
}
