package hubspot

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Report says what has become of a folder.
type Report struct {
	Threads       int64     `json:"threads"`       // that were read
	Conversations int64     `json:"conversations"` // that were written, each of a thread
	Messages      int64     `json:"messages"`
	Tickets       int64     `json:"tickets"`
	Files         int64     `json:"files"`   // attachments whose bytes were there
	LeftOut       []Finding `json:"leftOut"` // threads, messages, files and tickets that were not written, by why
	Notes         []Finding `json:"notes"`   // what was written, but otherwise than it was
	Unused        []Unused  `json:"unused"`  // fields that were read and say what nothing here can hold
}

// Finding is something of which there are several.
type Finding struct {
	What string   `json:"what"`
	IDs  []string `json:"ids"` // of HubSpot
}

// Unused is a field that had a value so many times. Its path begins with what it is of,
// such as message.senders[].senderField.
type Unused struct {
	Field string `json:"field"`
	Count int64  `json:"count"`
}

// findings collects findings by what they are.
type findings map[string][]string

func (f findings) add(id, what string, args ...any) {
	if len(args) > 0 {
		what = fmt.Sprintf(what, args...)
	}
	f[what] = append(f[what], id)
}

func (f findings) list() []Finding {
	all := make([]Finding, 0, len(f))
	for _, what := range slices.Sorted(maps.Keys(f)) {
		slices.Sort(f[what])
		all = append(all, Finding{what, slices.Compact(f[what])})
	}
	return all
}

func (u unused) list() []Unused {
	all := make([]Unused, 0, len(u))
	for field, n := range u {
		all = append(all, Unused{field, n})
	}
	slices.SortFunc(all, func(a, b Unused) int { return cmp.Compare(a.Field, b.Field) })
	return all
}

// mostIDs is how many IDs of a finding are printed.
const mostIDs = 10

// Write prints the report for people.
func (r Report) Write(w io.Writer) {
	out := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // into a buffer
	out("%8d threads read\n%8d conversations of them, with %d messages, %d tickets and %d files\n", r.Threads, r.Conversations, r.Messages, r.Tickets, r.Files)
	print := func(title string, all []Finding) {
		if len(all) > 0 {
			out("%s:\n", title)
		}
		for _, f := range all {
			ids := strings.Join(f.IDs[:min(len(f.IDs), mostIDs)], ", ")
			if more := len(f.IDs) - mostIDs; more > 0 {
				ids += fmt.Sprintf(" and %d more", more)
			}
			out("%8d %s: %s\n", len(f.IDs), f.What, ids)
		}
	}
	print("left out", r.LeftOut)
	print("written otherwise than it was", r.Notes)
	if len(r.Unused) > 0 {
		out("fields that are not carried over, and how often they had a value:\n")
	}
	for _, u := range r.Unused {
		out("%8d %s\n", u.Count, u.Field)
	}
}
