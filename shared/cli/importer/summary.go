package importer

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"deskmove/shared/mail/note"
)

// Summary accounts for every message: Read is the sum of Added, Known,
// Duplicates and those Skipped.
type Summary struct {
	Channel       string    `json:"channel"`
	Files         []File    `json:"files"`
	Read          int64     `json:"read"`       // messages found in the files
	Added         int64     `json:"added"`      // taken in now
	Known         int64     `json:"known"`      // there already
	Duplicates    int64     `json:"duplicates"` // copies of others in the files
	Skipped       []Skipped `json:"skipped"`
	Copies        []Copy    `json:"copies,omitempty"`
	Lessened      []Skipped `json:"lessened,omitempty"` // kept, but without what their sources have
	Threads       int64     `json:"threads"`
	Conversations int64     `json:"conversations"` // begun now
	Closed        int64     `json:"closed"`        // because an agent answered last
	Owned         int64     `json:"owned"`         // given to the agent who answered last
	Moved         int64     `json:"moved"`         // their state was left alone, for they are in the help desk
	// Apart are threads that are in several conversations, by their IDs.
	Apart   [][]string `json:"apart,omitempty"`
	Seconds float64    `json:"seconds"`
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

func (s *Summary) skip(m Skipped) { s.Skipped = append(s.Skipped, m) }

// mostNumbers is how many messages a line of the summary names.
const mostNumbers = 20

// Write prints the summary for people.
func (s Summary) Write(w io.Writer) {
	out := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // into a buffer
	for _, f := range s.Files {
		out("%s: %d messages", f.Name, f.Read)
		if f.Repaired > 0 {
			out(", %d repaired on reading", f.Repaired)
		}
		if f.Error != "" {
			out(", broken: %s", f.Error)
		}
		out("\n")
		for _, n := range f.Notes {
			numbers := make([]string, len(n.Messages))
			for i, m := range n.Messages {
				numbers[i] = strconv.Itoa(m)
			}
			out("%8d noted: %s: message %s\n", n.Count, n.Says, some(numbers))
		}
	}
	out("%8d messages read\n%8d added to channel %s, in %d threads, of which %d are new conversations\n",
		s.Read, s.Added, s.Channel, s.Threads, s.Conversations)
	if s.Known > 0 {
		out("%8d existed already\n", s.Known)
	}
	if s.Duplicates > 0 {
		numbers := make([]string, 0, len(s.Copies))
		for _, c := range s.Copies {
			numbers = append(numbers, fmt.Sprintf("%d (of %d)", c.Number, c.Of))
		}
		out("%8d are duplicates: %s\n", s.Duplicates, some(numbers))
	}
	list(out, s.Skipped, "skipped")
	list(out, s.Lessened, "shortened")
	if s.Closed+s.Owned > 0 {
		out("%8d conversations closed because an agent answered last; %d assigned to that agent\n", s.Closed, s.Owned)
	}
	if s.Moved > 0 {
		out("%8d conversations are in the help desk already; their status was not changed\n", s.Moved)
	}
	if len(s.Apart) > 0 {
		groups := make([]string, len(s.Apart))
		for i, ids := range s.Apart {
			groups[i] = strings.Join(ids, " and ")
		}
		out("%8d threads are in several conversations, which cannot be joined: %s\n", len(s.Apart), some(groups))
	}
	out("%8.1f s\n", s.Seconds)
}

// list prints messages by reason, in the order of the first of each.
func list(out func(string, ...any), ms []Skipped, what string) {
	var reasons []string
	numbers := make(map[string][]string)
	for _, m := range ms {
		if numbers[m.Reason] == nil {
			reasons = append(reasons, m.Reason)
		}
		numbers[m.Reason] = append(numbers[m.Reason], fmt.Sprint(m.Number))
	}
	for _, r := range reasons {
		out("%8d %s: %s: message %s\n", len(numbers[r]), what, r, some(numbers[r]))
	}
}

func some(numbers []string) string {
	if more := len(numbers) - mostNumbers; more > 0 {
		return strings.Join(numbers[:mostNumbers], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(numbers, ", ")
}
