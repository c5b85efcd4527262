package mail_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"deskmove/shared/mail"
	"deskmove/shared/mail/note"
)

// Whatever the file holds: no panic, every error is one of ours, and every
// message is clean, numbered and named.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"sample.mbox", "sample.eml", "sample.jsonl", "takeout.mbox"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, c := range append(append(idTraps(), peopleTraps()...), partTraps()...) {
		if len(c.in) < 2000 {
			f.Add([]byte(c.in))
			f.Add([]byte("From s@x.example Thu Aug  1 00:50:24 1996\n" + c.in + "\n\nFrom s@x.example Thu Aug  1 00:50:24 1996\nA: b\n\n"))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		number, ended, total := 0, false, 0
		for m, err := range mail.Read("fuzz", bytes.NewReader(in), now()) {
			if ended {
				t.Fatal("reading goes on after a FileError")
			}
			skipped, file := (*mail.SkippedError)(nil), (*mail.FileError)(nil)
			switch {
			case errors.As(err, &skipped):
				number++
				continue
			case errors.As(err, &file):
				ended = true
				if file.Read != number || file.Offset > int64(len(in))*2000 {
					t.Errorf("%v after %d messages", err, number)
				}
				continue
			case err != nil:
				t.Fatalf("error %v", err)
			}
			number++
			if m.Number != number || m.ExternalID() == "" || len(m.ExternalID()) > 256 || len(m.Content) != 64 {
				t.Errorf("message %d: number %d, external ID %q", number, m.Number, m.ExternalID())
			}
			said := []string{m.Text, m.HTML, m.Subject, m.ID, m.ReturnPath, m.ThreadID, string(m.Automatic), string(m.Box)}
			for _, a := range slices.Concat([]mail.Address{m.From, m.Sender}, m.ReplyTo, m.To, m.Cc, m.Bcc) {
				said = append(said, a.Name, a.Address)
			}
			for _, a := range m.Attachments {
				said = append(said, a.Name, a.Type, a.ContentID)
				if strings.ContainsAny(a.Name, `/\`) {
					t.Errorf("attachment %q has a path", a.Name)
				}
			}
			if m.Source != nil && in[0] != 0x1f && !slices.Contains(m.Notes, note.FileUTF16) && !bytes.Contains(in, m.Source) {
				t.Errorf("source %q is not in the file", m.Source)
			}
			if (m.Box == "") != (m.BoxSign == "") || len(m.ThreadID) > 200 || len(m.Labels) > 100 {
				t.Errorf("box %q by %q, thread %q, %d labels", m.Box, m.BoxSign, m.ThreadID, len(m.Labels))
			}
			for _, s := range slices.Concat(said, m.Labels) {
				if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") {
					t.Errorf("%q is not clean", s)
				}
			}
			for _, c := range m.Notes {
				if !slices.Contains(note.Codes(), c) {
					t.Errorf("noted %q", c)
				}
			}
			total += len(m.Text) + len(m.HTML)
			for _, a := range m.Attachments {
				total += len(a.Data)
			}
			if year := m.Date.Year(); year != 1 && (year < 1970 || year > 2026) {
				t.Errorf("date %s", m.Date)
			}
		}
		if len(in) > 1 && in[0] != 0x1f && total > 1000+16*len(in) {
			t.Errorf("%d bytes from %d", total, len(in))
		}
	})
}
