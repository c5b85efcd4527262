package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// ChainedEntry is an entry of the audit log at its place in one of the account's
// chains. Entries of a chain are numbered, and each has the hash of the one before:
// who changes one, or takes one out, has to write all later ones anew.
type ChainedEntry struct {
	AuditEntry
	Chain    int
	Number   int64  // 1 is a chain's first
	Previous string // the hash of the entry before; "" of the first
	Hash     string // of Previous and all of the entry, as Sum reckons it
}

// ChainHead says how long a chain is, and what its last entry's hash is. That of a
// chain without entries has the number 0.
type ChainHead struct {
	Chain  int
	Number int64
	Hash   string
}

// Append returns an entry as the next one of a chain, and the chain's head then. The
// entry is as a store gives it back: its time in whole milliseconds, its texts valid
// UTF-8.
func (h ChainHead) Append(e AuditEntry) (ChainedEntry, ChainHead) {
	e.At = e.At.UTC().Truncate(1e6)
	for _, text := range []*string{&e.ID, &e.By, &e.Action, &e.Move, &e.Channel, &e.Detail, &e.Address} {
		*text = strings.ToValidUTF8(*text, "\uFFFD")
	}
	c := ChainedEntry{AuditEntry: e, Chain: h.Chain, Number: h.Number + 1, Previous: h.Hash}
	c.Hash = c.Sum()
	return c, ChainHead{Chain: h.Chain, Number: c.Number, Hash: c.Hash}
}

// Sum returns the SHA-256, in hex, of the previous hash and of all that the entry
// says. Each field comes with its length, so that no two entries have the same bytes.
func (e ChainedEntry) Sum() string {
	sum := sha256.New()
	for _, field := range [...]string{
		e.Previous, e.Account, strconv.Itoa(e.Chain), strconv.FormatInt(e.Number, 10), e.ID, strconv.FormatInt(e.At.UnixMilli(), 10),
		e.By, string(e.Role), e.Action, e.Move, e.Channel, e.Detail, e.Address,
	} {
		_, _ = fmt.Fprintf(sum, "%d:%s,", len(field), field) // never fails
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// The kinds of faults in a chain.
const (
	FaultMissing = "missing" // entries are not there
	FaultChanged = "changed" // an entry is not as it was written
	FaultDoubled = "doubled" // a number is there twice
	FaultKept    = "kept"    // a chain is not the one of which a head was kept
)

// ChainFault is what is wrong with a chain: its entries from one number to another.
type ChainFault struct {
	Chain int    `json:"chain"`
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
}

// maxFaults is how many faults of each chain are described; the others are counted.
const maxFaults = 20

// ChainCheck verifies the chains of an account's audit log, of which it remembers no
// more than where it is in each.
type ChainCheck struct {
	chains  map[int]*checkedChain
	entries int64
	faults  []ChainFault
	more    int
}

// checkedChain is a chain that is read from its newest entry to its first.
type checkedChain struct {
	head, kept ChainHead
	hasKept    bool
	seen       bool
	next       int64  // the number that comes next
	hash       string // the hash that it must have
	faults     int
}

// NewChainCheck begins to verify. The heads must be read before the entries, since
// others may be written meanwhile. Kept are heads of an earlier time, if there are
// any: all that was written until then must still be there.
func NewChainCheck(heads, kept []ChainHead) *ChainCheck {
	c := &ChainCheck{chains: make(map[int]*checkedChain, len(heads))}
	for _, h := range heads {
		c.chains[h.Chain] = &checkedChain{head: h}
	}
	for _, k := range kept {
		is := c.chains[k.Chain]
		if is == nil {
			is = &checkedChain{head: ChainHead{Chain: k.Chain}}
			c.chains[k.Chain] = is
		}
		if is.kept, is.hasKept = k, k.Number > 0; k.Number > is.head.Number {
			c.fault(is, FaultKept, is.head.Number+1, k.Number, fmt.Sprintf("its head counts %d entries, and one that was kept counts %d", is.head.Number, k.Number))
		}
	}
	return c
}

// Add takes the next entry. Those of each chain come from the newest to the first.
func (c *ChainCheck) Add(e ChainedEntry) {
	c.entries++
	is := c.chains[e.Chain]
	if is == nil {
		is = &checkedChain{head: ChainHead{Chain: e.Chain}}
		c.chains[e.Chain] = is
		c.fault(is, FaultChanged, e.Number, e.Number, "there is no such chain")
	}
	n := e.Number
	switch {
	case !is.seen && n < is.head.Number:
		c.fault(is, FaultMissing, n+1, is.head.Number, fmt.Sprintf("its head counts %d entries, and the newest that is there is number %d", is.head.Number, n))
	case is.seen && n > is.next:
		c.fault(is, FaultDoubled, n, n, "the number is there a second time")
		return // the first one with it is the one that was followed
	case is.seen && n < is.next:
		c.fault(is, FaultMissing, n+1, is.next, "no such entry is there")
	case is.seen && e.Hash != is.hash:
		c.fault(is, FaultChanged, n, n, "it is not the entry that the next one follows")
	}
	switch {
	case e.Sum() != e.Hash:
		c.fault(is, FaultChanged, n, n, "its hash is not that of what it says")
	case n == is.head.Number && e.Hash != is.head.Hash:
		c.fault(is, FaultChanged, n, n, "its hash is not the one that the chain's head has")
	case is.hasKept && n == is.kept.Number && e.Hash != is.kept.Hash:
		c.fault(is, FaultKept, n, n, "its hash is not the one of the head that was kept")
	}
	is.seen, is.next, is.hash = true, n-1, e.Previous
}

// ChainVerdict is what verifying found.
type ChainVerdict struct {
	Entries int64
	Faults  []ChainFault
	More    int // faults that are not described
}

// End returns what is wrong, once all entries have been added.
func (c *ChainCheck) End() ChainVerdict {
	for _, is := range c.chains {
		last := is.next
		if !is.seen {
			last = is.head.Number
		}
		switch {
		case last > 0:
			c.fault(is, FaultMissing, 1, last, "no such entry is there")
		case is.seen && is.hash != "":
			c.fault(is, FaultChanged, 1, 1, "it follows another, though it is the first")
		}
	}
	return ChainVerdict{c.entries, c.faults, c.more}
}

func (c *ChainCheck) fault(is *checkedChain, kind string, from, to int64, text string) {
	if is.faults++; is.faults > maxFaults {
		c.more++
		return
	}
	c.faults = append(c.faults, ChainFault{is.head.Chain, from, to, kind, text})
}
