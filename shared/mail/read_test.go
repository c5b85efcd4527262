package mail_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"deskmove/shared/mail"
)

func sample(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The same mail has one identity in every format, and the format does not
// depend on the name.
func TestFormats(t *testing.T) {
	mbox := readAll(t, "sample.mbox", sample(t, "sample.mbox"))
	if len(mbox) != 3 {
		t.Fatalf("%d messages in the mbox", len(mbox))
	}
	for name, c := range map[string]struct {
		in   string
		want []mail.Message
	}{
		"crlf.mbox":      {strings.ReplaceAll(sample(t, "sample.mbox"), "\n", "\r\n"), mbox},
		"sample.mbox.gz": {zipped(t, sample(t, "sample.mbox")), mbox},
		"sample.jsonl":   {sample(t, "sample.jsonl"), mbox},
		"x.jsonl.gz":     {zipped(t, sample(t, "sample.jsonl")), mbox},
		"wrong.eml":      {sample(t, "sample.jsonl"), mbox},
		"bom.jsonl":      {"\ufeff\n" + strings.TrimSuffix(sample(t, "sample.jsonl"), "\n"), mbox},
		"sample.eml":     {sample(t, "sample.eml"), mbox[:1]},
		"wrong.mbox":     {sample(t, "sample.eml"), mbox[:1]},
		"no name":        {"\n" + strings.ReplaceAll(sample(t, "sample.eml"), "\n", "\r\n"), mbox[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			got := readAll(t, name, c.in)
			if len(got) != len(c.want) {
				t.Fatalf("%d messages, want %d", len(got), len(c.want))
			}
			for i, m := range got {
				w := c.want[i]
				if m.ExternalID() != w.ExternalID() || m.Content != w.Content || !m.Date.Equal(w.Date) || m.Text != w.Text ||
					m.Number != i+1 || m.File != name {
					t.Errorf("message %d is %s, %s of %s, want %s, %s of %s", i+1, m.ExternalID(), m.Content, m.Date, w.ExternalID(), w.Content, w.Date)
				}
				if diff := cmp.Diff(w.To, m.To); diff != "" {
					t.Errorf("message %d is to others (-want +got):\n%s", i+1, diff)
				}
			}
		})
	}
}

// A mail is the same whatever stands before it, and if its file is UTF-16. Notes
// say so.
func TestFilesThatOthersHaveChanged(t *testing.T) {
	const head = "From: Zoë <a@x>\nTo: b@x\nMessage-ID: <m@x>\nDate: Thu, 1 Aug 1996 00:50:24 +0000\nSubject: Grüße\nContent-Type: text/plain; charset=iso-8859-1\n"
	const body = "\nÆrlig talt\n"
	box := "From s@x Thu Aug  1 00:50:24 1996\n" + head + body + "\n"
	wide := func(order unicode.Endianness, mark unicode.BOMPolicy, s string) string {
		out, err := unicode.UTF16(order, mark).NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, c := range map[string]struct {
		in    string
		notes string
	}{
		"blank line.eml":        {"\n" + head + "Content-Transfer-Encoding: quoted-printable\n\n=C6rlig talt\n", "header-indented"},
		"one blank":             {" " + head + "Content-Transfer-Encoding: quoted-printable\n\n=C6rlig talt\n", "header-indented"},
		"blanks":                {strings.Repeat(" ", 255) + "\r\n" + head + "Content-Transfer-Encoding: quoted-printable\n\n=C6rlig talt\n", "header-indented"},
		"mark and blanks":       {"\ufeff \n" + head + "Content-Transfer-Encoding: quoted-printable\n\n=C6rlig talt\n", "header-indented"},
		"blank line in an mbox": {"From s@x Thu Aug  1 00:50:24 1996\n\n" + head + "Content-Transfer-Encoding: quoted-printable\n\n=C6rlig talt\n\n", "header-indented"},
		"one blank in an mbox":  {"From s@x Thu Aug  1 00:50:24 1996\n " + head + "Content-Transfer-Encoding: quoted-printable\n\n=C6rlig talt\n\n", "header-indented"},
		"little":                {wide(unicode.LittleEndian, unicode.UseBOM, head+body), "file-utf-16"},
		"big":                   {wide(unicode.BigEndian, unicode.UseBOM, head+body), "file-utf-16"},
		"little, no mark":       {wide(unicode.LittleEndian, unicode.IgnoreBOM, head+body), "file-utf-16"},
		"big, no mark":          {wide(unicode.BigEndian, unicode.IgnoreBOM, head+body), "file-utf-16"},
		"little.mbox":           {wide(unicode.LittleEndian, unicode.UseBOM, strings.ReplaceAll(box, "\n", "\r\n")), "file-utf-16"},
		"zipped":                {zipped(t, wide(unicode.LittleEndian, unicode.UseBOM, box)), "file-utf-16"},
		"wide blanks":           {wide(unicode.LittleEndian, unicode.UseBOM, " \r\n"+head+body), "header-indented file-utf-16"},
		"jsonl": {wide(unicode.BigEndian, unicode.UseBOM,
			"{\"from\":\"Zoë <a@x>\",\"messageId\":\"<m@x>\",\"subject\":\"Grüße\",\"text\":\"Ærlig talt\",\"date\":\"1996-08-01T00:50:24Z\"}\n"), "file-utf-16"},
	} {
		t.Run(name, func(t *testing.T) {
			all := readAll(t, name, c.in)
			if len(all) != 1 {
				t.Fatalf("%d messages", len(all))
			}
			m := all[0]
			if m.From.Name != "Zoë" || m.From.Address != "a@x" || m.Subject != "Grüße" || m.ID != "m@x" || m.Text != "Ærlig talt" ||
				strings.Join(said(m.Notes), " ") != c.notes {
				t.Errorf("it is from %+v, %q, %q, noted %q", m.From, m.Subject, m.Text, m.Notes)
			}
		})
	}
}

// Notes tell which message a file may have damaged.
func TestNotesOfTheFile(t *testing.T) {
	const head = "From s@x Thu Aug  1 00:50:24 1996\nMessage-ID: <a@x>\nFrom: a@x\nDate: Thu, 1 Aug 1996 00:50:24 +0000\n"
	for in, want := range map[string]string{
		head + "\nhi\n" + head + "\nhi\n":                    "; file-unspaced",
		head + "\nhi\n\n" + head + "\nhi":                    "; file-unended",
		head + "\nhi\n\n" + head + "Content-Length: 5\n\nhi": "; file-cut",
		head + "\nhi\nFrom - \nDate: 1\nFrom: a@x\n\nhi\n\n": "; id-missing date-missing file-unspaced",
	} {
		var all []string
		for m, err := range mail.Read("x", strings.NewReader(in), now()) {
			if err == nil {
				all = append(all, strings.Join(said(m.Notes), " "))
			}
		}
		if got := strings.Join(all, "; "); got != want {
			t.Errorf("of %q it notes %q, want %q", in, got, want)
		}
	}
}

// outcome reads a file and says in one line what came of it.
func outcome(name string, r io.Reader) string {
	var all []string
	for m, err := range mail.Read(name, r, now()) {
		skipped, file := (*mail.SkippedError)(nil), (*mail.FileError)(nil)
		switch {
		case errors.As(err, &skipped):
			all = append(all, fmt.Sprintf("skipped %d@%d %s", skipped.Number, skipped.Offset, skipped.Reason))
		case errors.As(err, &file):
			all = append(all, fmt.Sprintf("%s after %d", kind(err), file.Read))
			if file.File != name || file.Remedy == "" {
				all = append(all, "no name or no remedy")
			}
		case err != nil:
			all = append(all, "other error")
		default:
			all = append(all, fmt.Sprintf("kept %d@%d", m.Number, m.Offset))
		}
	}
	return strings.Join(all, ", ")
}

func kind(err error) string {
	for _, e := range []error{mail.ErrEmpty, mail.ErrNotMail, mail.ErrTruncated, mail.ErrRead} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return "unnamed"
}

func TestFaults(t *testing.T) {
	const head = "From s@x Thu Aug  1 00:50:24 1996\nMessage-ID: <a@x>\n"
	const ok = head + "\nhi\n\n"
	whole := zipped(t, strings.Repeat(ok, 1000))
	damaged := []byte(whole)
	damaged[len(damaged)-6] ^= 0xff // in the checksum
	for name, c := range map[string]struct {
		in   io.Reader
		want string
	}{
		"empty":              {strings.NewReader(""), "file is empty after 0"},
		"blank":              {strings.NewReader(" \r\n\n"), "file is empty after 0"},
		"gzip of nothing":    {strings.NewReader(zipped(t, "")), "file is empty after 0"},
		"half a gzip header": {strings.NewReader(whole[:5]), "file is truncated after 0"},
		"truncated gzip":     {strings.NewReader(zipped(t, ok+ok+head)[:60]), "skipped 1@0 the file ends within it, file is truncated after 1"},
		"damaged gzip":       {bytes.NewReader(damaged), "SUFFIX"},
		"text":               {strings.NewReader("Dear all,\nhello\n"), "file is not mail after 0"},
		"text with a colon":  {strings.NewReader("Note: hello\n\nyou\n"), "file is not mail after 0"},
		"letter":             {strings.NewReader("From the desk of Ann\n\nhello\n"), "file is not mail after 0"},
		"zip":                {strings.NewReader("PK\x03\x04xxxx"), "file is not mail after 0"},
		"binary":             {strings.NewReader("\x00\x01\x02"), "file is not mail after 0"},
		"array":              {strings.NewReader("[{}]"), "file is not mail after 0"},
		"pretty JSON":        {strings.NewReader("{\n \"from\": \"a@x\"\n}\n"), "file is not mail after 0"},
		"broken.eml":         {strings.NewReader("Dear all,\nhello\n"), "kept 1@0"},
		"mbox cut in body":   {strings.NewReader(ok + head + "\nhi"), "kept 1@0, kept 2@57"},
		"mbox cut in part":   {strings.NewReader(ok + head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi"), "kept 1@0, kept 2@57, file is truncated after 2"},
		"mbox cut in base64": {strings.NewReader(ok + head + "Content-Transfer-Encoding: base64\n\naGVsbG8gaGVsbG8ga"), "kept 1@0, kept 2@57, file is truncated after 2"},
		"mbox cut by length": {strings.NewReader(ok + head + "Content-Length: 9\n\nhi"), "kept 1@0, kept 2@57, file is truncated after 2"},
		"mbox, whole parts":  {strings.NewReader(ok + head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b--"), "kept 1@0, kept 2@57"},
		"mbox cut in header": {strings.NewReader(ok + head), "kept 1@0, kept 2@57, file is truncated after 2"},
		"reader fails":       {io.MultiReader(strings.NewReader(ok+head), iotest.ErrReader(os.ErrPermission)), "kept 1@0, skipped 2@57 the file ends within it, file cannot be read further after 2"},
		"jsonl, unknown field": {strings.NewReader("{\"from\":\"a@x\"}\n\n{\"from\":\"a@x\",\"topic\":\"secret\"}\n{\"from\":\"b@x\"}\n"),
			"kept 1@0, skipped 2@16 line 3: unknown field \"topic\", kept 3@48"},
		"jsonl, no from":    {strings.NewReader("{\"from\":\"a@x\"}\n{\"subject\":\"s\"}\n"), "kept 1@0, skipped 2@15 line 2: from is missing or not an address"},
		"jsonl, odd date":   {strings.NewReader("{\"from\":\"a@x\",\"date\":\"yesterday\"}\n"), "skipped 1@0 line 1: date must be in RFC 3339 format, such as 2006-01-02T15:04:05Z"},
		"jsonl, two values": {strings.NewReader("{\"from\":\"a@x\"} {}\n"), "skipped 1@0 line 1: more than one value on the line"},
		"jsonl, wrong type": {strings.NewReader("{\"from\":\"a@x\",\"to\":\"b@x\"}\n"), "skipped 1@0 line 1: to has a value of the wrong type: string"},
		"jsonl, cut":        {strings.NewReader("{\"from\":\"a@x\"}\n{\"from\":\"a"), "kept 1@0, skipped 2@15 line 2: not valid JSON, file is truncated after 2"},
		"jsonl, reader fails": {io.MultiReader(strings.NewReader("{\"from\":\"a@x\"}\n{\"from\":\"a@x\"}"), iotest.ErrReader(os.ErrPermission)),
			"kept 1@0, skipped 2@15 the file ends within it, file cannot be read further after 2"},
		"jsonl, no JSON": {strings.NewReader("{\"from\":\"a@x\"}\nhello\n{\"from\":\"b@x\"}\n"), "kept 1@0, skipped 2@15 line 2: not valid JSON, kept 3@21"},
	} {
		t.Run(name, func(t *testing.T) {
			got := outcome(name, c.in)
			if c.want == "SUFFIX" {
				if !strings.HasPrefix(got, "kept 1@0") || !strings.HasSuffix(got, "skipped 1000@56943 the file ends within it, file cannot be read further after 1000") {
					t.Errorf("reading ends in %q", got[max(0, len(got)-120):])
				}
				return
			}
			if got != c.want {
				t.Errorf("reading gives %q, want %q", got, c.want)
			}
		})
	}
}

// A gzip that breaks off says how far it got, and gives no half message.
func TestTruncatedGzip(t *testing.T) {
	var in strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&in, "From s@x Thu Aug  1 00:50:24 1996\nMessage-ID: <%d@x>\n\nhi %x\n\n", i, i*i*7919)
	}
	z := zipped(t, in.String())
	got := outcome("cut.mbox.gz", strings.NewReader(z[:len(z)/2]))
	kept := strings.Count(got, "kept")
	want := fmt.Sprintf("the file ends within it, file is truncated after %d", kept+1)
	if kept < 1000 || kept > 4000 || !strings.HasSuffix(got, want) {
		t.Errorf("%d kept; reading ends in %q", kept, got[max(0, len(got)-120):])
	}
}

func TestErrorsNameThePlaceAndTheRemedy(t *testing.T) {
	for _, err := range mail.Read("in/box.mbox", strings.NewReader("From s@x Thu Aug  1 00:50:24 1996\nSubject: secret\n"), now()) {
		if err == nil {
			continue
		}
		const want = "in/box.mbox: file is truncated at byte 50 (messages read: 1): the beginning of message 1 was kept; " +
			"if the original file is longer, copy it again and import the copy instead"
		if err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
}

// A message of MaxSize is read, one byte more is skipped, and the next is read.
func TestLimit(t *testing.T) {
	body := func(size int, head string) string {
		return head + strings.Repeat(strings.Repeat("x", 99)+"\n", size/100+1)[:size-len(head)-1] + "\n"
	}
	const sep, head = "From s@x Thu Aug  1 00:50:24 1996\n", "Message-ID: <a@x>\n\n"
	const next = sep + "Message-ID: <b@x>\n\nhi\n\n"
	for _, c := range []struct{ in, want string }{
		{sep + body(mail.MaxSize, head) + "\n" + next, fmt.Sprintf("kept 1@0, kept 2@%d", mail.MaxSize+35)},
		{sep + body(mail.MaxSize+1, head) + "\n" + next, fmt.Sprintf("skipped 1@0 its %d bytes exceed the limit of %d, kept 2@%d", mail.MaxSize+2, mail.MaxSize, mail.MaxSize+36)},
		{body(mail.MaxSize, head), "kept 1@0"},
		{body(mail.MaxSize+1, head), fmt.Sprintf("skipped 1@0 its %d bytes exceed the limit of %d", mail.MaxSize+1, mail.MaxSize)},
		{"{\"from\":\"a@x\"}\n{\"from\":\"a@x\",\"text\":\"" + strings.Repeat("x", mail.MaxSize) + "\"}\n{\"from\":\"a@x\"}\n",
			fmt.Sprintf("kept 1@0, skipped 2@15 line 2: its %d bytes exceed the limit of %d, kept 3@%d", mail.MaxSize+25, mail.MaxSize, mail.MaxSize+40)},
	} {
		if got := outcome("big", strings.NewReader(c.in)); got != c.want {
			t.Errorf("a file of %d bytes gives %q, want %q", len(c.in), got, c.want)
		}
	}
}

// The reader uses its memory again; a message must not notice.
func TestMessagesOutliveTheNext(t *testing.T) {
	one := func(s string) string {
		return "From s@x Thu Aug  1 00:50:24 1996\nSubject: " + s + "\nFrom: " + s + "@x\nContent-Type: a/b; name=" + s + "\n\n" + s + "\n\n"
	}
	for i, m := range readAll(t, "x", one("a")+one("b")+one("c")) {
		want := string(rune('a' + i))
		if a := m.Attachments[0]; string(a.Data) != want+"\n" || a.Name != want || m.Subject != want || m.From.Address != want+"@x" {
			t.Errorf("message %d is now %+v", i+1, m)
		}
	}
}

func TestStopsWhenAsked(t *testing.T) {
	for _, in := range []string{sample(t, "sample.mbox"), sample(t, "sample.jsonl"), sample(t, "sample.eml"), "", "{}\n{}\n"} {
		for range mail.Read("x", strings.NewReader(in), now()) {
			break // going on would make the runtime panic
		}
	}
}

// A file of any length costs the memory of one message.
func TestConstantMemory(t *testing.T) {
	one := "From s@x Thu Aug  1 00:50:24 1996\nMessage-ID: <a@x>\n\n" + strings.Repeat("some text\n", 1000) + "\n"
	in := io.LimitReader(&repeat{s: one}, int64(len(one))*3000) // 30 MB
	n, most := 0, uint64(0)
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for m, err := range mail.Read("long.mbox", in, now()) {
		if err != nil || len(m.Text) != 9999 {
			t.Fatalf("message %d: %d bytes, %v", m.Number, len(m.Text), err)
		}
		if n++; n%500 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&during)
			most = max(most, during.HeapAlloc)
		}
	}
	if n != 3000 || most > before.HeapAlloc+4<<20 {
		t.Errorf("%d messages; the heap grew from %d to %d bytes", n, before.HeapAlloc, most)
	}
}

// repeat reads s over and over.
type repeat struct {
	s   string
	pos int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.s[r.pos:])
	r.pos = (r.pos + n) % len(r.s)
	return n, nil
}
