package mailbox_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/api"
	"deskmove/shared/exchange"
	"deskmove/shared/exchange/mailbox"
)

// options are of an account with agents ann and ben, and a channel.
func options(files ...string) mailbox.Options {
	channel := api.ChannelSetup{ID: "support", Type: "email", Address: "support@desk.example", Connected: "other"}
	return mailbox.Options{
		Files: files, Channel: api.Channel{ID: channel.ID, Type: channel.Type, Address: channel.Address, Home: "inbox"}, States: true,
		Setup: api.Setup{
			Account: api.Account{ID: "acme"}, Channels: []api.ChannelSetup{channel},
			Agents: []api.Agent{{ID: "ann", Email: "Ann@desk.example", Role: "agent"}, {ID: "ben", Name: "Ben Olsen", Role: "agent"}},
		},
	}
}

// mbox is a mail, whose header is given, in a mailbox.
func mbox(header, text string) string {
	return "From x Mon Mar  2 08:00:00 2026\n" + header + "\n" + text + "\n\n"
}

// file writes a file of mail.
func file(t *testing.T, text ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "box.mbox")
	if err := os.WriteFile(name, []byte(strings.Join(text, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// convert returns what is written of mail, read as whoever imports it reads it.
func convert(t *testing.T, o mailbox.Options) (*mailbox.Box, []exchange.Line) {
	t.Helper()
	o.TempDir = t.TempDir()
	b, err := mailbox.Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	s, err := exchange.NewSorter(o.TempDir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := b.Write(s); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(o.TempDir, "lines")
	if err := exchange.WriteFile(name, o.Setup.Account.ID, s); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(name) // #nosec G304 -- the test's own
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	r, err := exchange.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var lines []exchange.Line
	for {
		l, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	var written int64
	for _, l := range lines {
		if l.Message != nil {
			written++
		}
	}
	if n := written + b.Report.Duplicates + int64(len(b.Report.Skipped)); n != b.Report.Read {
		t.Errorf("%d read, and %d accounted for: %+v", b.Report.Read, n, b.Report)
	}
	return b, lines
}

func conversations(lines []exchange.Line) (all []api.ConversationFacts) {
	for _, l := range lines {
		if l.Conversation != nil {
			all = append(all, *l.Conversation)
		}
	}
	return all
}

const (
	asked    = "From: Jane <jane@customer.example>\nTo: support@desk.example\nMessage-ID: <1@x>\nDate: Mon, 2 Mar 2026 08:00:00 +0000\nSubject: Where?\nX-Gmail-Labels: Inbox,VIP\n"
	answered = "From: ann@desk.example\nTo: jane@customer.example\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nSubject: Re: Where?\n"
	again    = "From: jane@customer.example\nMessage-ID: <3@x>\nIn-Reply-To: <2@x>\nReferences: <1@x> <2@x>\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nSubject: Re: Where?\nX-Gmail-Labels: Later\n"
	away     = "From: jane@customer.example\nAuto-Submitted: auto-replied\nMessage-ID: <4@x>\nDate: Mon, 2 Mar 2026 11:00:00 +0000\nSubject: Away\n"
)

func hour(h int) time.Time { return time.Date(2026, 3, 2, h, 0, 0, 0, time.UTC) }

// TestWrite: a thread becomes a conversation as it was when it was written last, with its
// files, and whoever and whatever it names.
func TestWrite(t *testing.T) {
	b, lines := convert(t, options(file(t, mbox(asked, "hi"), mbox(answered, "there"), mbox(away, "I am away"), mbox(asked, "hi"))))
	var kinds []string
	for _, l := range lines {
		switch {
		case l.Agent != nil:
			kinds = append(kinds, "agent "+l.Agent.ID)
		case l.Channel != nil:
			kinds = append(kinds, fmt.Sprint("channel ", l.Channel.ID, l.Channel.Part, l.Channel.Connected))
		case l.Tag != nil:
			kinds = append(kinds, "tag "+l.Tag.ID)
		case l.Message != nil:
			kinds = append(kinds, "message "+l.Message.ExternalID)
		}
	}
	want := []string{"agent ann", "channel supporttrue", "tag VIP", "message 1@x", "message 2@x", "message 4@x"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	cs := conversations(lines)
	if diff := cmp.Diff([]api.ConversationFacts{{
		ID: cs[0].ID, ChannelID: "support", Subject: "Where?", Customer: "jane@customer.example", CustomerName: "Jane", Status: "closed", Owner: "ann", Home: "inbox", Tags: []string{"VIP"}, MessageCount: 2,
		StartedAt: hour(8), History: true, FirstReplyAt: hour(9), ClosedAt: hour(9),
	}, {
		ID: cs[1].ID, ChannelID: "support", Subject: "Away", Customer: "jane@customer.example", Status: "closed", Home: "inbox", MessageCount: 1, StartedAt: hour(11), History: true, ClosedAt: hour(11),
	}}, cs); diff != "" {
		t.Errorf("conversations (-want +got):\n%s", diff)
	}
	if !slices.IsSortedFunc(cs, func(a, b api.ConversationFacts) int { return a.StartedAt.Compare(b.StartedAt) }) {
		t.Errorf("the newest are not the last: %+v", cs)
	}
	files := 0
	for _, l := range lines {
		if l.File == nil {
			continue
		}
		files++
		in, err := b.Open(l.File.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		if n, err := io.Copy(sum, in); err != nil || n != l.File.Size || hex.EncodeToString(sum.Sum(nil)) != l.File.SHA256 {
			t.Errorf("file %+v has %d bytes, %v", l.File, n, err)
		}
		_ = in.Close()
	}
	if files != 3 {
		t.Errorf("%d files, want the source of each mail", files)
	}
	for _, hash := range []string{strings.Repeat("0", 64), "no hash", ""} {
		if _, err := b.Open(hash); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q): %v", hash, err)
		}
	}
	for _, l := range lines {
		if l.Message == nil {
			continue
		}
		want := map[string]int{"1@x": 1, "2@x": 2, "4@x": 3}[l.Message.ExternalID]
		if name, n := b.Place(l.Message.ID); name != "box.mbox" || n != want {
			t.Errorf("%s was message %d of %q, want %d", l.Message.ExternalID, n, name, want)
		}
	}
	if name, n := b.Place("nobody's"); name != "" || n != 0 {
		t.Errorf("what is not there was message %d of %q", n, name)
	}
	// The same mail is the same again, so that it is known where it was brought in.
	if _, twice := convert(t, options(file(t, mbox(asked, "hi"), mbox(answered, "there"), mbox(away, "I am away")))); cmp.Diff(lines, twice) != "" {
		t.Errorf("it is otherwise (-first +second):\n%s", cmp.Diff(lines, twice))
	}
}

// TestStates of threads by who wrote last.
func TestStates(t *testing.T) {
	for what, c := range map[string]struct {
		mail         []string
		change       func(*mailbox.Options)
		status       string
		owner        string
		first, since time.Time
	}{
		"asked":    {mail: []string{asked}, status: "open", since: hour(8)},
		"answered": {mail: []string{asked, answered}, status: "closed", owner: "ann", first: hour(9)},
		"again":    {mail: []string{asked, answered, again}, status: "open", owner: "ann", first: hour(9), since: hour(10)},
		"no states": {mail: []string{asked, answered}, status: "open", first: hour(9), change: func(o *mailbox.Options) {
			o.States = false
		}},
		"away, without states": {mail: []string{away}, status: "closed", change: func(o *mailbox.Options) { o.States = false }},
		"by nobody of ours": {mail: []string{asked, answered}, status: "open", since: hour(8), change: func(o *mailbox.Options) {
			o.Agents = map[string]string{"Ann@desk.example": ""}
		}},
		"by another": {mail: []string{asked, answered}, status: "closed", owner: "ben", first: hour(9), change: func(o *mailbox.Options) {
			o.Agents = map[string]string{"ann@desk.example": "ben"}
		}},
		"before the fence": {mail: []string{asked, answered, again}, status: "closed", owner: "ann", first: hour(9), change: func(o *mailbox.Options) {
			o.Channel.FenceAt = hour(10)
		}},
		"live after the fence": {mail: []string{asked, answered, again}, status: "closed", owner: "ann", first: hour(9), change: func(o *mailbox.Options) {
			o.Channel.FenceAt, o.Live = hour(10), true
		}},
	} {
		var text []string
		for _, m := range c.mail {
			text = append(text, mbox(m, "hello"))
		}
		o := options(file(t, text...))
		if c.change != nil {
			c.change(&o)
		}
		b, lines := convert(t, o)
		cs := conversations(lines)
		if len(cs) != 1 || cs[0].Status != c.status || cs[0].Owner != c.owner || !cs[0].FirstReplyAt.Equal(c.first) || !cs[0].WaitingSince.Equal(c.since) {
			t.Errorf("%s: %+v", what, cs)
		}
		left, n := 0, int64(len(c.mail))
		if what == "before the fence" {
			left, n = 1, 2
		}
		if len(b.Report.Skipped) != left || cs[0].MessageCount != n || left > 0 && !strings.Contains(b.Report.Skipped[0].Reason, "it was written after the channel began to move; --live") {
			t.Errorf("%s: %d messages, %+v", what, cs[0].MessageCount, b.Report.Skipped)
		}
	}
}

// TestAnAnswerComesAfterWhatItAnswers, whatever its date, and in the same second too.
func TestAnAnswerComesAfterWhatItAnswers(t *testing.T) {
	early := strings.Replace(answered, "2 Mar 2026 09", "1 Mar 2026 09", 1)
	same := strings.Replace(strings.Replace(again, "<3@x>", "<5@x>", 1), "In-Reply-To: <2@x>", "In-Reply-To: <3@x>", 1)
	_, lines := convert(t, options(file(t, mbox(same, "c"), mbox(early, "a"), mbox(again, "b"), mbox(asked, "hi"))))
	var order []string
	for _, l := range lines {
		if l.Message != nil {
			order = append(order, l.Message.ExternalID)
		}
	}
	if !slices.Equal(order, []string{"1@x", "2@x", "3@x", "5@x"}) {
		t.Errorf("messages come as %v", order)
	}
}

// TestTags of all messages are its conversation's, as many as it holds.
func TestTags(t *testing.T) {
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprint("label", i)
	}
	_, lines := convert(t, options(file(t, mbox(asked, "hi"), mbox(again, "again"), mbox(answered+"X-Gmail-Labels: "+strings.Join(many, ",")+"\n", "there"))))
	cs := conversations(lines)
	if len(cs) != 1 || len(cs[0].Tags) != 12 || !slices.Contains(cs[0].Tags, "VIP") {
		t.Errorf("tags of %+v", cs)
	}
}

// TestLabelsThatDoNotFit are named, with the mails that have them.
func TestLabelsThatDoNotFit(t *testing.T) {
	many := make([]string, 13)
	for i := range many {
		many[i] = fmt.Sprint("label", i)
	}
	other := "From: b@customer.example\nMessage-ID: <9@x>\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nSubject: Else\nX-Gmail-Labels: " + strings.Repeat("long", 11) + "\n"
	b, lines := convert(t, options(file(t, mbox(asked, "hi"), mbox(other, "other"), mbox(answered+"X-Gmail-Labels: "+strings.Join(many, ",")+"\n", "there"))))
	var got []string
	for _, l := range b.Report.Lessened {
		got = append(got, fmt.Sprintf("%d %s", l.Number, l.Reason))
	}
	slices.Sort(got)
	want := []string{
		"2 a label is cut to the 40 bytes that one can have; the whole is in its source",
		"3 its conversation has more labels than the 12 that it can have; the others are in its source",
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("lessened: %q, want %q", got, want)
	}
	if !slices.ContainsFunc(conversations(lines), func(c api.ConversationFacts) bool { return slices.Equal(c.Tags, []string{strings.Repeat("long", 10)}) }) {
		t.Error("the label that was cut is no tag")
	}
}
