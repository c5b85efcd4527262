package mailcheck

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/mail"
	"deskmove/shared/mail/mailtest"
)

// read is what was read of a message.
type read struct {
	SHA256      string      `json:"sha256"`
	From        [][2]string `json:"from"`
	To          [][2]string `json:"to"`
	Cc          [][2]string `json:"cc"`
	Date        string      `json:"date"`
	Attachments []string    `json:"attachments"`
}

func people(as ...mail.Address) [][2]string {
	of := [][2]string{}
	for _, a := range as {
		if a != (mail.Address{}) {
			of = append(of, [2]string{a.Name, a.Address})
		}
	}
	return of
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// byUs reads a file, and returns those messages whose hashes come first: as good as
// chosen by chance, and always the same.
func byUs(t *testing.T, name string, n int) map[string]read {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]read)
	var hashes []string
	for m, err := range mail.Read(filepath.Base(name), f, time.Now()) {
		if err != nil {
			t.Fatal(err)
		}
		r := read{SHA256: hash(m.Source), From: people(m.From), To: people(m.To...), Cc: people(m.Cc...), Attachments: []string{}}
		if !m.Date.IsZero() {
			r.Date = m.Date.Format(time.RFC3339)
		}
		for _, a := range m.Attachments {
			r.Attachments = append(r.Attachments, hash(a.Data))
		}
		slices.Sort(r.Attachments)
		all[r.SHA256], hashes = r, append(hashes, r.SHA256)
	}
	slices.Sort(hashes)
	chosen := make(map[string]read)
	for _, h := range hashes[:min(n, len(hashes))] {
		chosen[h] = all[h]
	}
	return chosen
}

// byPython reads the messages with the given hashes.
func byPython(t *testing.T, name string, of map[string]read) map[string]read {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("python3 is missing")
		}
		t.Skip("SKIPPED: needs python3")
	}
	var hashes bytes.Buffer
	for h := range of {
		hashes.WriteString(h + "\n")
	}
	c := exec.CommandContext(t.Context(), python, "read.py", name) // #nosec G204 -- a test's own
	c.Stdin, c.Stderr = &hashes, os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]read)
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 10<<20)
	for lines.Scan() {
		var r read
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		found[r.SHA256] = r
	}
	return found
}

// compare reports what differs.
func compare(t *testing.T, name string, n int) {
	t.Helper()
	ours := byUs(t, name, n)
	theirs := byPython(t, name, ours)
	differ := 0
	for h, want := range theirs {
		got := ours[h]
		if len(got.From) == 1 && len(want.From) > 1 {
			want.From = want.From[:1] // of several authors the first is the sender
		}
		if diff := cmp.Diff(want, got); diff != "" {
			differ++
			t.Errorf("%s of %s:\n%s", h[:12], filepath.Base(name), diff)
		}
	}
	if len(theirs) != len(ours) {
		t.Errorf("Python finds %d of %d messages by the hash of their sources", len(theirs), len(ours))
	}
	t.Logf("%s: %d messages, %d differ", filepath.Base(name), len(ours), differ)
}

// TestSample compares all of the project's own sample.
func TestSample(t *testing.T) {
	compare(t, "../../../shared/mail/testdata/sample.mbox", 1000)
}

// TestRealMail compares 200 messages.
func TestRealMail(t *testing.T) {
	compare(t, mailtest.File(t, "dev-2012-2013.mbox.gz"), 200)
}

// TestDifferencesAreSeen breaks what we read.
func TestDifferencesAreSeen(t *testing.T) {
	name := "../../../shared/mail/testdata/sample.mbox"
	theirs := byPython(t, name, byUs(t, name, 1000))
	for _, r := range theirs {
		broken := r
		broken.To = append(slices.Clone(broken.To), [2]string{"", "nobody@example.com"})
		if cmp.Diff(r, broken) == "" {
			t.Error("one more recipient is not seen")
		}
		if strings.HasPrefix(r.SHA256, "0000000") || r.Date == "" {
			t.Errorf("nothing was read: %+v", r)
		}
	}
	if len(theirs) == 0 {
		t.Error("Python reads nothing")
	}
}
