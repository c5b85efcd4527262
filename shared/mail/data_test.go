package mail_test

import (
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"deskmove/shared/mail"
	"deskmove/shared/mail/mailtest"
)

// readReal reads a file of real mail, which holds no fault that costs a
// message, and checks what must be true of every message.
func readReal(t *testing.T, name string) []mail.Message {
	t.Helper()
	f, err := os.Open(mailtest.File(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []mail.Message
	for m, err := range mail.Read(name, f, now()) {
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(m.Text) || strings.ContainsAny(m.Text, "\x00\r") || !utf8.ValidString(m.HTML) || !utf8.ValidString(m.Subject) {
			t.Errorf("message %d is not clean text", m.Number)
		}
		if m.Number != len(all)+1 || m.ExternalID() == "" || m.From.Address == "" || m.Arrival.IsZero() || m.Date.IsZero() {
			t.Errorf("message %d lacks something", m.Number)
		}
		all = append(all, m)
	}
	return all
}

func TestRealYears(t *testing.T) {
	all := readReal(t, "dev-2012-2013.mbox.gz")
	if len(all) != 6434 {
		t.Errorf("%d messages, want 6434", len(all))
	}
	empty, unnamed, files := 0, 0, 0
	for _, m := range all {
		if m.Automatic != "" || m.Forged || m.Box != "" { // people wrote all of it, to a mailing list
			t.Errorf("message %d is %q, in %q", m.Number, m.Automatic, m.Box)
		}
		if m.Text == "" {
			empty++
		}
		if m.ID == "" {
			unnamed++
		}
		if len(m.Attachments) > 0 {
			files++
		}
		if year := m.Arrival.Year(); year < 2012 || year > 2013 {
			t.Errorf("message %d arrived in %d", m.Number, year)
		}
		if lag := m.Arrival.Sub(m.Date); lag < -48*time.Hour || lag > 90*24*time.Hour {
			t.Errorf("message %d is dated %s before it arrived", m.Number, lag)
		}
	}
	if unnamed != 12 || files < 140 || empty > 20 {
		t.Errorf("%d without Message-ID, %d with files, %d without text", unnamed, files, empty)
	}
}

func TestRealTraps(t *testing.T) {
	all := readReal(t, "traps.mbox.gz")
	if len(all) != 81 {
		t.Fatalf("%d messages, want 81", len(all))
	}
	for number, want := range map[int]string{
		1: "1996-08-01T00:48:43Z", 2: "1997-03-14T02:32:53Z", 4: "1997-10-01T01:02:51Z", 10: "2001-07-17T13:07:43Z",
		15: "2002-05-19T04:56:53Z", 16: "2002-06-13T05:03:33Z", 17: "2002-09-18T14:03:13Z", 18: "2002-11-05T12:44:00Z",
		57: "2008-01-11T04:53:48Z", 68: "2011-04-21T21:28:37Z", 79: "2011-03-13T07:06:40Z",
	} {
		if got := all[number-1].Date.Format(time.RFC3339); got != want {
			t.Errorf("message %d is of %s, want %s", number, got, want)
		}
	}
	withText := 0
	for _, m := range all {
		if m.Text != "" {
			withText++
		}
	}
	if withText != 79 { // 13 is empty, 61 an empty line
		t.Errorf("%d messages have text, want 79", withText)
	}
	for _, m := range all { // 21 is an out-of-office notice of which the subject alone tells
		if want := map[int]mail.Automatic{21: mail.AutoReplied, 22: mail.Bounce}[m.Number]; m.Automatic != want || m.Box != "" || m.Forged {
			t.Errorf("message %d is %q, in %q, want %q", m.Number, m.Automatic, m.Box, want)
		}
	}
	// 6 and 7 are one message sent twice; 73 and 74 are two with one id.
	if all[5].Content != all[6].Content || all[5].RawHash == all[6].RawHash {
		t.Error("6 and 7 are not told to be copies")
	}
	if all[72].Content == all[73].Content || all[72].ExternalID() != all[73].ExternalID() || all[72].TwinID() == all[73].TwinID() {
		t.Error("73 and 74 are not told apart")
	}
}
