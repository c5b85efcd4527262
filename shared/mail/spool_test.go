package mail_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/mail"
)

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	s, err := mail.NewSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := append(readAll(t, "a", sample(t, "sample.mbox")), readAll(t, "b", sample(t, "sample.eml"))...)
	want[2].Attachments = []mail.Attachment{{Name: "a", Type: "b/c", ContentID: "1@x", Inline: true, Data: []byte("\x00\xff")}, {Name: "empty", Type: "b/c", Data: []byte{}}}
	want[1].Source = nil
	want[1].Text = strings.Repeat("long ", 1<<20)
	for i, m := range want {
		if err := s.Add(m); err != nil {
			t.Fatal(err)
		}
		// Reading between two writes must not disturb either.
		if got, err := s.Message(i / 2); err != nil || got.ID != want[i/2].ID {
			t.Fatalf("message %d is %q, %v", i/2, got.ID, err)
		}
	}
	for i, w := range want {
		got, err := s.Message(i)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w, got, cmp.AllowUnexported(mail.Header{})); diff != "" {
			t.Errorf("message %d differs (-want +got):\n%s", i, diff)
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		files := [][]byte{w.Source}
		for _, a := range w.Attachments {
			files = append(files, a.Data)
		}
		for n, want := range files {
			if got, err := io.ReadAll(s.File(i, n)); err != nil || !bytes.Equal(got, want) {
				t.Errorf("file %d of message %d has %d bytes, want %d, %v", n, i, len(got), len(want), err)
			}
		}
	}
	if len(s.Headers()) != len(want) {
		t.Errorf("%d headers", len(s.Headers()))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%d files left, %v", len(left), err)
	}
}

func TestSpoolWithoutRoom(t *testing.T) {
	if _, err := mail.NewSpool("/no/such/directory"); err == nil {
		t.Error("a spool in no directory")
	}
}
