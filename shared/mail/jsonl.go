package mail

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"deskmove/shared/mail/internal/body"
	"deskmove/shared/mail/internal/charset"
	"deskmove/shared/mail/internal/field"
)

// line is one message of a JSON Lines file.
type line struct {
	MessageID  string   `json:"messageId"`
	InReplyTo  string   `json:"inReplyTo"`
	References []string `json:"references"`
	From       string   `json:"from"`
	To         []string `json:"to"`
	Cc         []string `json:"cc"`
	Date       string   `json:"date"`
	Subject    string   `json:"subject"`
	Text       string   `json:"text"`
	HTML       string   `json:"html"`
}

// jsonl reads JSON Lines. Programs write them, so a wrong line is refused
// rather than repaired; but a file whose first line is no JSON is no mail.
func (f *file) jsonl() error {
	lines := &lineReader{in: f.in}
	for {
		raw, err := lines.next()
		if err != nil && err != io.EOF {
			return f.broken(err)
		}
		if len(raw) > 0 || lines.tooLong {
			f.number++
			o := origin{number: f.number, offset: lines.start, size: lines.size}
			if gaveUp := f.line(raw, o, lines, err == io.EOF); gaveUp != nil {
				return gaveUp
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// line reads one line. last says that nothing, not even a line end, follows.
func (f *file) line(raw []byte, o origin, at *lineReader, last bool) error {
	if at.tooLong {
		return f.skip(o, fmt.Sprintf("line %d: %s", at.number, tooLarge(at.size)))
	}
	m, err := f.parseLine(raw, o)
	if err == nil {
		return f.give(m)
	}
	syntax := (*json.SyntaxError)(nil)
	broken := errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF)
	if broken && o.number == 1 && !last {
		f.number = 0
		return f.fail(ErrNotMail, "it begins like JSON, but JSON Lines need one whole message on every line")
	}
	if err := f.skip(o, fmt.Sprintf("line %d: %s", at.number, refusal(err))); err != nil {
		return err
	}
	if broken && last {
		return f.fail(ErrTruncated, "its last line is cut off; export it again and repeat the import")
	}
	return nil
}

// refusal says what is wrong with a line, without quoting it.
func refusal(err error) string {
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "is no JSON"
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return kind.Field + " has a value of the wrong type: " + strings.Fields(kind.Value)[0]
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// parseLine refuses what it does not know. Its errors hold nothing of the
// message but names of fields.
func (f *file) parseLine(raw []byte, o origin) (Message, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var l line
	if err := d.Decode(&l); err != nil {
		return Message{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return Message{}, errors.New("more than one value on the line")
	}
	from := field.Addresses([]string{l.From})
	if len(from) == 0 || from[0].Address == "" {
		return Message{}, errors.New("from is missing or no address")
	}
	m := Message{Header: f.header(raw, o)}
	written, err := m.dated(l.Date, f.now)
	if err != nil {
		return Message{}, err
	}
	fields := l.fields()
	m.people(fields, o)
	m.ids(fields)
	m.Subject = field.Text(l.Subject)
	m.Text, m.HTML = lineText(l.Text), lineText(l.HTML)
	if strings.TrimSpace(m.Text) == "" && m.HTML != "" {
		m.Text = body.Text(m.HTML)
	}
	m.identify(written)
	return m, nil
}

// fields is the line as the header of a mail, whose rules then hold for both.
func (l line) fields() field.Fields {
	fields := field.Fields{{Name: "from", Value: l.From}, {Name: "message-id", Value: l.MessageID}}
	for _, s := range l.To {
		fields = append(fields, field.Field{Name: "to", Value: s})
	}
	for _, s := range l.Cc {
		fields = append(fields, field.Field{Name: "cc", Value: s})
	}
	for _, s := range l.References {
		fields = append(fields, field.Field{Name: "references", Value: bracket(s)})
	}
	return append(fields, field.Field{Name: "in-reply-to", Value: bracket(l.InReplyTo)})
}

// bracket marks s as an id, whatever it looks like.
func bracket(s string) string {
	if s == "" || strings.Contains(s, "<") {
		return s
	}
	return "<" + s + ">"
}

// dated sets the date, which must be RFC 3339 if there is one, and answers it
// for identify.
func (m *Message) dated(s string, now time.Time) (written string, err error) {
	var t time.Time
	if s != "" {
		if t, err = time.Parse(time.RFC3339, s); err != nil {
			return "", errors.New("date is not RFC 3339, such as 2006-01-02T15:04:05Z")
		}
	}
	t = t.UTC().Truncate(time.Second)
	note := ""
	if m.Date, note = (clock{now: now}).date([]time.Time{t}, time.Time{}); note != "" {
		m.note(note)
	}
	return t.Format(time.RFC3339), nil
}

func lineText(s string) string {
	s, _ = charset.Decode("utf-8", []byte(s))
	return strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n")
}

// lineReader reads lines of at most MaxSize bytes and measures longer ones.
type lineReader struct {
	in          *bufio.Reader
	buf         []byte
	number      int   // of the line, from 1
	start, size int64 // of the line, in bytes
	end         int64
	tooLong     bool
}

// next is the next line without blanks around it, valid until the one after.
// io.EOF comes with the last line if no line end follows it.
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
