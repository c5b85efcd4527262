// Package filetest tests implementations of support.FileBytes, and has one in memory
// for tests.
//
// Only tests may import it.
package filetest

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// Kit is an implementation at work.
type Kit struct {
	Bytes support.FileBytes
	// Now is its present.
	Now func() time.Time
	// Base is what references are resolved against, such as http://127.0.0.1:8080.
	Base string
	// Damage changes a byte of a file behind its back; nil if nobody can.
	Damage func(f desk.File)
}

// File returns a file of an account with these bytes, announced at a time.
func File(account string, b []byte, since time.Time) desk.File {
	sum := sha256.Sum256(b)
	since = since.UTC().Truncate(time.Millisecond)
	return desk.File{Account: account, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(b)), Since: since, At: since}
}

// Run tests what an implementation promises. Accounts have names of their own each time.
func Run(t *testing.T, k Kit) {
	account := func() string { return "t" + strings.ToLower(rand.Text()) }
	for name, test := range map[string]func(*run){
		"put and read": putAndRead, "put at an address": putAtAddress, "other bytes are refused": otherBytes,
		"an address is of one file and one use": oneUse, "files of others": others, "deleted": deleted,
		"announced again": announcedAgain, "nothing in it": nothingInIt, "downloaded": downloaded, "damaged": damaged,
	} {
		t.Run(name, func(t *testing.T) { test(&run{t, k, account()}) })
	}
}

type run struct {
	*testing.T
	Kit
	account string
}

// file returns a file of random bytes.
func (r *run) file(size int) (desk.File, []byte) {
	b := make([]byte, size)
	_, _ = rand.Read(b) // never fails
	return File(r.account, b, r.Now()), b
}

func (r *run) put(f desk.File, b []byte) {
	r.Helper()
	if err := r.Bytes.Put(r.Context(), f, b); err != nil {
		r.Fatalf("Put: %v", err)
	}
}

func (r *run) wantThere(f desk.File, want bool) {
	r.Helper()
	if there, err := r.Bytes.There(r.Context(), f); err != nil || there != want {
		r.Errorf("There = %t, %v; want %t", there, err, want)
	}
}

// want checks the bytes of a file; nil says that there are none.
func (r *run) want(f desk.File, want []byte) {
	r.Helper()
	r.wantThere(f, want != nil)
	in, err := r.Bytes.Open(r.Context(), f)
	if want == nil {
		if !errors.Is(err, desk.ErrNotFound) {
			r.Errorf("Open of what is not there: %v", err)
		}
		if _, err := r.Bytes.Read(r.Context(), f, 0, 10); !errors.Is(err, desk.ErrNotFound) {
			r.Errorf("Read of what is not there: %v", err)
		}
		return
	}
	if err != nil {
		r.Fatalf("Open: %v", err)
	}
	got, err := io.ReadAll(in)
	if err = errors.Join(err, in.Close()); err != nil || !bytes.Equal(got, want) {
		r.Errorf("read %d bytes, %v; want %d", len(got), err, len(want))
	}
}

// do sends a request to an address.
func (r *run) do(a support.Address, method string, b []byte) *http.Response {
	r.Helper()
	res, err := r.try(a, method, b)
	if err != nil {
		r.Fatal(err)
	}
	return res
}

func (r *run) try(a support.Address, method string, b []byte) (*http.Response, error) {
	r.Helper()
	url := a.URL
	if r.Bytes.Origin() == "" {
		url = r.Base + url
	}
	q, err := http.NewRequestWithContext(r.Context(), method, url, bytes.NewReader(b))
	if err != nil {
		r.Fatal(err)
	}
	for name, value := range a.Headers {
		q.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(q)
	if err == nil {
		r.Cleanup(func() { _ = res.Body.Close() })
	}
	return res, err
}

func (r *run) putAt(f desk.File) support.Address {
	r.Helper()
	a, err := r.Bytes.PutAt(r.Context(), f, r.Now().Add(time.Minute))
	if err != nil {
		r.Fatalf("PutAt: %v", err)
	}
	if a.Method != http.MethodPut || !strings.HasPrefix(a.URL, r.Bytes.Origin()+"/") {
		r.Fatalf("PutAt = %+v, of the origin %q", a, r.Bytes.Origin())
	}
	return a
}

func putAndRead(r *run) {
	f, b := r.file(300_000)
	r.want(f, nil)
	r.put(f, b)
	r.want(f, b)
	r.put(f, b) // again
	r.want(f, b)
	for _, c := range []struct{ from, n, to int }{{0, 12, 12}, {5, 0, 5}, {100_000, 128 << 10, 100_000 + 128<<10}, {299_990, 100, 300_000}, {300_000, 10, 300_000}, {400_000, 10, 400_000}} {
		got, err := r.Bytes.Read(r.Context(), f, int64(c.from), c.n)
		var want []byte
		if c.from < len(b) {
			want = b[c.from:c.to]
		}
		if err != nil || !bytes.Equal(got, want) {
			r.Errorf("Read %d from %d: %d bytes, %v", c.n, c.from, len(got), err)
		}
	}
}

func putAtAddress(r *run) {
	f, b := r.file(3 << 20)
	a := r.putAt(f)
	for range 2 { // whoever got no answer puts it again
		if res := r.do(a, a.Method, b); res.StatusCode != http.StatusOK {
			body, _ := io.ReadAll(res.Body)
			r.Fatalf("put: %s %s", res.Status, body)
		}
		r.want(f, b)
	}
}

func otherBytes(r *run) {
	f, b := r.file(100_000)
	changed := bytes.Clone(b)
	changed[50_000]++
	for what, other := range map[string][]byte{
		"changed": changed, "longer": append(bytes.Clone(b), 0), "shorter": b[:len(b)-1], "none": {}, "much longer": make([]byte, 4<<20),
	} {
		a := r.putAt(f)
		if res := r.do(a, a.Method, other); res.StatusCode < 400 || res.StatusCode >= 500 {
			r.Errorf("%s: %s", what, res.Status)
		}
		r.wantThere(f, false)
	}
	a := r.putAt(f)
	if res := r.do(a, a.Method, b); res.StatusCode != http.StatusOK {
		r.Errorf("the right ones: %s", res.Status)
	}
	if res := r.do(a, a.Method, changed); res.StatusCode < 400 || res.StatusCode >= 500 {
		r.Errorf("changed, over the right ones: %s", res.Status)
	}
	r.want(f, b)
}

func oneUse(r *run) {
	f, b := r.file(1000)
	g, c := r.file(1000)
	a := r.putAt(f)
	if res := r.do(a, http.MethodGet, nil); res.StatusCode < 400 || res.StatusCode >= 500 {
		r.Errorf("an address to put to, read: %s", res.Status)
	}
	if res := r.do(a, http.MethodPut, c); res.StatusCode < 400 || res.StatusCode >= 500 {
		r.Errorf("another file: %s", res.Status)
	}
	if res := r.do(a, http.MethodDelete, nil); res.StatusCode < 400 || res.StatusCode >= 500 {
		r.Errorf("an address to put to, deleted: %s", res.Status)
	}
	r.want(g, nil)
	r.put(f, b)
	from, err := r.Bytes.GetAt(r.Context(), f, support.Download{Name: "a", Type: "image/png"}, r.Now().Add(time.Minute))
	if err != nil {
		r.Fatal(err)
	}
	if res := r.do(from, http.MethodPut, b); res.StatusCode < 400 || res.StatusCode >= 500 {
		r.Errorf("an address to read from, put to: %s", res.Status)
	}
	at := strings.LastIndexAny(from.URL, "0123456789abcdef") // of the signature
	from.URL = from.URL[:at-5] + "00000" + from.URL[at:]
	if res := r.do(from, http.MethodGet, nil); res.StatusCode < 400 || res.StatusCode >= 500 {
		r.Errorf("an address that somebody changed: %s", res.Status)
	}
}

func others(r *run) {
	f, b := r.file(1000)
	r.put(f, b)
	other := f
	other.Account += "2"
	r.want(other, nil)
	r.put(other, b)
	if err := r.Bytes.Delete(r.Context(), other); err != nil {
		r.Fatal(err)
	}
	r.want(other, nil)
	r.want(f, b)
	strange := f
	strange.Account = "Other.Name_of-an@ccount"
	strange.Account += r.account
	r.put(strange, b)
	r.want(strange, b)
	strange.Account = strings.ToLower(strange.Account)
	r.want(strange, nil)
}

func deleted(r *run) {
	for _, size := range []int{1000, 300_000} {
		f, b := r.file(size)
		note := f
		note.Size = 0 // whoever deletes it may not know
		for range 2 {
			r.put(f, b)
			for range 2 { // deleting nothing is no error
				if err := r.Bytes.Delete(r.Context(), note); err != nil {
					r.Fatal(err)
				}
				r.want(f, nil)
			}
		}
	}
}

func announcedAgain(r *run) {
	f, b := r.file(1000)
	r.put(f, b)
	again := f
	again.Since = f.Since.Add(24 * time.Hour)
	r.want(again, nil)
	r.put(again, b)
	if err := r.Bytes.Delete(r.Context(), f); err != nil {
		r.Fatal(err)
	}
	r.want(f, nil)
	r.want(again, b)
}

func nothingInIt(r *run) {
	f, b := r.file(0)
	r.want(f, nil)
	r.put(f, b)
	r.want(f, b)
	a, err := r.Bytes.GetAt(r.Context(), f, support.Download{Name: "nothing.txt", Type: "application/octet-stream"}, r.Now().Add(time.Minute))
	if err != nil {
		r.Fatal(err)
	}
	if res := r.do(a, a.Method, nil); res.StatusCode != http.StatusOK || res.ContentLength > 0 {
		r.Errorf("download: %s, %d bytes", res.Status, res.ContentLength)
	}
}

func downloaded(r *run) {
	f, b := r.file(2 << 20)
	r.put(f, b)
	for _, name := range []string{"invoice.pdf", `a "quoted"; name.pdf`, "Rechnung für Ægir 請求書.pdf", "", "100% %41.txt"} {
		a, err := r.Bytes.GetAt(r.Context(), f, support.Download{Name: name, Type: "image/png"}, r.Now().Add(time.Minute))
		if err != nil {
			r.Fatal(err)
		}
		if a.Method != http.MethodGet || !strings.HasPrefix(a.URL, r.Bytes.Origin()+"/") {
			r.Fatalf("GetAt = %+v", a)
		}
		res := r.do(a, a.Method, nil)
		got, err := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK || err != nil || !bytes.Equal(got, b) {
			r.Fatalf("download: %s, %d bytes, %v", res.Status, len(got), err)
		}
		kind, parameters, err := mime.ParseMediaType(res.Header.Get("Content-Disposition"))
		if want := name; err != nil || kind != "attachment" || parameters["filename"] != want && want != "" {
			r.Errorf("download of %q is as %q, %v", name, res.Header.Get("Content-Disposition"), err)
		}
		if res.Header.Get("Content-Type") != "image/png" {
			r.Errorf("download has the type %q", res.Header.Get("Content-Type"))
		}
	}
	f, _ = r.file(10)
	a, err := r.Bytes.GetAt(r.Context(), f, support.Download{Type: "application/octet-stream"}, r.Now().Add(time.Minute))
	if err != nil {
		r.Fatal(err)
	}
	if res := r.do(a, a.Method, nil); res.StatusCode != http.StatusNotFound {
		r.Errorf("download of what is not there: %s", res.Status)
	}
}

func damaged(r *run) {
	if r.Damage == nil {
		r.Skip("nobody can damage a file here")
	}
	for _, size := range []int{1000, 300_000} {
		f, b := r.file(size)
		r.put(f, b)
		r.Damage(f)
		in, err := r.Bytes.Open(r.Context(), f)
		if err != nil {
			r.Fatal(err)
		}
		got, err := io.ReadAll(in)
		_ = in.Close()
		if _, ok := errors.AsType[*support.DamagedError](err); !ok || len(got) >= len(b) {
			r.Errorf("read %d bytes of a damaged file, %v", len(got), err)
		}
		a, err := r.Bytes.GetAt(r.Context(), f, support.Download{Name: "a", Type: "application/octet-stream"}, r.Now().Add(time.Minute))
		if err != nil {
			r.Fatal(err)
		}
		if res, err := r.try(a, a.Method, nil); err == nil {
			if got, err := io.ReadAll(res.Body); err == nil {
				r.Errorf("a damaged file is downloaded whole: %s, %d bytes", res.Status, len(got))
			}
		}
		r.put(f, b) // mends it
		r.want(f, b)
	}
}
