package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"deskmove/shared/mail/internal/mbox"
	"deskmove/shared/mail/note"
)

func tooLarge(size int64) string {
	return fmt.Sprintf("its %d bytes exceed the limit of %d", size, MaxSize)
}

// mbox reads an mbox. A message is kept if the end of the file truncates it, but
// not if a damaged gzip does, because then copying the file again may recover
// it. A last line without its end truncates nothing if the message is whole.
func (f *file) mbox() error {
	cut := 0
	for e, err := range mbox.Read(f.in, MaxSize) {
		if errors.Is(err, mbox.ErrNotMbox) {
			return f.fail(ErrNotMail, "it begins like an mbox, but no header follows; export it again")
		}
		if err != nil {
			return f.broken(err)
		}
		f.number = e.Number
		o := origin{number: e.Number, offset: e.Offset, size: e.Size, sender: e.Sender, arrival: e.Arrival}
		isCut, err := f.entry(e, o)
		if err != nil {
			return err
		}
		if isCut {
			cut = e.Number
		}
	}
	if cut > 0 {
		return f.fail(ErrTruncated, fmt.Sprintf("the beginning of message %d was kept; "+
			"if the original file is longer, copy it again and import the copy instead", cut))
	}
	return nil
}

func (f *file) entry(e mbox.Entry, o origin) (isCut bool, err error) {
	broken := (*sourceError)(nil)
	switch {
	case errors.As(e.Cut, &broken):
		return true, f.skip(o, "the file ends within it")
	case e.Raw == nil:
		return e.Cut != nil, f.skip(o, tooLarge(e.Size))
	}
	m := f.parse(e.Source, e.Raw, o)
	if e.Unspaced {
		m.note(note.FileUnspaced)
	}
	isCut = e.Cut != nil || e.Unended && (slices.Contains(m.Notes, note.MultipartOpen) || slices.Contains(m.Notes, note.Base64Damaged))
	switch {
	case isCut:
		m.note(note.FileCut)
	case e.Unended:
		m.note(note.FileUnended)
	}
	return isCut, f.give(m)
}

// eml reads a file that consists of one message.
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
	plain := bytes.TrimPrefix(raw, []byte("\ufeff"))
	if !isHeader(bytes.TrimLeft(plain, blanks)) {
		plain = bytes.TrimLeft(plain, "\r\n")
	}
	return f.give(f.parse(raw, plain, o))
}
