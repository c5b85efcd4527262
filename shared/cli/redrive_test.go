package cli_test

import (
	"strings"
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

// TestRedriveIsTheOperators: dead letters are those of all accounts, and of whoever serves
// is the one that they name.
func TestRedriveIsTheOperators(t *testing.T) {
	t.Parallel()
	for operator, code := range map[string]int{"acme": 1, "demo": 0} {
		s := serve(t, "--addr", "127.0.0.1:0", "--account", operator)
		token := strings.TrimSpace(run(t, "token", "--data", s.dir, "--account", "demo", "--role", "super-admin").ok(t, nil).stdout)
		e := engine{url: s.url}
		e.as(t, token, "apply", accountFile).ok(t, nil)
		says := "batches: 0 dead letters sent back"
		if code != 0 {
			says = "account demo is not that of whoever runs deskmove"
		}
		e.as(t, token, "redrive").fails(t, code, says)
		s.stop()
	}
}
