package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/api"
	"deskmove/shared/cli/importer"
	"deskmove/shared/desk"
	"deskmove/shared/exchange/mailbox"
	"deskmove/shared/mail/note"
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
	want := [][]mailbox.Note{{
		{Code: note.IDMissing, Says: note.IDMissing.Says(), Count: 1, Messages: []int{3}},
		{Code: note.DateYear, Says: note.DateYear.Says(), Count: 2, Messages: []int{2, 3}},
		{Code: note.FileUnended, Says: note.FileUnended.Says(), Count: 1, Messages: []int{3}},
	}, {
		{Code: note.HeaderIndented, Says: note.HeaderIndented.Says(), Count: 1, Messages: []int{1}},
	}}
	if diff := cmp.Diff(want, [][]mailbox.Note{s.Files[0].Notes, s.Files[1].Notes}); diff != "" || s.Files[0].Repaired != 2 || s.Files[1].Repaired != 1 {
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

// message reads the only message of a conversation, or the first.
func (e *engine) messages(t *testing.T, conversation string) (ms []api.Message) {
	t.Helper()
	for m, err := range e.api(t).Messages(t.Context(), conversation) {
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, m)
	}
	return ms
}

// download reads a file of a message.
func (e *engine) download(t *testing.T, conversation, message, id string) string {
	t.Helper()
	r, err := e.api(t).File(t.Context(), conversation, message, id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestLargeMail: a large mail is kept whole, its files and its source too. What of its
// text is too much for the API is in the source alone.
func TestLargeMail(t *testing.T) {
	t.Parallel()
	e := ready(t)
	line := strings.Repeat("all work and no play ", 3) + "\n"
	text := strings.Repeat(line, 3<<20/len(line))
	picture := bytes.Repeat([]byte{0, 1, 2, 3, 250, 251}, 2_000_000)
	long := "From: a@customer.example\nMessage-ID: <1@x>\nDate: Mon, 2 Mar 2026 12:00:00 +0000\n\n" + text
	large := "From: a@customer.example\nMessage-ID: <2@x>\nDate: Mon, 2 Mar 2026 12:00:00 +0000\nMIME-Version: 1.0\n" +
		"Content-Type: image/png; name=\"p.png\"\nContent-Disposition: attachment; filename=\"p.png\"\nContent-Transfer-Encoding: base64\n\n" +
		wrapped(base64.StdEncoding.EncodeToString(picture))
	s := e.imports(t, file(t, "text.eml", long), file(t, "picture.eml", large))
	if s.Added != 2 || len(s.Skipped) != 0 || len(s.Lessened) != 1 || s.Lessened[0].File != "text.eml" {
		t.Errorf("import: %+v", s)
	}
	for _, c := range conversations(t, e) {
		m := e.messages(t, c.ID)[0]
		source := e.download(t, c.ID, m.ID, "source")
		switch m.ExternalID {
		case "1@x":
			if source != long {
				t.Errorf("the source has %d bytes, want %d", len(source), len(long))
			}
		default:
			if source != large || len(m.Attachments) != 1 || m.Attachments[0].Name != "p.png" || m.Attachments[0].Size != int64(len(picture)) {
				t.Errorf("the source has %d bytes, want %d; %+v", len(source), len(large), m.Attachments)
			} else if got := e.download(t, c.ID, m.ID, "1"); got != string(picture) {
				t.Errorf("the attachment has %d bytes, want %d", len(got), len(picture))
			}
		}
	}
}

// TestWhoWrote: programs, forms and forgers are told from customers and agents.
func TestWhoWrote(t *testing.T) {
	t.Parallel()
	e := ready(t)
	const date = "Date: Mon, 2 Mar 2026 12:00:00 +0000\n"
	for name, test := range map[string]struct {
		mail                      string
		author, agent, customer   string
		automatic, status, labels string
		forged                    bool
	}{
		"customer": {mail: "From: Jane <jane@customer.example>\nTo: Us <support@desk.example>\nCc: Bill <bill@customer.example>\n", author: "customer", customer: "jane@customer.example", status: "open"},
		"agent":    {mail: "From: agent01@desk.example\nTo: jane@customer.example\n", author: "agent", agent: "ben", customer: "jane@customer.example", status: "closed"},
		"forged": {mail: "Authentication-Results: mx.desk.example; dmarc=fail header.from=desk.example\nFrom: agent01@desk.example\n", author: "customer", customer: "agent01@desk.example",
			status: "open", forged: true},
		"form":     {mail: "From: support@desk.example\nReply-To: jane@customer.example\nAuto-Submitted: auto-generated\n", author: "customer", customer: "jane@customer.example", automatic: "auto-generated", status: "open"},
		"absence":  {mail: "From: jane@customer.example\nAuto-Submitted: auto-replied\n", author: "customer", customer: "jane@customer.example", automatic: "auto-replied", status: "closed"},
		"bounce":   {mail: "From: MAILER-DAEMON@customer.example\nReturn-Path: <>\n", author: "customer", customer: "mailer-daemon@customer.example", automatic: "bounce", status: "closed"},
		"labelled": {mail: "From: jane@customer.example\nX-Gmail-Labels: Inbox,VIP,Opened\n", author: "customer", customer: "jane@customer.example", status: "open", labels: "VIP"},
	} {
		s := e.imports(t, file(t, "m.eml", test.mail+"Message-ID: <"+name+"@x>\n"+date+"Subject: "+name+"\n\nHello\n"))
		cs := conversations(t, e)
		at := slices.IndexFunc(cs, func(c api.Conversation) bool { return c.Subject == name })
		if s.Added != 1 || at < 0 {
			t.Errorf("%s: %+v", name, s)
			continue
		}
		c := cs[at]
		m := e.messages(t, c.ID)[0]
		if name == "form" {
			test.automatic = "" // a person filled it in
		}
		if m.Author != test.author || m.Agent != test.agent || m.Automatic != test.automatic || m.Forged != test.forged || c.Customer != test.customer ||
			c.Status != test.status || strings.Join(c.Tags, " ") != test.labels {
			t.Errorf("%s: %+v\n%+v", name, m, c)
		}
		if name == "customer" && (m.From.Name != "Jane" || len(m.To) != 1 || m.To[0].Name != "Us" || len(m.Cc) != 1 || m.Cc[0].Address != "bill@customer.example") {
			t.Errorf("%+v", m)
		}
	}
}

// TestAProgramAnswersNothing in a thread of people.
func TestAProgramAnswersNothing(t *testing.T) {
	t.Parallel()
	e := ready(t)
	const box = "From a Mon Mar  2 08:00:00 2026\n"
	s := e.imports(t, file(t, "a.mbox", box+"From: jane@customer.example\nMessage-ID: <1@x>\nDate: Mon, 2 Mar 2026 08:00:00 +0000\nSubject: S\n\nWhere?\n\n"+
		box+"From: agent01@desk.example\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nSubject: Re: S\nAuto-Submitted: auto-replied\n\nI am away.\n\n"))
	cs := conversations(t, e)
	if s.Added != 2 || len(cs) != 1 || cs[0].Status != "open" || cs[0].Owner != "" || !cs[0].FirstReplyAt.IsZero() || cs[0].WaitingSince.IsZero() {
		t.Errorf("%+v: %+v", s, cs)
	}
}

// TestWhatAMailboxHoldsBesideMail is left out, and named, unless it is asked for.
func TestWhatAMailboxHoldsBesideMail(t *testing.T) {
	t.Parallel()
	e := ready(t)
	var box strings.Builder
	for i, label := range []string{"Inbox", "Drafts", "Spam", "Papirkurv", "Chat", "Entwürfe"} {
		fmt.Fprintf(&box, "From a Mon Mar  2 08:00:00 2026\nFrom: agent01@desk.example\nMessage-ID: <%d@x>\nDate: Mon, 2 Mar 2026 08:00:00 +0000\nX-Gmail-Labels: %s\nSubject: %d\n\nHello\n\n",
			i, mime.QEncoding.Encode("utf-8", label), i)
	}
	all := file(t, "All mail.mbox", box.String())
	s := e.imports(t, all)
	if s.Added != 1 || len(s.Skipped) != 5 {
		t.Errorf("%+v", s)
	}
	for i, says := range []string{"a draft", "spam", "deleted mail", "a line of a chat", "a draft"} {
		if k := s.Skipped[i]; !strings.HasPrefix(k.Reason, says) || !strings.Contains(k.Reason, "X-Gmail-Labels") || !strings.Contains(k.Reason, "--include") || k.Number != i+2 {
			t.Errorf("%+v, want %s", k, says)
		}
	}
	e.run(t, "import", "--channel", "support", "--json", "--include", "draft", "--include", "spam", all).ok(t, &s)
	if s.Added != 3 || len(s.Skipped) != 2 || s.Known != 1 {
		t.Errorf("%+v", s)
	}
	e.run(t, "import", "--channel", "support", "--include", "sent", all).fails(t, 1, "--include", "draft")
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

// TestRehearsedMail: a rehearsal says what an import would do, and does nothing. Whoever looks
// like an agent and is none is named, and is one if the user says so.
func TestRehearsedMail(t *testing.T) {
	t.Parallel()
	e := ready(t)
	const from = "From s@customer.example Mon Mar  2 08:00:00 2026\n"
	box := file(t, "box.mbox", from+"From: a@customer.example\nMessage-ID: <1@x>\nDate: Mon, 2 Mar 2026 08:00:00 +0000\n\nWhere?\n\n"+
		from+"From: Ben <old.ben@desk.example>\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\nDate: Mon, 2 Mar 2026 09:00:00 +0000\n\nThere.\n\n"+
		from+"From: a@customer.example\nMessage-ID: <3@x>\nX-Spam-Flag: YES\nDate: Mon, 2 Mar 2026 08:00:00 +0000\n\nBuy\n\n")
	var s importer.Summary
	e.run(t, "import", "--channel", "support", "--dry-run", "--json", box).ok(t, &s)
	if !s.DryRun || s.Read != 3 || s.Added != 2 || s.Threads != 1 || s.Conversations != 0 || len(s.Skipped) != 1 || len(conversations(t, e)) != 0 {
		t.Errorf("rehearsal: %+v", s)
	}
	out := e.run(t, "import", "--channel", "support", "--dry-run", box).ok(t, nil).stdout
	for _, line := range []string{
		"       2 would be added to channel support, in 1 threads, but for those that are there\n", "--include spam brings it in: message 3\n",
		"       1 by old.ben@desk.example, who counts as a customer, and is perhaps ben\n", "--agents\n", "nothing was written: this was a rehearsal\n",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in:\n%s", line, out)
		}
	}
	s = importer.Summary{}
	e.run(t, "import", "--channel", "support", "--agents", file(t, "agents.yaml", "old.ben@desk.example: ben\n"), "--json", box).ok(t, &s)
	cs := conversations(t, e)
	if s.Added != 2 || len(s.Unknown) != 0 || len(cs) != 1 || cs[0].Status != "closed" || cs[0].Owner != "ben" {
		t.Errorf("import: %+v, %+v", s, cs)
	}
}
