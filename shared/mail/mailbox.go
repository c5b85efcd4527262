package mail

import (
	"slices"
	"strconv"
	"strings"

	"deskmove/shared/mail/internal/field"
	"deskmove/shared/mail/note"
)

// Box is what a mailbox holds beside mail that was sent and received.
type Box string

// The boxes. A message that is of several has the first of them: what it is tells
// more than where it lies.
const (
	Draft   Box = "draft"   // never sent
	Spam    Box = "spam"    // taken for spam by a filter or a person
	Chat    Box = "chat"    // a line of a chat, in Gmail's archives
	Deleted Box = "deleted" // in the trash, or marked to be removed
)

// Flags of X-Mozilla-Status and X-Mozilla-Status2, which hold them in hexadecimal
// (nsMsgMessageFlags.idl of Thunderbird).
const (
	mozillaExpunged    = 0x00000008
	mozillaIMAPDeleted = 0x00200000
)

const (
	// maxLabels is the maximum number of labels kept of a message.
	maxLabels = 100
	// maxThreadID is the maximum length of a ThreadID in bytes.
	maxThreadID = 200
)

// sort sets what the mailbox that held the message says of it: Box, BoxSign, Labels
// and ThreadID.
func (m *Message) sort(fields field.Fields) {
	m.gmail(fields)
	m.mozilla(fields)
	m.mbox(fields)
	if strings.EqualFold(strings.TrimSpace(fields.Get("x-spam-flag")), "yes") { // SpamAssassin's
		m.is(Spam, "X-Spam-Flag")
	}
}

// is sets the box, unless a sign has already said what tells more.
func (m *Message) is(box Box, sign string) {
	order := []Box{"", Deleted, Chat, Spam, Draft}
	if slices.Index(order, box) > slices.Index(order, m.Box) {
		m.Box, m.BoxSign = box, sign
	}
}

// gmail reads the fields that Google Takeout adds.
func (m *Message) gmail(fields field.Fields) {
	for _, label := range splitLabels(field.Text(fields.Get("x-gmail-labels"))) {
		m.label(label, gmailBox, "X-Gmail-Labels")
	}
	id := strings.TrimSpace(fields.Get("x-gm-thrid"))
	if _, err := strconv.ParseUint(id, 10, 64); err == nil {
		m.ThreadID = id
	}
}

// mozilla reads the fields that Thunderbird and its relatives add.
func (m *Message) mozilla(fields field.Fields) {
	if flags(fields, "x-mozilla-status")&mozillaExpunged != 0 {
		m.is(Deleted, "X-Mozilla-Status")
	}
	if flags(fields, "x-mozilla-status2")&mozillaIMAPDeleted != 0 {
		m.is(Deleted, "X-Mozilla-Status2")
	}
	if fields.Get("x-mozilla-draft-info") != "" && fields.Get("received") == "" { // of drafts, templates and mail to be sent later
		m.is(Draft, "X-Mozilla-Draft-Info")
	}
	for _, key := range strings.Fields(field.Text(fields.Get("x-mozilla-keys"))) {
		m.label(key, keywordBox, "X-Mozilla-Keys")
	}
}

// flags returns the flags of a field in hexadecimal, 0 if it has none.
func flags(fields field.Fields, name string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSpace(fields.Get(name)), 16, 32)
	if err != nil {
		return 0
	}
	return n
}

// mbox reads the flags that mail programs on Unix keep in a mailbox: letters, of
// which D means deleted and T draft.
func (m *Message) mbox(fields field.Fields) {
	for _, name := range []string{"Status", "X-Status"} {
		letters := strings.TrimSpace(fields.Get(strings.ToLower(name)))
		if strings.Trim(letters, "ADFNORTU") != "" {
			continue // not these flags
		}
		if strings.Contains(letters, "D") {
			m.is(Deleted, name)
		}
		if strings.Contains(letters, "T") {
			m.is(Draft, name)
		}
	}
	for _, key := range strings.Fields(field.Text(fields.Get("x-keywords"))) {
		m.label(key, keywordBox, "X-Keywords")
	}
}

// label keeps a label that people made. boxOf tells the mailbox's own, and which of
// them are a box.
func (m *Message) label(label string, boxOf func(string) (Box, bool), sign string) {
	box, own := boxOf(strings.ToLower(label))
	switch {
	case box != "":
		m.is(box, sign)
	case own, slices.Contains(m.Labels, label):
	case len(m.Labels) < maxLabels:
		m.Labels = append(m.Labels, label)
	default:
		m.note(note.LabelsLong)
	}
}

// splitLabels splits a list at commas outside of quotes.
func splitLabels(s string) []string {
	var all []string
	start, quoted := 0, false
	for i := 0; i <= len(s); i++ {
		switch {
		case i < len(s) && s[i] == '"':
			quoted = !quoted
		case i == len(s), s[i] == ',' && !quoted:
			if label := strings.TrimSpace(strings.ReplaceAll(s[start:i], `"`, "")); label != "" {
				all = append(all, label)
			}
			start = i + 1
		}
	}
	return all
}
