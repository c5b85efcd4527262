package body

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"deskmove/shared/mail/internal/field"
	"deskmove/shared/mail/note"
)

// decode decodes the transfer encoding of a part. The result may share memory
// with body. encoded is false if there was nothing to decode.
func (r *reader) decode(h field.Fields, body []byte, text bool) (out []byte, encoded bool) {
	encoding, _ := field.Params(h.Get("content-transfer-encoding"))
	switch strings.Trim(encoding, "\"'") {
	case "base64":
		if text && !isBase64(body) {
			r.note(note.Base64Not)
			return body, false
		}
		out, notes := decodeBase64(body, text)
		for _, c := range notes {
			r.note(c)
		}
		return out, true
	case "quoted-printable":
		return quotedPrintable(body), true
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit":
		return body, false
	}
	r.note(note.EncodingUnknown)
	return body, false
}

const (
	// fullLine is the length from which a line of digits is base64, whatever it
	// decodes to: no word is as long.
	fullLine = 50
	// word is how many digits there must be to each blank between them: words of
	// people are shorter.
	word = 16
)

// isBase64 reports whether a text that is labelled base64 is. Some programs put the
// label on plain text, of which every word may look like digits of base64.
func isBase64(b []byte) bool {
	line, _ := firstLine(b)
	head, _ := cutPadding(line)
	switch {
	case len(line) == 0:
		return true
	case kindOf(head) == isJunk || len(head) < 4:
		return false
	case len(head) >= fullLine:
		return true
	}
	out, _ := decodeBase64(head, false)
	if bytes.ContainsFunc(out, isControl) {
		return false
	}
	return utf8.Valid(out) || len(head)%4 == 0 && !isWord(head)
}

// firstLine returns the first line of b that is not blank, without blanks around
// it, and what follows it.
func firstLine(b []byte) (line, rest []byte) {
	for len(b) > 0 {
		line, b, _ = bytes.Cut(b, []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, b
		}
	}
	return nil, nil
}

// cutPadding splits a line after its first padding.
func cutPadding(line []byte) (head, tail []byte) {
	i := bytes.IndexByte(line, '=')
	if i < 0 {
		return line, nil
	}
	for i < len(line) && line[i] == '=' {
		i++
	}
	return line[:i], line[i:]
}

// isControl reports whether c is a control character that texts do not have.
func isControl(c rune) bool {
	return c < ' ' && !strings.ContainsRune("\t\n\v\f\r\x0e\x0f\x1b", c) || c == 0x7f
}

// isWord reports whether line, which is not empty, is a word or a number, such as
// "Thanks", and hardly base64.
func isWord(line []byte) bool {
	return len(bytes.Trim(line[1:], "abcdefghijklmnopqrstuvwxyz")) == 0 ||
		len(bytes.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) == 0 || len(bytes.Trim(line, "0123456789")) == 0
}

// lineKind is what a line within base64 is.
type lineKind int

const (
	isData    lineKind = iota // digits, perhaps with padding
	isDamaged                 // digits, between which something has come
	isJunk                    // anything else, such as the footer of a mailing list
)

func kindOf(line []byte) lineKind {
	line = bytes.TrimSpace(line)
	digits, blanks, others := 0, 0, 0
	for _, c := range line {
		switch {
		case isDigit(rune(c)):
			digits++
		case c == ' ' || c == '\t' || c == '\r':
			blanks++
		case c != '=':
			others++
		}
	}
	switch {
	case blanks > 0 && digits < word*(blanks+1):
		return isJunk
	case others == 0:
		return isData
	case others <= digits/10 && (digits >= fullLine || bytes.HasSuffix(line, []byte("="))):
		return isDamaged
	}
	return isJunk
}

// decodeBase64 decodes the base64 in b, which may be several, each with padding of
// its own. What follows it, such as the footer of a mailing list, is kept in texts
// and dropped from files.
func decodeBase64(b []byte, text bool) (out []byte, notes []note.Code) {
	d := base64Decoder{out: make([]byte, 0, len(b)/4*3+3), digits: make([]byte, 0, len(b))}
	ended := false // the line before was shorter than the others, or padded
	width := 0
	for len(b) > 0 && d.trailing == nil {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		head, tail := cutPadding(line)
		if kindOf(tail) == isData && goesOn(tail) {
			head, tail = line, nil
		}
		kind := kindOf(head)
		if kind == isJunk || ended && len(bytes.TrimSpace(line)) > 0 && !goesOn(head) {
			head, tail = nil, line
		}
		d.add(head, kind)
		if len(bytes.TrimSpace(tail)) > 0 {
			d.junk = true
			if text {
				d.trailing = b[len(head):]
			}
		}
		if n := len(bytes.TrimSpace(head)); n > 0 {
			ended = bytes.HasSuffix(bytes.TrimSpace(head), []byte("=")) || text && n < width
			width = max(width, n)
		}
		b = rest
	}
	d.flush()
	if d.junk {
		notes = append(notes, note.Base64Trailing)
	}
	if d.damaged {
		notes = append(notes, note.Base64Damaged)
	}
	if len(d.out) > 0 && len(d.trailing) > 0 {
		d.out = append(d.out, '\n')
	}
	return append(d.out, d.trailing...), notes
}

// base64Decoder collects digits up to the next padding.
type base64Decoder struct {
	out, digits   []byte
	junk, damaged bool
	trailing      []byte // what follows the base64 of a text
}

func (d *base64Decoder) add(line []byte, kind lineKind) {
	d.damaged = d.damaged || kind == isDamaged && len(line) > 0
	for _, c := range line {
		if c == '=' {
			d.flush()
		} else if isDigit(rune(c)) {
			d.digits = append(d.digits, c)
		}
	}
}

func (d *base64Decoder) flush() {
	if len(d.digits)%4 == 1 { // six bits are no byte
		d.damaged = true
		d.digits = d.digits[:len(d.digits)-1]
	}
	d.out, _ = base64.RawStdEncoding.AppendDecode(d.out, d.digits) // of digits alone
	d.digits = d.digits[:0]
}

// goesOn reports whether a line of digits, after one with padding, is more base64
// and not a word.
func goesOn(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) == 0 || len(line) >= fullLine || bytes.HasSuffix(line, []byte("=")) || len(line)%4 == 0 && !isWord(line)
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
