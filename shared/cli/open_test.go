package cli_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"deskmove/shared/cli"
)

// server is a "deskmove serve" of this process.
type server struct {
	dir, url string
	stop     func() (said string)
}

func serve(t *testing.T, flags ...string) server {
	t.Helper()
	s := server{dir: dataDir(t)}
	ready := filepath.Join(t.TempDir(), "ready")
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Main(ctx, append([]string{"serve", "--data", s.dir, "--ready-file", ready}, flags...), &out, &errs)
	}()
	s.stop = func() string {
		t.Helper()
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("it ended with %d: %s", code, errs.String())
		}
		return out.String()
	}
	for range 12_000 { // two minutes: the machine may be busy
		if text, err := os.ReadFile(ready); err == nil {
			s.url = strings.TrimSpace(string(text))
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it does not serve: %s", errs.String())
	return s
}

// signIn sends a link's code as the console does, and returns the status.
func signIn(t *testing.T, link, host string) int {
	t.Helper()
	page, code, ok := strings.Cut(link, "/app/#code=")
	if !ok {
		t.Fatalf("%q is no link to the console", link)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page+"/local/session", strings.NewReader(`{"code":"`+strings.TrimSpace(code)+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if host != "" {
		r.Host = host
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// TestOpen signs in by the link that serve prints and by others that open makes;
// each is good once, and for no page whose name was made to lead here.
func TestOpen(t *testing.T) {
	t.Parallel()
	s := serve(t, "--addr", "127.0.0.1:0")
	link := run(t, "open", "--data", s.dir, "--print").ok(t, nil).stdout
	for i, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		if got := signIn(t, link, ""); got != want {
			t.Errorf("sign-in %d by the link of open: %d, not %d", i+1, got, want)
		}
	}
	var made struct{ Link string }
	run(t, "open", "--data", s.dir, "--json").ok(t, &made)
	if got := signIn(t, made.Link, "evil.example"); got != http.StatusForbidden {
		t.Errorf("by another name: %d", got)
	}
	if got := signIn(t, made.Link, ""); got != http.StatusOK {
		t.Errorf("by its own: %d", got)
	}
	run(t, "open", "--data", s.dir, "--account", "a b").fails(t, 1, "--account")
	run(t, "open", "--data", t.TempDir()).fails(t, 1, "no deskmove runs in", "serve --data")
	if said := s.stop(); !strings.Contains(said, "Console: "+s.url+"/app/#code=") {
		t.Errorf("serve prints no link:\n%s", said)
	}
	run(t, "open", "--data", s.dir).fails(t, 1, "no deskmove runs in")
}

// TestOpenRemote signs nobody in where other computers may ask.
func TestOpenRemote(t *testing.T) {
	t.Parallel()
	s := serve(t, "--addr", "127.0.0.1:0", "--remote")
	run(t, "open", "--data", s.dir).fails(t, 1, "401", "--remote")
	if got := signIn(t, s.url+"/app/#code=x", ""); got != http.StatusUnauthorized {
		t.Errorf("signing in: %d", got)
	}
	if said := s.stop(); strings.Contains(said, "#code=") {
		t.Errorf("serve prints a link:\n%s", said)
	}
}
