package killtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"deskmove/shared/client"
)

// full is how long there is no room, at least: until a message was refused,
// which may take a while where there is room in the files themselves.
const full = 5 * time.Second

// TestFullQuota lets no file of the server's process grow, as a quota does,
// and then lets them grow again.
func TestFullQuota(t *testing.T) {
	takesLong(t)
	t.Parallel()
	newRig(t, channel()).strike(t, 1, aim{phase: converting}, func(r *round) {
		r.hit = func(ctx context.Context, s *shot) error {
			return r.withoutRoom(ctx, t, s, func() (func() error, error) { return noGrowth(r.server.ID()) })
		}
	})
}

// noGrowth makes every write of a process fail that goes beyond a file's
// first kilobyte. To lower a limit, and to raise it again as far as it was,
// needs no rights.
func noGrowth(process int) (undo func() error, err error) {
	var was unix.Rlimit
	if err := unix.Prlimit(process, unix.RLIMIT_FSIZE, nil, &was); err != nil {
		return nil, fmt.Errorf("limit of files' size: %w", err)
	}
	none := unix.Rlimit{Cur: 1 << 10, Max: was.Max}
	if err := unix.Prlimit(process, unix.RLIMIT_FSIZE, &none, nil); err != nil {
		return nil, fmt.Errorf("limit of files' size: %w", err)
	}
	return func() error { return unix.Prlimit(process, unix.RLIMIT_FSIZE, &was, nil) }, nil
}

// inVolume tells the test that it runs where it may mount.
const inVolume = "DESKMOVE_TEST_VOLUME"

// TestFullVolume fills the file system of the server's data, and then empties
// it again. The file system is one of the test's own, in memory, which takes
// namespaces for users and mounts: the test runs in a process that has them.
func TestFullVolume(t *testing.T) {
	takesLong(t)
	t.Parallel()
	if os.Getenv(inVolume) == "" {
		withNamespaces(t)
		return
	}
	volume := t.TempDir()
	if err := unix.Mount("tmpfs", volume, "tmpfs", 0, "size=256m"); err != nil {
		leaveOut(t, fmt.Sprintf("no file system can be mounted here: %v", err))
	}
	defer func() {
		if err := unix.Unmount(volume, 0); err != nil {
			t.Error(err)
		}
	}()
	newRig(t, channel()).strikeIn(t, volume, 1, aim{phase: converting}, func(r *round) {
		r.hit = func(ctx context.Context, s *shot) error {
			return r.withoutRoom(ctx, t, s, func() (func() error, error) { return ballast(filepath.Join(volume, "ballast")) })
		}
	})
}

// withNamespaces runs this test in another process, which may mount what only
// it sees, and which is gone with it.
func withNamespaces(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inVolume+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		leaveOut(t, fmt.Sprintf("there are no namespaces to be had here, so no volume is filled (TestFullQuota has another full disk): %v", err))
	case strings.Contains(out.String(), "--- SKIP: "+t.Name()):
		leaveOut(t, "no volume is filled (TestFullQuota has another full disk):\n"+out.String())
	case err != nil || !strings.Contains(out.String(), "--- PASS: "+t.Name()):
		t.Fatalf("%v\n%s", err, out.String())
	}
	t.Log(out.String())
}

// ballast fills the rest of a file's file system, and goes on to take what
// becomes free, until it is undone.
func ballast(name string) (undo func() error, err error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	filled, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		var once bool
		block := make([]byte, 64<<10)
		for size := len(block); ctx.Err() == nil; {
			switch _, err := f.Write(block[:size]); {
			case err == nil:
			case !errors.Is(err, syscall.ENOSPC):
				ended <- err
				return
			case size > 1:
				size /= 2
			default:
				if !once {
					once = true
					close(filled)
				}
				size = len(block)
				time.Sleep(5 * time.Millisecond)
			}
		}
		ended <- nil
	}()
	undo = func() error {
		stop()
		return errors.Join(<-ended, f.Close(), os.Remove(name))
	}
	select {
	case <-filled:
		return undo, nil
	case err := <-ended:
		return nil, err
	}
}

// withoutRoom takes the room away for a while. Meanwhile, every message is
// either refused with the reason or safe, everybody can read, and the process
// lives.
func (r *round) withoutRoom(ctx context.Context, t *testing.T, s *shot, take func() (func() error, error)) error {
	giveBack, err := take()
	if err != nil {
		return err
	}
	refused := 0
	for began := time.Now(); err == nil && (time.Since(began) < full || refused == 0 && time.Since(began) < 6*full); time.Sleep(20 * time.Millisecond) {
		var n int
		n, err = r.tryWithoutRoom(ctx, s)
		refused += n
	}
	if err := errors.Join(err, giveBack(), r.alive()); err != nil {
		return err
	}
	if refused == 0 {
		return errors.New("the disk was not full: no message was refused")
	}
	t.Logf("without room, %d messages were refused and %d taken in", refused, len(s.stored))
	var problem *client.Problem
	for until := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err = r.write(ctx, s); err == nil {
			return nil
		}
		if !errors.As(err, &problem) || problem.Code != "full" || time.Now().After(until) {
			return fmt.Errorf("with room again: %w", err)
		}
	}
}

// tryWithoutRoom has a customer write and an admin read, and returns how many
// messages were refused.
func (r *round) tryWithoutRoom(ctx context.Context, s *shot) (refused int, _ error) {
	_, err := r.write(ctx, s)
	var problem *client.Problem
	switch {
	case errors.As(err, &problem) && problem.Status == http.StatusInsufficientStorage && problem.Code == "full":
		refused++
	case err != nil:
		return 0, fmt.Errorf("without room, a message was refused for another reason: %w", err)
	}
	if _, err := r.api.Move(ctx, r.found); err != nil {
		return refused, fmt.Errorf("without room, nobody can read: %w", err)
	}
	return refused, nil
}
