package charset

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"

	"deskmove/shared/mail/note"
)

// The base64 of UTF-7 has no padding, and its last bits need not be zero.
var utf7Alphabet = base64.RawStdEncoding

// utf7 decodes RFC 2152. 8-bit bytes, which UTF-7 does not have, are decoded as
// without a label, because programs put this label on text of other origin.
func utf7(b []byte) (text string, c note.Code) {
	var out strings.Builder
	for len(b) > 0 {
		if b[0] != '+' {
			n := 1
			for n < len(b) && b[n] != '+' {
				n++
			}
			if !isASCII(b[:n]) {
				c = note.CharsetGuessed
			}
			out.WriteString(mixed(b[:n]))
			b = b[n:]
			continue
		}
		s, size := shifted(b)
		out.WriteString(s)
		b = b[size:]
	}
	return out.String(), c
}

// shifted decodes one "+...-" at the start of b and returns its length. If it
// cannot be decoded, it is kept as text.
func shifted(b []byte) (text string, size int) {
	end := 1
	for end < len(b) && strings.IndexByte(alphabet, b[end]) >= 0 {
		end++
	}
	size = end
	if end < len(b) && b[end] == '-' {
		size++
	}
	if end == 1 {
		return "+", size // "+-" is a plus; a lone one was meant to be
	}
	units := make([]byte, utf7Alphabet.DecodedLen(end-1))
	n, err := utf7Alphabet.Decode(units, b[1:end])
	if err != nil || n < 2 {
		return string(b[:size]), size
	}
	u := make([]uint16, n/2)
	for i := range u {
		u[i] = uint16(units[2*i])<<8 | uint16(units[2*i+1])
	}
	return string(utf16.Decode(u)), size
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
