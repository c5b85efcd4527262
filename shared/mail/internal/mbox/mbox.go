// Package mbox splits an mbox file into its messages, in constant memory.
package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
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
	// Cut is the reason why the message is incomplete; nil if it is complete, as far
	// as the mbox shows.
	Cut error
	// Unended tells that the file ends in a line without its end: it may be cut there.
	Unended bool
	// Unspaced tells that no empty line stands before the "From " line.
	Unspaced bool
}

// Read yields the messages of an mbox, mboxrd or mboxo, LF or CRLF, of at most
// limit bytes each. An error of r comes last, after the message that it
// truncates.
//
// A line is a separator if it begins with "From " and ends in a date, and it
// follows an empty line or precedes a header. If the first line of the file has
// no date, the others need none, but then they must follow an empty line and
// precede a header. Where the Content-Length of a message ends, and where the line
// is Netscape's "From - " before a header, neither date nor empty line is needed.
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
	unspaced    bool // no empty line stood before it
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
	s.entry = Entry{Number: s.entry.Number + 1, Offset: s.nextOffset, Sender: from.sender, Arrival: from.arrival, Unspaced: s.unspaced}
	s.buf, s.tooLong = s.buf[:0], false
	header, blank := true, false // in the header; the line before was empty
	length := int64(-1)          // of the body, as the header says
	end := int64(-1)             // where that body ends
	for {
		at := s.offset
		line, begins, err := s.piece()
		if begins && bytes.HasPrefix(line, prefix) {
			line = bytes.Clone(line) // looking ahead moves the buffer under it
			if s.separates(line, blank, end >= 0 && at >= end && at <= end+2) {
				s.next, s.nextOffset, s.unspaced = line, at, !blank
				s.finish(nil)
				return nil
			}
		}
		s.entry.Size += int64(len(line))
		if begins && len(line) > 0 {
			blank = len(bytes.TrimRight(line, "\r\n")) == 0
			if n, ok := contentLength(line); header && ok {
				length = n
			}
			if header && blank && length >= 0 {
				end = s.offset + length
			}
			header = header && !blank
		}
		s.add(line)
		if err != nil {
			s.entry.Unended = err == io.EOF && !(begins && len(line) == 0)
			s.finish(cut(err, header || s.entry.Unended && s.offset < end))
			return err
		}
	}
}

// cut returns the reason why a file that ends here is incomplete, or nil. within
// tells that it ends in a header, or in a body that should be longer.
func cut(err error, within bool) error {
	switch {
	case err != io.EOF:
		return err
	case within:
		return io.ErrUnexpectedEOF
	}
	return nil
}

// maxLength is the largest Content-Length that is believed.
const maxLength = 1 << 40

// contentLength returns the length of the body that a line of the header gives.
func contentLength(line []byte) (n int64, ok bool) {
	const name = "content-length:"
	if len(line) < len(name) || len(line) > 100 || !strings.EqualFold(string(line[:len(name)]), name) {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(line[len(name):])), 10, 64)
	return n, err == nil && 0 <= n && n <= maxLength
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
// message. blank tells whether the line before it is empty, due whether the
// Content-Length of the message before ends here.
func (s *splitter) separates(line []byte, blank, due bool) bool {
	_, dated := parseFrom(line)
	switch {
	case dated && blank:
		return true
	case dated, due, blank && !s.dated:
		return s.headerAhead()
	}
	return string(bytes.TrimSpace(line)) == "From -" && s.mailAhead()
}

// headerAhead reports whether the next line can begin a header.
func (s *splitter) headerAhead() bool { return field.Begins(s.ahead()) }

// mailAhead reports whether the next line begins a header with a field that
// mails begin with.
func (s *splitter) mailAhead() bool {
	name, _, _ := strings.Cut(strings.ToLower(string(s.ahead())), ":")
	switch name {
	case "date", "delivered-to", "from", "message-id", "mime-version", "received", "reply-to", "return-path", "sender", "subject", "to":
		return true
	}
	return strings.HasPrefix(name, "x-") && s.headerAhead()
}

// ahead returns the next line, or its beginning.
func (s *splitter) ahead() []byte {
	ahead, _ := s.in.Peek(200)
	first, _, _ := bytes.Cut(ahead, []byte("\n"))
	return first
}
