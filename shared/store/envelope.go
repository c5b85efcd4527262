package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// envelope is what is around a message's text: who it is from and to, its files, and
// what is known of a call or a form. It is one attribute, as JSON, because nothing
// of it is searched for.
type envelope struct {
	From    address      `json:"from,omitzero"`
	ReplyTo []address    `json:"reply,omitempty"`
	To      []address    `json:"to,omitempty"`
	Cc      []address    `json:"cc,omitempty"`
	Bcc     []address    `json:"bcc,omitempty"`
	Files   []attachment `json:"files,omitempty"`
	Source  *attachment  `json:"source,omitempty"`
	Call    *call        `json:"call,omitempty"`
	Fields  [][2]string  `json:"fields,omitempty"`
	Repairs []string     `json:"repairs,omitempty"`
}

type address struct {
	Name    string `json:"n,omitempty"`
	Address string `json:"a,omitempty"`
}

type attachment struct {
	Name      string `json:"name,omitempty"`
	Type      string `json:"type,omitempty"`
	SHA256    string `json:"sha256"`
	Size      int64  `json:"size"`
	ContentID string `json:"cid,omitempty"`
	Inline    bool   `json:"inline,omitempty"`
}

type call struct {
	Seconds int64  `json:"s,omitempty"`
	Outcome string `json:"o,omitempty"`
}

func addresses(as []desk.Address) []address {
	of := make([]address, len(as))
	for i, a := range as {
		of[i] = address(a)
	}
	return of
}

func readAddresses(as []address) []desk.Address {
	if len(as) == 0 {
		return nil
	}
	of := make([]desk.Address, len(as))
	for i, a := range as {
		of[i] = desk.Address(a)
	}
	return of
}

// CheckMessage returns an *InvalidError if what is around a message's text is more than
// an item holds.
func CheckMessage(m desk.Message) error {
	_, err := writeEnvelope(m)
	return err
}

// maxEnvelope is the most bytes of an envelope, so that a message's item, with what its
// text begins with, has less than the 400 KB that a database takes. As JSON, some
// characters take two bytes or six.
const maxEnvelope = 320 << 10

// writeEnvelope returns the envelope of a message as it is stored.
func writeEnvelope(m desk.Message) (string, error) {
	e := envelope{
		From: address(m.From), ReplyTo: addresses(m.ReplyTo), To: addresses(m.To), Cc: addresses(m.Cc), Bcc: addresses(m.Bcc), Repairs: m.Repairs,
	}
	for _, f := range m.Attachments {
		e.Files = append(e.Files, attachment(f))
	}
	if m.Source.SHA256 != "" {
		source := attachment(m.Source)
		e.Source = &source
	}
	if m.Call != (desk.CallFacts{}) {
		e.Call = &call{int64(m.Call.Duration / time.Second), m.Call.Outcome}
	}
	for _, f := range m.Fields {
		e.Fields = append(e.Fields, [2]string{f.Name, f.Value})
	}
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false) // names have & and < in them
	if err := w.Encode(e); err != nil {
		return "", fmt.Errorf("message %s: %w", m.ID, err)
	}
	if b.Len() > maxEnvelope {
		return "", &desk.InvalidError{Field: "to", Code: desk.CodeTooLarge, Params: desk.Params{"most": strconv.Itoa(maxEnvelope>>10) + " KB"},
			Problem: fmt.Sprintf("its names, addresses, form fields, files and repairs take %d KB together, and at most %d KB are kept", b.Len()>>10, maxEnvelope>>10),
			Remedy:  "leave some out"}
	}
	return b.String(), nil
}

// writeMessage returns the attributes of a message but for its contents.
func writeMessage(m desk.Message) (Attrs, error) {
	around, err := writeEnvelope(m)
	if err != nil {
		return nil, err
	}
	a := Attrs{}.str(AttrExternal, m.External).str(aChannel, m.Channel).str(aKind, string(m.Kind)).str(aAuthor, string(m.Author))
	if m.Visibility != desk.Public {
		a = a.str(aVisibility, string(m.Visibility))
	}
	a = a.str(aAgent, m.Agent).str(aAutomatic, string(m.Automatic)).num(aForged, flag(m.Forged)).num(aStranger, flag(m.Stranger))
	return a.time(aWritten, m.At).time(aArrived, m.TakenIn).bin(aEnvelope, around), nil
}

// readWritten reads a message without its contents.
func readWritten(account, conversation string, item Item) desk.Message {
	a := item.Attrs
	m := desk.Message{
		Account: account, Conversation: conversation, ID: strings.TrimPrefix(item.Key.SK, messagePrefix), External: a.Str(AttrExternal),
		Channel: a.Str(aChannel), Kind: desk.Kind(a.Str(aKind)), Author: desk.Author(a.Str(aAuthor)), Agent: a.Str(aAgent),
		Visibility: desk.Visibility(a.Str(aVisibility)), Automatic: desk.Automatic(a.Str(aAutomatic)),
		Forged: a.Num(aForged) != 0, Stranger: a.Num(aStranger) != 0, At: a.Time(aWritten), TakenIn: a.Time(aArrived),
	}
	if m.Visibility == "" {
		m.Visibility = desk.Public
	}
	var e envelope
	_ = json.Unmarshal([]byte(a.Str(aEnvelope)), &e) // of writeMessage
	m.From, m.ReplyTo, m.To, m.Cc, m.Bcc = desk.Address(e.From), readAddresses(e.ReplyTo), readAddresses(e.To), readAddresses(e.Cc), readAddresses(e.Bcc)
	for _, f := range e.Files {
		m.Attachments = append(m.Attachments, desk.Attachment(f))
	}
	if e.Source != nil {
		m.Source = desk.Attachment(*e.Source)
	}
	if e.Call != nil {
		m.Call = desk.CallFacts{Duration: time.Duration(e.Call.Seconds) * time.Second, Outcome: e.Call.Outcome}
	}
	for _, f := range e.Fields {
		m.Fields = append(m.Fields, desk.FormField{Name: f[0], Value: f[1]})
	}
	m.Repairs = e.Repairs
	return m
}
