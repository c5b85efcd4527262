//go:build unix

package peers

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fakeVariable makes this test binary play a part of another process.
const fakeVariable = "DESKMOVE_PEERS_FAKE"

func TestMain(m *testing.M) {
	part, value, _ := strings.Cut(os.Getenv(fakeVariable), ":")
	switch part {
	case "serve": // a peer
		answer := func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/health" {
				w.WriteHeader(http.StatusNotFound)
			}
		}
		server := &http.Server{Addr: "127.0.0.1:" + value, Handler: http.HandlerFunc(answer), ReadHeaderTimeout: time.Second}
		fmt.Println(server.ListenAndServe())
	case "die": // a peer that does not get far
		fmt.Println("the cause of my death")
		os.Exit(1)
	case "start": // a test binary that starts a peer, which prints to the same output
		if _, err := start(lingering(), os.Stdout, make(chan struct{})); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		select {}
	default:
		os.Exit(m.Run())
	}
}

// lingering is a program with a child that holds its output open.
func lingering() command {
	return command{args: []string{"/bin/sh", "-c", "trap '' TERM; sleep 300 & echo up; wait"}}
}

// fake is a peer that this binary plays.
func fake(part string) *server {
	return &server{name: "fake", health: "/health", command: func(_ string, port int) (command, error) {
		return command{args: []string{os.Args[0]}, env: []string{fmt.Sprintf("%s=%s:%d", fakeVariable, part, port)}}, nil
	}}
}

// at runs the test in a project of its own, and returns its folder of peers.
func at(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(dir, "some", "where")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(below)
	peers, err := folder()
	if err != nil {
		t.Fatal(err)
	}
	return peers
}

func TestServerRuns(t *testing.T) {
	peers := at(t)
	s := fake("serve")
	url := s.use(t)
	if again := s.use(t); again != url {
		t.Errorf("started at %s and again at %s", url, again)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(peers), "peers-log", "some-where-fake.log")); err != nil {
		t.Error(err)
	}
}

func TestServerThatDies(t *testing.T) {
	peers := at(t)
	_, err := fake("die").run(t.Context(), peers, 0)
	if err == nil || !strings.Contains(err.Error(), "ended at its start") || !strings.Contains(err.Error(), "the cause of my death") {
		t.Errorf("got error %v; want what it printed", err)
	}
}

func TestPortInUse(t *testing.T) {
	peers := at(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	_, err = fake("serve").run(t.Context(), peers, port)
	if err == nil || !strings.Contains(err.Error(), "port "+strconv.Itoa(port)+" cannot be had") {
		t.Errorf("got error %v; want that the port is in use", err)
	}
}

// verdict is a test that notes how it would have ended.
type verdict struct {
	testing.TB
	said string
}

func (v *verdict) Helper()                   {}
func (v *verdict) Cleanup(func())            {}
func (v *verdict) Skipf(f string, a ...any)  { v.end("skip: ", f, a) }
func (v *verdict) Fatalf(f string, a ...any) { v.end("fatal: ", f, a) }

// end notes the first end only: a real one does not return.
func (v *verdict) end(how, format string, a []any) {
	if v.said == "" {
		v.said = how + fmt.Sprintf(format, a...)
	}
}

func TestAbsent(t *testing.T) {
	at(t)
	t.Setenv(EndpointVariable, "")
	for _, c := range []struct{ ci, want string }{{"", "skip: "}, {"true", "fatal: "}} {
		t.Setenv("CI", c.ci)
		for name, ask := range map[string]func(testing.TB){
			"moto": func(t testing.TB) { (&server{name: moto.name, command: moto.command}).use(t) },
			"sam":  func(t testing.TB) { Tool(t, "sam") },
		} {
			v := &verdict{TB: t}
			ask(v)
			if !strings.HasPrefix(v.said, c.want) || !strings.Contains(v.said, name+" is not installed; run make peers") {
				t.Errorf("%s with CI=%q: %s", name, c.ci, v.said)
			}
		}
	}
	v := &verdict{TB: t}
	if Tool(v, "hammer"); !strings.HasPrefix(v.said, "fatal: ") {
		t.Errorf("an unknown tool: %s", v.said)
	}
}

func TestEndpointVariable(t *testing.T) {
	t.Setenv(EndpointVariable, "http://127.0.0.1:1")
	if got := DynamoDB(t); got != "http://127.0.0.1:1" {
		t.Errorf("got %s", got)
	}
}

// closes reports an error unless everybody who writes to r ends.
func closes(r *os.File) error {
	if err := r.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, r)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errors.New("it lives on")
	}
	return err
}

// TestKill sees that a peer's children end with it, even those that do not
// want to.
func TestKill(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	kill, err := start(lingering(), w, ended)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	kill()
	<-ended
	if err := closes(r); err != nil {
		t.Error(err)
	}
}

// TestKilledTest sees that a peer ends with a test binary that is killed.
func TestKilledTest(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	test := exec.Command(os.Args[0])
	test.Env = append(os.Environ(), fakeVariable+"=start")
	test.Stdout = w
	if err := test.Start(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReaderSize(r, 16).ReadString('\n'); line != "up\n" {
		t.Fatalf("the peer says %q, %v", line, err)
	}
	if err := test.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := test.Wait(); err == nil {
		t.Error("it was not killed")
	}
	if err := closes(r); err != nil {
		t.Error(err)
	}
}
