// Package charset converts the bytes of a mail to valid UTF-8, whatever charset
// the mail claims to use. It never fails and never drops text: where no charset is
// named, or not the right one, it is guessed, and what cannot be decoded is replaced
// by U+FFFD. Notes say so.
package charset

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"

	"deskmove/shared/mail/note"
)

// Decode decodes b in the charset with that label. For an empty or unknown label,
// valid UTF-8 is kept, and for the rest the charset is guessed: windows-1252 if no
// other is likely. NUL bytes are removed. There are no notes if nothing had to be
// guessed.
func Decode(label string, b []byte) (text string, notes []note.Code) {
	s, c := decode(Label(label), b)
	if c != "" {
		notes = append(notes, c)
	}
	if strings.Contains(s, "\x00") {
		s = strings.ReplaceAll(s, "\x00", "")
		notes = append(notes, note.NULRemoved)
	}
	return s, notes
}

// Label returns a label as Decode looks it up.
func Label(s string) string { return strings.ToLower(strings.Trim(s, " \t\r\n\"'")) }

func decode(label string, b []byte) (text string, c note.Code) {
	if isASCII(b) && !shifts(label) {
		if escapes(b) == "" {
			return string(b), ""
		}
		return guess(b)
	}
	switch label {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968":
		return guess(b)
	case "utf-8", "utf8":
		if utf8.Valid(b) {
			return string(b), ""
		}
		return guess(b)
	case "utf-7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return utf7(b)
	case "iso-2022-kr", "csiso2022kr":
		text, faults := iso2022kr(b)
		if faults > 0 {
			return text, note.CharsetDamaged
		}
		return text, ""
	}
	if enc := named(label); enc != nil {
		return with(enc, b)
	}
	return guess(b)
}

// named returns the encoding with that label, nil if there is none.
func named(label string) encoding.Encoding {
	if label == "hz-gb-2312" {
		return simplifiedchinese.HZGB2312
	}
	enc, err := htmlindex.Get(label)
	if err != nil || enc == encoding.Replacement {
		enc, err = ianaindex.MIME.Encoding(label)
	}
	if err != nil || enc == encoding.Replacement {
		return nil
	}
	return enc
}

// Tells reports whether a label says more of 8-bit bytes outside UTF-8 than that they
// are there.
func Tells(label string) bool {
	switch label {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "utf-8", "utf8":
		return false
	}
	return named(label) != nil
}

// Fits reports whether b, which is not UTF-8, decodes without faults in the charset
// with that label, and differently than without any.
func Fits(label string, b []byte) bool {
	enc := named(label)
	if enc == nil || enc == charmap.Windows1252 || !Tells(label) {
		return false
	}
	_, faults := convert(enc, b)
	return faults == 0
}

// shifts reports whether a charset uses ASCII bytes with other meanings.
func shifts(label string) bool {
	return strings.HasPrefix(label, "iso-2022") || strings.HasPrefix(label, "csiso2022") ||
		strings.HasPrefix(label, "hz-") || strings.Contains(label, "utf-7") || strings.HasPrefix(label, "utf-16") ||
		strings.HasPrefix(label, "utf-32") || strings.HasPrefix(label, "unicode") || strings.HasPrefix(label, "ucs")
}

// with decodes b in the charset that it is labelled with. If some of it does not
// exist there, it may be in another one.
func with(enc encoding.Encoding, b []byte) (text string, c note.Code) {
	s, faults := convert(enc, b)
	switch {
	case faults == 0:
		return s, ""
	case utf8.Valid(b):
		return string(b), note.CharsetGuessed
	}
	if label := Detect(b); label != "" {
		if other, left := read(label, b); left < faults {
			return other, note.CharsetGuessed
		}
	}
	return s, note.CharsetDamaged
}

// convert decodes b and counts the faults in it, which become U+FFFD.
func convert(enc encoding.Encoding, b []byte) (text string, faults int) {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return mixed(b), len(b) // UTF-16 can fail as a whole
	}
	s := strings.ToValidUTF8(string(out), "\uFFFD")
	return s, max(0, strings.Count(s, "\uFFFD")-bytes.Count(b, []byte("\uFFFD")))
}

// guess decodes b, of which no charset is known.
func guess(b []byte) (text string, c note.Code) {
	label := Detect(b)
	if label == "" {
		return mixed(b), note.CharsetGuessed
	}
	text, _ = read(label, b)
	return text, note.CharsetGuessed
}

// read decodes b in a charset that Detect returns.
func read(label string, b []byte) (text string, faults int) {
	if label == "iso-2022-kr" {
		return iso2022kr(b)
	}
	return convert(named(label), b)
}

// mixed reads UTF-8 with some invalid bytes, which it reads as windows-1252. If
// most 8-bit bytes are invalid, it reads everything as windows-1252, which can
// at least be converted back to the original bytes.
func mixed(b []byte) string {
	letters, astray := count(b)
	if astray == 0 {
		return string(b)
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
	return out.String()
}

// count returns how many letters outside ASCII b has if it is UTF-8, and how many
// bytes are not.
func count(b []byte) (letters, astray int) {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && size == 1:
			astray++
		case size > 1:
			letters++
		}
		b = b[size:]
	}
	return letters, astray
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
