// Package charset converts the bytes of a mail to valid UTF-8, whatever charset
// the mail claims to use. It never fails and never drops text: what the charset
// cannot decode is read as windows-1252 or replaced by U+FFFD, and a note says
// so.
package charset

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Decode decodes b in the charset with that label. For an empty or unknown label,
// valid UTF-8 is kept and the rest is read as windows-1252. NUL bytes are
// removed. The note is empty if nothing had to be guessed.
func Decode(label string, b []byte) (text, note string) {
	label = strings.ToLower(strings.Trim(label, " \t\r\n\"'"))
	s, note := decode(label, b)
	if n := strings.Count(s, "\x00"); n > 0 {
		s = strings.ReplaceAll(s, "\x00", "")
		note = join(note, fmt.Sprintf("%d NUL bytes removed", n))
	}
	return s, note
}

func decode(label string, b []byte) (text, note string) {
	if isASCII(b) && !shifts(label) {
		return string(b), ""
	}
	switch label {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "utf-8", "utf8":
		s, ok := mixed(b)
		if ok && (label == "utf-8" || label == "utf8") {
			return s, ""
		}
		return s, guessed(label, ok)
	case "utf-7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return utf7(b)
	case "iso-2022-kr", "csiso2022kr":
		return iso2022kr(b)
	case "hz-gb-2312":
		return with(simplifiedchinese.HZGB2312, label, b)
	}
	enc, err := htmlindex.Get(label)
	if err != nil || enc == encoding.Replacement {
		enc, err = ianaindex.MIME.Encoding(label)
	}
	if err != nil || enc == nil || enc == encoding.Replacement {
		s, _ := mixed(b)
		return s, "unknown charset read as UTF-8 or windows-1252"
	}
	return with(enc, label, b)
}

// shifts reports whether a charset uses ASCII bytes with other meanings.
func shifts(label string) bool {
	return strings.HasPrefix(label, "iso-2022") || strings.HasPrefix(label, "csiso2022") ||
		strings.HasPrefix(label, "hz-") || strings.Contains(label, "utf-7") || strings.HasPrefix(label, "utf-16") ||
		strings.HasPrefix(label, "utf-32") || strings.HasPrefix(label, "unicode") || strings.HasPrefix(label, "ucs")
}

func with(enc encoding.Encoding, label string, b []byte) (text, note string) {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		s, _ := mixed(b)
		return s, "bytes that " + label + " cannot decode, read as UTF-8 or windows-1252"
	}
	s := strings.ToValidUTF8(string(out), "\uFFFD")
	if strings.ContainsRune(s, utf8.RuneError) && !bytes.Contains(b, []byte("\uFFFD")) {
		return s, "bytes that " + label + " cannot decode, shown as U+FFFD"
	}
	return s, ""
}

// mixed reads UTF-8 with some invalid bytes, which it reads as windows-1252. If
// most 8-bit bytes are invalid, it reads everything as windows-1252, which can
// at least be converted back to the original bytes.
func mixed(b []byte) (text string, valid bool) {
	letters, astray := 0, 0
	for rest := b; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			astray++
		case size > 1:
			letters++
		}
		rest = rest[size:]
	}
	if astray == 0 {
		return string(b), true
	}
	var out strings.Builder
	out.Grow(len(b) + len(b)/4)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if size == 1 && r == utf8.RuneError || astray >= letters {
			r, size = charmap.Windows1252.DecodeByte(b[0]), 1
		}
		out.WriteRune(r)
		b = b[size:]
	}
	return out.String(), false
}

func guessed(label string, valid bool) string {
	if label == "" {
		label = "no charset"
	}
	if valid {
		return "8-bit text labelled " + label + " read as UTF-8"
	}
	return "8-bit text labelled " + label + " read as windows-1252"
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
