// Package mbox splits an mbox file into its messages, in constant memory.
package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"time"

	"deskmove/shared/mail/internal/field"
)

// ErrNotMbox is returned for a file that does not begin with a "From " line.
var ErrNotMbox = errors.New("file does not begin with a \"From \" line")

// Entry is one message of the file.
type Entry struct {
	Number  int       // from 1
	Offset  int64     // of its "From " line, in bytes from the start of the file
	Size    int64     // in the file, in bytes, without the "From " line
	Sender  string    // named by the "From " line, "" if none
	Arrival time.Time // named by the "From " line in UTC, zero if unreadable
	// Source is header and body as they are in the file, without the empty line that
	// ends a message; Raw is the same without the ">" that quotes a "From " line.
	// They are valid until the next entry is read, and nil if the message exceeds
	// the limit.
	Source, Raw []byte
	// Cut is the reason why the message is incomplete; nil if it is complete.
	Cut error
}

// Read yields the messages of an mbox, mboxrd or mboxo, LF or CRLF, of at most
// limit bytes each. An error of r comes last, after the message that it
// truncates.
//
// A line is a separator if it begins with "From " and ends in a date, and it
// follows an empty line or precedes a header. If the first line of the file has
// no date, the others need none, but then they must follow an empty line and
// precede a header.
func Read(r io.Reader, limit int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		s := &splitter{in: bufio.NewReaderSize(r, 64<<10), limit: limit, startOfLine: true}
		err := s.start()
		for err == nil {
			err = s.message()
			if !yield(s.entry, nil) {
				return
			}
		}
		if err != io.EOF {
			yield(Entry{}, err)
		}
	}
}

// splitter reads lines in pieces that fit its buffer.
type splitter struct {
	in     *bufio.Reader
	limit  int
	offset int64 // of the next byte
	dated  bool  // separators of this file end in a date

	startOfLine bool   // the next piece begins a line
	next        []byte // the separator that ended the message before
	nextOffset  int64
	entry       Entry
	buf         []byte
	tooLong     bool
}

// piece returns the next line, or as much of it as fits the buffer.
func (s *splitter) piece() (piece []byte, begins bool, err error) {
	piece, err = s.in.ReadSlice('\n')
	begins = s.startOfLine
	s.startOfLine = err == nil
	s.offset += int64(len(piece))
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	return piece, begins, err
}

// start reads up to and including the first separator.
func (s *splitter) start() error {
	for {
		at := s.offset
		line, _, err := s.piece()
		switch {
		case len(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))) == 0 && err == nil:
			continue
		case !bytes.HasPrefix(bytes.TrimPrefix(line, []byte("\ufeff")), prefix):
			if err != nil && err != io.EOF {
				return err
			}
			return ErrNotMbox
		}
		line = bytes.Clone(line)
		s.next, s.nextOffset = line, at
		if _, s.dated = parseFrom(line); !s.dated && !s.headerAhead() {
			return ErrNotMbox
		}
		return nil
	}
}

// message reads one message into s.entry. It returns io.EOF after the last one.
func (s *splitter) message() error {
	from, _ := parseFrom(s.next)
	s.entry = Entry{Number: s.entry.Number + 1, Offset: s.nextOffset, Sender: from.sender, Arrival: from.arrival}
	s.buf, s.tooLong = s.buf[:0], false
	header, blank := true, false // in the header; the line before was empty
	for {
		at := s.offset
		line, begins, err := s.piece()
		if begins && bytes.HasPrefix(line, prefix) {
			line = bytes.Clone(line) // looking ahead moves the buffer under it
			if s.separates(line, blank) {
				s.next, s.nextOffset = line, at
				s.finish(nil)
				return nil
			}
		}
		s.entry.Size += int64(len(line))
		if begins && len(line) > 0 {
			blank = len(bytes.TrimRight(line, "\r\n")) == 0
			header = header && !blank
		}
		s.add(line)
		if err != nil {
			s.finish(cut(err, header, begins && len(line) == 0))
			return err
		}
	}
}

// cut returns the reason why a file that ends here is incomplete, or nil.
func cut(err error, header, lineEnded bool) error {
	switch {
	case err != io.EOF:
		return err
	case header || !lineEnded:
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (s *splitter) add(line []byte) {
	if s.tooLong || len(s.buf)+len(line) > s.limit+2 { // the empty line at the end is not counted
		s.tooLong = true
		return
	}
	s.buf = append(s.buf, line...)
}

func (s *splitter) finish(why error) {
	s.entry.Cut = why
	if source := trimEnd(s.buf); !s.tooLong && len(source) <= s.limit {
		s.entry.Source, s.entry.Raw = source, unquote(source)
	}
}

// trimEnd removes the empty line that ends every message of an mbox.
func trimEnd(b []byte) []byte {
	for _, end := range []string{"\r\n", "\n"} {
		t := bytes.TrimSuffix(b, []byte(end))
		if len(t) < len(b) && (len(t) == 0 || t[len(t)-1] == '\n') {
			return t
		}
	}
	return b
}

// unquote removes one ">" from each quoted "From " line.
func unquote(source []byte) []byte {
	if !bytes.Contains(source, []byte(">From ")) {
		return source
	}
	raw := make([]byte, 0, len(source))
	for line := range bytes.Lines(source) {
		if t := bytes.TrimLeft(line, ">"); len(t) < len(line) && bytes.HasPrefix(t, prefix) {
			line = line[1:]
		}
		raw = append(raw, line...)
	}
	return raw
}

// separates reports whether line, which begins with "From ", begins the next
// message. blank tells whether the line before it is empty.
func (s *splitter) separates(line []byte, blank bool) bool {
	_, dated := parseFrom(line)
	if dated && blank {
		return true
	}
	if !dated && (s.dated || !blank) {
		return false
	}
	return s.headerAhead()
}

// headerAhead reports whether the next line can begin a header.
func (s *splitter) headerAhead() bool {
	ahead, _ := s.in.Peek(200)
	first, _, _ := bytes.Cut(ahead, []byte("\n"))
	return field.Begins(first)
}
