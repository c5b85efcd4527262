package issuer_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

// TestNotes: a note outlives what fails, and is taken once otherwise.
func TestNotes(t *testing.T) {
	dir := t.TempDir()
	i, err := issuer.Open(dir, clock.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	var got []issuer.Note
	var fail error
	take := func(n issuer.Note) error {
		got = append(got, n)
		return fail
	}
	if err := i.Notes(take); err != nil || got != nil {
		t.Fatalf("before any: %v, %v", got, err)
	}
	token, err := i.MintNoted("acme", "ann", desk.AgentRole, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := i.Verify(token); err != nil || c.Agent != "ann" {
		t.Errorf("the token is of %+v, %v", c, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "tokens", "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || strings.Contains(string(text), token[:20]) || bytes.Contains(text, []byte(token[len(token)-20:])) {
		t.Errorf("the note is %s, %v", text, err)
	}
	if info, err := os.Stat(files[0]); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	fail = errors.New("later")
	if err := i.Notes(take); !errors.Is(err, fail) {
		t.Errorf("taking failed with %v", err)
	}
	fail = nil
	bad := filepath.Join(dir, "tokens", "x.json")
	for _, text := range []string{"{", `{"id":"x"}`, `{"account":"acme"}`} {
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := i.Notes(take); err == nil || !strings.Contains(err.Error(), "x.json.bad") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := i.Notes(take); err != nil {
		t.Error(err)
	}
	if len(got) != 2 || got[0] != got[1] || got[0].Account != "acme" || got[0].Agent != "ann" || got[0].Role != desk.AgentRole || got[0].Until.Sub(got[0].At) != time.Hour {
		t.Errorf("taken: %+v", got)
	}
}

// TestNoTokenWithoutNote makes none where the note cannot be left.
func TestNoTokenWithoutNote(t *testing.T) {
	dir := t.TempDir()
	i, err := issuer.Open(dir, clock.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokens"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if token, err := i.MintNoted("acme", "ann", desk.AgentRole, time.Hour); err == nil || token != "" || !strings.Contains(err.Error(), "no token was made") {
		t.Errorf("a token of %d characters, %v", len(token), err)
	}
}
