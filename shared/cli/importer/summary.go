package importer

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"deskmove/shared/cli/transfer"
	"deskmove/shared/exchange/mailbox"
)

// Summary accounts for every message: Read is the sum of Added, Known,
// Duplicates and those Skipped.
type Summary struct {
	mailbox.Report
	DryRun        bool  `json:"dryRun,omitempty"`
	Added         int64 `json:"added"`         // taken in now, or what would be taken in if it is not there
	Known         int64 `json:"known"`         // there already
	Conversations int64 `json:"conversations"` // begun now
	Closed        int64 `json:"closed"`        // because an agent answered last
	Owned         int64 `json:"owned"`         // given to the agent who answered last
	Moved         int64 `json:"moved"`         // their state was left alone, for they are in the help desk
	// Apart are threads that are in several conversations, by their IDs.
	Apart   [][]string `json:"apart,omitempty"`
	Seconds float64    `json:"seconds"`
}

// add adds what has become of the messages that were written.
func (s *Summary) add(i transfer.Imported, box *mailbox.Box) {
	s.DryRun, s.Added, s.Known, s.Conversations = i.DryRun, i.Messages, i.KnownMessages, i.Added
	s.Closed, s.Owned, s.Moved, s.Apart = i.Closed, i.Owned, i.Moved, i.Apart
	if i.DryRun {
		for _, c := range i.Channels {
			s.Added += c.Messages
		}
	}
	find := func(id string) (file string, number int) {
		_, message, _ := strings.Cut(id, "/")
		return box.Place(message)
	}
	for _, l := range i.LeftOut {
		for _, id := range l.IDs {
			file, number := find(id)
			s.Skip(file, number, l.Why)
		}
	}
	for _, l := range i.Lessened {
		for _, id := range l.IDs {
			file, number := find(id)
			s.Lessened = append(s.Lessened, mailbox.Skipped{File: file, Number: number, Reason: l.Why})
		}
	}
}

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
	out("%8d messages read\n", s.Read)
	if s.DryRun {
		out("%8d would be added to channel %s, in %d threads, but for those that are there\n", s.Added, s.Channel, s.Threads)
	} else {
		out("%8d added to channel %s, in %d threads, of which %d are new conversations\n", s.Added, s.Channel, s.Threads, s.Conversations)
	}
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
	for _, u := range s.Unknown {
		out("%8d by %s, who counts as a customer", u.Wrote, u.Address)
		if len(u.Similar) > 0 {
			out(", and is perhaps %s", strings.Join(u.Similar, " or "))
		}
		out("\n")
	}
	if len(s.Unknown) > 0 {
		out("         if that is an agent, say so in a file for --agents\n")
	}
	transfer.WriteStates(out, s.Closed, s.Owned, s.Moved, s.Apart)
	if s.DryRun {
		out("nothing was written: this was a rehearsal\n")
		return
	}
	out("%8.1f s\n", s.Seconds)
}

// list prints messages by reason, in the order of the first of each.
func list(out func(string, ...any), ms []mailbox.Skipped, what string) {
	var reasons []string
	numbers := make(map[string][]string)
	for _, m := range ms {
		reason := ofLine.ReplaceAllString(m.Reason, "") // or none would be like another
		if numbers[reason] == nil {
			reasons = append(reasons, reason)
		}
		numbers[reason] = append(numbers[reason], fmt.Sprint(m.Number))
	}
	for _, r := range reasons {
		out("%8d %s: %s: message %s\n", len(numbers[r]), what, r, some(numbers[r]))
	}
}

// ofLine is where in a JSON Lines file a reason was found.
var ofLine = regexp.MustCompile(`^line \d+: `)

func some(numbers []string) string {
	if more := len(numbers) - mostNumbers; more > 0 {
		return strings.Join(numbers[:mostNumbers], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(numbers, ", ")
}
