package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"deskmove/shared/mail/internal/body"
	"deskmove/shared/mail/internal/charset"
	"deskmove/shared/mail/internal/date"
	"deskmove/shared/mail/internal/field"
	"deskmove/shared/mail/note"
)

// origin is the position of a message in its file, and the content of its
// "From " line in an mbox.
type origin struct {
	number       int
	offset, size int64
	sender       string
	arrival      time.Time
}

// header returns the part of a Header that describes the file.
func (f *file) header(source []byte, o origin) Header {
	sum := sha256.Sum256(source)
	return Header{File: f.name, Number: o.number, Offset: o.offset, Size: o.size, RawHash: hex.EncodeToString(sum[:])}
}

// parse reads a message as mail programs write them. It always returns one,
// however malformed raw is. source is raw as it is in the file; the message keeps
// a copy.
func (f *file) parse(source, raw []byte, o origin) Message {
	m := Message{Header: f.header(source, o), Source: bytes.Clone(source)}
	if t := bytes.TrimLeft(raw, blanks); len(t) < len(raw) && isHeader(t[:min(len(t), sniffed)]) {
		raw = t
		m.note(note.HeaderIndented)
	}
	fields, rest, notes, closed := field.Split(raw)
	m.note(notes...)
	if !closed {
		m.note(note.HeaderCut)
	}
	content := body.Read(fields, rest, f.inUTF16)
	if decode(fields, content.Charset, rest) {
		m.note(note.CharsetGuessed)
	}
	m.people(fields, o)
	m.ids(fields)
	m.Subject = field.Text(fields.Get("subject"))

	m.Text, m.HTML = content.Text, content.HTML
	for _, a := range content.Attachments {
		m.Attachments = append(m.Attachments, Attachment(a))
	}
	m.note(content.Notes...)
	m.Automatic = m.automatic(fields)
	m.Forged = forged(fields.Get("authentication-results"), m.From.Address)
	m.sort(fields)

	written := m.when(fields, o, f.now)
	m.identify(written)
	return m
}

// note adds notes that m does not have yet.
func (m *Message) note(notes ...note.Code) {
	for _, c := range notes {
		if !slices.Contains(m.Notes, c) {
			m.Notes = append(m.Notes, c)
		}
	}
}

// decode decodes fields that people read and that are neither ASCII nor UTF-8: in the
// charset that the text says it is in, or else in one that is likely. Those that are left
// are read piece by piece. guessed tells that the text says nothing.
func decode(fields field.Fields, label string, text []byte) (guessed bool) {
	raw := func(f field.Field) bool {
		switch f.Name {
		case "from", "sender", "reply-to", "to", "cc", "bcc", "subject":
			return !utf8.ValidString(f.Value)
		}
		return false
	}
	var all []byte
	for _, f := range fields {
		if raw(f) {
			all = append(append(all, f.Value...), '\n')
		}
	}
	if all == nil {
		return false
	}
	if guessed = !charset.Tells(label); guessed {
		if label = charset.Detect(all); label == "" {
			label = charset.Detect(append(all, text...))
		}
	}
	if !charset.Fits(label, all) {
		return guessed
	}
	for i, f := range fields {
		if raw(f) {
			fields[i].Value, _ = charset.Decode(label, []byte(f.Value))
		}
	}
	return guessed
}

// people sets the addresses. If there is no From, it uses the sender.
func (m *Message) people(fields field.Fields, o origin) {
	for _, name := range []string{"from", "sender", "return-path"} {
		if list := field.Addresses(fields.All(name)); len(list) > 0 {
			m.From = Address(list[0])
			break
		}
	}
	if m.From == (Address{}) {
		if list := field.Addresses([]string{o.sender}); len(list) > 0 {
			m.From = Address(list[0])
		}
		m.note(note.FromMissing)
	} else if !strings.Contains(m.From.Address, "@") {
		m.note(note.FromIncomplete)
	}
	if list := addresses(fields, "sender"); len(list) > 0 {
		m.Sender = list[0]
	}
	m.ReplyTo = addresses(fields, "reply-to")
	m.To, m.Cc, m.Bcc = addresses(fields, "to"), addresses(fields, "cc"), addresses(fields, "bcc")
	m.ReturnPath = returnPath(fields.Get("return-path"))
}

func addresses(fields field.Fields, name string) []Address {
	var all []Address
	for _, a := range field.Addresses(fields.All(name)) {
		all = append(all, Address(a))
	}
	return all
}

// returnPath reads a Return-Path, of which the receiving server's own is the
// first.
func returnPath(value string) string {
	for _, a := range field.Addresses([]string{value}) {
		if a.Address != "" {
			return a.Address
		}
	}
	if strings.Contains(value, "<") {
		return NoReturnPath
	}
	return ""
}

// ids sets the IDs that link the message to others. Its own ID and the addresses
// in its header are not links.
func (m *Message) ids(fields field.Fields) {
	for _, value := range fields.All("message-id") {
		switch id := field.ID(value); {
		case id == "" || id == m.ID:
		case m.ID == "":
			m.ID = id
		default:
			m.OtherIDs = append(m.OtherIDs, id)
		}
	}
	if m.ID == "" {
		m.note(note.IDMissing)
	}
	if len(m.OtherIDs) > 0 {
		m.note(note.IDSeveral)
	}
	not := append([]string{m.ID, m.From.Address}, m.OtherIDs...)
	for _, a := range slices.Concat(m.ReplyTo, m.To, m.Cc) {
		not = append(not, a.Address)
	}
	m.InReplyTo = field.IDs(fields.All("in-reply-to"), not...)
	m.References = field.IDs(fields.All("references"), not...)
}

// when sets Date and Arrival. For identify it returns the Date header in a form
// that is the same in every export.
func (m *Message) when(fields field.Fields, o origin, now time.Time) (written string) {
	c := clock{now: now}
	m.Arrival = c.arrival(fields.Get("received"), o.arrival)
	var dates []time.Time
	for _, value := range fields.All("date") {
		t, notes, err := date.Parse(value)
		if err != nil {
			continue
		}
		if len(dates) == 0 {
			m.note(notes...)
		}
		dates = append(dates, t.Truncate(time.Second))
	}
	var notes []note.Code
	m.Date, notes = c.date(dates, m.Arrival)
	m.note(notes...)
	if len(dates) > 0 {
		return dates[0].Format(time.RFC3339)
	}
	if raw := strings.Join(strings.Fields(fields.Get("date")), " "); raw != "" {
		return raw
	}
	return m.Arrival.Format(time.RFC3339)
}
