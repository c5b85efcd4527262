package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"deskmove/shared/api"
	"deskmove/shared/desk"
)

// TestPutFile sends all bytes again after an error, to the address alone and without a
// token, and does not go on after one that no attempt mends.
func TestPutFile(t *testing.T) {
	opened := 0
	open := func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(strings.NewReader("hello")), nil
	}
	c, calls := serve(t,
		status(http.StatusServiceUnavailable, ""),
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if r.Method != http.MethodPut || r.URL.Path != "/file-bytes/x.y" || string(b) != "hello" || err != nil || r.ContentLength != 5 || r.Header.Get("X-Amz-A") != "1" {
				t.Errorf("%s %s %q %v, %v", r.Method, r.URL, b, err, r.Header)
			}
			if r.Header.Get("Authorization") != "" {
				t.Error("the token is sent to the address")
			}
			w.WriteHeader(http.StatusOK)
		},
		status(http.StatusUnprocessableEntity, `{"code":"invalid","detail":"the request is not valid","errors":[{"field":"sha256","code":"other-file","problem":"others"}]}`),
	)
	at := api.PutFileAt{FileAddress: api.FileAddress{URL: "/file-bytes/x.y"}, Method: http.MethodPut, Headers: map[string]string{"X-Amz-A": "1"}}
	if err := c.PutFile(t.Context(), at, 5, open); err != nil || calls.Load() != 3 || opened != 3 {
		t.Errorf("%v after %d requests, opened %d times", err, calls.Load(), opened)
	}
	err := c.PutFile(t.Context(), at, 5, open)
	var problem *Problem
	if !errors.As(err, &problem) || !strings.Contains(err.Error(), "sha256: others") || calls.Load() != 4 {
		t.Errorf("%v after %d requests", err, calls.Load())
	}
}

// TestUpload announces many small files together, with their bytes, and puts the bytes of
// a large one that is not there.
func TestUpload(t *testing.T) {
	var mu sync.Mutex
	var requests []int // files of each announcement
	var put []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPut {
			put, _ = io.ReadAll(r.Body)
			return
		}
		var in api.NewFiles
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		requests = append(requests, len(in.Files))
		var out api.Uploads
		for _, f := range in.Files {
			u := api.Upload{SHA256: f.SHA256, There: f.Data != ""}
			if large := f.Size > smallFile; large == u.There {
				t.Errorf("file of %d bytes comes along: %t", f.Size, u.There)
			} else if large {
				u.Put = &api.PutFileAt{FileAddress: api.FileAddress{URL: "/file-bytes/x"}, Method: http.MethodPut}
			}
			out.Files = append(out.Files, u)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out)
	}))
	defer s.Close()
	file := func(size int) File {
		b := bytes.Repeat([]byte("x"), size)
		return File{SHA256: fmt.Sprint(size), Size: int64(size), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
	}
	files := []File{file(smallFile + 1)}
	for range 250 {
		files = append(files, file(10))
	}
	for range 20 {
		files = append(files, file(smallFile))
	}
	var heard []int
	if err := With(s.URL, "", nil).Upload(t.Context(), files, func(n int) { heard = append(heard, n) }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(requests)
	// 100 at a time, and of the large ones among the small 3 MB.
	if !slices.Equal(requests, []int{9, 62, 100, 100}) || len(put) != smallFile+1 {
		t.Errorf("requests of %v files, and %d bytes put", requests, len(put))
	}
	if len(heard) != 4 || !slices.IsSorted(heard) || heard[3] != len(files) {
		t.Errorf("heard of %v", heard)
	}
	broken := File{SHA256: "gone", Size: 3, Open: func() (io.ReadCloser, error) { return nil, fs.ErrNotExist }}
	if err := With(s.URL, "", nil).Upload(t.Context(), []File{broken}, nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

// TestAddresses: the API's TLS is not given up for an address, which nobody else learns.
func TestAddresses(t *testing.T) {
	for _, test := range []struct{ endpoint, address, want string }{
		{"https://desk.example", "/file-bytes/a", "https://desk.example/file-bytes/a"},
		{"http://127.0.0.1:1/base", "/file-bytes/a", "http://127.0.0.1:1/base/file-bytes/a"},
		{"https://desk.example", "https://files.example/a?b", "https://files.example/a?b"},
		{"http://127.0.0.1:1", "http://127.0.0.1:2/a", "http://127.0.0.1:2/a"},
		{"https://desk.example", "http://files.example/a", ""},
		{"https://desk.example", "file:///etc/passwd", ""},
		{"https://desk.example", "a", ""},
	} {
		got, err := With(test.endpoint, "", nil).resolve(test.address)
		if got != test.want || (err == nil) != (test.want != "") || err != nil && strings.Contains(err.Error(), "files.example") {
			t.Errorf("%s at %s: %q, %v", test.address, test.endpoint, got, err)
		}
	}
	c := With("http://127.0.0.1:1", "", http.DefaultTransport)
	c.Patience = -1
	err := c.PutFile(t.Context(), api.PutFileAt{FileAddress: api.FileAddress{URL: "/file-bytes/secret"}, Method: "PUT"}, 0, func() (io.ReadCloser, error) { return http.NoBody, nil })
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("without a server: %v", err)
	}
}

// TestCutOffInProcess: an answer that breaks off is one here, too.
func TestCutOffInProcess(t *testing.T) {
	c := With("http://in.process", "", &InProcess{Caller: desk.Caller{}, API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			_, _ = io.WriteString(w, `{"url":"/file-bytes/a"}`)
			return
		}
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})})
	c.Patience = -1
	in, err := c.File(t.Context(), "c", "m", "1")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(in); !errors.Is(err, io.ErrUnexpectedEOF) || string(b) != "half" {
		t.Errorf("read %q, %v", b, err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

// TestFile follows the address that the API gives.
func TestFile(t *testing.T) {
	want := bytes.Repeat([]byte("x"), 300_000)
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/conversations/c/messages/m/files/source" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		ok(`{"url":"/file-bytes/a"}`)(w, r)
	}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/file-bytes/a" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		_, _ = w.Write(want)
	})
	in, err := c.File(t.Context(), "c", "m", "source")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(in)
	if err = errors.Join(err, in.Close()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
