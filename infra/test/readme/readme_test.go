//go:build unix

// Package readme runs README.md's tour.
package readme

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "deskmove/shared/cli" // what the tour runs: go test must not reuse the result of older code
)

const repository = "../../.."

// started begins the tour: it is the one block that does not end by itself.
const started = "make run\n"

// shown is, block by block, what the tour must print, as regular expressions.
var shown = [][]string{
	{`account demo has plan`, `"id":"support".*"home":"inbox"`},
	{`"began":true`, `"subject":"Where is my order\?"`},
	{`"warnings":\[\]`, `"status":"starting"`, `(?m)"createdAt":"2026-03-01T.*"home":"helpdesk"`},
	{`"began":false`, `every invariant holds`, `"revision":3`},
	{`"began":false`},
	{`3 added to channel sales`, `warning no-sla-policy`, `(?m)^rehearsal .* of channel sales, .*: done$`, `(?m)^move .* of channel sales, .*: done$`, `\(equal\)`},
	{`tickets and \d+ files are in export`, `account twin has plan`, `nothing was written`, `[1-9] conversations added, 0 updated`, `14 threads read`},
}

// TestTour runs the sh blocks of "Five minutes with curl", "Your own mail" and
// "Everything out, and in" in order, in one bash that stops at the first command that fails. They are
// run as they are written but for the port, 8420, in whose place a free one is
// used. The working directory has the repository's files and a .data of its
// own.
func TestTour(t *testing.T) {
	for _, tool := range []string{"bash", "make", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			leaveOut(t, tool+" is not installed")
		}
	}
	if testing.Short() {
		t.Skip("SKIPPED: it builds and runs the program, and -short is given")
	}
	dir, address := workplace(t), freeAddress(t)
	blocks := tour(t)
	if len(blocks) != len(shown)+1 || blocks[0] != started {
		t.Fatalf("%d blocks, the first is %q; want %d, the first is %q", len(blocks), blocks[0], len(shown)+1, started)
	}
	serve(t, dir, address)

	const end = "=== end of a block ==="
	script := strings.ReplaceAll(strings.Join(blocks[1:], "echo '"+end+"'\n"), "127.0.0.1:8420", address)
	bash := command(t, dir, "bash", "-e", "-u", "-o", "pipefail", "-c", script)
	text, err := bash.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for i, output := range strings.Split(string(text), end) {
		for _, want := range shown[i] {
			if !regexp.MustCompile(want).MatchString(output) {
				t.Errorf("%q is not in the output\n%s\nof\n%s", want, output, blocks[i+1])
			}
		}
		if strings.Contains(output, `"detail":`) {
			t.Errorf("the API refused something:\n%s\nof\n%s", output, blocks[i+1])
		}
	}
}

// tour reads the blocks of the three sections.
func tour(t *testing.T) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"Five minutes with curl", "Your own mail", "Everything out, and in"} {
		_, section, ok := strings.Cut(string(text), "\n## "+title+"\n")
		if !ok {
			t.Fatalf("README.md has no section %q", title)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(section, -1) {
			blocks = append(blocks, m[1])
		}
	}
	return blocks
}

// workplace makes a directory with links to all that the repository has.
func workplace(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "Makefile", "functions", "infra", "shared"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// command makes a command that runs in dir as the leader of a process group,
// and is killed with its children when the test has failed or ended.
func command(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir = dir
	// Without -trimpath each new directory would compile everything again.
	c.Env = append(os.Environ(), "PWD="+dir, "GOFLAGS=-trimpath")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
	c.WaitDelay = 10 * time.Second
	return c
}

// serve runs the tour's first block until the test ends.
func serve(t *testing.T, dir, address string) {
	t.Helper()
	c := command(t, dir, "bash", "-c", started)
	c.Env = append(c.Env, "ADDR="+address)
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() { // t.Context is done by now, so that it gets its signal
		if err := <-ended; t.Failed() {
			t.Logf("make run: %v\n%s", err, log.String())
		}
	})
	for {
		res, err := http.Get(fmt.Sprintf("http://%s/healthz", address))
		if err == nil {
			_ = res.Body.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("make run ended: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// leaveOut skips a test and says why; in CI it fails the test.
func leaveOut(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("CI must not leave this out: " + why)
	}
	t.Skip("SKIPPED: " + why)
}
