package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// hold holds a process to half a core until it is released: by a control group where
// there may be one, and else by stopping it for half of the time. Release says which,
// and how often it was held back.
func hold(pid int) (release func() (by string), err error) {
	if group, err := newGroup(pid); err == nil {
		return sync.OnceValue(func() string {
			stat, _ := os.ReadFile(filepath.Join(group, "cpu.stat"))                                               // #nosec G304 -- of this program; an empty one says nothing
			_ = os.WriteFile(filepath.Join(filepath.Dir(group), "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o600) // it may have ended
			_ = os.Remove(group)
			return "control group: " + strings.Join(strings.Fields(string(stat)), " ")
		}), nil
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil, err
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for _, on := 0, true; ; on = !on {
			s := syscall.SIGCONT
			if !on {
				s = syscall.SIGSTOP
			}
			_ = process.Signal(s)
			select {
			case <-stop:
				_ = process.Signal(syscall.SIGCONT)
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return sync.OnceValue(func() string {
		close(stop)
		<-stopped
		return "SIGSTOP for 20 of 40 ms"
	}), nil
}

// newGroup puts a process into a control group of its own that has half a core.
func newGroup(pid int) (string, error) {
	for _, of := range []struct{ parent, file, limit string }{
		{"/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "50000"},
		{"/sys/fs/cgroup", "cpu.max", "50000 100000"},
	} {
		if _, err := os.Stat(filepath.Join(of.parent, "cgroup.procs")); err != nil {
			continue
		}
		group := filepath.Join(of.parent, fmt.Sprintf("deskmove-bench-%d", pid))
		if err := os.Mkdir(group, 0o700); err != nil {
			continue
		}
		err := os.WriteFile(filepath.Join(group, of.file), []byte(of.limit), 0o600)
		if err == nil {
			err = os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o600)
		}
		if err == nil {
			return group, nil
		}
		_ = os.Remove(group)
	}
	return "", os.ErrPermission
}
