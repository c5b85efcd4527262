package body

import (
	"bytes"
	"slices"
	"strings"

	"deskmove/shared/mail/internal/field"
	"deskmove/shared/mail/note"
)

// split splits the body of a multipart. If the boundary is missing, it is
// searched for in the body; a part that is not closed extends to the end.
func (r *reader) split(body []byte, boundary string) [][]byte {
	if boundary == "" {
		if boundary = findBoundary(body); boundary == "" {
			return nil
		}
		r.note(note.MultipartBoundary)
	}
	parts, end := cutAt(body, []byte("--"+boundary))
	switch {
	case len(parts) > 0 && end == isMissing:
		r.note(note.MultipartOpen)
	case end == isLong:
		r.note(note.MultipartEnd)
	}
	return parts
}

// ending is how a multipart is closed.
type ending int

const (
	isMissing ending = iota
	isPlain
	isLong // by a line on which something follows
)

// cutAt splits body at the delimiter lines, up to the closing one. It drops the
// text before the first and after the last, which is meant for programs without
// MIME. If there are more than maxParts parts, the last one contains the rest.
func cutAt(body, delimiter []byte) (parts [][]byte, end ending) {
	start := -1
	var named [256]bool
	for pos := 0; pos < len(body); {
		i := bytes.Index(body[pos:], delimiter)
		if i < 0 {
			break
		}
		i += pos
		if pos = i + len(delimiter); i > 0 && body[i-1] != '\n' {
			continue // before looking at its line, which may be all of the body
		}
		line, rest := body[i+len(delimiter):], []byte(nil)
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line, rest = line[:n], line[n+1:]
		}
		closed := closing(line, body[:i], delimiter, &named)
		if closed == isMissing && len(bytes.TrimSpace(line)) > 0 {
			continue // another boundary, of which this one is the beginning
		}
		pos = len(body) - len(rest)
		if start >= 0 {
			parts = append(parts, trimLine(body[start:max(start, i)]))
		}
		start = pos
		if closed != isMissing {
			return parts, closed
		}
		if len(parts) == maxParts {
			return append(parts, body[start:]), isPlain
		}
	}
	if start >= 0 {
		parts = append(parts, body[start:])
	}
	return parts, isMissing
}

// closing returns how a line closes a multipart, of which it is what follows the
// delimiter. What begins with two dashes may also be the boundary of a multipart
// within this one, which then was named before; named remembers by its next byte that
// it was.
func closing(line, before, delimiter []byte, named *[256]bool) ending {
	line = bytes.TrimSpace(line)
	rest, ok := bytes.CutPrefix(line, []byte("--"))
	switch {
	case !ok:
		return isMissing
	case len(rest) == 0:
		return isPlain
	case !isBoundary(rest[0]):
		return isLong
	}
	known := &named[rest[0]]
	if *known = *known || bytes.Contains(before, slices.Concat(delimiter[2:], []byte("--"), rest[:1])); *known {
		return isMissing
	}
	return isLong
}

// isBoundary reports whether c may stand in a boundary, other than a blank.
func isBoundary(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || bytes.IndexByte([]byte("'()+_,-./:=?"), c) >= 0
}

// trimLine removes the line end that belongs to the following delimiter.
func trimLine(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// findBoundary searches for a line that begins with dashes and is followed by the
// header of a part.
func findBoundary(body []byte) string {
	rest := body
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSpace(line)
		if len(line) < 4 || len(line) > 200 || !bytes.HasPrefix(line, []byte("--")) {
			continue
		}
		head := rest[:min(len(rest), 200)]
		if field.Begins(head) && strings.HasPrefix(strings.ToLower(string(head)), "content-") {
			return string(line[2:])
		}
	}
	return ""
}
