package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"deskmove/shared/aws/files"
	"deskmove/shared/desk"
	"deskmove/shared/support"
	"deskmove/shared/support/filetest"
)

// TestBucket does with it what functions do, and those whom they give addresses.
func TestBucket(t *testing.T) {
	server := httptest.NewServer(bucket{"x-files", t.TempDir()})
	defer server.Close()
	b, err := files.New(t.Context(), config(server.URL), "x-files")
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("0123456789"), 30_000)
	f := filetest.File("acme", data, time.Now())
	do := func(a support.Address, body []byte) (int, http.Header, []byte) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), a.Method, a.URL, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range a.Headers {
			q.Header.Set(name, v)
		}
		res, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		got, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header, got
	}
	put, err := b.PutAt(t.Context(), f, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _ := do(put, data[1:]); status != 400 {
		t.Errorf("other bytes: %d", status)
	}
	if there, err := b.There(t.Context(), f); there || err != nil {
		t.Errorf("There = %t, %v", there, err)
	}
	if _, err := b.Open(t.Context(), f); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("Open = %v", err)
	}
	if status, _, _ := do(put, data); status != 200 {
		t.Errorf("put: %d", status)
	}
	if there, err := b.There(t.Context(), f); !there || err != nil {
		t.Errorf("There = %t, %v", there, err)
	}
	if part, err := b.Read(t.Context(), f, 5, 10); err != nil || string(part) != "5678901234" {
		t.Errorf("Read = %q, %v", part, err)
	}
	get, err := b.GetAt(t.Context(), f, support.Download{Name: "a.txt", Type: "image/png"}, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if status, h, got := do(get, nil); status != 200 || !bytes.Equal(got, data) || h.Get("Content-Type") != "image/png" || h.Get("Content-Disposition") != "attachment; filename=a.txt" {
		t.Errorf("get: %d %v", status, h)
	}
	for range 2 {
		if err := b.Delete(t.Context(), f); err != nil {
			t.Error(err)
		}
	}
	if err := b.Put(t.Context(), f, data); err != nil {
		t.Error(err)
	}
	if in, err := b.Open(t.Context(), f); err != nil {
		t.Error(err)
	} else if got, err := io.ReadAll(in); err != nil || !bytes.Equal(got, data) {
		t.Errorf("Open: %d bytes, %v", len(got), err)
	}
}
