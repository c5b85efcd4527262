package mail_test

import (
	"strings"
	"testing"

	"deskmove/shared/mail"
)

func one(t *testing.T, in string) mail.Message {
	t.Helper()
	all := readAll(t, "one.eml", in)
	if len(all) != 1 {
		t.Fatalf("%d messages", len(all))
	}
	return all[0]
}

// What tells two messages apart, and what does not.
func TestIdentity(t *testing.T) {
	const base = "Message-ID: <m@x>\nFrom: Ann <a@x>\nTo: b@x\nDate: Wed, 31 Jul 1996 23:59:59 +0000\nSubject: S\n\nhello\nyou\n"
	unnamed := func(s string) string { return strings.Replace(s, "Message-ID: <m@x>\n", "", 1) }
	for name, c := range map[string]struct {
		change       func(string) string
		sameContent  bool // with a Message-ID: a copy, or a twin
		sameExternal bool // without one: a copy, or another message
	}{
		"nothing":        {func(s string) string { return s }, true, true},
		"line ends":      {func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }, true, true},
		"received twice": {func(s string) string { return "Received: by x; Thu, 1 Aug 1996 00:00:00 +0000\n" + s }, true, true},
		"blanks at ends": {func(s string) string { return strings.Replace(s, "hello\n", "hello  \n", 1) + "\n\n" }, true, true},
		"sender's name":  {func(s string) string { return strings.Replace(s, "Ann", "Anne", 1) }, true, true},
		"zone of date": {func(s string) string {
			return strings.Replace(s, "31 Jul 1996 23:59:59 +0000", "1 Aug 1996 01:59:59 +0200", 1)
		}, true, true},
		"date":    {func(s string) string { return strings.Replace(s, "23:59:59", "23:59:49", 1) }, true, false},
		"text":    {func(s string) string { return strings.Replace(s, "you", "me", 1) }, false, false},
		"subject": {func(s string) string { return strings.Replace(s, ": S", ": T", 1) }, false, false},
		"sender":  {func(s string) string { return strings.Replace(s, "a@x", "b@x", 1) }, false, false},
		"subject to text": {func(s string) string {
			return strings.Replace(strings.Replace(s, ": S", ": ", 1), "hello", "Shello", 1)
		}, false, false},
		"attachment": {func(s string) string {
			return strings.Replace(s, "\n\nhello\nyou\n", "\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\nyou\n--b\nContent-Type: a/b\n\nx\n--b--\n", 1)
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := one(t, base), one(t, c.change(base))
			if (a.Content == b.Content) != c.sameContent || (a.TwinID() == b.TwinID()) != c.sameContent || a.ExternalID() != "m@x" || b.ExternalID() != "m@x" {
				t.Errorf("with an id: %s and %s, want same content %v", a.TwinID(), b.TwinID(), c.sameContent)
			}
			a, b = one(t, unnamed(base)), one(t, c.change(unnamed(base)))
			if (a.ExternalID() == b.ExternalID()) != c.sameExternal || len(a.ExternalID()) > 64 {
				t.Errorf("without an id: %s and %s, want same %v", a.ExternalID(), b.ExternalID(), c.sameExternal)
			}
		})
	}
}

func TestAttachmentsTellApart(t *testing.T) {
	const in = "Message-ID: <m@x>\nFrom: a@x\nContent-Type: a/b\n\n"
	if a, b := one(t, in+"x"), one(t, in+"y"); a.Content == b.Content {
		t.Error("two messages that differ in an attachment are copies")
	}
}

// When nobody dates a message, the mbox does, lest two be taken for one.
func TestIdentityWithoutDate(t *testing.T) {
	const m = "From: a@x\n\nthanks\n\n"
	all := readAll(t, "x", "From a@x Thu Aug  1 00:50:24 1996\n"+m+"From a@x Fri Aug  2 00:50:24 1996\n"+m+"From a@x Thu Aug  1 00:50:24 1996\n"+m)
	if all[0].ExternalID() == all[1].ExternalID() || all[0].ExternalID() != all[2].ExternalID() {
		t.Errorf("external IDs %s, %s, %s", all[0].ExternalID(), all[1].ExternalID(), all[2].ExternalID())
	}
}
