package mail

import (
	"bufio"
	"bytes"
)

// lineReader reads lines of at most MaxSize bytes. Of longer ones it returns only
// the length.
type lineReader struct {
	in          *bufio.Reader
	buf         []byte
	number      int   // of the line, from 1
	start, size int64 // of the line, in bytes
	end         int64
	tooLong     bool
}

// next returns the next line without blanks around it, valid until the next
// call. The last line comes with io.EOF if no line end follows it.
func (l *lineReader) next() ([]byte, error) {
	l.buf, l.size, l.start, l.tooLong = l.buf[:0], 0, l.end, false
	l.number++
	for {
		piece, err := l.in.ReadSlice('\n')
		l.size += int64(len(piece))
		l.end += int64(len(piece))
		if l.tooLong = l.size > MaxSize; !l.tooLong {
			l.buf = append(l.buf, piece...)
		}
		if err != bufio.ErrBufferFull {
			return bytes.TrimPrefix(bytes.TrimSpace(l.buf), []byte("\ufeff")), err
		}
	}
}
