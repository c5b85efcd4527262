// Package thread groups messages into threads. It uses the IDs in Message-ID,
// In-Reply-To and References, including IDs of messages that are missing, and the
// mailbox's own IDs of threads, which join also what names no other message.
// Replies that have none of these are assigned by subject and people.
//
// Messages that name each other are one thread even if the mailbox has them in two:
// a reply that comes in later is joined by what it names, too.
//
// The result does not depend on the order of the messages.
package thread

import (
	"cmp"
	"slices"
	"time"

	"deskmove/shared/mail"
)

// Thread is a group of messages that belong to one conversation.
type Thread struct {
	// Root identifies the thread: the first ID in the references of its first
	// message, or that message's external ID.
	Root    string
	Subject string    // subject of the first message, unchanged
	Started time.Time // earliest known date of its messages; zero if none is known
	Items   []Item    // by date, but replies after the message that they answer
	// Aliases are all IDs of the thread, sorted: external IDs, Message-IDs,
	// referenced IDs, and the mailbox's own after "thread:". A message of another file belongs to the thread if it has
	// or names one of them.
	Aliases []string
}

// Item is one message of a thread.
type Item struct {
	Index      int    // index in the headers given to Build
	ExternalID string // unique among all items returned by Build
	Parent     string // external ID of the message that it answers, "" if that is missing
}

// Duplicate is a message, by its index, that is left out because it is a copy of
// another message.
type Duplicate struct{ Index, Of int }

// Build returns the threads of messages, oldest first, and the copies that were
// left out. The function own reports whether an address, in lower case, is the
// account's: a reply without IDs joins a thread only through a customer's
// address. If own is nil, such replies become separate threads.
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

// builder is the state of Build. Its slices are indexed like headers.
type builder struct {
	headers  []mail.Header
	kept     []int    // in order of date and external ID
	external []string // external IDs; a copy has that of the message it copies
	copies   map[int][]int
	sets     union
	byID     map[string]int // the kept message that has the id
	answers  map[int]int    // what a message without ids answers, by its subject
}

// node returns the ID that represents message i in the sets.
func (b *builder) node(i int) int { return b.sets.node(b.external[i]) }

// name sets kept and external. Of several messages with the same Message-ID, each
// Content is kept once, and the earliest gets the plain ID.
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

// compare orders messages by their own properties, not by their position.
func (b *builder) compare(i, j int) int {
	x, y := &b.headers[i], &b.headers[j]
	return cmp.Or(x.Date.Compare(y.Date), cmp.Compare(x.ExternalID(), y.ExternalID()),
		cmp.Compare(x.Content, y.Content), cmp.Compare(x.RawHash, y.RawHash), cmp.Compare(i, j))
}

// link joins every message with the IDs that it has and names. That includes
// copies, because their references may differ.
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

// ids returns all IDs that message i and its copies have and name.
func (b *builder) ids(i int) []string {
	var all []string
	for _, j := range append([]int{i}, b.copies[i]...) {
		h := &b.headers[j]
		all = append(append(append(append(all, b.external[j]), h.OtherIDs...), h.InReplyTo...), h.References...)
		if h.ID != "" {
			all = append(all, h.ID)
		}
		if h.ThreadID != "" {
			all = append(all, "thread:"+h.ThreadID)
		}
	}
	return all
}

// thread returns the thread of the messages in one set.
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
