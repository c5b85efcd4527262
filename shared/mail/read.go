package mail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"deskmove/shared/mail/internal/field"
	"deskmove/shared/mail/note"
)

// Read yields the messages in src, in order, and holds only one of them in
// memory. The format (mbox, EML or JSON Lines, gzipped or not) is detected from
// the content; name is used in errors, and to detect an EML without any known
// header. Dates well after now are not trusted.
//
// An error comes with an empty Message. After a *SkippedError, reading
// continues; a *FileError is the last element.
func Read(name string, src io.Reader, now time.Time) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		f := &file{name: name, now: now, yield: yield}
		if err := f.read(src); err != nil && !f.stopped {
			yield(Message{}, err)
		}
	}
}

// file is the state of reading a file.
type file struct {
	name    string
	now     time.Time
	yield   func(Message, error) bool
	in      *bufio.Reader
	source  *source
	number  int // messages so far
	inUTF16 bool
	stopped bool
}

// source counts the bytes read and marks its errors, to distinguish them from
// errors in the format.
type source struct {
	r    io.Reader
	read int64
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	if err != nil && err != io.EOF {
		err = &sourceError{err}
	}
	return n, err
}

type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

const (
	// sniffed is the number of bytes used to detect the format.
	sniffed = 16 << 10
	// blanks may stand before a header that was copied by hand or saved by a browser.
	blanks = " \t\r\n"
)

func (f *file) read(src io.Reader) error {
	plain := bufio.NewReader(src)
	f.source = &source{r: plain}
	if magic, _ := plain.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(plain)
		if err != nil {
			return f.broken(err)
		}
		f.source.r = unzipped
	}
	f.in = bufio.NewReaderSize(f.source, 64<<10)
	if order, ok := utf16Order(f.in); ok {
		f.inUTF16 = true
		f.in = bufio.NewReaderSize(transform.NewReader(f.in, unicode.UTF16(order, unicode.UseBOM).NewDecoder()), 64<<10)
	}
	head, err := f.in.Peek(sniffed)
	if err != nil && err != io.EOF && len(head) == 0 {
		return f.broken(err)
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), blanks)
	switch {
	case len(head) == 0 && err == io.EOF:
		return f.fail(ErrEmpty, "export it again")
	case bytes.HasPrefix(head, []byte("From ")):
		return f.mbox()
	case head[0] == '{':
		return f.jsonl()
	case isHeader(head), f.named(".eml"):
		return f.eml()
	}
	return f.fail(ErrNotMail, advice(head))
}

// utf16Order reports whether a file is UTF-16, as some programs of Windows write: it
// begins with a mark, or with letters of ASCII.
func utf16Order(in *bufio.Reader) (order unicode.Endianness, ok bool) {
	head, _ := in.Peek(8)
	if len(head) < 2 {
		return order, false
	}
	switch string(head[:2]) {
	case "\xff\xfe":
		return unicode.LittleEndian, true
	case "\xfe\xff":
		return unicode.BigEndian, true
	}
	var zero, letters [2]int // at even and odd places
	for i, c := range head {
		switch {
		case c == 0:
			zero[i%2]++
		case c < utf8.RuneSelf:
			letters[i%2]++
		}
	}
	switch {
	case letters[0] == 4 && zero[1] == 4:
		return unicode.LittleEndian, true
	case letters[1] == 4 && zero[0] == 4:
		return unicode.BigEndian, true
	}
	return order, false
}

// isHeader reports whether head begins with the header of a mail, and is not just
// text with a colon.
func isHeader(head []byte) bool {
	fields, _, _, _ := field.Split(head)
	for _, name := range []string{"from", "to", "date", "subject", "message-id", "received", "return-path"} {
		if fields.Get(name) != "" {
			return true
		}
	}
	return false
}

// named reports whether the file's name has the extension, ignoring .gz.
func (f *file) named(ext string) bool {
	return path.Ext(strings.TrimSuffix(strings.ToLower(f.name), ".gz")) == ext
}

// advice returns the remedy for a file in an unknown format.
func advice(head []byte) string {
	switch {
	case len(head) == 0:
		return "it begins with nothing but blanks; export it again"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "it is a zip archive; unpack it and import the files in it"
	case bytes.HasPrefix(head, []byte("!BDN")):
		return "it is an Outlook data file; export it as mbox or EML"
	case head[0] == '[':
		return "it is a JSON array; write JSON Lines, with one message on each line"
	}
	return "use an mbox, EML or JSON Lines file, gzipped or not"
}

// give yields a message.
func (f *file) give(m Message) error {
	if f.inUTF16 {
		m.note(note.FileUTF16)
	}
	if !f.yield(m, nil) {
		f.stopped = true
		return errStopped
	}
	return nil
}

// skip yields a SkippedError.
func (f *file) skip(o origin, reason string) error {
	if !f.yield(Message{}, &SkippedError{File: f.name, Number: o.number, Offset: o.offset, Reason: reason}) {
		f.stopped = true
		return errStopped
	}
	return nil
}

// errStopped ends reading when the caller stops the iteration.
var errStopped = errors.New("stopped")

func (f *file) fail(err error, remedy string) error {
	at := f.source.read
	if f.in != nil {
		at -= int64(f.in.Buffered())
	}
	return &FileError{File: f.name, Read: f.number, Offset: at, Err: err, Remedy: remedy}
}

// broken returns the FileError for a source that is truncated, damaged or
// unreadable.
func (f *file) broken(err error) error {
	if cause := (*sourceError)(nil); errors.As(err, &cause) {
		err = cause.err
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return f.fail(ErrTruncated, "copy the complete file again and repeat the import")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), strings.HasPrefix(err.Error(), "flate:"):
		return f.fail(fmt.Errorf("%w: %w", ErrRead, err), "the gzip data is damaged; copy the file again and repeat the import")
	}
	return f.fail(fmt.Errorf("%w: %w", ErrRead, err), "fix the cause and repeat the import")
}
