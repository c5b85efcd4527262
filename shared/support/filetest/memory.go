package filetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"sync"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// Memory keeps the bytes of files in memory. It serves its addresses. The zero Memory
// is empty, and passes Run.
type Memory struct {
	// Before, if not nil, is called before each operation, and may fail it.
	Before func(operation string, f desk.File) error

	mu        sync.Mutex
	files     map[name][]byte
	addresses map[string]address
}

// name is what a file's bytes go by.
type name struct {
	account, hash string
	since         int64
}

type address struct {
	method   string
	file     desk.File
	download support.Download
}

func nameOf(f desk.File) name { return name{f.Account, f.SHA256, f.Since.UnixMilli()} }

func (m *Memory) before(operation string, f desk.File) error {
	if m.Before == nil {
		return nil
	}
	return m.Before(operation, f)
}

// Len returns how many files there are.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.files)
}

func (m *Memory) find(f desk.File) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.files[nameOf(f)]
	return b, ok
}

// There implements support.FileBytes.
func (m *Memory) There(_ context.Context, f desk.File) (bool, error) {
	b, ok := m.find(f)
	return ok && int64(len(b)) == f.Size, m.before("there", f)
}

// Put implements support.FileBytes.
func (m *Memory) Put(_ context.Context, f desk.File, b []byte) error {
	if err := m.before("put", f); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = make(map[name][]byte)
	}
	m.files[nameOf(f)] = bytes.Clone(b)
	return nil
}

// Damage changes the last byte of a file.
func (m *Memory) Damage(f desk.File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.files[nameOf(f)]
	b[len(b)-1]++
}

func (m *Memory) address(a address, until time.Time) support.Address {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.addresses == nil {
		m.addresses = make(map[string]address)
	}
	key := rand.Text()
	m.addresses[key] = a
	return support.Address{URL: "/memory/" + key, Method: a.method, Headers: map[string]string{"X-Memory": "1"}, Until: until}
}

// PutAt implements support.FileBytes.
func (m *Memory) PutAt(_ context.Context, f desk.File, until time.Time) (support.Address, error) {
	return m.address(address{method: http.MethodPut, file: f}, until), nil
}

// GetAt implements support.FileBytes.
func (m *Memory) GetAt(_ context.Context, f desk.File, d support.Download, until time.Time) (support.Address, error) {
	return m.address(address{http.MethodGet, f, d}, until), nil
}

// Read implements support.FileBytes.
func (m *Memory) Read(_ context.Context, f desk.File, from int64, n int) ([]byte, error) {
	b, ok := m.find(f)
	if !ok {
		return nil, fmt.Errorf("bytes: %w", desk.ErrNotFound)
	}
	b = b[min(from, int64(len(b))):]
	return bytes.Clone(b[:min(n, len(b))]), nil
}

// Open implements support.FileBytes.
func (m *Memory) Open(_ context.Context, f desk.File) (io.ReadCloser, error) {
	b, ok := m.find(f)
	if !ok {
		return nil, fmt.Errorf("bytes: %w", desk.ErrNotFound)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != f.SHA256 {
		return io.NopCloser(broken{f}), nil
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// broken is a file that is damaged in its first byte.
type broken struct{ of desk.File }

func (b broken) Read([]byte) (int, error) {
	return 0, &support.DamagedError{Account: b.of.Account, SHA256: b.of.SHA256}
}

// Delete implements support.FileBytes.
func (m *Memory) Delete(_ context.Context, f desk.File) error {
	if err := m.before("delete", f); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, nameOf(f))
	return nil
}

// Origin implements support.FileBytes.
func (*Memory) Origin() string { return "" }

// ServeHTTP answers at the addresses that were given out.
func (m *Memory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	a, ok := m.addresses[path.Base(r.URL.Path)]
	m.mu.Unlock()
	if !ok || r.Method != a.method {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.Method == http.MethodPut {
		b, err := io.ReadAll(io.LimitReader(r.Body, a.file.Size+1))
		if sum := sha256.Sum256(b); err != nil || hex.EncodeToString(sum[:]) != a.file.SHA256 {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		_ = m.Put(r.Context(), a.file, b) // cannot fail
		return
	}
	in, err := m.Open(r.Context(), a.file)
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Disposition", a.download.Disposition())
	w.Header().Set("Content-Type", a.download.Type)
	w.Header().Set("Content-Length", strconv.FormatInt(a.file.Size, 10))
	if _, err := io.Copy(w, in); err != nil {
		panic(http.ErrAbortHandler)
	}
}
