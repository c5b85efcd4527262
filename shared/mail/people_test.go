package mail_test

import (
	"strings"
	"testing"

	"deskmove/shared/mail"
)

// Everybody in the conversation is kept, with names.
func TestPeople(t *testing.T) {
	testTraps(t, []trap{
		{names: "all", in: "From: Form <noreply@forms.example>\nSender: =?utf-8?q?J=C3=B8rn?= <Post@Forms.example>\n" +
			"Reply-To: Jane <Jane@x.example>, jo@x.example\nTo: Support <support@desk.example>\nCc: Cem <cem@x.example>\n" +
			"Bcc: Dora <dora@x.example>,\n Eli <eli@x.example>\nReturn-Path: <Bounce+1@Forms.example>\n\nhi",
			want: map[string]string{
				"from": "Form <noreply@forms.example>", "sender": "Jørn <post@forms.example>",
				"reply": "Jane <jane@x.example>, <jo@x.example>", "to": "Support <support@desk.example>",
				"cc": "Cem <cem@x.example>", "bcc": "Dora <dora@x.example>, Eli <eli@x.example>", "path": "bounce+1@forms.example"}},
		{names: "none", in: "From: a@x.example\n\nhi", want: map[string]string{"sender": "", "reply": "", "to": "", "cc": "", "bcc": "", "path": ""}},
		{names: "empty path", in: "Return-Path: <>\nFrom: a@x.example\n\nhi", want: map[string]string{"path": mail.NoReturnPath}},
		{names: "empty path, comment", in: "Return-Path: < > (MAILER-DAEMON)\nFrom: a@x.example\n\nhi", want: map[string]string{"path": mail.NoReturnPath}},
		{names: "path without brackets", in: "Return-Path: a@x.example\nFrom: a@x.example\n\nhi", want: map[string]string{"path": "a@x.example"}},
		{names: "path without content", in: "Return-Path:\nFrom: a@x.example\n\nhi", want: map[string]string{"path": ""}},
		{names: "several paths: the server's own is first", in: "Return-Path: <a@x.example>\nReturn-Path: <>\nFrom: a@x.example\n\nhi", want: map[string]string{"path": "a@x.example"}},
		{names: "sender instead of from", in: "Sender: a@x.example\n\nhi", want: map[string]string{"from": "<a@x.example>", "sender": "<a@x.example>"}},
	})
}

// The address that answers go to is no message, though old programs put it where
// IDs stand.
func TestReplyToIsNoID(t *testing.T) {
	testTraps(t, []trap{{names: "two", in: "From: a@x.example\nReply-To: b@x.example, c@x.example\nIn-Reply-To: Your mail <c@x.example> <1@x.example>\n\nhi",
		want: map[string]string{"answers": "1@x.example"}}})
}

// Source is byte for byte what stands in the file.
func TestSource(t *testing.T) {
	const sep = "From s@x.example Thu Aug  1 00:50:24 1996\n"
	const one = "From: a@x.example\nSubject: =?utf-8?q?=C3=B8?=\n\n>From here\n>>From there\n\xff\x00\r\n"
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"mbox":                {sep + one + "\n" + sep + one + "\n", []string{one, one}},
		"mbox, crlf":          {crlf(sep + "From: a@x\n\n>From here\n\n" + sep + "From: b@x\n\nhi\n\n"), []string{crlf("From: a@x\n\n>From here\n"), crlf("From: b@x\n\nhi\n")}},
		"mbox, no empty line": {sep + "From: a@x\n\nhi\n" + sep + "From: b@x\n\nhi\n", []string{"From: a@x\n\nhi\n", "From: b@x\n\nhi\n"}},
		"eml":                 {one, []string{one}},
		"eml, leading lines":  {"\ufeff\r\n" + one, []string{"\ufeff\r\n" + one}},
		"eml in gzip":         {zipped(t, one), []string{one}},
		"jsonl":               {`{"from":"a@x.example","text":"hi"}`, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, m := range readAll(t, "x", c.in) {
				got = append(got, string(m.Source))
				if len(m.Source) == 0 != (m.Source == nil) {
					t.Error("an empty source is not nil")
				}
			}
			if strings.Join(got, "\x01") != strings.Join(c.want, "\x01") {
				t.Errorf("sources %q, want %q", got, c.want)
			}
		})
	}
	if m := readAll(t, "x", sep+one+"\n")[0]; !strings.Contains(m.Text, "From here\n>From there") || strings.Contains(m.Text, ">From here") {
		t.Errorf("the text is still quoted: %q", m.Text)
	}
}

// What the HTML shows within the text is told from files beside it.
func TestInline(t *testing.T) {
	const top = "From: a@x.example\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n"
	image := func(more string) string { return "\n--b\nContent-Type: image/png; name=a.png\n" + more + "\n\nPNG" }
	testTraps(t, []trap{
		{names: "linked", in: top + "<img src=\"cid:a%40x\">" + image("Content-ID: <a@x>") + "\n--b--\n", want: map[string]string{"parts": "a.png a@x inline"}},
		{names: "linked in a style", in: top + "<p style='background:url(CID:a@x)'>" + image("Content-ID: <a@x>") + "\n--b--\n", want: map[string]string{"parts": "a.png a@x inline"}},
		{names: "linked, said to be a file", in: top + "<img src=cid:a&amp;b>" + image("Content-ID: <a&b>\nContent-Disposition: attachment") + "\n--b--\n", want: map[string]string{"parts": "a.png a&b inline"}},
		{names: "not linked", in: top + "<p>acid:a@x" + image("Content-ID: <a@x>") + "\n--b--\n", want: map[string]string{"parts": "a.png a@x"}},
		{names: "said to be inline", in: top + "<p>" + image("Content-Disposition: inline") + "\n--b--\n", want: map[string]string{"parts": "a.png inline"}},
		{names: "neither", in: top + "<p>cid:" + image("") + "\n--b--\n", want: map[string]string{"parts": ""}},
		{names: "path as a name", in: top + "<p>" + image("Content-ID: <1>\nContent-Disposition: attachment; filename=\"../../x\x00\x07\"") + "\n--b--\n", want: map[string]string{"parts": "x 1"}},
		{names: "path of Windows as a name", in: top + "<p>" + image("Content-ID: <1>\nContent-Disposition: attachment; filename=\"C:\\\\temp\\\\x.png\"") + "\n--b--\n", want: map[string]string{"parts": "x.png 1"}},
	})
}
