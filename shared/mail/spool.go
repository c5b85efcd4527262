package mail

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// Spool stores messages while they are grouped into threads: the headers in
// memory, the bodies in a temporary file that other users cannot read. Close
// removes the file; on most systems a crash does too.
type Spool struct {
	file    *os.File
	left    string // path of the file, if Close must remove it
	out     *bufio.Writer
	size    int64
	headers []Header
	at      []extent
	files   [][]extent // of each message's source and attachments
}

// extent is a position in the file.
type extent struct{ start, size int64 }

// NewSpool creates an empty spool in the directory dir; "" means the system's
// directory for temporary files. It needs space for twice the unzipped mail.
func NewSpool(dir string) (*Spool, error) {
	file, err := os.CreateTemp(dir, "deskmove-mail-*")
	if err != nil {
		return nil, fmt.Errorf("mail spool: %w", err)
	}
	s := &Spool{file: file, out: bufio.NewWriterSize(file, 256<<10)}
	if os.Remove(file.Name()) != nil { // some systems cannot remove an open file
		s.left = file.Name()
	}
	return s, nil
}

// Add appends m.
func (s *Spool) Add(m Message) error {
	parts := [][]byte{m.Source, []byte(m.Text), []byte(m.HTML)}
	for _, a := range m.Attachments {
		parts = append(parts, []byte(a.Name), []byte(a.Type), []byte(a.ContentID), strconv.AppendBool(nil, a.Inline), a.Data)
	}
	var record []byte
	files := make([]extent, 0, 1+len(m.Attachments))
	for i, p := range parts {
		record = append(binary.AppendUvarint(record, uint64(len(p))), p...)
		if i == 0 || i > 2 && (i-2)%5 == 0 { // the source, or the data of an attachment
			size := int64(len(p))
			files = append(files, extent{s.size + int64(len(record)) - size, size})
		}
	}
	if _, err := s.out.Write(record); err != nil {
		return fmt.Errorf("mail spool: %w", err)
	}
	s.headers = append(s.headers, m.Header)
	s.at = append(s.at, extent{start: s.size, size: int64(len(record))})
	s.files = append(s.files, files)
	s.size += int64(len(record))
	return nil
}

// Headers returns the headers of all messages in the order in which they were
// added. The caller must not change them.
func (s *Spool) Headers() []Header { return s.headers }

// Message returns the message whose header is Headers()[i].
func (s *Spool) Message(i int) (Message, error) {
	if err := s.out.Flush(); err != nil {
		return Message{}, fmt.Errorf("mail spool: %w", err)
	}
	record := make([]byte, s.at[i].size)
	if _, err := s.file.ReadAt(record, s.at[i].start); err != nil {
		return Message{}, fmt.Errorf("mail spool: message %d: %w", i, err)
	}
	m := Message{Header: s.headers[i]}
	next := func() []byte {
		n, size := binary.Uvarint(record)
		end := size + int(n) // #nosec G115 -- written by Add
		b := record[size:end:end]
		record = record[end:]
		return b
	}
	if source := next(); len(source) > 0 {
		m.Source = source
	}
	m.Text, m.HTML = string(next()), string(next())
	for len(record) > 0 {
		m.Attachments = append(m.Attachments, Attachment{
			Name: string(next()), Type: string(next()), ContentID: string(next()), Inline: string(next()) == "true", Data: next()})
	}
	return m, nil
}

// File returns the bytes of a file of the message whose header is Headers()[i]: its source
// if n is 0, else its n-th attachment.
func (s *Spool) File(i, n int) *io.SectionReader {
	at := s.files[i][n]
	return io.NewSectionReader(s.file, at.start, at.size)
}

// Flush has what was added in the file, which File reads.
func (s *Spool) Flush() error { return s.out.Flush() }

// Close removes the temporary file.
func (s *Spool) Close() error {
	err := s.file.Close()
	if s.left != "" {
		err = errors.Join(err, os.Remove(s.left))
	}
	return err
}
