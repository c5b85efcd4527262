package api

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"

	"deskmove/shared/desk"
)

// Cursors are opaque: the place in a list as its store names it, which list
// it is of, and a sum that finds typing errors. They are no secret.

// writeCursor makes a cursor of a list; "" of its end.
func writeCursor(of, place string) string {
	if place == "" {
		return ""
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(of+place)))
	return base64.RawURLEncoding.EncodeToString(append(sum, place...))
}

// readCursor returns the place that a cursor names, "" for none. Any text
// that is no cursor of the list is a *desk.InvalidError.
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
	return &desk.InvalidError{Field: "cursor", Problem: "it is not a cursor of this list",
		Remedy: "use next of the page before, or leave it out"}
}

// writePosition makes a cursor of a list that is ordered by time.
func writePosition(of string, last desk.Position, more bool) string {
	text, err := last.MarshalText()
	if err != nil || !more {
		return ""
	}
	return writeCursor(of, string(text))
}

// readPosition returns the position that a cursor names.
func readPosition(of, cursor string) (p desk.Position, err error) {
	place, err := readCursor(of, cursor)
	if err == nil {
		err = p.UnmarshalText([]byte(place))
	}
	return p, err
}
