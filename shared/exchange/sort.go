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
	"strings"
)

// Sorter takes lines as they are found and writes them as they stand in a file: what a
// conversation or message refers to may be found after it. Each conversation must be followed
// by its messages in their order; they are kept on disk meanwhile, all else in memory.
type Sorter struct {
	lines  []Line
	spool  *os.File
	out    *bufio.Writer
	size   int64
	blocks []block
}

// block is where a conversation and its messages are in the spool.
type block struct {
	id                 string
	at, messages, ends int64
}

// NewSorter returns a Sorter that keeps a file in a folder; the system's for such files
// if it is "".
func NewSorter(tempDir string) (*Sorter, error) {
	f, err := os.CreateTemp(tempDir, "deskmove-*")
	if err != nil {
		return nil, err
	}
	return &Sorter{spool: f, out: bufio.NewWriterSize(f, 256<<10)}, nil
}

// Close deletes its file.
func (s *Sorter) Close() error { return errors.Join(s.spool.Close(), os.Remove(s.spool.Name())) }

// Add takes a line, which must not be changed afterwards.
func (s *Sorter) Add(l Line) error {
	switch n := len(s.blocks); {
	case l.Conversation != nil:
		s.blocks = append(s.blocks, block{id: l.Conversation.ID, at: s.size})
		err := s.keep(l)
		s.blocks[n].messages, s.blocks[n].ends = s.size, s.size
		return err
	case l.Message != nil:
		if n == 0 || s.blocks[n-1].id != l.Message.ConversationID {
			return fmt.Errorf("message %s does not follow its conversation %s", l.Message.ID, l.Message.ConversationID)
		}
		err := s.keep(l)
		s.blocks[n-1].ends = s.size
		return err
	}
	s.lines = append(s.lines, l)
	return nil
}

func (s *Sorter) keep(l Line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	s.size += int64(len(b))
	_, err = s.out.Write(b)
	return err
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
	if err := s.out.Flush(); err != nil {
		return err
	}
	slices.SortFunc(s.blocks, func(a, b block) int { return strings.Compare(a.id, b.id) })
	for _, b := range s.blocks {
		if err := s.each(b.at, b.messages, w.Write); err != nil {
			return err
		}
	}
	for _, b := range s.blocks {
		if err := s.each(b.messages, b.ends, w.Write); err != nil {
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

// each does something with the lines between two places of the spool.
func (s *Sorter) each(from, to int64, do func(Line) error) error {
	for d := json.NewDecoder(io.NewSectionReader(s.spool, from, to-from)); ; {
		var l Line
		switch err := d.Decode(&l); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", s.spool.Name(), err)
		}
		if err := do(l); err != nil {
			return err
		}
	}
}
