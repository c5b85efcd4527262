package field

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"

	"deskmove/shared/mail/internal/charset"
)

// maxWord is the maximum length of the text of an encoded word in bytes; the
// standard says 75. Without a limit, a header full of openings would take
// quadratic time.
const maxWord = 2048

// Text decodes a value for people to read: it decodes encoded words and raw 8-bit
// text and removes control characters. The result is one line of valid UTF-8.
func Text(value string) string {
	var out strings.Builder
	for len(value) > 0 {
		i := strings.Index(value, "=?")
		if i < 0 {
			break
		}
		run, label, rest := encodedRun(value[i:])
		if label == "" {
			out.WriteString(plain(value[:i+2]))
			value = value[i+2:]
			continue
		}
		out.WriteString(plain(value[:i]))
		s, _ := charset.Decode(label, run)
		out.WriteString(s)
		value = rest
		// Blanks between two encoded words of different charsets are not text.
		if t := strings.TrimLeft(rest, " \t\r\n"); strings.HasPrefix(t, "=?") {
			if _, next, _ := encodedRun(t); next != "" {
				value = t
			}
		}
	}
	out.WriteString(plain(value))
	return strings.Join(strings.FieldsFunc(out.String(), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

func plain(s string) string {
	s, _ = charset.Decode("", []byte(s))
	return s
}

// encodedRun decodes the bytes of adjacent encoded words with the same charset
// together, because a letter may be split between two words. label is "" if s
// does not begin with an encoded word.
func encodedRun(s string) (run []byte, label, rest string) {
	rest = s
	for {
		l, word, after, ok := encodedWord(strings.TrimLeft(rest, " \t\r\n"))
		if !ok || label != "" && !strings.EqualFold(l, label) {
			return run, label, rest
		}
		run, label, rest = append(run, word...), l, after
	}
}

// encodedWord decodes one encoded word, =?charset?B?...?=, at the start of s.
func encodedWord(s string) (label string, word []byte, rest string, ok bool) {
	if !strings.HasPrefix(s, "=?") {
		return "", nil, s, false
	}
	head := s[2:min(len(s), 2+maxWord)]
	label, t, ok := strings.Cut(head, "?")
	label, _, _ = strings.Cut(label, "*") // a language may follow
	if !ok || label == "" || strings.ContainsAny(label, " =\"<>") {
		return "", nil, s, false
	}
	kind, t, _ := strings.Cut(t, "?")
	text, after, ok := strings.Cut(t, "?=")
	if !ok {
		return "", nil, s, false
	}
	rest = s[2+len(head)-len(after):]
	switch kind {
	case "q", "Q":
		return label, Unescape([]byte(strings.ReplaceAll(text, "_", " ")), '='), rest, true
	case "b", "B":
		return label, decodeB(text), rest, true
	}
	return "", nil, s, false
}

func decodeB(s string) []byte {
	s = strings.Map(func(r rune) rune {
		if r == '=' || r <= ' ' {
			return -1
		}
		return r
	}, s)
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(s)))
	n, _ := base64.RawStdEncoding.Decode(out, []byte(s)) // what came before the fault is kept
	return out[:n]
}

// Unescape decodes escapes such as "=41", where mark is '='. A mark that escapes
// nothing is kept.
func Unescape(s []byte, mark byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i : i+1]
		if s[i] == mark && i+2 < len(s) {
			var b [1]byte
			if _, err := hex.Decode(b[:], s[i+1:i+3]); err == nil {
				c = b[:]
				i += 2
			}
		}
		out = append(out, c...)
	}
	return out
}
