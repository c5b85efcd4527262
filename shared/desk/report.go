package desk

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Report is the proof of a move (R27).
type Report struct {
	Found      int64 // conversations of the channel that belong to the move
	Created    int64 // tickets made from history
	AsIs       int64 // conversations moved with the ticket they had
	Redirected int64 // tickets made live
	Failed     int64
	Unsettled  int64 // changed while it was counted, so not in the sums
	OwnersLost int64
	Breaches   int64            // clocks already past when the ticket was made
	ByStatus   map[Status]int64 // tickets by status as the move set it

	// Checksums over (conversation, start, status, owner), 64 bits in hex,
	// independent of order. They are equal if both sides agree.
	InboxSum string
	DeskSum  string
}

// Checksum returns one line of the proof of a move (R27) as a number. Added
// up, modulo 2^64, over all lines, they give a sum that does not depend on
// the order, so that shards count on their own; a line that is missing,
// doubled or different changes it. The start counts in milliseconds.
func Checksum(conversation string, start time.Time, status Status, owner string) uint64 {
	var room [256]byte
	b := room[:0]
	for _, s := range [...]string{conversation, string(status), owner} {
		b = binary.AppendUvarint(b, uint64(len(s))) // else "ab","c" would be "a","bc"
		b = append(b, s...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(start.UnixMilli()))
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// Checksum returns t's line of the help desk's side of the proof. A ticket which
// no agent touched counts with the status and owner it has; one that was
// edited counts with what the move had made of it, for the edit is right and
// the conversation cannot know of it; EditKept checks the edit.
func (t Ticket) Checksum() uint64 {
	status, owner := t.Status, t.Owner
	if !t.Edited.At.IsZero() {
		status, owner = t.MovedStatus, t.MovedOwner
	}
	return Checksum(t.Conversation, t.Created, status, owner)
}

// Expected returns what the inbox's side of the proof says that t should be,
// were it not for agents' edits: for Checksum with c's ID. It is worked out
// again from c wherever c decides. What c cannot decide is taken from what
// the move noted: of a native ticket its date, status and owner (R15), of a
// live one whom the routing of that minute chose, and the status of that
// minute's settings. An unknown status is a *ConversionError.
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
