package body

import (
	"bytes"
	"encoding/base64"
	"strings"

	"deskmove/shared/mail/internal/field"
)

// decode decodes the transfer encoding of a part. The result may share memory
// with body.
func (r *reader) decode(h field.Fields, body []byte, text bool) []byte {
	encoding, _ := field.Params(h.Get("content-transfer-encoding"))
	switch strings.Trim(encoding, "\"'") {
	case "base64":
		out, faults := decodeBase64(body, text)
		if faults {
			r.note("base64 is damaged: kept what could be read")
		}
		return out
	case "quoted-printable":
		return quotedPrintable(body)
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit":
		return body
	}
	r.note("unknown transfer encoding: not decoded")
	return body
}

// decodeBase64 decodes the base64 in b, which may be several, each with padding of
// its own. Other lines after it, such as the footer of a mailing list, are kept in
// texts and dropped from files.
func decodeBase64(b []byte, text bool) (out []byte, faults bool) {
	out = make([]byte, 0, len(b)/4*3+3)
	digits := make([]byte, 0, len(b))
	flush := func() {
		if len(digits)%4 == 1 { // six bits are no byte
			faults = true
			digits = digits[:len(digits)-1]
		}
		out, _ = base64.RawStdEncoding.AppendDecode(out, digits) // of digits alone
		digits = digits[:0]
	}
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		if text && bytes.ContainsFunc(line, func(c rune) bool { return !isDigit(c) && c != '=' && c > ' ' }) {
			flush()
			return append(append(out, '\n'), b...), true
		}
		b = rest
		for _, c := range line {
			switch {
			case c == '=':
				flush()
			case isDigit(rune(c)):
				digits = append(digits, c)
			default:
				faults = faults || c > ' '
			}
		}
	}
	flush()
	return out, faults
}

// isDigit reports whether c is a digit of base64.
func isDigit(c rune) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// quotedPrintable decodes b. A "=" that encodes nothing is kept.
func quotedPrintable(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte("\n"))
		b = rest
		crlf := bytes.HasSuffix(line, []byte("\r"))
		line = bytes.TrimRight(line, " \t\r")
		soft := bytes.HasSuffix(line, []byte("="))
		line = bytes.TrimSuffix(line, []byte("="))
		out = append(out, field.Unescape(line, '=')...)
		if ended && !soft {
			if crlf {
				out = append(out, '\r')
			}
			out = append(out, '\n')
		}
	}
	return out
}
