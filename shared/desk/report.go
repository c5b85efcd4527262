package desk

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Report states the results of a move and proves that nothing was lost (R27).
type Report struct {
	Found      int64 // conversations that belong to the move
	Created    int64 // tickets created from history
	AsIs       int64 // conversations moved with the ticket they already had
	Redirected int64 // tickets of live conversations
	Failed     int64
	OwnersLost int64            // tickets that have no owner because the conversation's lacked access
	LostBy     map[string]int64 // OwnersLost by the owner, of the move's Losers only
	Breaches   int64            // tickets overdue from the start
	ByStatus   map[Status]int64 // tickets by the status that the move gave them

	// Sums of Checksum over all conversations of the move, in hex: what the
	// inbox says the tickets must be, and what they are. Equal sums prove that
	// both agree.
	InboxSum string
	DeskSum  string
}

// Checksum returns the checksum of one conversation or ticket for the report of
// a move (R27). The sum over all of them, modulo 2^64, does not depend on the
// order, so shards can be summed separately; a missing, duplicated or different
// line changes it. The precision of start is a millisecond.
func Checksum(conversation string, start time.Time, status Status, owner string) uint64 {
	var room [256]byte
	b := room[:0]
	for _, s := range [...]string{conversation, string(status), owner} {
		b = binary.AppendUvarint(b, uint64(len(s))) // distinguishes "ab","c" from "a","bc"
		b = append(b, s...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(start.UnixMilli()))
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// Checksums returns the terms of a landed conversation in the sums of a report:
// what its ticket must have been at its landing, according to the frozen
// conversation, the notes of the landing and the move's choices and access
// snapshot; and what it was. They never depend on today's setup. Where nothing but
// the landing can tell, its note counts: everything of a native ticket (R15), of a
// live one the owner that routing chose and the status in the settings of that
// time, the status of history that a move without history meets, and which owners had access when it landed after the end of the move.
func (r *Rules) Checksums(c Conversation) (inbox, helpDesk uint64) {
	t, was := c.Ticket, c.Ticket.AtLanding()
	helpDesk = Checksum(c.ID, t.Created, was.Status, was.Owner)
	if t.Provenance == Native {
		return helpDesk, helpDesk
	}
	inMove := t.Move == r.move.ID
	must, lost := was, ""
	switch {
	case inMove && !r.snapshot[c.Owner], !inMove && t.LostOwner != "":
		lost = c.Owner
		if t.Provenance == History {
			must.Owner = ""
		}
	case c.Owner != "" || t.Provenance == History:
		must.Owner = c.Owner
	}
	if t.LostOwner != lost {
		must.Owner = "not lost: " + c.Owner // no agent's ID, so that the sums differ
	}
	if t.Provenance == History && inMove && r.chosen != (StatusMap{}) {
		must.Status, _ = r.chosen.Status(c.Status)
	}
	return Checksum(c.ID, c.Started, must.Status, must.Owner), helpDesk
}
