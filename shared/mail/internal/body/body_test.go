package body_test

import (
	"bytes"
	"fmt"
	"runtime/metrics"
	"strings"
	"testing"
	"unicode/utf8"

	"deskmove/shared/mail/internal/body"
	"deskmove/shared/mail/internal/field"
)

func read(raw string) body.Content {
	fields, rest, _, _ := field.Split([]byte(raw))
	return body.Read(fields, rest, false)
}

// files lists attachments as name|type|data.
func files(c body.Content) string {
	var all []string
	for _, a := range c.Attachments {
		all = append(all, fmt.Sprintf("%s|%s|%s", a.Name, a.Type, a.Data))
	}
	return strings.Join(all, " ")
}

const mixed = "Content-Type: multipart/mixed; boundary=b\n\n"

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		in, text, html, files string
		notes                 int
	}{
		"plain":            {in: "A: 1\n\nhello\nyou\n", text: "hello\nyou"},
		"crlf, bare CR":    {in: "A: 1\n\na\r\nb\rc\n", text: "a\nb\nc"},
		"empty":            {in: "A: 1\n\n"},
		"type without /":   {in: "Content-Type: text\n\nhello\n", text: "hello"},
		"base64":           {in: "Content-Transfer-Encoding: base64\n\naGVs\nbG8=\n", text: "hello"},
		"base64, footer":   {in: "Content-Transfer-Encoding: base64\n\naGVsbG8=\n-- \nlist\n", text: "hello\n-- \nlist", notes: 1},
		"base64, padded":   {in: "Content-Transfer-Encoding: base64\n\naGVsbG8=IHlvdQ==", text: "hello you"},
		"base64, cut":      {in: "Content-Transfer-Encoding: BASE64\n\naGVsbG8gd29ybG", text: "hello worl"},
		"base64, one over": {in: "Content-Transfer-Encoding: base64\n\naGVsa", text: "hel", notes: 1},
		"base64, words":    {in: "Content-Transfer-Encoding: base64\n\nDear Ann\nthanks for all\n", text: "Dear Ann\nthanks for all", notes: 1},
		"base64, a word":   {in: "Content-Transfer-Encoding: base64\n\nThanks\n", text: "Thanks", notes: 1},
		"base64, OK":       {in: "Content-Transfer-Encoding: base64\n\nOK\n", text: "OK", notes: 1},
		"base64, a number": {in: "Content-Transfer-Encoding: base64\n\n123456\n", text: "123456", notes: 1},
		"base64, sentence": {in: "Content-Transfer-Encoding: base64\n\nHello, it works.\n", text: "Hello, it works.", notes: 1},
		"base64, Latin":    {in: "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=iso-8859-1\n\n5Pb8\n", text: "äöü"},
		"base64, then junk": {
			in:   "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\neXTDtsOkIHTDpG4=\nSponsored\nby us\n",
			text: "ytöä tän\nSponsored\nby us", notes: 1},
		"base64, junk at once": {
			in:   "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\neXTDtsOkIHTDpA==junk here\n",
			text: "ytöä tä\njunk here", notes: 1},
		"base64, a word at once": {in: "Content-Transfer-Encoding: base64\n\naGVsbG8=thanks\n", text: "hello\nthanks", notes: 1},
		"base64 file, words":     {in: "Content-Type: a/b; name=f\nContent-Transfer-Encoding: base64\n\naGVsbG8=\nto all of us\n", files: "f|a/b|hello", notes: 1},
		"winmail with the text":  {in: "Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\neJ8+IgEAAQyAAgAIAAAAc2VlIGZpbGUAAAICkAYAAAAAAAAAAhCAAQACAAAAZgAAAAIPgAYAAwAAAG9uZQAA\n", text: "see file", files: "f|application/octet-stream|one", notes: 1},
		"base64, junk, no padding": {
			in:   "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\n" + strings.Repeat("w6TDtsO8", 9) + "\nw6TDtsO8\nlist\n",
			text: strings.Repeat("äöü", 10) + "\nlist", notes: 1},
		"base64 file, footer": {
			in:    "Content-Type: a/b; name=f\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n-- \nlist of members\nlist\n",
			files: "f|a/b|hello", notes: 1},
		"base64 file, pieces":                {in: "Content-Type: a/b; name=f\nContent-Transfer-Encoding: base64\n\naGVsbG8=\nIHlvdQ==\nIQ==\n", files: "f|a/b|hello you!"},
		"base64 file, noise":                 {in: "Content-Type: a/b; name=f\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat("YWJj", 10) + "!" + strings.Repeat("YWJj", 10) + "\n", files: "f|a/b|" + strings.Repeat("abc", 20), notes: 1},
		"base64 file, noise in a short line": {in: "Content-Type: a/b; name=f\nContent-Transfer-Encoding: base64\n\naGVsbG8*gdGhlcmU=\n", files: "f|a/b|hello there", notes: 1},
		"no semicolon":                       {in: "Content-Type: text/html charset=utf-8\n\n<p>é</p>", text: "é", html: "<p>é</p>", notes: 1},
		"no semicolon, mixed":                {in: "Content-Type: multipart/mixed boundary=\"b\"\n\n--b\n\nhello\n--b--\n", text: "hello", notes: 1},
		"no semicolon, file":                 {in: "Content-Type: application/pdf name=\"a.pdf\"\nContent-Disposition: inline\n\n%PDF", files: "a.pdf|application/pdf|%PDF", notes: 1},
		"no semicolon, attached": {
			in: "Content-Type: application/pdf name=\"a.pdf\"\nContent-Disposition: attachment\n\n%PDF", files: "a.pdf|application/pdf|%PDF", notes: 1},
		"closed with words": {in: mixed + "--b\n\nhello\n--b\nContent-Type: a/b; name=f\n\ndata\n--b-- end\nfooter\n", text: "hello", files: "f|a/b|data", notes: 1},
		"closed with >":     {in: mixed + "--b\n\nhello\n--b\nContent-Type: a/b; name=f\n\ndata\n--b-->\nfooter\n", text: "hello", files: "f|a/b|data", notes: 1},
		"closed with x":     {in: mixed + "--b\n\nhello\n--b\nContent-Type: a/b; name=f\n\ndata\n--b--x\nfooter\n", text: "hello", files: "f|a/b|data", notes: 1},
		"boundary within": {
			in:   mixed + "--b\nContent-Type: multipart/mixed; boundary=\"b--x\"\n\n--b--x\n\none\n--b--x\n\ntwo\n--b--x--\n--b\n\nthree\n--b--\n",
			text: "one\n\ntwo\n\nthree"},
		"quoted-printable": {in: "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\na=C3=A9 =\nb=3d =zz=\n", text: "aé b= =zz"},
		"unknown encoding": {in: "Content-Transfer-Encoding: x-none\n\nhello\n", text: "hello", notes: 1},
		"twice":            {in: "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\nhello\n", text: "hello"},
		"html only":        {in: "Content-Type: text/html\n\n<p>a<p>b", text: "a\n\nb", html: "<p>a<p>b"},
		"other text":       {in: "Content-Type: text/x-patch\n\n+a\n", text: "+a"},
		"a file alone":     {in: "Content-Type: application/pdf; name=\"a.pdf\"\n\nPDF", files: "a.pdf|application/pdf|PDF"},
		"text as file":     {in: "Content-Disposition: attachment; filename=a.txt\n\nhello", files: "a.txt|text/plain|hello"},
		"mixed": {
			in:   mixed + "pre\n--b\n\nhello\n\n--b\nContent-Disposition: attachment; filename=\"a.txt\"\n\ndata\n--b--\nepilogue\n",
			text: "hello", files: "a.txt|text/plain|data",
		},
		"crlf mixed":       {in: "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: a/b\r\n\r\nx\r\ny\r\n--b--\r\n", text: "hello", files: "attachment.bin|a/b|x\r\ny"},
		"longer boundary":  {in: mixed + "--b\n\n--bb\n--b \n\ntwo\n--b--\n", text: "--bb\n\ntwo"},
		"not closed":       {in: mixed + "--b\n\nhello\n", text: "hello", notes: 1},
		"nothing in it":    {in: mixed + "just text\n", text: "just text", notes: 1},
		"only closed":      {in: mixed + "--b--\n", text: "--b--", notes: 1},
		"lost boundary":    {in: "Content-Type: multipart/mixed;\n\nboundary=\"--x\"\n\n----x\nContent-Type: text/plain\n\nhello\n----x\nContent-Type: a/b;\nname=\"f\"\n\nx\n----x--\n", text: "hello", files: "f|a/b|x", notes: 2},
		"alternative":      {in: "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<b>rich</b>\n--b--\n", text: "plain", html: "<b>rich</b>"},
		"blank plain":      {in: "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<b>rich</b>\n--b--\n", text: "rich", html: "<b>rich</b>"},
		"html between":     {in: mixed + "--b\n\none\n--b\nContent-Type: text/html\n\n<b>two</b>\n--b\n\nthree\n--b--\n", text: "one\n\ntwo\n\nthree", html: "<b>two</b>"},
		"related":          {in: "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<b>rich</b>\n--b\nContent-Type: image/png; name=a.png\n\nPNG\n--b--\n", text: "rich", html: "<b>rich</b>", files: "a.png|image/png|PNG"},
		"nested":           {in: mixed + "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nplain\n--c\nContent-Type: text/html\n\nrich\n--c--\n\n--b\n\nfooter\n--b--\n", text: "plain\n\nfooter", html: "rich"},
		"nested, open":     {in: mixed + "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nplain\n--b\n\nfooter\n--b--\n", text: "plain\n\nfooter", notes: 1},
		"first part named": {in: mixed + "--b\nContent-Type: text/plain; name=msg.txt\n\nhello\n--b\nContent-Type: text/plain; name=log.txt\n\nlog\n--b--\n", text: "hello", files: "log.txt|text/plain|log"},
		"mail in mail":     {in: mixed + "--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\nSubject: a/b\n\ninner\n--b--\n", text: "see below", files: "a-b.eml|message/rfc822|Subject: a/b\n\ninner"},
		"digest":           {in: "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: s\n\ninner\n--b--\n", files: "s.eml|message/rfc822|Subject: s\n\ninner"},
		"report":           {in: "Content-Type: multipart/report; boundary=b\n\n--b\n\nfailed\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n", text: "failed", files: "attachment.txt|message/delivery-status|Action: failed"},
		"signed":           {in: "Content-Type: multipart/signed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: application/pgp-signature\n\nSIG\n--b--\n", text: "hello", files: "attachment.asc|application/pgp-signature|SIG"},
		"path in the name": {in: "Content-Type: a/b; name=\"C:\\dir\\../x\x01.bin\"\n\n", files: "x .bin|a/b|"},
		"no name left":     {in: "Content-Type: a/b; name=\"../..\"\n\n", files: "attachment.bin|a/b|"},
		"odd type":         {in: "Content-Type: a/b(/c; name=x\n\n", files: "x|application/octet-stream|"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(c.in)
			if got.Text != c.text || got.HTML != c.html || files(got) != c.files || len(got.Notes) != c.notes {
				t.Errorf("Read gives text %q, html %q, files %q, notes %q; want %+v", got.Text, got.HTML, files(got), got.Notes, c)
			}
		})
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"a <b>b</b>\n c":           "a b c",
		"<p>a</p>\n<p>b<br>c</p>":  "a\n\nb\nc",
		"<div>a</div><div>b</div>": "a\nb",
		"<ul><li>a<li>b</ul>c":     "- a\n- b\n\nc",
		"<pre>a\n  b</pre>c":       "a\n  b\n\nc",
		"<title>t</title><style>x{}</style><script>y</script>a": "a",
		"a &amp;lt; &eacute;&nbsp;b":                            "a &lt; é b",
		"<a href=\"https://x/\">here</a>.":                      "here <https://x/>.",
		"<a href=\"https://x/\">https://x/</a>":                 "https://x/",
		"<a href=\"javascript:x\">here</a>":                     "here",
		"<table><tr><td>a<td>b<tr><td>c</table>":                "a b\nc",
		"<img alt=\"logo\">":                                    "logo",
		"<p":                                                    "",
		"a < b":                                                 "a < b",
	} {
		if got := body.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLongName(t *testing.T) {
	c := read("Content-Type: a/b; name=\"" + strings.Repeat("é", 300) + ".pdf\"\n\n")
	if name := c.Attachments[0].Name; len(name) > 200 || !utf8.ValidString(name) || !strings.HasSuffix(name, "é.pdf") {
		t.Errorf("name %q of %d bytes", name, len(name))
	}
}

// What exceeds the limits is kept, unread.
func TestLimits(t *testing.T) {
	c := read(mixed + strings.Repeat("--b\nContent-Type: a/b\n\nx\n", 1100) + "--b--\n")
	if n := len(c.Attachments); n != 1000 || !bytes.Contains(c.Attachments[n-1].Data, []byte("x\n--b\nContent-Type")) || len(c.Notes) != 1 {
		t.Errorf("of 1100 parts there are %d attachments, notes %q", n, c.Notes)
	}
	inner := "Content-Type: multipart/mixed; boundary=c\n\n" + strings.Repeat("--c\nContent-Type: a/b\n\nx\n", 300) + "--c--\n"
	c = read(mixed + strings.Repeat("--b\n"+inner, 10) + "--b--\n")
	if n := len(c.Attachments); n > 1000 || len(c.Notes) != 1 {
		t.Errorf("of 10 times 300 parts there are %d attachments, notes %q", n, c.Notes)
	}
	deep := "hello"
	for i := range 25 {
		deep = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n%s\n--b%d--\n", i, i, deep, i)
	}
	c = read(deep)
	if len(c.Attachments) != 1 || c.Attachments[0].Type != "multipart/mixed" || !bytes.Contains(c.Attachments[0].Data, []byte("hello")) {
		t.Errorf("of 25 multiparts in one another the last is %s", files(c))
	}
}

// Some mails are made to be expensive. None may allocate the square of its
// size. One that takes the square of its size in steps runs into the time limit
// of go test.
func TestHostile(t *testing.T) {
	const small, large = 256 << 10, 2 << 20
	short, long := hostile(small), hostile(large)
	for name, in := range long {
		t.Run(name, func(t *testing.T) {
			before, after := readAll(short[name]), readAll(in)
			if after > 3*before*large/small {
				t.Errorf("%d bytes allocate %d, %d allocate %d", len(short[name]), before, len(in), after)
			}
		})
	}
}

// readAll reads everything in a mail, and returns how many bytes that
// allocates.
func readAll(in string) uint64 {
	before := allocated()
	fields, rest, _, _ := field.Split([]byte(in))
	body.Read(fields, rest, false)
	for _, f := range fields {
		field.Text(f.Value)
		field.Params(f.Value)
		field.Addresses([]string{f.Value})
		field.IDs([]string{f.Value})
	}
	return allocated() - before
}

// allocated is how many bytes the program has ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// hostile are mails of about size bytes.
func hostile(size int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	var deep strings.Builder
	for i := range size / 100 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	return map[string]string{
		"deep":               deep.String() + "\n" + fill("text\n"),
		"many parts":         mixed + fill("--b\n\nx\n"),
		"empty parts":        mixed + fill("--b\n"),
		"boundary in a line": mixed + "--b\n\n" + fill("--b"),
		"deep, one boundary": strings.Repeat(mixed+"--b\n", 10_000) + fill("--b\n"),
		"words":              "Subject: " + fill("=?a?q?x") + "\n\n",
		"good words":         "Subject: " + fill("=?utf-8?q?x?= =?us-ascii?q?y?=") + "\n\n",
		"commas":             "To: " + fill(",") + "\n\n",
		"quotes":             "To: " + fill("\"a") + "\n\n",
		"slips":              "To: " + fill("\"a>,") + "\n\n",
		"parentheses":        "To: " + fill("(a") + "\n\n",
		"angles":             "To: " + fill("<a") + "\n\n",
		"groups":             "To: " + fill("a:") + "\n\n",
		"addresses":          "To: " + fill("aaaaaaaa@x, ") + "\n\n",
		"parameters":         "Content-Type: a/b; " + fill("x*1*=a;") + "\n\n",
		"fields":             fill("a:\n"),
		"folds":              "A: 1\n" + fill(" \n"),
		"blanks":             "A" + fill(" "),
		"not fields":         "A: 1\n" + fill("a\nB: 1\n"),
		"tags":               "Content-Type: text/html\n\n" + fill("<"),
		"links":              "Content-Type: text/html\n\n" + fill("<a href=http://x>a"),
		"closed links":       "Content-Type: text/html\n\n<a href=http://x>" + fill("a</a>"),
		"attributes":         "Content-Type: text/html\n\n<p " + fill("a=b "),
		"entities":           "Content-Type: text/html\n\n" + fill("&amp"),
		"utf-7":              "Content-Type: text/plain; charset=utf-7\n\n" + fill("+AA-+"),
		"base64":             "Content-Transfer-Encoding: base64\n\n" + fill("="),
		"base64 pads":        "Content-Transfer-Encoding: base64\n\naGVsbG8=" + fill("=a"),
		"base64 lines":       "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + fill("abcd=\n"),
		"base64 words":       "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + fill("abcd=\nabcd\n"),
		"base64 blanks":      "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + fill("a=\n\n"),
		"closing lines":      mixed + fill("x\n") + "b--x\n--b\n\n" + fill("--b--x\n"),
		"no semicolons":      "Content-Type: a/b " + fill("name=x ") + "\n\n",
		"comments":           "To: <" + fill("(a") + ">\n\n",
		"Big5":               "\n" + fill("\xa7A\xa6n"),
		"8-bit":              "\n" + fill("\xe6\xf8\xe5 "),
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(mixed + "--b\n\nhello\n\n--b\nContent-Type: text/html\n\n<p>x\n--b--\n"))
	f.Add([]byte("Content-Type: multipart/mixed\n\n--x\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\nx"))
	f.Add([]byte("Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-7\n\n+aGVsbG8=\n-- x"))
	f.Add([]byte("Content-Transfer-Encoding: quoted-printable\nContent-Type: application/x; name*0*=utf-8''%41\n\n=41=\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fields, rest, _, _ := field.Split(raw)
		before := bytes.Clone(rest)
		c := body.Read(fields, rest, false)
		if !bytes.Equal(before, rest) {
			t.Error("the body was changed")
		}
		total := len(c.Text) + len(c.HTML)
		for _, s := range []string{c.Text, c.HTML} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") {
				t.Errorf("%q is not clean", s)
			}
		}
		for _, a := range c.Attachments {
			total += len(a.Data)
			if a.Name == "" || a.Type == "" || !utf8.ValidString(a.Name) || strings.ContainsAny(a.Name, "/\\\x00\n") {
				t.Errorf("attachment %q of type %q", a.Name, a.Type)
			}
		}
		if total > 1000+16*len(raw) {
			t.Errorf("%d bytes from %d", total, len(raw))
		}
	})
}
