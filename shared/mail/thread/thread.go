// Package thread puts messages together into threads: by the ids that
// Message-ID, In-Reply-To and References name, also those of messages that are
// not there, and for replies that name none by subject and people.
//
// The same messages give the same threads and external IDs in whatever order
// they come.
package thread

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"deskmove/shared/mail"
)

// Thread is one conversation.
type Thread struct {
	// Root names the thread: the id that its first message's references
	// begin with, or that message's external ID.
	Root    string
	Subject string    // of the first message, as it stands
	Started time.Time // earliest known date of its messages; zero if none is known
	Items   []Item    // parents before replies, else by date
	// Aliases are all ids by which the thread is known, sorted: external IDs,
	// Message-IDs and referenced ids. A message of a later file belongs to the
	// thread if any of its ids is among them.
	Aliases []string
}

// Item is one message of a thread.
type Item struct {
	Index      int    // in the headers given to Build
	ExternalID string // unique among all items of one Build
	Parent     string // external ID of the message it answers, "" if not there
}

// Duplicate says that one message is a copy of another, which is kept.
type Duplicate struct{ Index, Of int }

// Skipped is how to report the copy; headers are those given to Build.
func (d Duplicate) Skipped(headers []mail.Header) *mail.SkippedError {
	h, of := &headers[d.Index], &headers[d.Of]
	return &mail.SkippedError{File: h.File, Number: h.Number, Offset: h.Offset,
		Reason: fmt.Sprintf("copy of message %d of %s", of.Number, of.File)}
}

// Build makes threads of messages, oldest first, and lists the copies it left
// out. own reports whether an address, in lower case, is one of the account's:
// only a customer's address ties a reply without ids to a thread. Without own
// such replies stay threads of their own.
func Build(headers []mail.Header, own func(address string) bool) ([]Thread, []Duplicate) {
	b := &builder{headers: headers}
	duplicates := b.name()
	b.link()
	if own != nil {
		b.linkSubjects(own)
	}
	sets := make(map[int][]int)
	for _, i := range b.kept {
		root := b.sets.find(b.node(i))
		sets[root] = append(sets[root], i)
	}
	threads := make([]Thread, 0, len(sets))
	for _, members := range sets {
		threads = append(threads, b.thread(members))
	}
	slices.SortFunc(threads, func(x, y Thread) int {
		return cmp.Or(x.Started.Compare(y.Started), cmp.Compare(x.Root, y.Root))
	})
	return threads, duplicates
}

// builder holds what Build works on. Slices by index are by that of headers.
type builder struct {
	headers  []mail.Header
	kept     []int    // in order of date and external ID
	external []string // external IDs; a copy has that of the message it copies
	copies   map[int][]int
	sets     union
	byID     map[string]int // the kept message that has the id
	answers  map[int]int    // what a message without ids answers, by its subject
}

// node is the id by which message i takes part in sets.
func (b *builder) node(i int) int { return b.sets.node(b.external[i]) }

// name sets kept and external. Of several messages with one Message-ID, each
// content is kept once. The earliest bears the plain id.
func (b *builder) name() []Duplicate {
	order := make([]int, len(b.headers))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, b.compare)
	b.external = make([]string, len(b.headers))
	b.copies = make(map[int][]int)
	var duplicates []Duplicate
	taken := make(map[string]int)
	for _, i := range order {
		h := b.headers[i]
		name := h.ExternalID()
		if first, ok := taken[name]; ok && b.headers[first].Content != h.Content {
			name = h.TwinID()
		}
		b.external[i] = name
		if first, ok := taken[name]; ok {
			duplicates = append(duplicates, Duplicate{Index: i, Of: first})
			b.copies[first] = append(b.copies[first], i)
			continue
		}
		taken[name] = i
		b.kept = append(b.kept, i)
	}
	return duplicates
}

// compare orders messages by themselves, not by where they were found.
func (b *builder) compare(i, j int) int {
	x, y := &b.headers[i], &b.headers[j]
	return cmp.Or(x.Date.Compare(y.Date), cmp.Compare(x.ExternalID(), y.ExternalID()),
		cmp.Compare(x.Content, y.Content), cmp.Compare(x.RawHash, y.RawHash), cmp.Compare(i, j))
}

// link joins every message with the ids it has and names. Copies count, for
// one may name what another does not.
func (b *builder) link() {
	b.sets.nodes = make(map[string]int)
	b.byID = make(map[string]int)
	b.answers = make(map[int]int)
	for _, i := range b.kept {
		for _, id := range b.ids(i) {
			b.sets.join(b.node(i), b.sets.node(id))
		}
		for _, id := range append([]string{b.headers[i].ID}, b.headers[i].OtherIDs...) {
			if _, ok := b.byID[id]; !ok && id != "" {
				b.byID[id] = i
			}
		}
	}
}

// ids are all the ids that kept message i and its copies have and name.
func (b *builder) ids(i int) []string {
	var all []string
	for _, j := range append([]int{i}, b.copies[i]...) {
		h := &b.headers[j]
		all = append(append(append(append(all, b.external[j]), h.OtherIDs...), h.InReplyTo...), h.References...)
		if h.ID != "" {
			all = append(all, h.ID)
		}
	}
	return all
}

// thread makes a thread of the messages of one set.
func (b *builder) thread(members []int) Thread {
	items := b.order(members)
	first := &b.headers[items[0].Index]
	t := Thread{Root: items[0].ExternalID, Subject: first.Subject, Items: items}
	switch {
	case len(first.References) > 0:
		t.Root = first.References[0]
	case len(first.InReplyTo) > 0:
		t.Root = first.InReplyTo[0]
	}
	for _, i := range members { // in order of date, those without one first
		if t.Started.IsZero() {
			t.Started = b.headers[i].Date
		}
		t.Aliases = append(t.Aliases, b.ids(i)...)
	}
	slices.Sort(t.Aliases)
	t.Aliases = slices.Compact(t.Aliases)
	return t
}
