package body

import (
	"bytes"
	"strings"

	"deskmove/shared/mail/internal/field"
)

// decode decodes the transfer encoding of a part. The result may share memory
// with body.
func (r *reader) decode(h field.Fields, body []byte, text bool) []byte {
	encoding, _ := field.Params(h.Get("content-transfer-encoding"))
	switch strings.Trim(encoding, "\"'") {
	case "base64":
		out, faults := base64(body, text)
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

// base64 decodes the base64 in b. Other lines after it, such as the footer of a
// mailing list, are kept in texts and dropped from files.
func base64(b []byte, text bool) (out []byte, faults bool) {
	out = make([]byte, 0, len(b)/4*3+3)
	var bits uint32
	n := 0
	flush := func() {
		switch n {
		case 1:
			faults = true
		case 2:
			out = append(out, byte(bits>>4)) // #nosec G115 -- cuts the number into bytes
		case 3:
			out = append(out, byte(bits>>10), byte(bits>>2)) // #nosec G115 -- cuts the number into bytes
		}
		n, bits = 0, 0
	}
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		if text && !isBase64(line) {
			flush()
			return append(append(out, '\n'), b...), true
		}
		b = rest
		for _, c := range line {
			v := digit(c)
			switch {
			case c == '=':
				flush()
			case v < 0:
				faults = faults || c > ' '
			default:
				bits = bits<<6 | uint32(v) // #nosec G115 -- of 6 bits
				if n++; n == 4 {
					out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
					n, bits = 0, 0
				}
			}
		}
	}
	flush()
	return out, faults
}

func isBase64(line []byte) bool {
	for _, c := range line {
		if digit(c) < 0 && c != '=' && c > ' ' {
			return false
		}
	}
	return true
}

func digit(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
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
		for i := 0; i < len(line); i++ {
			if c, ok := hexByte(line[i:]); ok {
				out = append(out, c)
				i += 2
				continue
			}
			out = append(out, line[i])
		}
		if ended && !soft {
			if crlf {
				out = append(out, '\r')
			}
			out = append(out, '\n')
		}
	}
	return out
}

// hexByte decodes an escape such as "=41".
func hexByte(b []byte) (c byte, ok bool) {
	if len(b) < 3 || b[0] != '=' {
		return 0, false
	}
	const digits = "0123456789ABCDEF"
	hi, lo := strings.IndexByte(digits, upper(b[1])), strings.IndexByte(digits, upper(b[2]))
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0 // #nosec G115 -- of 4 bits each
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
