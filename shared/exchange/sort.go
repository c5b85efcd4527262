package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Sorter takes lines as they are found and writes them as they stand in a file: what a
// conversation or message refers to may be found after it. A conversation must come just before or
// just after its messages, which are in their order; they are kept on disk meanwhile, all else in
// memory. Of one that is added again, before its messages, what was added last is written.
type Sorter struct {
	lines  []Line
	spool  *os.File
	out    *bufio.Writer
	size   int64
	blocks []block
}

// block is where a conversation and its messages are in the spool.
type block struct {
	id                     string
	conversation, messages extent
}

// extent is a part of the spool.
type extent struct{ from, to int64 }

// NewSorter returns a Sorter that keeps a file in a folder; the system's for such files
// if it is "".
func NewSorter(tempDir string) (*Sorter, error) {
	f, err := os.CreateTemp(tempDir, "deskmove-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // where that can be while it is open, a kill leaves nothing of it
	return &Sorter{spool: f, out: bufio.NewWriterSize(f, 256<<10)}, nil
}

// Close deletes its file.
func (s *Sorter) Close() error {
	err := s.spool.Close()
	if left := os.Remove(s.spool.Name()); !errors.Is(left, fs.ErrNotExist) {
		err = errors.Join(err, left)
	}
	return err
}

// Add takes a line, which must not be changed afterwards.
func (s *Sorter) Add(l Line) error {
	switch {
	case l.Conversation != nil:
		b := s.block(l.Conversation.ID)
		if b.conversation != (extent{}) { // it is added again
			s.blocks = append(s.blocks, block{id: b.id})
			b = &s.blocks[len(s.blocks)-1]
		}
		return s.keep(l, &b.conversation)
	case l.Message != nil:
		return s.keep(l, &s.block(l.Message.ConversationID).messages)
	}
	s.lines = append(s.lines, l)
	return nil
}

// block returns that of a conversation, a new one unless it is the last.
func (s *Sorter) block(id string) *block {
	if n := len(s.blocks); n == 0 || s.blocks[n-1].id != id {
		s.blocks = append(s.blocks, block{id: id})
	}
	return &s.blocks[len(s.blocks)-1]
}

// keep writes a line to the spool, at the end of a part of it.
func (s *Sorter) keep(l Line, in *extent) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if *in == (extent{}) {
		in.from = s.size
	} else if in.to != s.size {
		return fmt.Errorf("a line of conversation %s does not follow those of its kind", s.blocks[len(s.blocks)-1].id)
	}
	s.size += int64(len(b))
	in.to = s.size
	_, err = s.out.Write(b)
	return err
}

// Write writes all lines and the last one. Of another thing that was added twice one line is
// written, if both were the same.
func (s *Sorter) Write(w *Writer) error {
	for _, b := range s.blocks {
		if b.conversation == (extent{}) {
			return fmt.Errorf("messages of conversation %s are not beside it", b.id)
		}
	}
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
	slices.Reverse(s.blocks)
	slices.SortStableFunc(s.blocks, func(a, b block) int { return strings.Compare(a.id, b.id) })
	s.blocks = slices.CompactFunc(s.blocks, func(last, before block) bool { return last.id == before.id })
	for _, b := range s.blocks {
		if err := s.each(b.conversation, w.Write); err != nil {
			return err
		}
	}
	for _, b := range s.blocks {
		if err := s.each(b.messages, w.Write); err != nil {
			return err
		}
	}
	return w.Close()
}

// WriteFile writes all that a Sorter has to a file.
func WriteFile(name, account string, s *Sorter) error {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // #nosec G304 -- the caller's
	if err != nil {
		return err
	}
	w, err := NewWriter(out, account)
	if err == nil {
		err = s.Write(w)
	}
	return errors.Join(err, out.Close())
}

func same(a, b Line) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// each does something with the lines in a part of the spool.
func (s *Sorter) each(in extent, do func(Line) error) error {
	for d := NewDecoder(io.NewSectionReader(s.spool, in.from, in.to-in.from)); ; {
		switch l, err := d.Next(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", s.spool.Name(), err)
		default:
			if err := do(l); err != nil {
				return err
			}
		}
	}
}
