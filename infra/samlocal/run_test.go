//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"deskmove/infra/test/peers"
)

// TestDockerWithoutAddress: an engine that does not tell its bridge's address, which
// containers need, is asked for the bridge itself, and if that has none either, the
// script says so before it installs or builds anything.
func TestDockerWithoutAddress(t *testing.T) {
	for name, c := range map[string]struct{ gateway, bridge, says string }{
		"told":        {"172.17.0.1", "", "peers: stop at 172.17.0.1"},
		"of a bridge": {"", "5: docker0    inet 172.18.0.1/16 brd 172.18.255.255 scope global docker0", "peers: stop at 172.18.0.1"},
		"none":        {"", "", "restart Docker"},
	} {
		dir := t.TempDir()
		script := func(path, text string) { writeScript(t, filepath.Join(dir, path), text) }
		script("bin/docker", `case "$*" in *Gateway*) echo "`+c.gateway+`" ;; *bridge.name*) echo docker0 ;; *) echo "Debian GNU/Linux 12" ;; esac`)
		script("bin/ip", `echo "`+c.bridge+`"`)
		script("bin/go", `echo amd64`)
		script("infra/test/peers/install", `echo "peers: stop at $PEERS_HOST" >&2; exit 1`) // which comes next
		script("infra/samlocal/run", strings.TrimPrefix(read(t, "run"), "#!/usr/bin/env bash\n"))
		cmd := exec.CommandContext(t.Context(), "bash", filepath.Join(dir, "infra/samlocal/run"))
		cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: %v, %s; want %q", name, err, out, c.says)
		}
	}
}

func writeScript(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/usr/bin/env bash\n"+text+"\n"), 0o700); err != nil { // #nosec G306 -- it is run
		t.Fatal(err)
	}
}

// signalled is the file into which this program, run again in place of one that the
// script starts, writes the signals that reach it.
const signalled = "SAMLOCAL_TEST_SIGNALS"

func TestMain(m *testing.M) {
	if file := os.Getenv(signalled); file != "" {
		noteSignals(file)
		return
	}
	os.Exit(m.Run())
}

// noteSignals notes signals until one says to end.
func noteSignals(file string) {
	got := make(chan os.Signal, 10)
	signal.Notify(got, syscall.SIGINT, syscall.SIGTERM) // as programs do that clean up, though they are told to ignore one
	for text := "up"; ; {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) // #nosec G304 -- the test's
		if err == nil {
			_, _ = fmt.Fprintln(f, text)
			_ = f.Close()
		}
		if text == syscall.SIGTERM.String() {
			return
		}
		text = (<-got).String()
	}
}

// TestInterrupted: Ctrl-C, which a terminal sends to all that it runs, is the script's
// alone. It ends what it has started, once: SAM, told twice, leaves a container behind.
func TestInterrupted(t *testing.T) {
	peers.Tool(t, "python") // which the script needs, too
	dir := t.TempDir()
	script := func(path, text string) { writeScript(t, filepath.Join(dir, path), text) }
	script("bin/docker", `echo "Docker Desktop"`)
	script("bin/go", `[ "$1" = build ] || echo amd64`)
	script("bin/sam", `exit 0`)
	script("infra/test/peers/install", `exit 0`)
	script("infra/samlocal/run", strings.TrimPrefix(read(t, "run"), "#!/usr/bin/env bash\n"))
	var files []string
	for _, path := range []string{"infra/test/peers/run", ".aws-sam/samlocal"} {
		file := filepath.Join(dir, filepath.Base(path)+".signals")
		script(path, signalled+"="+file+" exec "+os.Args[0])
		files = append(files, file)
	}
	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join(dir, "infra/samlocal/run"))
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	noted := func(file string) []string {
		text, err := os.ReadFile(file) // #nosec G304 -- the test's
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Fields(string(text))
	}
	for _, file := range files {
		for len(noted(file)) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("interrupted, the script ends with %v", err)
	}
	for _, file := range files {
		if got := noted(file); !slices.Equal(got, []string{"up", "terminated"}) {
			t.Errorf("%s: %v; want to be ended once", filepath.Base(file), got)
		}
	}
}
