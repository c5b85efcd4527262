package console_test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestUnits runs the pages' unit tests, bundled first since Node reads no
// TypeScript.
func TestUnits(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node is not installed")
	}
	files, err := filepath.Glob("ui/*.test.ts")
	if err != nil || len(files) == 0 {
		t.Fatalf("tests %v: %v", files, err)
	}
	dir := t.TempDir()
	run(t, "go", append([]string{"tool", "-modfile=../../infra/tools/go.mod", "esbuild", "--bundle", "--platform=node",
		"--format=esm", "--out-extension:.js=.mjs", "--log-level=warning", "--outdir=" + dir}, files...)...)
	bundled, err := filepath.Glob(filepath.Join(dir, "*.mjs"))
	if err != nil || len(bundled) != len(files) {
		t.Fatalf("bundled %v: %v", bundled, err)
	}
	run(t, node, append([]string{"--test"}, bundled...)...)
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil { // #nosec G204 -- of this test
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
