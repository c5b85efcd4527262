package mail_test

import (
	"bytes"
	"errors"
	"runtime/metrics"
	"strings"
	"testing"

	"deskmove/shared/mail"
)

// secret stands for what a customer wrote.
const secret = "dontlogme"

// What is said of a file, and noted of a message, repeats no customer's words,
// however damaged the file is: it ends up on screens and in logs. And a file
// that is not zipped takes memory that fits its size, all messages together.
func FuzzQuiet(f *testing.F) {
	for _, in := range []string{
		"From: A <a@x.example>\nSubject: secret\nDate: secret\nMessage-ID: <secret>\n\nsecret\n",
		"From: A <a@x.example>\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-99\n\n<p>secret\n--b\nContent-Transfer-Encoding: base64\n\nsecret!!\n--b--\n",
		"From: =?utf-99?q?secret?= <a@x.example>\nContent-Type: message/rfc822\n\nSubject: =?utf-8?b?secret?=\n\nsecret\n",
		"From s@x.example Thu Aug  1 00:50:24 1996\nSubject: a\n\nsecret\n\nFrom s@x.example Thu Aug  1 00:50:24 1996\nsecret\n",
		"From s@x.example Thu Aug  1 00:50:24 1996\nsecret\n", "{\"text\":\"secret\"}\n{\"text\":secret}\n{\"from\":{},\"secret\":1}\n", "[\"secret\"]", "secret: secret\n",
		"From: " + strings.Repeat("(", 1000) + "secret\n\nsecret",
		"From: a@x.example\n" + strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 200) + "secret",
	} {
		f.Add([]byte(strings.ReplaceAll(in, "secret", secret)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := allocated()
		for m, err := range mail.Read("fuzz", bytes.NewReader(in), now()) {
			said := strings.Join(said(m.Notes), "\n")
			if err != nil {
				said = err.Error()
				skipped, file := (*mail.SkippedError)(nil), (*mail.FileError)(nil)
				if !errors.As(err, &skipped) && !errors.As(err, &file) {
					t.Errorf("error %v", err)
				}
			}
			said, _, _ = strings.Cut(said, "unknown field") // a field's name is the exporter's word, not a customer's
			if strings.Contains(said, secret) {
				t.Errorf("of %q it says %q", in, said)
			}
		}
		zipped := bytes.HasPrefix(in, []byte{0x1f, 0x8b})
		if n := allocated() - before; n > 64<<20+5000*uint64(len(in)) && !zipped {
			t.Errorf("%d bytes took %d bytes of memory", len(in), n)
		}
	})
}

// allocated is how many bytes the program has ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
