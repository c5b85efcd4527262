// Package mail reads messages from mbox, EML and JSON Lines files, gzipped or
// not.
//
// No message is lost silently: a malformed message is repaired, and its Notes
// say how; a message that cannot be kept is reported as a SkippedError; and a
// file that cannot be read to its end as a FileError. Package thread groups the
// messages into threads, while a Spool keeps their bodies on disk.
//
// # JSON Lines
//
// A line is an object with the fields of one message, all but from optional:
//
//	{"messageId": "<2@example.com>", "inReplyTo": "<1@example.com>", "references": ["<1@example.com>"], "threadId": "17",
//	 "from": "Jane <jane@example.com>", "replyTo": [], "to": ["support@example.org"], "cc": [], "bcc": [],
//	 "date": "2026-03-02T09:15:00+01:00", "subject": "Invoice", "text": "Hello", "html": "<p>Hello",
//	 "labels": ["VIP"], "automatic": "auto-replied", "box": "deleted"}
//
// Addresses may have names. A threadId has at most 200 bytes. Labels are people's own,
// at most 100. The values of automatic and box are those of Automatic and Box. Lines
// with other fields or values are skipped.
//
// # Why not a library
//
// An import must keep every message of an old archive, however malformed, and
// must not depend on the order or format of the files. This reader was compared
// with enmime v2.3.0, both after the same splitting of mbox files:
//
//   - Of 6,434 mails, two years of a public mailing list, 6,342 (98.6 %) gave the
//     same sender, subject, text and number of attachments. enmime took 31.6 s,
//     this package 2.8 s.
//   - Of 81 mails chosen from 24 years of the same list because they are malformed
//     or unusual, 67 gave the same result. enmime refused one, lost the body of
//     one, and returned invalid UTF-8 for one and NUL bytes for another.
package mail

import (
	"time"

	"deskmove/shared/mail/note"
)

// MaxSize is the maximum size of a message in its file, in bytes (40 MiB), more than
// mail servers take. Larger messages are skipped.
const MaxSize = 40 << 20

// Address is a mail address in lower case and the name given with it. Either may
// be empty.
type Address struct{ Name, Address string }

// NoReturnPath is the ReturnPath of a message whose envelope named no sender, so
// that nothing may be sent back: notices of delivery and other automatic mail.
const NoReturnPath = "<>"

// Header is a message without its body. It takes one or two kilobytes, so the
// headers of a whole file fit in memory.
type Header struct {
	File   string
	Number int   // position in the file, from 1
	Offset int64 // position in the unzipped file, in bytes of UTF-8 if that is UTF-16
	Size   int64 // size in the file, in the same bytes

	ID         string   // Message-ID without brackets, "" if none; at most 256 bytes
	OtherIDs   []string // further Message-IDs of the same message
	InReplyTo  []string // IDs of the messages that it answers
	References []string // IDs of its thread, oldest first

	From        Address   // the first author; if there is none, the sender
	Sender      Address   // who sent it for the author; empty if that is not said
	ReplyTo     []Address // where answers go; nil if to From
	To, Cc, Bcc []Address
	// ReturnPath is the sender's address in the envelope, in lower case, as the
	// receiving server noted it: NoReturnPath if there was none, "" if unknown.
	ReturnPath string
	Subject    string    // one line, decoded; "" if none
	Date       time.Time // when it was written, in UTC, to the second, from 1970 on; zero if unknown
	Arrival    time.Time // when it was received, in UTC; zero if unknown

	Automatic Automatic // why a program wrote it; "" if a person did
	Forged    bool      // the receiving server says that From did not send it
	Box       Box       // what it is beside mail; "" if mail
	BoxSign   string    // the field that says so, such as "X-Gmail-Labels"
	Labels    []string  // what people filed it under, in the file's order
	ThreadID  string    // the mailbox's own ID of its thread, "" if none; at most 200 bytes

	RawHash string // SHA-256 of Source or, of JSON Lines, of the line; in hex
	// Content is a SHA-256, in hex, of the sender, subject, text and attachments.
	// It is the same for copies of a message that were delivered separately or
	// are stored in different formats.
	Content string
	Notes   []note.Code // what was repaired or guessed, each once

	unnamed string // external ID of a message without Message-ID
}

// Message is a message with its body. Text is complete even if the message only
// has HTML. Text and HTML are valid UTF-8 without NUL bytes, and their lines end
// in "\n".
type Message struct {
	Header
	Text, HTML  string
	Attachments []Attachment
	// Source is the message as it is in the file: all of an EML; of an mbox what is
	// between the "From " line and the empty line before the next one, with the ">"
	// that quotes a "From " in it; in UTF-8 if the file is in UTF-16. It is nil for
	// JSON Lines.
	Source []byte
}

// Attachment is a decoded file of a message. Name and Type are never empty. Name
// is without a path and without control characters, and need not be unique.
type Attachment struct {
	Name, Type string
	ContentID  string // by which the HTML refers to it, without brackets; "" if none
	Inline     bool   // shown within the text and not beside it
	Data       []byte
}

// ExternalID returns the ID by which imports recognise the message: its
// Message-ID or, if it has none, a hash of its content and date. It is valid
// UTF-8 without blanks, 1 to 256 bytes long. If several messages have the same
// Message-ID but different Content, all but one must use TwinID.
func (h Header) ExternalID() string {
	if h.ID != "" {
		return h.ID
	}
	return h.unnamed
}

// TwinID returns an ID that differs between messages with the same Message-ID,
// but not between copies of one message. It is at most 17 bytes longer than
// ExternalID.
func (h Header) TwinID() string {
	return h.ExternalID() + "#" + h.Content[:min(16, len(h.Content))]
}
