package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
)

// tokensMade waits until the audit log has n entries of tokens made, newest first.
func (e *engine) tokensMade(t *testing.T, n int) (made []api.AuditEntry) {
	t.Helper()
	for range 1200 { // two minutes: the machine may be busy
		made = nil
		for entry, err := range e.api(t).Audit(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if entry.Action == desk.ActionToken {
				made = append(made, entry)
			}
		}
		if len(made) >= n {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if len(made) != n {
		t.Fatalf("%d tokens made, not %d: %+v", len(made), n, made)
	}
	return made
}

// TestTokensMade: a token that a command makes is in the audit log, once, whether
// deskmove runs meanwhile or later, and so is one of the console's sign-in.
func TestTokensMade(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	e := start(t, dir)
	e.run(t, "apply", accountFile).ok(t, nil)
	e.tokensMade(t, 0)
	token := func(args ...string) string {
		t.Helper()
		return strings.TrimSpace(run(t, append([]string{"token", "--data", dir, "--account", "demo"}, args...)...).ok(t, nil).stdout)
	}
	running := token("--role", "agent", "--agent", "ben")
	made := e.tokensMade(t, 1)[0]
	if made.By != "ben" || made.Role != "agent" || made.Address != "" || !strings.Contains(made.Detail, "by a command with the data folder's key") {
		t.Errorf("a command's: %+v", made)
	}
	e.stop()
	token("--role", "connector")
	notes, err := filepath.Glob(filepath.Join(dir, "tokens", "*.json"))
	if err != nil || len(notes) != 1 {
		t.Fatal(notes, err)
	}
	note, err := os.ReadFile(notes[0])
	if err != nil {
		t.Fatal(err)
	}
	e = start(t, dir)
	if made := e.tokensMade(t, 2)[0]; made.By != "connector" || made.Role != "connector" {
		t.Errorf("made while nothing ran: %+v", made)
	}
	// A crash came after the entry and before the note's end.
	if err := os.WriteFile(notes[0], note, 0o600); err != nil {
		t.Fatal(err)
	}
	token("--role", "super-admin")
	e.tokensMade(t, 3)
	for range 1200 {
		if left, err := filepath.Glob(filepath.Join(dir, "tokens", "*")); err != nil || len(left) == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	e.tokensMade(t, 3)

	code := strings.TrimPrefix(e.stack.SignIn.Link("demo", ""), "#code=")
	_, signedIn := e.ask(t, "POST /local/session", "", `{"code":"`+code+`"}`)
	if got, _ := e.ask(t, "POST /local/token", "", `{"agent":"ben"}`, signedIn.cookies...); got != 200 {
		t.Errorf("the console's token: %d", got)
	}
	if made := e.tokensMade(t, 4)[0]; made.By != "ben" || made.Role != "agent" || made.Address != "127.0.0.1" || !strings.Contains(made.Detail, "by the console's sign-in") {
		t.Errorf("the console's: %+v", made)
	}
	whole, err := json.Marshal(e.tokensMade(t, 4))
	if err != nil || strings.Contains(string(whole), running[len(running)-20:]) {
		t.Errorf("a token is in %s, %v", whole, err)
	}
	e.run(t, "audit", "--verify").ok(t, nil)
}
