package thread

import (
	"slices"
	"strings"
	"time"

	"deskmove/shared/mail"
)

const (
	// window is the maximum time between two messages that are linked by their
	// subject.
	window = 90 * 24 * time.Hour
	// maxLook is the number of messages considered for each subject and person.
	maxLook = 1000
)

// mark is a message with a certain subject, from or to a certain person.
type mark struct {
	index int
	wrote bool // the person is its sender
}

// linkSubjects links replies that name no IDs to the nearest message with the
// same subject and customer, if the customer sent one of the two. Messages
// before the reply are preferred.
func (b *builder) linkSubjects(own func(string) bool) {
	subjects := make(map[string]bool)
	var lone []int
	for _, i := range b.kept {
		h := &b.headers[i]
		if base, reply := Subject(h.Subject); reply && base != "" && !linked(h) && !h.Date.IsZero() {
			lone = append(lone, i)
			subjects[base] = true
		}
	}
	marks := make(map[[2]string][]mark) // by subject and person, in order of date
	for _, i := range b.kept {
		h := &b.headers[i]
		if base, _ := Subject(h.Subject); subjects[base] && !h.Date.IsZero() {
			for _, person := range customers(h, own) {
				key := [2]string{base, person}
				marks[key] = append(marks[key], mark{index: i, wrote: h.From.Address == person})
			}
		}
	}
	for _, i := range lone {
		h := &b.headers[i]
		base, _ := Subject(h.Subject)
		best := -1
		for _, person := range customers(h, own) {
			if j := b.nearest(i, marks[[2]string{base, person}], h.From.Address == person); j >= 0 && (best < 0 || b.nearer(i, j, best)) {
				best = j
			}
		}
		if best >= 0 {
			b.sets.join(b.node(i), b.node(best))
			if b.compare(best, i) < 0 {
				b.answers[i] = best
			}
		}
	}
}

// linked reports whether a message says itself to which thread it belongs.
func linked(h *mail.Header) bool {
	return len(h.InReplyTo)+len(h.References) > 0 || h.ThreadID != ""
}

// nearest returns the message among marks that is nearest to i; -1 if there is
// none. wrote tells whether the person of the marks is the sender of i.
func (b *builder) nearest(i int, marks []mark, wrote bool) int {
	at, _ := slices.BinarySearchFunc(marks, i, func(m mark, i int) int { return b.compare(m.index, i) })
	fits := func(m mark) bool { return m.index != i && (wrote || m.wrote) }
	date := b.headers[i].Date
	for n := at - 1; n >= max(0, at-maxLook) && date.Sub(b.headers[marks[n].index].Date) <= window; n-- {
		if fits(marks[n]) {
			return marks[n].index
		}
	}
	for n := at; n < min(len(marks), at+maxLook) && b.headers[marks[n].index].Date.Sub(date) <= window; n++ {
		if fits(marks[n]) {
			return marks[n].index
		}
	}
	return -1
}

// nearer reports whether x is a better parent of i than y: the latest message
// before i, otherwise the earliest after it.
func (b *builder) nearer(i, x, y int) bool {
	beforeX, beforeY := b.compare(x, i) < 0, b.compare(y, i) < 0
	if beforeX != beforeY {
		return beforeX
	}
	return beforeX == (b.compare(x, y) > 0)
}

// customers returns the addresses of a message that are not the account's.
func customers(h *mail.Header, own func(string) bool) []string {
	var all []string
	for _, a := range slices.Concat([]mail.Address{h.From}, h.To, h.Cc) {
		if strings.Contains(a.Address, "@") && !own(a.Address) && !slices.Contains(all, a.Address) {
			all = append(all, a.Address)
		}
	}
	return all
}
