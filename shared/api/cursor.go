package api

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"

	"deskmove/shared/desk"
)

// Cursors are opaque to clients, but not secret: a list's position as the store
// names it, after a checksum of the list's name and the position.

// writeCursor returns a list's cursor, "" at its end.
func writeCursor(of, place string) string {
	if place == "" {
		return ""
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(of+place)))
	return base64.RawURLEncoding.EncodeToString(append(sum, place...))
}

// readCursor returns a cursor's position, "" for no cursor. Any text that is not
// a cursor of the list is a *desk.InvalidError.
func readCursor(of, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) <= 4 || binary.BigEndian.Uint32(b) != crc32.ChecksumIEEE(append([]byte(of), b[4:]...)) {
		return "", notACursor()
	}
	return string(b[4:]), nil
}

func notACursor() *desk.InvalidError {
	return &desk.InvalidError{Field: "cursor", Code: desk.CodeBadCursor, Problem: "it is not a cursor of this list",
		Remedy: "use next of the page before, or leave it out"}
}

// writePosition returns the cursor of a list that is ordered by time.
func writePosition(of string, last desk.Position, more bool) string {
	text, err := last.MarshalText()
	if err != nil || !more {
		return ""
	}
	return writeCursor(of, string(text))
}

// readPosition returns a cursor's position in a list that is ordered by time.
func readPosition(of, cursor string) (p desk.Position, err error) {
	place, err := readCursor(of, cursor)
	if err == nil {
		err = p.UnmarshalText([]byte(place))
	}
	return p, err
}
