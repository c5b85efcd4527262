// Package browser_test tests the console as people use it: in a browser, with the
// mouse and with the keyboard, while customers write.
//
// The tests are scripts in walk, run by Node.js with Playwright and Debian's
// Chromium, which `make browser` installs. They ask a stage, in this process, for
// sites: each is deskmove on one machine with the demo's account and sample.
package browser_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var (
	pictures = flag.Bool("pictures", false, "write pictures of all pages to .cache/pictures")
	scroll   = flag.Bool("scroll", false, "measure how long tasks take while 5,000 rows are scrolled")
	only     = flag.String("walk", "*", "of the scripts in walk, run those whose name matches")
	title    = flag.String("title", ".", "of the scripts' tests, run those whose title matches")
)

// underRace says that the race detector is at work.
var underRace bool

// patience is for all scripts together. They take a fraction of it on an idle machine.
const patience = 20 * time.Minute

// TestConsole runs the scripts.
func TestConsole(t *testing.T) {
	found := tools(t)
	found.node(t, *only+".test.mjs")
}

// TestPictures writes pictures of all pages, for people to look at.
func TestPictures(t *testing.T) {
	if !*pictures {
		t.Skip("SKIPPED: make pictures writes them")
	}
	tools(t).node(t, "pictures.mjs")
}

// TestScroll measures, and says what it has measured.
func TestScroll(t *testing.T) {
	if !*scroll {
		t.Skip("SKIPPED: make bench measures it")
	}
	tools(t).node(t, "scroll.mjs")
}

// kit is what the scripts need.
type kit struct{ root, modules, browser string }

// tools finds what the scripts need. Only in CI it must be there.
func tools(t *testing.T) kit {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out the browser")
	}
	if underRace {
		t.Skip("SKIPPED: with the race detector it takes minutes; make test runs it without")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	k := kit{root: root, modules: filepath.Join(root, ".cache", "browser", "node_modules")}
	_, noNode := exec.LookPath("node")
	_, noModules := os.Stat(filepath.Join(k.modules, "playwright-core"))
	var noBrowser error
	k.browser, noBrowser = exec.LookPath("chromium")
	if err := errors.Join(noNode, noModules, noBrowser); err != nil {
		refuse := t.Skipf
		if os.Getenv("CI") != "" {
			refuse = t.Fatalf
		}
		refuse("SKIPPED: run make browser: %v", err)
	}
	return k
}

// node runs scripts of walk one after the other, and fails with what they say.
func (k kit) node(t *testing.T, pattern string) {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join("walk", pattern))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no script is called %s: %v", pattern, err)
	}
	args := append([]string{"--test", "--test-concurrency=1", "--test-reporter=spec", "--test-name-pattern=" + *title}, scripts...)
	c := exec.CommandContext(t.Context(), "node", args...)
	c.Env = append(os.Environ(),
		"STAGE="+newStage(t), "BROWSER="+k.browser, "BROWSER_MODULES="+k.modules, "PICTURES="+filepath.Join(k.root, ".cache", "pictures"),
		"MEASURED="+filepath.Join(k.root, ".cache", "measured"))
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if testing.Verbose() {
		c.Stdout = io.MultiWriter(&said, os.Stdout)
	}
	c.WaitDelay = 10 * time.Second
	stop := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer stop.Stop()
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
}
