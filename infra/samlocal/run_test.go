//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
		script := func(path, text string) {
			path = filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("#!/usr/bin/env bash\n"+text+"\n"), 0o700); err != nil { // #nosec G306 -- it is run
				t.Fatal(err)
			}
		}
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
