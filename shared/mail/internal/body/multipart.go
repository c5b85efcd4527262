package body

import (
	"bytes"
	"strings"

	"deskmove/shared/mail/internal/field"
)

// split splits the body of a multipart. If the boundary is missing, it is
// searched for in the body; a part that is not closed extends to the end.
func (r *reader) split(body []byte, boundary string) [][]byte {
	if boundary == "" {
		if boundary = findBoundary(body); boundary == "" {
			return nil
		}
		r.note("multipart without its boundary: found in the body")
	}
	parts, closed := cutAt(body, []byte("--"+boundary))
	if len(parts) > 0 && !closed {
		r.note("multipart is not closed")
	}
	return parts
}

// cutAt splits body at the delimiter lines, up to the closing one. It drops the
// text before the first and after the last, which is meant for programs without
// MIME. If there are more than maxParts parts, the last one contains the rest.
func cutAt(body, delimiter []byte) (parts [][]byte, closed bool) {
	start := -1
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
		end := len(bytes.TrimSpace(line))
		closes := end == 2 && bytes.HasPrefix(line, []byte("--"))
		if end > 0 && !closes {
			continue // another boundary, of which this one is the beginning
		}
		pos = len(body) - len(rest)
		if start >= 0 {
			parts = append(parts, trimLine(body[start:max(start, i)]))
		}
		start = pos
		if closes {
			return parts, true
		}
		if len(parts) == maxParts {
			return append(parts, body[start:]), true
		}
	}
	if start >= 0 {
		parts = append(parts, body[start:])
	}
	return parts, false
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
