package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// Writer writes a file line by line. It refuses what a Reader would, so that what it has
// written can be read; only what a line's fields may be is for its caller to keep.
type Writer struct {
	Written func(lines int64) // hears how many lines are written; it may be nil

	out    *bufio.Writer
	check  *checker
	number int64
	buffer bytes.Buffer
}

// NewWriter writes the first line.
func NewWriter(out io.Writer, account string) (*Writer, error) {
	w := &Writer{out: bufio.NewWriterSize(out, 256<<10), check: newChecker()}
	return w, w.write(Header{format, Version, account})
}

// Write writes a line that comes after the ones before it, by Compare. The error is an
// *Error, several joined, if it does not fit.
func (w *Writer) Write(l Line) error {
	if wrong := w.check.add(w.number+1, l); len(wrong) > 0 {
		return join(wrong)
	}
	return w.write(l)
}

// Close writes the last line. It does not close what it writes to.
func (w *Writer) Close() error {
	if err := w.Write(Line{End: &End{w.check.lines}}); err != nil {
		return err
	}
	return w.out.Flush()
}

func (w *Writer) write(v any) error {
	w.number++
	w.buffer.Reset()
	e := json.NewEncoder(&w.buffer)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.out.Write(w.buffer.Bytes())
	if w.Written != nil {
		w.Written(w.number)
	}
	return err
}

// Lines returns how many lines are written.
func (w *Writer) Lines() int64 { return w.number }
