package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"deskmove/shared/mail/internal/body"
	"deskmove/shared/mail/internal/charset"
	"deskmove/shared/mail/internal/field"
	"deskmove/shared/mail/note"
)

// line is one message of a JSON Lines file, as the package's documentation shows it.
type line struct {
	MessageID  string    `json:"messageId"`
	InReplyTo  string    `json:"inReplyTo"`
	References []string  `json:"references"`
	ThreadID   string    `json:"threadId"`
	From       string    `json:"from"`
	ReplyTo    []string  `json:"replyTo"`
	To         []string  `json:"to"`
	Cc         []string  `json:"cc"`
	Bcc        []string  `json:"bcc"`
	Date       string    `json:"date"`
	Subject    string    `json:"subject"`
	Text       string    `json:"text"`
	HTML       string    `json:"html"`
	Labels     []string  `json:"labels"`
	Automatic  Automatic `json:"automatic"`
	Box        Box       `json:"box"`
}

// jsonl reads JSON Lines. Because programs write them, invalid lines are skipped
// and not repaired. A file whose first line is not JSON is not mail.
func (f *file) jsonl() error {
	lines := &lineReader{in: f.in}
	for {
		raw, err := lines.next()
		if len(raw) > 0 || lines.tooLong {
			f.number++
			o := origin{number: f.number, offset: lines.start, size: lines.size}
			if gaveUp := f.line(raw, o, lines, err); gaveUp != nil {
				return gaveUp
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return f.broken(err)
		}
	}
}

// line reads one line. If no line end followed it, end is the reason.
func (f *file) line(raw []byte, o origin, at *lineReader, end error) error {
	if end != nil && end != io.EOF {
		return f.skip(o, "the file ends within it")
	}
	if at.tooLong {
		return f.skip(o, fmt.Sprintf("line %d: %s", at.number, tooLarge(at.size)))
	}
	m, err := f.parseLine(raw, o)
	if err == nil {
		return f.give(m)
	}
	broken := isBroken(err)
	if broken && o.number == 1 && end == nil {
		f.number = 0
		return f.fail(ErrNotMail, "write JSON Lines, with one complete message on each line")
	}
	if err := f.skip(o, fmt.Sprintf("line %d: %s", at.number, refusal(err))); err != nil {
		return err
	}
	if broken && end != nil {
		return f.fail(ErrTruncated, "the last line is incomplete; export the file again and repeat the import")
	}
	return nil
}

// refusal describes what is wrong with a line, without quoting it.
func refusal(err error) string {
	if isBroken(err) {
		return "not valid JSON"
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return kind.Field + " has a value of the wrong type: " + strings.Fields(kind.Value)[0]
	}
	reason := strings.TrimPrefix(err.Error(), "json: ")
	return strings.ToValidUTF8(reason[:min(len(reason), 100)], "")
}

// isBroken reports whether err says that a line is not JSON.
func isBroken(err error) bool {
	syntax := (*json.SyntaxError)(nil)
	return errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF)
}

// parseLine decodes a line and rejects unknown fields. Its errors contain nothing
// of the message but names of fields.
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
		return Message{}, errors.New("from is missing or not an address")
	}
	m := Message{Header: f.header(raw, o)}
	written, err := m.dated(l.Date, f.now)
	if err != nil {
		return Message{}, err
	}
	if err := m.filed(l); err != nil {
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

// fields converts the line to the header of a mail, so that the same rules apply
// to both.
func (l line) fields() field.Fields {
	fields := field.Fields{{Name: "from", Value: l.From}, {Name: "message-id", Value: l.MessageID}}
	for name, list := range map[string][]string{"reply-to": l.ReplyTo, "to": l.To, "cc": l.Cc, "bcc": l.Bcc} {
		for _, s := range list {
			fields = append(fields, field.Field{Name: name, Value: s})
		}
	}
	for _, s := range l.References {
		fields = append(fields, field.Field{Name: "references", Value: bracket(s)})
	}
	return append(fields, field.Field{Name: "in-reply-to", Value: bracket(l.InReplyTo)})
}

// filed sets what the line says of the message beside its content.
func (m *Message) filed(l line) error {
	m.ThreadID = strings.Join(strings.Fields(field.Text(l.ThreadID)), "")
	m.Automatic, m.Box = l.Automatic, l.Box
	switch {
	case len(m.ThreadID) > maxThreadID:
		return fmt.Errorf("threadId exceeds %d bytes", maxThreadID)
	case len(l.Labels) > maxLabels:
		return fmt.Errorf("labels are more than %d", maxLabels)
	}
	for _, label := range l.Labels {
		if label = field.Text(label); label != "" && !slices.Contains(m.Labels, label) {
			m.Labels = append(m.Labels, label)
		}
	}
	if err := oneOf("automatic", m.Automatic, Bounce, Receipt, AutoReplied, AutoGenerated, Bulk, Unanswerable); err != nil {
		return err
	}
	if err := oneOf("box", m.Box, Draft, Spam, Chat, Deleted); err != nil {
		return err
	}
	if m.Box != "" {
		m.BoxSign = "box"
	}
	return nil
}

// oneOf returns an error unless value is empty or one of those.
func oneOf[S ~string](name string, value S, those ...S) error {
	if value == "" || slices.Contains(those, value) {
		return nil
	}
	names := make([]string, len(those))
	for i, s := range those {
		names[i] = string(s)
	}
	return fmt.Errorf("%s must be one of %s", name, strings.Join(names, ", "))
}

// bracket puts s in brackets, which marks it as an ID whatever it looks like.
func bracket(s string) string {
	if s == "" || strings.Contains(s, "<") {
		return s
	}
	return "<" + s + ">"
}

// dated sets the date from s, which must be empty or RFC 3339, and returns it
// for identify.
func (m *Message) dated(s string, now time.Time) (written string, err error) {
	var t time.Time
	if s != "" {
		if t, err = time.Parse(time.RFC3339, s); err != nil {
			return "", errors.New("date must be in RFC 3339 format, such as 2006-01-02T15:04:05Z")
		}
	}
	t = t.UTC().Truncate(time.Second)
	var notes []note.Code
	m.Date, notes = clock{now: now}.date([]time.Time{t}, time.Time{})
	m.note(notes...)
	return t.Format(time.RFC3339), nil
}

func lineText(s string) string {
	s, _ = charset.Decode("utf-8", []byte(s))
	return strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n")
}
