// Package field reads the header of a mail: its fields and their content (words,
// addresses, IDs, parameters). It never fails, because no mail must be lost for
// a malformed header: what it cannot read is ignored or kept as text.
package field

import (
	"bytes"
	"slices"
	"strings"

	"deskmove/shared/mail/note"
)

// Fields are the fields of a header in order, unfolded but not decoded.
type Fields []Field

// Field is one field: its name in lower case and its raw value, in its original
// charset.
type Field struct{ Name, Value string }

// Get returns the first value of the field that is not blank; "" if there is
// none.
func (f Fields) Get(name string) string {
	for _, field := range f {
		if field.Name == name && strings.TrimSpace(field.Value) != "" {
			return field.Value
		}
	}
	return ""
}

// All returns the values of all fields of that name: in practice, mails repeat
// almost any field.
func (f Fields) All(name string) []string {
	var all []string
	for _, field := range f {
		if field.Name == name {
			all = append(all, field.Value)
		}
	}
	return all
}

// maxFields is the maximum number of fields kept from a header.
const maxFields = 10_000

// Split splits raw into header and body. A line in the header that is not a field
// is a continuation without its indent if a field or the end of the header
// follows; otherwise the empty line is missing, and the body begins there. The
// notes describe the repairs. closed is false if raw ends within its header.
func Split(raw []byte) (fields Fields, body []byte, notes []note.Code, closed bool) {
	rest := raw
	var value []byte
	flush := func() {
		if n := len(fields); n > 0 {
			fields[n-1].Value = strings.TrimSpace(strings.ReplaceAll(string(value), "\x00", ""))
		}
	}
	for len(rest) > 0 {
		line, next := cutLine(rest)
		if len(line) == 0 {
			flush()
			return fields, next, notes, true
		}
		name, start, ok := parseName(line)
		switch {
		case (line[0] == ' ' || line[0] == '\t') && len(fields) > 0:
			value = append(value, line...)
		case len(fields) == maxFields:
			// Nobody wrote this by hand; what identifies the mail came first.
		case ok:
			flush()
			fields, value = append(fields, Field{Name: name}), append([]byte(nil), line[start:]...)
		case isFromLine(line):
			// Some programs leave an mbox line at the top, or quote it there.
		case len(fields) > 0 && headerGoesOn(next):
			value = append(append(value, ' '), line...)
			if !slices.Contains(notes, note.HeaderLineJoined) {
				notes = append(notes, note.HeaderLineJoined)
			}
		default:
			flush()
			if len(fields) == 0 {
				return nil, raw, append(notes, note.HeaderMissing), true
			}
			return fields, rest, append(notes, note.HeaderUnseparated), true
		}
		rest = next
	}
	flush()
	return fields, nil, notes, false
}

// cutLine splits the first line off b, without its line end.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	return bytes.TrimSuffix(b[:i], []byte("\r")), b[i+1:]
}

// parseName returns the name of a field and the start of its value.
func parseName(line []byte) (name string, start int, ok bool) {
	for i, c := range line {
		switch {
		case c == ':' && i > 0:
			return strings.ToLower(strings.TrimRight(string(line[:i]), " \t")), i + 1, true
		case c == ' ' || c == '\t':
			// "Subject : x" is a field, "see here: x" is text.
			if t := bytes.TrimLeft(line[i:], " \t"); i == 0 || len(t) == 0 || t[0] != ':' {
				return "", 0, false
			}
		case c <= ' ' || c >= 0x7f:
			return "", 0, false
		}
		if i > 76 {
			break
		}
	}
	return "", 0, false
}

// Begins reports whether line can be the first of a header.
func Begins(line []byte) bool {
	_, _, ok := parseName(line)
	return ok
}

func isFromLine(line []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From "))
}

// headerGoesOn reports whether rest begins with a field or with the end of the
// header.
func headerGoesOn(rest []byte) bool {
	line, _ := cutLine(rest)
	return len(rest) > 0 && (len(line) == 0 || Begins(line))
}
