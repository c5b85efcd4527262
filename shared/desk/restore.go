package desk

import (
	"fmt"
	"time"
)

// Restoration says what a channel was elsewhere, so that its conversations can be
// brought in as they were: those of an export, with their tickets and what was done to
// them.
type Restoration struct {
	Account string
	Channel string
	From    string // the account, here or elsewhere, that it was exported of
	Move    Move   // by which it came to the help desk; the zero Move if it was in the inbox
	Access  []string
}

// Home returns where the channel was, and will be.
func (r Restoration) Home() Home {
	if r.Move.ID == "" {
		return Inbox
	}
	return HelpDesk
}

// Restore returns c as it is while its conversations are brought in. Empty says that it
// has none. Resumed says that this restoration had begun. A channel that has
// conversations or has moved is given none but by the restoration that brought them, and
// none at all after it has come to the help desk (R5): then the error is a
// *RefusedError. What is wrong with r itself are *InvalidErrors.
func (c Channel) Restore(r Restoration, s Setup, empty bool, now time.Time) (_ Channel, resumed bool, _ error) {
	if err := r.check(now); err != nil {
		return c, false, err
	}
	switch same := c.From == r.From && c.Home == r.Home() && c.Move == r.Move.ID; {
	case c.Restoring && same:
		return c, true, nil
	case c.Restoring:
		return c, false, c.Movable()
	case c.Home != Inbox:
		return c, false, c.Movable()
	case !empty && !same:
		return c, false, &RefusedError{Code: CodeNotEmpty, Problem: "the channel has conversations that were not brought in from there",
			Remedy: "bring them into a channel that has none, or without their tickets"}
	}
	if r.Home() == HelpDesk {
		if !empty { // those that came meanwhile have no tickets
			return c, false, &RefusedError{Code: CodeNotEmpty, Problem: "the channel has conversations in the inbox, and is to be brought into the help desk",
				Remedy: "bring it into a channel that has none"}
		}
		if err := s.Account.MayUseDesk(); err != nil {
			return c, false, err
		}
		if err := c.Movable(); err != nil {
			return c, false, err
		}
		c.Home, c.FenceAt, c.Move = HelpDesk, r.Move.FenceAt, r.Move.ID
	}
	c.From, c.Restoring = r.From, true
	return c, false, nil
}

// check returns what is wrong with r, joined *InvalidErrors.
func (r Restoration) check(now time.Time) error {
	var errs problems
	errs.check(CheckID("from", r.From))
	m := r.Move
	if m.ID == "" {
		return errs.join()
	}
	errs.check(CheckID("move.id", m.ID))
	if m.StartedAt.After(m.FenceAt) || m.FenceAt.After(m.EndedAt) || m.EndedAt.After(now) {
		errs.add("move.endedAt", CodeFacts, nil, "the move does not begin, fence its channel and end in this order, and before now", "send its times as they were")
	}
	_, err := ParseHistoryChoice("move.history", string(m.Choices.History)) // its statuses may be gone since
	errs.check(err)
	_, err = ParseSLAMode("move.sla", string(m.Choices.SLA))
	errs.check(err)
	_, err = ParseNotificationMode("move.notifications", string(m.Choices.Notifications))
	errs.check(err)
	for i, id := range r.Access {
		errs.check(CheckID(fmt.Sprintf("move.access[%d]", i), id))
	}
	return errs.join()
}

// Restorable returns what is wrong with a conversation that is brought into the channel
// by as it was; joined *InvalidErrors. Agents and statuses that it names may have left the
// account long ago. One in the inbox that the channel's move should have taken along is none
// of what is wrong: it came a moment before, or could not be converted, and is landed here.
func (c Conversation) Restorable(by Channel) error {
	var errs problems
	facts := func(holds bool, field, problem string) {
		if !holds {
			errs.add(field, CodeFacts, nil, problem, "send the conversation as it was")
		}
	}
	id := func(field, id string) {
		if id != "" {
			errs.check(CheckID(field, id))
		}
	}
	errs.check(CheckID("id", TicketID(c.ID))) // the longer one
	_, err := ParseConversationStatus("status", string(c.Status))
	errs.check(err)
	id("owner", c.Owner)
	id("originId", c.Origin)
	_, err = ParseTags("tags", c.Tags.List())
	errs.check(err)
	facts(len(c.Subject) <= MaxSubject, "subject", fmt.Sprintf("it has more than %d bytes", MaxSubject))
	facts(len(c.Customer) <= MaxCustomer, "customer", fmt.Sprintf("it has more than %d bytes", MaxCustomer))
	facts(len(c.CustomerName) <= MaxCustomerName, "customerName", fmt.Sprintf("it has more than %d bytes", MaxCustomerName))
	facts(c.Channel == by.ID, "channelId", "it is of another channel")
	facts(c.Rev >= c.CustomerRev, "customerVersion", "it is above the version")
	facts(c.Status == Closed || c.ClosedAt.IsZero(), "closedAt", "it is open, and has a date of closing")
	moved := c.Home == HelpDesk
	facts(moved || c.Home == Inbox, "home", "it is neither the inbox nor the help desk")
	facts(!moved || by.Home == HelpDesk, "home", "it is in the help desk, and its channel is in the inbox")
	facts(!moved || c.HasTicket(), "ticket", "it is in the help desk, and has no ticket")
	if t := c.Ticket; c.HasTicket() {
		errs.check(CheckID("ticket.status", string(t.Status)))
		id("ticket.owner", t.Owner)
		id("ticket.lostOwner", t.LostOwner)
		_, err := parse("ticket.provenance", string(t.Provenance), Native, History, Live)
		errs.check(err)
		facts(moved || t.Provenance == Native, "ticket.provenance", "only a native ticket is in the inbox")
		facts(t.Move == "" || t.Move == by.Move, "ticket.moveId", "its channel's move is another one")
		facts(!t.Created.IsZero(), "ticket.createdAt", "it is missing")
		facts(t.Edited.Rev <= c.Rev && t.Behind <= c.Rev, "ticket.edited.revision", "it is above the version")
	}
	return errs.join()
}

// NewEditLog returns a log of edits, the oldest first, of which it keeps the last ones.
func NewEditLog(edits []LoggedEdit) (l EditLog) {
	for _, e := range edits {
		l = l.add(e)
	}
	return l
}
