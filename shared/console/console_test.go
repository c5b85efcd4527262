package console_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "deskmove/shared/api" // of which generate makes types: a change there runs TestFresh again
)

// TestFresh keeps in the repository what a build makes of the pages and of
// the API's types, byte for byte.
func TestFresh(t *testing.T) {
	files(t, "ui") // read by the build, in another process: a change there runs this test again
	tmp := t.TempDir()
	types, dist := filepath.Join(tmp, "api.gen.ts"), filepath.Join(tmp, "dist")
	cmd := exec.CommandContext(t.Context(), "go", "run", "./generate", "-types", types, "-dist", dist) // #nosec G204 -- of this test
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := files(t, dist)
	want["../api.gen.ts"] = read(t, types)
	got := files(t, "dist")
	got["../api.gen.ts"] = read(t, "ui/api.gen.ts")
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is not what the build makes: run make console", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("the build makes no %s: run make console", name)
	}
}

// TestThird keeps what comes from others as it came, each with its licence.
func TestThird(t *testing.T) {
	got := files(t, "third")
	listed := bufio.NewScanner(strings.NewReader(got["SHA256SUMS"]))
	for listed.Scan() {
		sum, name, _ := strings.Cut(listed.Text(), "  ")
		text, ok := got[name]
		if is := sha256.Sum256([]byte(text)); !ok || hex.EncodeToString(is[:]) != sum {
			t.Errorf("third/%s is missing or not what SHA256SUMS says", name)
		}
		folder, _, _ := strings.Cut(name, "/")
		if got[folder+"/LICENSE"] == "" && !strings.HasSuffix(name, "/LICENSE") {
			t.Errorf("third/%s has no licence", folder)
		}
		if !strings.Contains(got["README.md"], "`"+folder+"`") {
			t.Errorf("third/README.md says nothing of %s", folder)
		}
		if !strings.HasSuffix(name, "/LICENSE") {
			delete(got, name)
		}
	}
	for name := range got {
		if filepath.Base(name) != "LICENSE" && name != "README.md" && name != "SHA256SUMS" {
			t.Errorf("SHA256SUMS does not list third/%s", name)
		}
	}
}

// files returns the files below a folder by their path in it.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			all[path] = read(t, filepath.Join(dir, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file) // #nosec G304 -- of this test
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
