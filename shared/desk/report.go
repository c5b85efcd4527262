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
	Unsettled  int64 // changed while being counted, so not in the checksums
	OwnersLost int64
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

// Checksum returns t's contribution to the sum of the help desk. For a ticket
// that an agent has edited, it uses the status and owner that the move gave it,
// because the conversation does not know of the edit; EditKept checks the edit.
func (t Ticket) Checksum() uint64 {
	status, owner := t.Status, t.Owner
	if !t.Edited.At.IsZero() {
		status, owner = t.MovedStatus, t.MovedOwner
	}
	return Checksum(t.Conversation, t.Created, status, owner)
}

// Expected returns the arguments of Checksum for the inbox's sum: what t must
// be, according to c, without agents' edits. Where c determines the value, it
// is calculated again from c. The rest is taken from the ticket: the date,
// status and owner of a native ticket (R15), and for a live ticket the owner
// that routing chose and the status in the settings at that time. An unknown
// status is a *ConversionError.
func (r *Rules) Expected(c Conversation, t Ticket) (start time.Time, status Status, owner string, err error) {
	if t.Provenance == Native {
		return t.Created, t.MovedStatus, t.MovedOwner, nil
	}
	made, err := r.build(c, t.Provenance, t.Imported)
	if err != nil {
		return time.Time{}, "", "", err
	}
	status, owner = made.Status, made.Owner
	if t.Provenance == Live {
		if r.closed(t.MovedStatus) == (c.Status == Closed) {
			status = t.MovedStatus
		}
		if !r.access[c.Owner] {
			owner = t.MovedOwner
		}
	}
	return c.Started, status, owner, nil
}
