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

	"deskmove/shared/mail/internal/field"
)

// Read yields the messages of the file name, which src holds, in their order.
// It finds out by the content what the file is: mbox, EML or JSON Lines,
// gzipped or not. It holds one message at a time.
//
// An error comes with an empty Message: a *SkippedError for one message,
// after which reading goes on, or last a *FileError. No date after now is
// believed.
func Read(name string, src io.Reader, now time.Time) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		f := &file{name: name, now: now, yield: yield}
		if err := f.read(src); err != nil && !f.stopped {
			yield(Message{}, err)
		}
	}
}

// file is a file while it is read.
type file struct {
	name    string
	now     time.Time
	yield   func(Message, error) bool
	in      *bufio.Reader
	source  *source
	number  int // messages met
	stopped bool
}

// source counts what is read and tells its own failures from those of the
// formats above it.
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

// sniffed is how much of a file is looked at to tell its format, in bytes.
const sniffed = 16 << 10

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
	head, err := f.in.Peek(sniffed)
	if err != nil && err != io.EOF && len(head) == 0 {
		return f.broken(err)
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
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

// isHeader reports whether head begins a mail, and not any text with a colon.
func isHeader(head []byte) bool {
	fields, _, _, _ := field.Split(head)
	for _, name := range []string{"from", "to", "date", "subject", "message-id", "received", "return-path"} {
		if fields.Get(name) != "" {
			return true
		}
	}
	return false
}

// named reports whether the name of the file ends so, but for .gz.
func (f *file) named(ext string) bool {
	return path.Ext(strings.TrimSuffix(strings.ToLower(f.name), ".gz")) == ext
}

// advice says what to do about a file that is none of the formats.
func advice(head []byte) string {
	switch {
	case len(head) == 0:
		return "it begins with blanks only; export it again"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "it is a zip archive; unpack it and import the files in it"
	case bytes.HasPrefix(head, []byte("!BDN")):
		return "it is an Outlook data file; export it as mbox or EML"
	case head[0] == '[':
		return "it is a JSON array; write one message a line, as JSON Lines"
	}
	return "give an mbox, an EML or a JSON Lines file, gzipped or not"
}

// give passes a message on.
func (f *file) give(m Message) error {
	if !f.yield(m, nil) {
		f.stopped = true
		return errStopped
	}
	return nil
}

// skip reports a message that is left out.
func (f *file) skip(o origin, reason string) error {
	if !f.yield(Message{}, &SkippedError{File: f.name, Number: o.number, Offset: o.offset, Reason: reason}) {
		f.stopped = true
		return errStopped
	}
	return nil
}

// errStopped ends the reading for a caller that wants no more.
var errStopped = errors.New("stopped")

func (f *file) fail(err error, remedy string) error {
	at := f.source.read
	if f.in != nil {
		at -= int64(f.in.Buffered())
	}
	return &FileError{File: f.name, Read: f.number, Offset: at, Err: err, Remedy: remedy}
}

// broken is a source that failed: cut off, damaged, or not to be read.
func (f *file) broken(err error) error {
	if cause := (*sourceError)(nil); errors.As(err, &cause) {
		err = cause.err
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return f.fail(ErrTruncated, "copy the file again, whole, and repeat the import")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), strings.HasPrefix(err.Error(), "flate:"):
		return f.fail(fmt.Errorf("%w: %w", ErrUnread, err), "the gzip data is damaged; copy the file again and repeat the import")
	}
	return f.fail(fmt.Errorf("%w: %w", ErrUnread, err), "see to the cause and repeat the import")
}
