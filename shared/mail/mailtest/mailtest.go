// Package mailtest finds the real mail that some tests read. It belongs to
// other people, so it is not part of the project.
package mailtest

import (
	"os"
	"path/filepath"
	"testing"
)

// FolderVariable names the environment variable with the absolute path of the
// folder that holds dev-2012-2013.mbox.gz, traps.mbox.gz and traps.tsv.
const FolderVariable = "DESKMOVE_MAIL"

// File returns the path of a file of real mail. It skips the test if the variable
// is not set, in CI too, because CI does not have the mail.
func File(t testing.TB, name string) string {
	t.Helper()
	folder := os.Getenv(FolderVariable)
	if folder == "" {
		t.Skipf("SKIPPED: needs real mail; set %s to the folder that holds %s", FolderVariable, name)
	}
	if !filepath.IsAbs(folder) {
		t.Fatalf("%s is %q; it must be an absolute path", FolderVariable, folder)
	}
	return filepath.Join(folder, name)
}
