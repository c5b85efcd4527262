package peers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"deskmove/infra/test/peers"
)

// run runs an installed tool, and returns what it prints.
func run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), arguments[0], arguments[1:]...).CombinedOutput()
	return string(out), err
}

// TestTools runs every tool.
func TestTools(t *testing.T) {
	for _, name := range []string{"cfn-guard", "cfn-lint", "node", "python", "sam"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, err := run(t, peers.Tool(t, name), "--version"); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// TestMachineIsValid has another reader of the States Language look at the
// state machine.
func TestMachineIsValid(t *testing.T) {
	node, validator := peers.Tool(t, "node"), peers.Tool(t, "asl-validator")
	path := filepath.Join(t.TempDir(), "move.asl.json")
	for name, c := range map[string]struct{ old, new, complaint string }{
		"as it is":                {},
		"a lost state":            {`"Next": "Drained"`, `"Next": "Nowhere"`, "Nowhere"},
		"a choice without a test": {`"StringEquals": "list", `, ``, "SCHEMA"},
		"a broken path":           {`"Variable": "$.yield"`, `"Variable": "$.[yield"`, "asl_ref_path"},
		"a wait without an end":   {`"SecondsPath": "$.wait",`, ``, "WAIT_DURATION"},
	} {
		t.Run(name, func(t *testing.T) {
			content := definition()
			if c.old != "" {
				content = strings.Replace(content, c.old, c.new, 1)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := run(t, node, validator, "--json-path", path)
			if (err == nil) != (c.complaint == "") || !strings.Contains(out, c.complaint) {
				t.Errorf("%v; want a complaint about %q:\n%s", err, c.complaint, out)
			}
		})
	}
}
