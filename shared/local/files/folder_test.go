package files_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/files"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
	"deskmove/shared/support"
	"deskmove/shared/support/filetest"
)

// rig is a folder that is served.
type rig struct {
	*testing.T
	*files.Folder
	dir, url string
	small    *store.FileBytes
	now      time.Time
	log      bytes.Buffer
	stop     func() // waits until every answer has ended, and what it logs is in the log
}

func newRig(t *testing.T, small *store.FileBytes) *rig {
	r := &rig{T: t, dir: t.TempDir(), small: small, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	r.open()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.ServeHTTP(w, q) }))
	r.stop = s.Close
	t.Cleanup(func() {
		r.stop()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	r.url = s.URL
	return r
}

func (r *rig) open() {
	r.Helper()
	f, err := files.Open(r.dir, files.Config{
		Secret: []byte("0123456789abcdef0123456789abcdef"), Clock: clock.Clock{Time: func() time.Time { return r.now }}, Refuse: api.Refuse,
		Log: slog.New(slog.NewTextHandler(&r.log, nil)), Small: r.small,
	})
	if err != nil {
		r.Fatal(err)
	}
	r.Folder = f
}

// paths are all files below the folder.
func (r *rig) paths() (all []string) {
	r.Helper()
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return all
}

// find returns the path of a file's bytes.
func (r *rig) find(f desk.File) string {
	r.Helper()
	for _, path := range r.paths() {
		if strings.HasPrefix(filepath.Base(path), f.SHA256) {
			return path
		}
	}
	r.Fatalf("%s is not in %v", f.SHA256, r.paths())
	return ""
}

func TestFolder(t *testing.T) {
	for name, small := range map[string]*store.FileBytes{"all in the folder": nil, "small ones in the database": {Engine: &storetest.Memory{}}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, small)
			filetest.Run(t, filetest.Kit{Bytes: r, Now: func() time.Time { return r.now }, Base: r.url, Damage: r.damage})
			r.stop() // a download that was broken off may end here before it ends there
			if !strings.Contains(r.log.String(), "file is damaged") {
				t.Errorf("the log says nothing of what is damaged: %s", r.log.String())
			}
			for _, path := range r.paths() {
				if info, err := os.Stat(path); err != nil || small != nil && info.Size() <= files.SmallSize {
					t.Errorf("%s is in the folder, %v", path, err)
				}
			}
		})
	}
}

// damage changes a byte of a file.
func (r *rig) damage(f desk.File) {
	r.Helper()
	var b []byte
	var err error
	if r.small != nil && f.Size <= files.SmallSize {
		if b, err = r.small.Get(r.Context(), f); err == nil {
			b[len(b)/2]++
			err = r.small.Put(r.Context(), f, b)
		}
	} else {
		path := r.find(f)
		if b, err = os.ReadFile(path); err == nil { // #nosec G304 -- the test's own
			b[len(b)/2]++
			err = os.WriteFile(path, b, 0o600)
		}
	}
	if err != nil {
		r.Error(err)
	}
}

// TestDamage: a file that is longer or shorter than it was is damaged, too.
func TestDamage(t *testing.T) {
	r := newRig(t, nil)
	b := bytes.Repeat([]byte("0123456789"), 20_000)
	for what, bad := range map[string][]byte{"longer": append(bytes.Clone(b), 0), "shorter": b[:len(b)-1], "empty": {}} {
		f := filetest.File("acme", b, r.now)
		if err := r.Put(t.Context(), f, b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.find(f), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := r.Open(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		if _, damaged := errors.AsType[*support.DamagedError](err); !damaged || len(got) >= len(b) {
			t.Errorf("%s: read %d bytes, %v", what, len(got), err)
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if there, err := r.There(t.Context(), f); there || err != nil {
			t.Errorf("%s: There = %t, %v", what, there, err)
		}
	}
}

// request asks at an address.
func (r *rig) request(method, url string, body io.Reader) (int, http.Header, string) {
	r.Helper()
	q, err := http.NewRequestWithContext(r.Context(), method, r.url+url, body)
	if err != nil {
		r.Fatal(err)
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

// TestAddresses: what is wrong with a request is said as everywhere in the API, with the
// field, and an address is good for some minutes.
func TestAddresses(t *testing.T) {
	r := newRig(t, nil)
	b := []byte("hello, hello")
	f := filetest.File("acme", b, r.now)
	put, err := r.PutAt(t.Context(), f, r.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for what, c := range map[string]struct {
		method, url string
		body        io.Reader
		status      int
		says        string
	}{
		"longer":        {"PUT", put.URL, strings.NewReader("hello, hello!"), 422, `"field":"size","code":"other-file"`},
		"longer, later": {"PUT", put.URL, struct{ io.Reader }{strings.NewReader("hello, hello!")}, 422, `"field":"size","code":"other-file"`},
		"shorter":       {"PUT", put.URL, strings.NewReader("hello"), 422, `"field":"size","code":"other-file"`},
		"another":       {"PUT", put.URL, strings.NewReader("hello, HELLO"), 422, `"field":"sha256","code":"other-file"`},
		"to be read":    {"GET", put.URL, nil, 403, `"code":"address-expired"`},
		"no address":    {"GET", "/file-bytes/", nil, 403, `"code":"address-expired"`},
		"forged":        {"PUT", put.URL[:len(put.URL)-4] + "AAAA", strings.NewReader("hello, hello"), 403, `"code":"address-expired"`},
		"unsigned":      {"PUT", "/file-bytes/" + none + put.URL[strings.Index(put.URL, "."):strings.LastIndex(put.URL, ".")+1], nil, 403, `"code":"address-expired"`},
	} {
		if status, h, body := r.request(c.method, c.url, c.body); status != c.status || !strings.Contains(body, c.says) || h.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s, want %d %s", what, status, body, c.status, c.says)
		}
	}
	if len(r.paths()) > 0 {
		t.Errorf("refused, and left behind: %v", r.paths())
	}
	if status, _, body := r.request("PUT", put.URL, bytes.NewReader(b)); status != 200 {
		t.Fatalf("put: %d %s", status, body)
	}
	get, err := r.GetAt(t.Context(), f, support.Download{Name: "a.html", Type: "application/octet-stream"}, r.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	status, h, body := r.request("GET", get.URL, nil)
	want := map[string]string{
		"Content-Disposition": "attachment; filename=a.html", "Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Cache-Control": "private", "Content-Length": "12",
	}
	for name, value := range want {
		if h.Get(name) != value {
			t.Errorf("download has %s: %s", name, h.Get(name))
		}
	}
	if status != 200 || body != string(b) {
		t.Errorf("download: %d %s", status, body)
	}
	r.now = r.now.Add(61 * time.Second)
	for method, a := range map[string]support.Address{"PUT": put, "GET": get} {
		if status, _, body := r.request(method, a.URL, strings.NewReader(string(b))); status != 403 || !strings.Contains(body, "address-expired") {
			t.Errorf("%s, too late: %d %s", method, status, body)
		}
	}
}

// TestWhoGoesAwayLeavesNothing behind of what they have begun to put.
func TestWhoGoesAwayLeavesNothing(t *testing.T) {
	r := newRig(t, nil)
	b := bytes.Repeat([]byte("x"), 5<<20)
	put, err := r.PutAt(t.Context(), filetest.File("acme", b, r.now), r.now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	body, half := io.Pipe()
	go func() {
		_, _ = half.Write(b[:3<<20])
		for len(r.paths()) == 0 {
			time.Sleep(time.Millisecond)
		}
		half.CloseWithError(errors.New("gone"))
	}()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.url+put.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	q.ContentLength = int64(len(b))
	if res, err := http.DefaultClient.Do(q); err == nil {
		_ = res.Body.Close()
		t.Errorf("half a file: %s", res.Status)
	}
	for end := time.Now().Add(time.Minute); len(r.paths()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("left behind: %v", r.paths())
		}
	}
}

// TestOpenClearsAway what a crash has left, and nothing else; nobody else may read files.
func TestOpenClearsAway(t *testing.T) {
	r := newRig(t, nil)
	b := []byte("whole")
	f := filetest.File("acme", b, r.now)
	if err := r.Put(t.Context(), f, b); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(r.dir, "files", "new", "LEFT")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.open()
	if paths := r.paths(); len(paths) != 1 || paths[0] != r.find(f) {
		t.Errorf("after a crash: %v", paths)
	}
	err := filepath.WalkDir(filepath.Join(r.dir, "files"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
			err = fmt.Errorf("%s has the mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
