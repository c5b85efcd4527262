package charset

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
)

const (
	// maxSample is the number of bytes in which a charset is looked for.
	maxSample = 8 << 10
	// certain is the confidence, of at most 1, from which the library is believed.
	certain = 0.8
	// minBytes is the number of bytes outside UTF-8 from which a charset is looked
	// for: of fewer nobody can tell.
	minBytes = 4
)

// Detect returns the label of the charset that b, of which none is known, is most
// likely in; "" if that is UTF-8, windows-1252, or not clear. It looks for those of
// languages that are written in other letters than Latin ones, as reading them as
// windows-1252 leaves nothing that anybody can read.
func Detect(b []byte) string {
	if label := escapes(b); label != "" {
		return label
	}
	b = sample(b)
	if letters, astray := count(b); astray < minBytes || letters > astray {
		return ""
	}
	if fits(b, "shift_jis", unicode.Hiragana, unicode.Katakana) { // the library does not find it
		return "shift_jis"
	}
	switch label := ask(b); label {
	case "big5":
		return likely(b, label, unicode.Han)
	case "gb2312":
		return likely(b, "gb18030", unicode.Han)
	case "euc-kr", "cp949":
		return likely(b, "euc-kr", unicode.Hangul, unicode.Han)
	case "euc-jp", "shift_jis", "cp932":
		return likely(b, label, unicode.Hiragana, unicode.Katakana, unicode.Han)
	case "windows-1251", "maccyrillic": // these share most letters, and mail is in the first
		return likely(b, "windows-1251", unicode.Cyrillic)
	case "koi8-r", "iso-8859-5":
		return likely(b, label, unicode.Cyrillic)
	case "iso-8859-7", "windows-1253":
		return likely(b, label, unicode.Greek)
	case "iso-8859-8", "windows-1255":
		return likely(b, label, unicode.Hebrew)
	case "tis-620":
		return likely(b, "windows-874", unicode.Thai)
	}
	return ""
}

// escapes returns the charset of Japanese or Korean in 7 bits, which no other text
// looks like; "" if b is not that.
func escapes(b []byte) string {
	switch {
	case !bytes.Contains(b, []byte("\x1b$")):
		return ""
	case bytes.Contains(b, []byte("\x1b$)C")):
		return "iso-2022-kr"
	case bytes.Contains(b, []byte("\x1b$B")), bytes.Contains(b, []byte("\x1b$@")):
		return "iso-2022-jp"
	}
	return ""
}

// ask returns what the library finds, in lower case; "" if it is not certain.
func ask(b []byte) (label string) {
	defer func() {
		if recover() != nil {
			label = "" // no mail may be lost because nobody knows its charset
		}
	}()
	found := chardet.Detect(b)
	if found.Confidence < certain {
		return ""
	}
	return strings.ToLower(found.Encoding)
}

// likely returns label if b, decoded, is text in these scripts.
func likely(b []byte, label string, scripts ...*unicode.RangeTable) string {
	if fits(b, label, scripts...) {
		return label
	}
	return ""
}

// fits reports whether b decodes in a charset, to letters of these scripts. Japanese
// has many of Chinese too, so that some of its own will do; half a letter wide they
// are bytes of any other charset.
func fits(b []byte, label string, scripts ...*unicode.RangeTable) bool {
	text, _ := read(label, b)
	inside, outside, faults := 0, 0, 0
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Co, r):
			faults++ // one may be where the sample ends
		case 0xff61 <= r && r <= 0xff9f:
			outside++
		case unicode.In(r, scripts...):
			inside++
		case unicode.IsLetter(r) && !(label == "shift_jis" && unicode.Is(unicode.Han, r)):
			outside++
		}
	}
	return inside > outside && inside >= 50*faults
}

// sample returns the lines of b with bytes outside ASCII, as far as they fit.
func sample(b []byte) []byte {
	var out []byte
	for line := range bytes.Lines(b) {
		if isASCII(line) {
			continue
		}
		if out = append(out, line...); len(out) >= maxSample {
			return out[:maxSample]
		}
	}
	return out
}
