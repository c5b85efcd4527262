package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"deskmove/shared/mail/internal/mbox"
)

func tooLarge(size int64) string {
	return fmt.Sprintf("%d bytes is over the limit of %d", size, MaxSize)
}

// mbox reads an mbox. A message that the file's end cuts off is kept, but not
// one that a damaged gzip does: the whole one can be had by copying again.
func (f *file) mbox() error {
	cut := 0
	for e, err := range mbox.Read(f.in, MaxSize) {
		if errors.Is(err, mbox.ErrNotMbox) {
			return f.fail(ErrNotMail, "export it again: it begins like an mbox, but no header follows")
		}
		if err != nil {
			return f.broken(err)
		}
		f.number = e.Number
		o := origin{number: e.Number, offset: e.Offset, size: e.Size, sender: e.Sender, arrival: e.Arrival}
		if err := f.entry(e, o); err != nil {
			return err
		}
		if e.Cut != nil {
			cut = e.Number
		}
	}
	if cut > 0 {
		return f.fail(ErrTruncated, fmt.Sprintf("message %d was kept as far as it goes; "+
			"if the original is longer, copy the file again and import that instead", cut))
	}
	return nil
}

func (f *file) entry(e mbox.Entry, o origin) error {
	broken := (*sourceError)(nil)
	switch {
	case errors.As(e.Cut, &broken):
		return f.skip(o, "the file breaks off in it")
	case e.Raw == nil:
		return f.skip(o, tooLarge(e.Size))
	}
	m := f.parse(e.Raw, o)
	if e.Cut != nil {
		m.Notes = append(m.Notes, "the file ends in this message")
	}
	return f.give(m)
}

// eml reads a file that is one message.
func (f *file) eml() error {
	raw, err := io.ReadAll(io.LimitReader(f.in, MaxSize+1))
	if err != nil {
		return f.broken(err)
	}
	f.number = 1
	if len(raw) > MaxSize {
		rest, err := io.Copy(io.Discard, f.in)
		if err != nil {
			return f.broken(err)
		}
		return f.skip(origin{number: 1}, tooLarge(int64(len(raw))+rest))
	}
	o := origin{number: 1, size: int64(len(raw))}
	return f.give(f.parse(bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\ufeff")), "\r\n"), o))
}
