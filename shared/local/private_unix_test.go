//go:build unix

package local

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDataFilesArePrivate: nobody else can read any file, whatever the process' mask
// and whatever the files were before.
func TestDataFilesArePrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), "data")
	if err := Private(dir); err != nil {
		t.Fatal(err)
	}
	for _, before := range []os.FileMode{0o600, 0o644} {
		for _, name := range []string{"deskmove.db", "local.db"} {
			if err := os.Chmod(filepath.Join(dir, name), before); err != nil && before != 0o600 {
				t.Fatal(err)
			}
		}
		s, err := Open(t.Context(), Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			info, err := file.Info()
			if err != nil {
				t.Fatal(err)
			}
			if found[file.Name()] = true; info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %04o", file.Name(), info.Mode().Perm())
			}
		}
		for _, name := range []string{"deskmove.db", "deskmove.db-wal", "deskmove.db-shm", "local.db", "local.db-wal", "local.db-shm", "issuer.pem"} {
			if !found[name] {
				t.Errorf("there is no %s: %v", name, found)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPrivate: a folder that others can read is refused, with the remedy.
func TestPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	for mode, ok := range map[os.FileMode]bool{0o700: true, 0o755: false, 0o750: false, 0o701: false} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := Private(dir); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "chmod 700") {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	made := filepath.Join(t.TempDir(), "a", "b")
	if err := Private(made); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(made); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("made with mode %v, %v", info.Mode(), err)
	}
}
