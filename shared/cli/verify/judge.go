package verify

import (
	"fmt"

	"deskmove/shared/api"
)

// finding is one apparent violation of an invariant.
type finding struct {
	invariant int
	id        string
	problem   string
}

// verdict holds which invariants were checked, and the violations found.
type verdict struct {
	looked [invariants]bool
	found  []finding
}

// must records the check of an invariant, and a finding unless it holds.
func (d *verdict) must(invariant int, holds bool, id, problem string, args ...any) {
	d.looked[invariant] = true
	if !holds {
		d.found = append(d.found, finding{invariant, id, fmt.Sprintf(problem, args...)})
	}
}

// pair is a conversation with its ticket, nil if it has none.
type pair struct {
	record
	channel, owner, move string
	ticket               *api.Ticket
}

func (v *verifier) pair(r record, t *api.Ticket) pair {
	return pair{
		record: r, channel: v.records.name(r.channel), owner: v.records.name(r.owner), move: v.records.name(r.move), ticket: t,
	}
}

// judge checks the invariants of a conversation and its ticket: first its home,
// then that the ticket exists, then the ticket itself. The ticket's status, owner
// and edit are checked only if both were read at the same revision.
func (v *verifier) judge(p pair) verdict {
	var d verdict
	v.judgeHome(&d, p)
	t := p.ticket
	switch {
	case t == nil:
		d.must(landedTicket, !p.moved, p.id, "it is in the help desk, but ticket %s does not exist", ticketID(p.id))
		d.must(oneTicket, p.moved || !p.ticketed, p.id, "it names a ticket that does not exist")
		return d
	case t.Home != "helpdesk":
		d.must(oneTicket, t.ID == ticketID(p.id) && t.ConversationID == p.id, p.id, "its ticket %s is that of conversation %s", t.ID, t.ConversationID)
		d.must(landedTicket, !p.moved, p.id, "it is in the help desk, but its ticket is still in the inbox")
		return d
	}
	v.judgeTicket(&d, p, t)
	return d
}

// judgeHome checks that a conversation has moved if its channel's move includes
// it, and only then.
func (v *verifier) judgeHome(d *verdict, p pair) {
	channel := v.world.channels[p.channel]
	m, known := v.world.moveOf(p.channel)
	if channel.Home == "inbox" || channel.Home == "" {
		d.must(foreign, !p.moved, p.id, "it has moved, but its channel %q is in the inbox", p.channel)
		return
	}
	if !known {
		return // judgeMoves reports the channel
	}
	leftBehind := m.History == "none" && p.takenIn < millis(channel.FenceAt)
	if leftBehind {
		d.must(noHistory, !p.moved, p.id, "it came before the fence, whose move leaves history behind, but has moved")
		return
	}
	if ended(m) {
		d.must(complete, p.moved || v.world.failed[p.id], p.id, "its channel %q has moved, but it is in the inbox", p.channel)
	}
	if p.moved && p.move != "" {
		d.must(complete, p.move == m.ID, p.id, "it says that move %q moved it, but its channel's is %s", p.move, m.ID)
	}
}

// judgeTicket checks a ticket in the help desk.
func (v *verifier) judgeTicket(d *verdict, p pair, t *api.Ticket) {
	d.must(oneTicket, t.ID == ticketID(p.id) && !p.odd, p.id, "its ticket %s is not the one it should have", t.ID)
	m, known := v.world.moveOf(p.channel)
	if !known {
		d.must(foreign, false, t.ID, "it is in the help desk, but its channel %q has not moved", p.channel)
		return
	}
	d.must(landedTicket, p.moved && p.ticketed, t.ID, "it is in the help desk, but conversation %s is in the inbox, or names no ticket", p.id)
	d.must(createdStarted, t.Provenance == "native" || millis(t.CreatedAt) == p.started && p.started != 0, t.ID,
		"it is dated %s, but its conversation did not start then", t.CreatedAt.UTC().Format("2006-01-02 15:04:05"))
	d.must(foreign, t.ChannelID == p.channel, t.ID, "it is of channel %q, but its conversation is of %q", t.ChannelID, p.channel)
	d.must(oneRevision, t.Revision == int64(p.version), t.ID, "its revision is %d, but its conversation's version is %d", t.Revision, p.version)
	if p.moved && t.Revision == int64(p.version) { // at another it has another status and owner
		v.judgeStatus(d, p, t, m)
		v.judgeOwner(d, p, t, m)
		v.judgeEdit(d, p, t)
	}
}

// judgeStatus checks the status with which the ticket landed (MovedStatus) against
// that of its conversation, which is frozen since then, and the status it has now.
func (v *verifier) judgeStatus(d *verdict, p pair, t *api.Ticket, m api.ChannelMove) {
	closed, known := v.world.closed[t.Status]
	d.must(statusRight, known, t.ID, "its status %q is in no pipeline", t.Status)
	switch {
	case t.Provenance == "history" && m.StatusMap != nil:
		want := m.StatusMap.Closed
		if p.open {
			want = m.StatusMap.Open
		}
		right := t.MovedStatus == want
		if t.MoveID == "" { // it landed after the move's end, perhaps without the status that was chosen
			right = v.world.closed[t.MovedStatus] != p.open
		}
		d.must(statusRight, right, t.ID, "it landed with status %q, not %q", t.MovedStatus, want)
	case t.Provenance == "history" && !p.past:
		d.must(statusRight, false, t.ID, "it was made from history, but its move leaves history behind")
	case t.Provenance == "live", t.Provenance == "history":
		d.must(statusRight, v.world.closed[t.MovedStatus] != p.open, t.ID, "it got status %q, unlike its conversation", t.MovedStatus)
	}
	if t.Provenance != "native" {
		live := p.takenIn >= millis(v.world.channels[p.channel].FenceAt) && !p.past
		d.must(statusRight, live == (t.Provenance == "live"), t.ID, "its provenance is %s, but its conversation came on the other side of the fence", t.Provenance)
	}
	if t.Edited == nil {
		d.must(statusRight, t.Status == t.MovedStatus || !closed && v.wroteSince(p, t), t.ID,
			"no agent edited it, but its status went from %q to %q", t.MovedStatus, t.Status)
	} else if t.Status != t.Edited.Status {
		d.must(statusRight, !closed, t.ID, "the customer wrote after the agent's edit, but its status is %q", t.Status)
	}
}

// wroteSince reports whether the customer wrote after the ticket landed. Of a native
// ticket it is only known that it landed after the fence.
func (v *verifier) wroteSince(p pair, t *api.Ticket) bool {
	landed := t.ImportedAt
	if t.Provenance == "native" {
		landed = v.world.channels[p.channel].FenceAt
	}
	return p.customerVersion > 0 && p.customerAt >= millis(landed)
}

// judgeOwner checks that the move kept the conversation's owner, or dropped it for
// lack of access to the help desk.
func (v *verifier) judgeOwner(d *verdict, p pair, t *api.Ticket, m api.ChannelMove) {
	if t.Edited == nil {
		d.must(ownerRight, t.Owner == t.MovedOwner, t.ID, "no agent edited it, but its owner went from %q to %q", t.MovedOwner, t.Owner)
	}
	kept := t.MovedOwner == p.owner && t.LostOwner == ""
	lost := t.LostOwner == p.owner
	switch t.Provenance {
	case "history":
		lost = lost && t.MovedOwner == ""
	case "live": // routing may have chosen another agent
		lost = lost && (t.MovedOwner == "" || v.world.agents[t.MovedOwner])
	default:
		return // a native ticket has the owner it had
	}
	if p.owner == "" {
		d.must(ownerRight, lost, t.ID, "it has owner %q, but its conversation has none", t.MovedOwner)
		return
	}
	if access, ok := v.world.access[m.ID]; ok && t.Provenance == "history" && t.MoveID == m.ID {
		kept, lost = kept && access[p.owner], lost && !access[p.owner]
	}
	d.must(ownerRight, kept || lost, t.ID, "it has owner %q and lost %q, but its conversation's is %q", t.MovedOwner, t.LostOwner, p.owner)
}

// judgeEdit checks that an agent's last edit still holds: its owner always, its
// status until the customer writes.
func (v *verifier) judgeEdit(d *verdict, p pair, t *api.Ticket) {
	e := t.Edited
	if e == nil {
		return
	}
	wrote := int64(p.customerVersion) > e.Revision
	d.must(editsKept, t.Owner == e.Owner, t.ID, "an agent gave it owner %q, but it has %q", e.Owner, t.Owner)
	d.must(editsKept, t.Status == e.Status || wrote, t.ID, "an agent gave it status %q, but it has %q", e.Status, t.Status)
}
