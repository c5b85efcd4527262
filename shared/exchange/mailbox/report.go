package mailbox

import "deskmove/shared/mail/note"

// Report says what has become of mail: Read is the sum of Duplicates, those Skipped, and
// what was written.
type Report struct {
	Channel    string    `json:"channel"`
	Files      []File    `json:"files"`
	Read       int64     `json:"read"`       // messages found in the files
	Duplicates int64     `json:"duplicates"` // copies of others in the files
	Skipped    []Skipped `json:"skipped"`
	Copies     []Copy    `json:"copies,omitempty"`
	Lessened   []Skipped `json:"lessened,omitempty"` // kept, but without what their sources have
	Threads    int64     `json:"threads"`
	Unknown    []Unknown `json:"unknown,omitempty"` // addresses like ours, that are no agent's
}

// File is a file that was read.
type File struct {
	Name     string `json:"name"`
	Read     int64  `json:"read"`
	Repaired int64  `json:"repaired"` // messages in which something was repaired or guessed
	Notes    []Note `json:"notes,omitempty"`
	Error    string `json:"error,omitempty"`
}

// Note is what was repaired or guessed in some messages of a file. The notes of a
// file stand in the order of note.Codes.
type Note struct {
	Code     note.Code `json:"code"`
	Says     string    `json:"says"` // in English
	Count    int64     `json:"count"`
	Messages []int     `json:"messages"` // their numbers in the file, from 1
}

// Skipped is a message that was left out, and why.
type Skipped struct {
	File   string `json:"file"`
	Number int    `json:"number"` // in its file, from 1
	Reason string `json:"reason"`
}

// Unknown is an address at the domain of an agent or a channel of the account which is neither's, so that
// what was written from it counts as a customer's.
type Unknown struct {
	Address string   `json:"address"`
	Wrote   int64    `json:"wrote"`             // messages
	Similar []string `json:"similar,omitempty"` // agents who it may be, by their IDs
}

// Copy is a message that was left out as a duplicate.
type Copy struct {
	File   string `json:"file"`
	Number int    `json:"number"`
	OfFile string `json:"ofFile"`
	Of     int    `json:"of"`
}

// notes lists what messages of a file have been noted for.
func notes(messages map[note.Code][]int) []Note {
	var all []Note
	for _, c := range note.Codes() {
		if found := messages[c]; len(found) > 0 {
			all = append(all, Note{Code: c, Says: c.Says(), Count: int64(len(found)), Messages: found})
		}
	}
	return all
}

// Skip notes that a message was left out.
func (r *Report) Skip(file string, number int, reason string) {
	r.Skipped = append(r.Skipped, Skipped{file, number, reason})
}
