package peers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a peer may take to answer after its start: ministack
// needs 2 s on an idle machine, and several may start at once on a busy one.
const patience = 2 * time.Minute

// command is how a peer is started.
type command struct {
	args []string
	env  []string // beside this process's
}

// server is a peer that listens. It runs once at most in a test binary.
type server struct {
	name    string
	health  string // the path that answers 200 once it can be used
	command func(dir string, port int) (command, error)

	once    sync.Once
	err     error // why it does not run
	process *process
}

// process is a peer that was started.
type process struct {
	url   string
	log   string        // the path of what it printed
	ended chan struct{} // closed when it has ended
}

// address is the URL of a port of loopback.
func address(port int) string { return "http://127.0.0.1:" + strconv.Itoa(port) }

// use returns the peer's URL, or ends the test. A peer that dies fails each
// test that uses it.
func (s *server) use(t testing.TB) string {
	t.Helper()
	skipIfShort(t)
	s.once.Do(func() {
		var dir string
		if dir, s.err = folder(); s.err == nil {
			s.process, s.err = s.run(t.Context(), dir, 0)
		}
	})
	if s.err != nil {
		refuse(t, s.err)
		return ""
	}
	t.Cleanup(func() {
		select {
		case <-s.process.ended:
			t.Errorf("the peer %s died:\n%s", s.name, tail(s.process.log))
		default:
		}
	})
	return s.process.url
}

// run starts the peer on a port, 0 for a free one, and waits until it can be
// used. It lives as long as this process.
func (s *server) run(ctx context.Context, dir string, port int) (*process, error) {
	port, err := freePort(ctx, port)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	c, err := s.command(dir, port)
	if err != nil {
		return nil, fmt.Errorf("%s %w", s.name, err)
	}
	if _, err := os.Stat(c.args[0]); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s %w", s.name, errAbsent)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	log, err := createLog(dir, s.name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	defer log.Close()
	scratch, err := emptied(strings.TrimSuffix(log.Name(), ".log") + "-tmp")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	c.env = append(c.env, "TMPDIR="+scratch)
	p := &process{url: address(port), log: log.Name(), ended: make(chan struct{})}
	kill, err := start(c, log, p.ended)
	if err != nil {
		return nil, fmt.Errorf("%s does not start: %w", s.name, err)
	}
	if err := p.await(ctx, s.health); err != nil {
		kill()
		return nil, fmt.Errorf("%s %w on port %d; it printed:\n%s", s.name, err, port, tail(p.log))
	}
	return p, nil
}

// freePort returns port if nothing listens there, and a free one for 0.
func freePort(ctx context.Context, port int) (int, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return 0, fmt.Errorf("port %d cannot be had, stop what listens there: %w", port, err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// createLog opens the file that a peer prints to: one for each peer and test
// package, so that packages can be tested at the same time.
func createLog(dir, name string) (*os.File, error) {
	logs := filepath.Join(filepath.Dir(dir), "peers-log")
	if err := os.MkdirAll(logs, 0o750); err != nil {
		return nil, err
	}
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	where, err := filepath.Rel(filepath.Dir(filepath.Dir(dir)), wd)
	if err != nil {
		return nil, err
	}
	return os.Create(filepath.Join(logs, strings.ReplaceAll(filepath.ToSlash(where), "/", "-")+"-"+name+".log")) // #nosec G304 -- in the cache
}

// emptied makes a folder that is empty: for what a peer does not clean up,
// because it is killed.
func emptied(dir string) (string, error) {
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o750)
}

// await waits until a path answers 200.
func (p *process) await(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if p.answers(ctx, path) {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("ended at its start")
		case <-ctx.Done():
			return fmt.Errorf("does not answer: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// answers reports whether a path answers 200.
func (p *process) answers(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// tail returns a file's last lines.
func tail(path string) string {
	const most = 2000           // bytes
	b, err := os.ReadFile(path) // #nosec G304 -- createLog's
	if err != nil {
		return err.Error()
	}
	b = b[max(0, len(b)-most):]
	return strings.TrimSpace(string(b)) + "\n(all of it is in " + path + ")"
}
