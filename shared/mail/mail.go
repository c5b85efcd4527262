// Package mail reads files of mail (mbox, EML and JSON Lines, each also
// gzipped) into messages that can be imported.
//
// Reading never loses a message in silence: what is broken is repaired and
// noted on the message, what cannot be kept is a SkippedError, and a file that
// cannot be read on is a FileError. Package thread turns the messages into
// threads; a Spool keeps their bodies on disk meanwhile.
package mail

import "time"

// MaxSize is the largest message that is read, in bytes as it stands in the
// file (10 MiB). A larger one is skipped.
const MaxSize = 10 << 20

// Address is a name and an address in lower case. Either may be empty.
type Address struct{ Name, Address string }

// Header is what is known of a message without its body; of a few hundred
// bytes, so that those of a whole file fit in memory.
type Header struct {
	File   string
	Number int   // in the file, from 1
	Offset int64 // in the file once unzipped, in bytes
	Size   int64 // in the file, in bytes

	ID         string   // Message-ID without brackets, "" if none; at most 256 bytes
	OtherIDs   []string // more Message-IDs that it carries
	InReplyTo  []string // ids it answers
	References []string // ids of its thread, oldest first

	From, ReplyTo Address
	To, Cc        []Address
	Subject       string    // one line, decoded, "" if none
	Date          time.Time // when it was written, in UTC to the second; zero if nobody knows
	Arrival       time.Time // when it came in, in UTC; zero if nobody knows

	RawHash string // SHA-256 of the message as it stands in the file, in hex
	// Content is a SHA-256, in hex, of who wrote what: sender, subject, text
	// and attachments. Copies of one message that came by two ways, or are
	// stored in two formats, have the same.
	Content string
	Notes   []string // what was repaired or guessed

	unnamed string // external ID of a message without Message-ID
}

// Message is a message with its body. Text is complete even if the message is
// HTML only; Text and HTML are valid UTF-8, without NUL, with "\n" between lines.
type Message struct {
	Header
	Text, HTML  string
	Attachments []Attachment
}

// Attachment is a file of a message, decoded. Name and Type are never empty.
type Attachment struct {
	Name, Type string
	Data       []byte
}

// ExternalID names the message the same in every import: its Message-ID, or,
// if it has none, a hash of its content and date. Two messages may carry the
// same Message-ID; where their Content differs, all but one go by TwinID. It is
// valid UTF-8 without blanks, of 1 to 256 bytes.
func (h Header) ExternalID() string {
	if h.ID != "" {
		return h.ID
	}
	return h.unnamed
}

// TwinID names the message apart from others with its Message-ID, and its
// copies the same. It is at most 17 bytes longer than ExternalID.
func (h Header) TwinID() string {
	return h.ExternalID() + "#" + h.Content[:min(16, len(h.Content))]
}
