package desk

import (
	"fmt"
	"time"
)

// Edit is what an agent changes on a conversation in the inbox. Nil leaves
// a field alone; an empty owner is nobody.
type Edit struct {
	Status *ConversationStatus
	Owner  *string
}

// TicketEdit is what an agent changes on a ticket. Nil leaves a field alone;
// an empty owner is nobody.
type TicketEdit struct {
	Status *Status
	Owner  *string
}

// Edit returns c as e leaves it, one version later. A conversation that has
// moved is a *MovedError naming its ticket (R19); an unknown status or agent
// is an *InvalidError. Whoever closes a conversation lets nobody wait.
func (c Conversation) Edit(e Edit, s Setup, now time.Time) (Conversation, error) {
	if c.Home == HelpDesk {
		return c, &MovedError{Conversation: c.ID, Ticket: c.Ticket}
	}
	var errs problems
	if e.Status == nil && e.Owner == nil {
		errs.add("status", "nothing is to change", "give a status, an owner or both")
	}
	edited := c
	if e.Owner != nil {
		_, ok := s.Agent(*e.Owner)
		errs.known("owner", "agent", *e.Owner, ok || *e.Owner == "")
		edited.Owner = *e.Owner
	}
	if e.Status != nil {
		status, err := ParseConversationStatus("status", string(*e.Status))
		errs.check(err)
		if edited.Status = status; status == Open {
			edited.ClosedAt = time.Time{}
		} else if c.Status != Closed {
			edited.ClosedAt, edited.WaitingSince = now, time.Time{}
		}
	}
	if err := errs.join(); err != nil {
		return c, err
	}
	edited.Version++
	edited.ChangedAt = now
	return edited, nil
}

// Edit returns t as the agent by leaves it with e, one revision later. The
// conversation c must have been read strongly, after t: t first catches up with its messages,
// then e is applied and c's version noted, so that what the agent decided
// after a message is not undone when the message is processed late (R19).
//
// As long as the conversation of a ticket in the help desk is not marked, the
// edit is a *RefusedError: such a ticket may yet be taken back, because its
// conversation joined another channel (R14), and what an agent did would be
// lost, or would keep it there. An unknown status, and an owner without help
// desk access (R21), are *InvalidErrors.
func (r *Rules) Edit(t Ticket, e TicketEdit, c Conversation, by string, now time.Time) (Ticket, error) {
	if t.Home == HelpDesk && c.Home != HelpDesk {
		remedy := "edit conversation " + c.ID + " instead"
		if t.Provenance == Native {
			remedy = "try again in a moment"
		}
		return t, StillMoving(remedy)
	}
	var errs problems
	if e.Status == nil && e.Owner == nil {
		errs.add("status", "nothing is to change", "give a status, an owner or both")
	}
	if e.Status != nil {
		_, ok := r.statuses[*e.Status]
		errs.known("status", "status", string(*e.Status), ok)
	}
	if e.Owner != nil && *e.Owner != "" && !r.mayOwn[*e.Owner] {
		errs.add("owner", fmt.Sprintf("%.80q is not an agent with help desk access", *e.Owner),
			"choose one who has it, or \"\" for nobody")
	}
	if err := errs.join(); err != nil {
		return t, err
	}
	edited := t
	if t.SourceVersion < c.Version {
		edited = r.follow(t, c)
	}
	if e.Status != nil && *e.Status != edited.Status {
		if r.closed(edited.Status) && !r.closed(*e.Status) {
			edited.Opened = now
		}
		edited.Status = *e.Status
		edited.Clocks = r.clocks(edited, c)
	}
	if e.Owner != nil {
		edited.Owner = *e.Owner
	}
	edited.Edited = Edited{At: now, By: by, Status: edited.Status, Owner: edited.Owner, SourceVersion: edited.SourceVersion}
	edited.Revision = t.Revision + 1
	return edited, nil
}

// EditKept reports whether the last edit by an agent still holds, as it must
// (R19): nobody changed the owner since, and the status only if the customer
// wrote after the edit.
func (t Ticket) EditKept(c Conversation) bool {
	e := t.Edited
	return e.At.IsZero() ||
		t.Owner == e.Owner && (t.Status == e.Status || c.CustomerVersion > e.SourceVersion)
}

// VisibleTo reports whether a sees t: what is in the help desk is seen only
// with help desk access (R21), also by a super administrator.
func (t Ticket) VisibleTo(a Agent) bool {
	return t.Home != HelpDesk || a.HelpDesk
}
