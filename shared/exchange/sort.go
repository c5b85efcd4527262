package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Sorter takes lines as they are found and writes them as they stand in a file: what a
// conversation or message refers to may be found after it. Conversations must
// come in the order of their IDs, and messages in theirs; they are kept on disk
// meanwhile, all else in memory.
type Sorter struct {
	lines                   []Line
	conversations, messages *spool
}

// NewSorter returns a Sorter that keeps its files in a folder; the system's for such files
// if it is "".
func NewSorter(tempDir string) (*Sorter, error) {
	conversations, err := newSpool(tempDir)
	if err != nil {
		return nil, err
	}
	messages, err := newSpool(tempDir)
	if err != nil {
		return nil, errors.Join(err, conversations.close())
	}
	return &Sorter{conversations: conversations, messages: messages}, nil
}

// Close deletes its files.
func (s *Sorter) Close() error { return errors.Join(s.conversations.close(), s.messages.close()) }

// Add takes a line, which must not be changed afterwards.
func (s *Sorter) Add(l Line) error {
	switch {
	case l.Conversation != nil:
		return s.conversations.add(l)
	case l.Message != nil:
		return s.messages.add(l)
	}
	s.lines = append(s.lines, l)
	return nil
}

// Write writes all lines and the last one. Of a thing that was added twice one line is
// written, if both were the same.
func (s *Sorter) Write(w *Writer) error {
	slices.SortStableFunc(s.lines, Compare)
	s.lines = slices.CompactFunc(s.lines, func(a, b Line) bool { return Compare(a, b) == 0 && same(a, b) })
	for _, l := range s.lines {
		if err := w.Write(l); err != nil {
			return err
		}
	}
	for _, spool := range []*spool{s.conversations, s.messages} {
		if err := spool.each(w.Write); err != nil {
			return err
		}
	}
	return w.Close()
}

func same(a, b Line) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// spool is a file of lines that will be read once, from its beginning.
type spool struct {
	file *os.File
	out  *bufio.Writer
	to   *json.Encoder
}

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "deskmove-*")
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(f, 256<<10)
	return &spool{f, out, json.NewEncoder(out)}, nil
}

func (s *spool) add(l Line) error { return s.to.Encode(l) }

func (s *spool) each(do func(Line) error) error {
	if err := s.out.Flush(); err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for d := json.NewDecoder(bufio.NewReaderSize(s.file, 256<<10)); ; {
		var l Line
		switch err := d.Decode(&l); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", s.file.Name(), err)
		}
		if err := do(l); err != nil {
			return err
		}
	}
}

func (s *spool) close() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }
