//go:build unix

package peers

import (
	"os"
	"os/exec"
	"syscall"
)

// guard runs a program in a process group of its own, and ends the whole group
// when the program ends or its own input does. The input is a pipe from this
// process, so it ends with this process, however that ends.
const guard = `trap : TERM
("$@" </dev/null; kill -KILL 0) &
read -r _
kill -TERM 0
sleep 1
kill -KILL 0`

// start starts a program that ends with this process at the latest, and closes
// ended when it has. kill ends it before.
func start(c command, log *os.File, ended chan<- struct{}) (kill func(), err error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", guard, "peer"}, c.args...)...) // #nosec G204 -- an installed peer
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // it was killed, as ever
		close(ended)
	}()
	return func() { _ = life.Close() }, nil
}
