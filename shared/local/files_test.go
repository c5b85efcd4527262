package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/local"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/files"
	"deskmove/shared/local/gateway"
	"deskmove/shared/support"
	"deskmove/shared/support/filetest"
)

// TestManyUploadsStayWithinTheirMemory: of 200 that come at once and go no further than
// half, so many are read as there are buffers for, and the others wait or are refused.
func TestManyUploadsStayWithinTheirMemory(t *testing.T) {
	const uploads, size, half = 200, 8 << 20, 4 << 20
	dir := t.TempDir()
	lanes := gateway.LanesOf(gateway.LeastMemory)
	lanes.Files.Share = lanes.Files.Memory // all come from here
	st, err := local.Open(t.Context(), local.Config{Dir: dir, Address: "127.0.0.1:0", Lanes: &lanes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- st.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	apptest.Apply(t, st.App)
	if lanes.Files.Buffer < 3*files.BufferSize/2 {
		t.Errorf("a file's buffer of %d bytes counts as %d", files.BufferSize, lanes.Files.Buffer)
	}

	var announced []support.NewFile
	for i := range uploads {
		f := filetest.File("acme", fmt.Append(nil, i), time.Now())
		announced = append(announced, support.NewFile{SHA256: f.SHA256, Size: size})
	}
	puts, err := st.App.Files.Announce(ctx, "acme", announced)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(st.Gateway.URL())
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Repeat([]byte("x"), half)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)

	var all sync.WaitGroup
	var connections []net.Conn
	for _, put := range puts {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", at.Host)
		if err != nil {
			t.Fatal(err)
		}
		connections = append(connections, c)
		all.Go(func() {
			_, _ = fmt.Fprintf(c, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", put.Put.URL, at.Host, size)
			_, _ = c.Write(body) // of those that wait the machine takes some, and the rest when they are closed
		})
	}
	var atWork int
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var came int64
		atWork, came = begun(t, dir)
		if atWork > lanes.Files.AtWork {
			t.Fatalf("%d are read at once, and there are buffers for %d", atWork, lanes.Files.AtWork)
		}
		if came == int64(lanes.Files.AtWork)*half {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("of %d at work %d bytes have come", atWork, came)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	const each = 64 << 10 // a connection's own, and what waits with it
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > lanes.Files.Memory+uploads*each {
		t.Errorf("%d MB are in memory; buffers are %d MB", grown>>20, lanes.Files.Memory>>20)
	} else {
		t.Logf("%d MB have come, %d KB are in memory", (int64(atWork)*half)>>20, grown>>10)
	}
	for _, c := range connections {
		_ = c.Close()
	}
	all.Wait()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if n, _ := begun(t, dir); n == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("files are left half written")
		}
	}
}

// begun returns how many files are being written, and how many bytes of them there are.
func begun(t *testing.T, dir string) (n int, came int64) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "files", "new"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // it may be gone
			n, came = n+1, came+info.Size()
		}
	}
	return n, came
}

// TestFilesOutliveARestart, with their addresses: the key is kept, too. What nobody
// names is swept by the running program.
func TestFilesOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	st, stop := served(t, dir, 0)
	b := []byte("hello, hello")
	f := filetest.File("acme", b, time.Now())
	puts, err := st.App.Files.Announce(t.Context(), "acme", []support.NewFile{{SHA256: f.SHA256, Size: f.Size}})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	st, stop = served(t, dir, 0)
	status := func(method, path string, body io.Reader) string {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), method, st.Gateway.URL()+path, body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		got, err := io.ReadAll(res.Body)
		return fmt.Sprint(res.StatusCode, " ", string(got), err)
	}
	if got := status("PUT", puts[0].Put.URL, bytes.NewReader(b)); got != "200 <nil>" {
		t.Errorf("put: %s", got)
	}
	a, err := st.App.Files.Address(t.Context(), "acme", f.SHA256, "a.txt", "text/plain")
	if err != nil {
		t.Fatal(err)
	}
	stop()
	st, stop = served(t, dir, 0)
	if got := status("GET", a.URL, nil); got != "200 hello, hello<nil>" {
		t.Errorf("get: %s", got)
	}
	if got := status("GET", a.URL[:strings.LastIndexByte(a.URL, '.')], nil); !strings.HasPrefix(got, "403 ") {
		t.Errorf("get without a signature: %s", got)
	}
	stop()
	st, _ = served(t, dir, 25*time.Hour)
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		known, gone := st.App.Files.Known(t.Context(), "acme", f.SHA256)
		found, err := filepath.Glob(filepath.Join(dir, "files", "*", "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		if gone != nil && len(found) == 0 { // the bytes go last
			break
		}
		if time.Now().After(end) {
			t.Fatalf("never swept: %+v, %v", known, found)
		}
	}
}

// served starts a stack that is served, on a clock that is ahead.
func served(t *testing.T, dir string, ahead time.Duration) (*local.Stack, func()) {
	t.Helper()
	st, err := local.Open(t.Context(), local.Config{
		Dir: dir, Address: "127.0.0.1:0", Clock: clock.Clock{Time: func() time.Time { return time.Now().Add(ahead) }}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- st.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, st.Close()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return st, stop
}

// TestFilesAddressesEndWithWhoAskedForThem: one that somebody has asked for is good for
// nothing once their token has been withdrawn, or they are gone.
func TestFilesAddressesEndWithWhoAskedForThem(t *testing.T) {
	st, _ := served(t, t.TempDir(), 0)
	apptest.Apply(t, st.App)
	f := filetest.File("acme", []byte("hello, hello"), time.Now())
	bob := func(signedIn time.Time) context.Context {
		return auth.WithCaller(t.Context(), desk.Caller{Account: "acme", Agent: "bob", Role: desk.AgentRole, IssuedAt: signedIn})
	}
	early := bob(time.Now().Add(-time.Minute))
	put := func(ctx context.Context) string {
		t.Helper()
		up, err := st.App.Files.Announce(ctx, "acme", []support.NewFile{{SHA256: f.SHA256, Size: f.Size}})
		if err != nil || len(up) != 1 {
			t.Fatalf("%+v, %v", up, err)
		}
		return up[0].Put.URL
	}
	get := func(ctx context.Context) string {
		t.Helper()
		at, err := st.App.Files.Address(ctx, "acme", f.SHA256, "hello.txt", "text/plain")
		if err != nil {
			t.Fatal(err)
		}
		return at.URL
	}
	want := func(method, url, says string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, st.Gateway.URL()+url, strings.NewReader(map[string]string{"PUT": "hello, hello"}[method]))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil || (res.StatusCode == 200) != (says == "") || !strings.Contains(string(body), says) {
			t.Errorf("%s: %d %s, %v; want %q", method, res.StatusCode, body, err, says)
		}
	}
	before, ours := put(early), put(t.Context())
	want("PUT", before, "")
	first, program := get(early), get(t.Context())
	want("GET", first, "")
	if _, err := st.App.Accounts.Withdraw(t.Context(), apptest.Admin, desk.Holder{Agent: "bob"}); err != nil {
		t.Fatal(err)
	}
	want("GET", first, `"code":"token-withdrawn"`)
	want("PUT", before, `"code":"token-withdrawn"`)
	second := get(bob(time.Now()))
	want("GET", second, "")
	setup, err := st.App.Setups.Setup(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	setup.Agents = slices.DeleteFunc(setup.Agents, func(a desk.Agent) bool { return a.ID == "bob" })
	for i := range setup.Teams {
		setup.Teams[i].Agents = slices.DeleteFunc(setup.Teams[i].Agents, func(id string) bool { return id == "bob" })
	}
	for i := range setup.Channels {
		setup.Channels[i].Settings = nil
	}
	if _, err := st.App.Accounts.Replace(t.Context(), apptest.Admin, setup); err != nil {
		t.Fatal(err)
	}
	want("GET", second, `"code":"not-an-agent"`)
	want("GET", program, "") // an export's, say
	want("PUT", ours, "")
}
