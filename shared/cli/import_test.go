package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/api"
	"deskmove/shared/cli/importer"
	"deskmove/shared/desk"
	"deskmove/shared/mail/note"
	"deskmove/shared/store"
)

func (e *engine) imports(t *testing.T, files ...string) (s importer.Summary) {
	t.Helper()
	e.run(t, append([]string{"import", "--channel", "support", "--json"}, files...)...).ok(t, &s)
	if s.Read != s.Added+s.Known+s.Duplicates+int64(len(s.Skipped)) {
		t.Errorf("not every message is accounted for: %+v", s)
	}
	return s
}

// TestFormats: mail in every format, and a thread over several files.
func TestFormats(t *testing.T) {
	t.Parallel()
	e := ready(t)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte("From a Mon Mar  2 08:00:00 2026\nFrom: a@customer.example\nMessage-ID: <1@x>\nSubject: One\n\nfirst\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := e.imports(t,
		file(t, "a.mbox.gz", zipped.String()),
		file(t, "b.eml", "From: agent01@desk.example\r\nTo: a@customer.example\r\nMessage-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nSubject: Re: One\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\r\nsecond\r\n"),
		file(t, "c.jsonl", `{"messageId":"<3@x>","inReplyTo":"<2@x>","from":"a@customer.example","date":"2026-03-02T11:00:00Z","subject":"Re: One","text":"third"}
{"from":5}
`))
	if s.Added != 3 || s.Threads != 1 || len(s.Skipped) != 1 || s.Skipped[0].File != "c.jsonl" || s.Skipped[0].Number != 2 || !strings.Contains(s.Skipped[0].Reason, "from") {
		t.Errorf("import: %+v", s)
	}
	cs := conversations(t, e)
	if len(cs) != 1 || cs[0].MessageCount != 3 || cs[0].Status != "open" || cs[0].Owner != "ben" {
		t.Errorf("conversations: %+v", cs)
	}
	// A later file joins the thread by its references alone.
	s = e.imports(t, file(t, "d.eml", "From: a@customer.example\nMessage-ID: <4@x>\nReferences: <9@x> <3@x>\nSubject: Else\nDate: Mon, 2 Mar 2026 12:00:00 +0000\n\nfourth\n"))
	if cs = conversations(t, e); s.Added != 1 || len(cs) != 1 || cs[0].MessageCount != 4 {
		t.Errorf("later file: %+v, %+v", s, cs)
	}
}

// TestNotes: the summary says what was repaired or guessed, and in which messages.
func TestNotes(t *testing.T) {
	t.Parallel()
	e := ready(t)
	const from = "From s@customer.example Mon Mar  2 08:00:00 2026\n"
	box := file(t, "box.mbox", from+"From: a@customer.example\nMessage-ID: <1@x>\nDate: Mon, 2 Mar 2026 08:00:00 +0000\n\nfirst\n\n"+
		from+"From: a@customer.example\nMessage-ID: <2@x>\nDate: Mon, 2 Mar 26 08:00:00 +0000\n\nsecond\n\n"+
		from+"From: a@customer.example\nDate: Mon, 2 Mar 26 08:00:00 +0000\n\nthird")
	letter := file(t, "letter.eml", "\nFrom: a@customer.example\nMessage-ID: <3@x>\nDate: Mon, 2 Mar 2026 08:00:00 +0000\n\nhi\n")
	s := e.imports(t, box, letter)
	want := [][]importer.Note{{
		{Code: note.IDMissing, Says: note.IDMissing.Says(), Count: 1, Messages: []int{3}},
		{Code: note.DateYear, Says: note.DateYear.Says(), Count: 2, Messages: []int{2, 3}},
		{Code: note.FileUnended, Says: note.FileUnended.Says(), Count: 1, Messages: []int{3}},
	}, {
		{Code: note.HeaderIndented, Says: note.HeaderIndented.Says(), Count: 1, Messages: []int{1}},
	}}
	if diff := cmp.Diff(want, [][]importer.Note{s.Files[0].Notes, s.Files[1].Notes}); diff != "" || s.Files[0].Repaired != 2 || s.Files[1].Repaired != 1 {
		t.Errorf("files %+v, notes (-want +got):\n%s", s.Files, diff)
	}
	out := e.run(t, "import", "--channel", "support", box, letter).stdout
	for _, line := range []string{
		"box.mbox: 3 messages, 2 repaired on reading\n", "       2 noted: " + note.DateYear.Says() + ": message 2, 3\n",
		"letter.eml: 1 messages, 1 repaired on reading\n       1 noted: " + note.HeaderIndented.Says() + ": message 1\n",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in:\n%s", line, out)
		}
	}
}

// TestLargeMail: a mail near the limit is kept whole, attachments too.
func TestLargeMail(t *testing.T) {
	t.Parallel()
	e := ready(t)
	line := strings.Repeat("all work and no play ", 3) + "\n"
	text := strings.Repeat(line, 2<<20/len(line))
	picture := bytes.Repeat([]byte{0, 1, 2, 3, 250, 251}, 300_000)
	s := e.imports(t,
		file(t, "text.eml", "From: a@customer.example\nMessage-ID: <1@x>\nDate: Mon, 2 Mar 2026 12:00:00 +0000\n\n"+text),
		file(t, "picture.eml", "From: a@customer.example\nMessage-ID: <2@x>\nDate: Mon, 2 Mar 2026 12:00:00 +0000\nMIME-Version: 1.0\n"+
			"Content-Type: image/png; name=\"p.png\"\nContent-Disposition: attachment; filename=\"p.png\"\nContent-Transfer-Encoding: base64\n\n"+
			wrapped(base64.StdEncoding.EncodeToString(picture))),
	)
	if s.Added != 2 || len(s.Skipped)+len(s.Lessened) != 0 {
		t.Errorf("import: %+v", s)
	}
	for _, c := range conversations(t, e) {
		ms, _, err := e.stack.App.Messages.Page(t.Context(), "demo", c.ID, "", 2)
		if err != nil || len(ms) != 1 {
			t.Fatalf("%d messages, %v", len(ms), err)
		}
		whole := func(of store.Content) string {
			b, err := e.stack.App.Messages.Body(t.Context(), "demo", c.ID, ms[0].ID, of)
			if err != nil {
				t.Fatal(err)
			}
			s, err := b.Read(t.Context(), 0, int(b.Size))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		switch ms[0].External {
		case "1@x", "<1@x>":
			if got := whole(store.Text); strings.TrimSpace(got) != strings.TrimSpace(text) {
				t.Errorf("the text has %d bytes, want %d", len(got), len(text))
			}
		}
	}
}

func wrapped(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + s + "\n"
}

// TestStatesAreOurs: what people made of a conversation since an import is
// not undone by the next one, unless that brings new messages.
func TestStatesAreOurs(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.imports(t, smallMbox)
	byOwner := func() map[string]api.Conversation {
		m := map[string]api.Conversation{}
		for _, c := range conversations(t, e) {
			m[c.Owner] = c
		}
		return m
	}
	c := byOwner()["ben"]
	open, nobody := desk.Open, ""
	if err := e.api(t).EditConversation(t.Context(), c.ID, desk.Edit{Status: &open, Owner: &nobody}); err != nil {
		t.Fatal(err)
	}
	if s := e.imports(t, smallMbox); s.Closed != 0 || s.Owned != 0 {
		t.Errorf("import: %+v", s)
	}
	if _, ok := byOwner()["ben"]; ok {
		t.Error("the import gave the conversation back to ben")
	}
	answer := file(t, "answer.eml", "From: agent01@desk.example\nMessage-ID: <a9@desk.example>\nIn-Reply-To: <a2@desk.example>\nDate: Tue, 3 Mar 2026 12:00:00 +0000\n\nAnd more.\n")
	if s := e.imports(t, answer); s.Added != 1 || s.Closed != 1 || s.Owned != 1 {
		t.Errorf("answer: %+v", s)
	}
	if c := byOwner()["ben"]; c.Status != "closed" {
		t.Errorf("after the answer: %+v", c)
	}
	e.run(t, "import", "--no-states", "--channel", "hotline", smallMbox).ok(t, nil)
	for c, err := range e.api(t).Conversations(t.Context(), "hotline") {
		if err != nil || c.Status != "open" || c.Owner != "" {
			t.Errorf("--no-states: %+v, %v", c, err)
		}
	}
}
