package desk

import (
	"fmt"
	"strings"
	"time"
)

// Provenance tells how a ticket was created.
type Provenance string

// The provenances of tickets.
const (
	Native  Provenance = "native"  // created in the inbox before the move (R15)
	History Provenance = "history" // created by the move from an older conversation (R16)
	Live    Provenance = "live"    // created for a conversation that arrived after the fence (R18)
)

// Ticket is a conversation's ticket: the part of its header that the help desk
// works on.
type Ticket struct {
	Status Status
	Owner  string // agent ID or ""

	Created    time.Time // when the conversation started (R16); of a Native ticket, when it was made
	Provenance Provenance
	Imported   time.Time // when deskmove created it; zero for Native
	Move       string    // the move that created it; "" for Native, and if it landed after the end of the move
	LostOwner  string    // the conversation's owner if they lacked help desk access, else ""

	Opened   time.Time // start of the clock to close: the ticket's start, or when it was reopened; zero if that clock is off
	Clocks   Clocks
	Breached bool // something was overdue when it landed
	Closed   bool // Status is a closed one, in the help desk

	// Landed is what the ticket was when it landed, kept from the first change of
	// its status or owner on. The proof (R27) must tell a wrong conversion from a
	// correct one that was edited later. See AtLanding.
	Landed Landed
	Edited LastEdit
	// Behind is the revision of the first message that could not be applied to
	// the ticket, 0 if there is none: see Rules.Follow.
	Behind int64
}

// Landed is a ticket's status and owner when it landed.
type Landed struct {
	Status Status
	Owner  string
}

// LastEdit is the last change to a ticket by an agent. It serves to prove that
// no edit was overwritten; see Conversation.EditKept.
type LastEdit struct {
	At     time.Time // zero if no agent has edited the ticket
	By     string    // agent ID
	Status Status
	Owner  string
	Rev    int64 // the conversation's, with the edit or with the making of a Native ticket
}

// TicketID returns the ID of a conversation's ticket.
func TicketID(conversation string) string { return ticketPrefix + conversation }

const ticketPrefix = "t-"

// OfTicket returns the ID of a ticket's conversation, or false if there can be no
// such ticket.
func OfTicket(id string) (conversation string, ok bool) {
	return strings.CutPrefix(id, ticketPrefix)
}

// AtLanding returns the status and owner that the ticket had when it landed.
func (t Ticket) AtLanding() Landed {
	if t.Landed.Status == "" {
		return Landed{t.Status, t.Owner}
	}
	return t.Landed
}

// keepLanding keeps what the ticket of a conversation in the help desk was when
// it landed, before its first change.
func (c *Conversation) keepLanding() {
	if c.Home == HelpDesk {
		c.Ticket.Landed = c.Ticket.AtLanding()
	}
}

// Land returns c as it lands in the help desk at now, with its ticket and the
// next revision. Tickets from history keep the date of the conversation, and its
// owner if that agent has access (R16); tickets of live conversations are routed
// (R18). Nothing of a ticket that c already has changes (R15), but that it reopens
// if its customer has written since the fence and since an agent last edited it
// (R19). If c cannot be converted, the error is a *ConversionError (R28).
//
// C must not have landed, and must be one that the move brings: see Belongs and
// StaysInInbox.
func (r *Rules) Land(c Conversation, now time.Time) (Conversation, error) {
	landed := c
	landed.Home = HelpDesk
	landed.Rev++
	if c.HasTicket() {
		t := &landed.Ticket
		if !c.CustomerAt.Before(r.move.FenceAt) && c.CustomerRev > t.Edited.Rev && r.mayReopen(*t) {
			r.reopen(&landed)
			t.Clocks = r.clocks(landed)
		}
		t.Closed = r.statuses[t.Status].closed
		return landed, nil
	}
	if err := convertible(c); err != nil {
		return c, err
	}
	t, err := r.build(c, now)
	if err != nil {
		return c, err
	}
	landed.Ticket = t
	landed.Ticket.Clocks = r.clocks(landed)
	landed.Ticket.Breached = landed.Ticket.Clocks.Breached(now)
	return landed, nil
}

// convertible returns a *ConversionError if c cannot get a ticket.
func convertible(c Conversation) error {
	fail := func(code, problem, remedy string) error {
		return &ConversionError{Conversation: c.ID, Code: code, Problem: problem, Remedy: remedy}
	}
	switch {
	case c.TakenIn.IsZero():
		return fail(CodeNoArrival, "the date it was taken in is missing", "set its takenIn date and try again")
	case c.Started.IsZero():
		return fail(CodeNoStartDate, "the date it started is missing", "set its started date and try again")
	case c.Rev < 1:
		return fail(CodeNoRevision, "it has no revision", "set its revision to 1 and try again")
	case c.Status != Open && c.Status != Closed:
		return fail(CodeUnknownState, "it is neither open nor closed", "set its status and try again")
	}
	return nil
}

// build returns the ticket of c without its clocks.
func (r *Rules) build(c Conversation, now time.Time) (Ticket, error) {
	t := Ticket{Owner: c.Owner, Created: c.Started, Provenance: r.Provenance(c), Imported: now, Closed: c.Status == Closed}
	var err error
	if t.Status, err = r.mapping(t.Provenance).Status(c.Status); err != nil {
		return t, err
	}
	if !r.ended() {
		t.Move = r.move.ID
	}
	if !r.access[c.Owner] {
		t.Owner, t.LostOwner = "", c.Owner
		if t.Provenance == Live {
			t.Owner = r.route(c.ID)
		}
	}
	if c.Status == Open && !r.withoutClocks(t) {
		t.Opened, _ = r.replyStart(c, t)
	}
	return t, nil
}

// TicketEdit is an agent's change to a ticket. A nil field stays as it is; an
// empty owner means nobody.
type TicketEdit struct {
	Status *Status
	Owner  *string
	Tags   *[]string // all that its conversation is to have
	Of     int64     // the revision of the conversation that the agent has seen; 0 for whichever it is
}

// EditTicket returns c with the changes e of the agent by to its ticket, the
// edit's token and the next revision. If it has changed since it was seen, the error
// is a *ChangedError. An unknown status, or an owner without help desk access (R21),
// is an *InvalidError.
func (r *Rules) EditTicket(c Conversation, e TicketEdit, by, token string, now time.Time) (Conversation, error) {
	if err := c.seen(e.Of); err != nil {
		return c, err
	}
	var errs problems
	if e.Status == nil && e.Owner == nil && e.Tags == nil {
		errs.add("status", CodeNoChange, nil, "there is nothing to change", "send a status, an owner or tags")
	}
	tagged := c
	errs.check(tagged.tag(e.Tags))
	if e.Status != nil {
		_, ok := r.statuses[*e.Status]
		errs.checkKnown("status", "status", string(*e.Status), ok)
	}
	if e.Owner != nil && *e.Owner != "" && !r.eligibleOwners[*e.Owner] {
		errs.add("owner", CodeNoAccessTo, Params{"value": Truncate(*e.Owner, 80)}, fmt.Sprintf("%.80q is not an agent with help desk access", *e.Owner),
			"choose an agent who has it, or \"\" for nobody")
	}
	if err := errs.join(); err != nil {
		return c, err
	}
	edited := tagged
	if c.Ticket.Behind != 0 {
		edited = r.Follow(edited)
	}
	edited.keepLanding()
	t := &edited.Ticket
	if e.Status != nil && *e.Status != t.Status {
		closes := r.statuses[*e.Status].closed
		if r.closed(*t) && !closes {
			t.Opened = now
		}
		t.Status, t.Closed = *e.Status, closes && edited.Home == HelpDesk
		t.Clocks = r.clocks(edited)
	}
	if e.Owner != nil {
		t.Owner = *e.Owner
	}
	edited.Rev = c.Rev + 1
	edited.ChangedAt, edited.LastEdit = now, token
	edited.Edits = edited.Edits.add(LoggedEdit{At: now, By: by, Status: (*string)(e.Status), Owner: e.Owner, Tags: e.Tags != nil})
	t.Edited = LastEdit{At: now, By: by, Status: t.Status, Owner: t.Owner, Rev: edited.Rev}
	return edited, nil
}

// EditKept reports whether the last edit of c's ticket by an agent is still in
// place, as it must be (R19): the owner is unchanged, and so is the status unless
// the customer wrote after the edit.
func (c Conversation) EditKept() bool {
	t, e := c.Ticket, c.Ticket.Edited
	return e.At.IsZero() ||
		t.Owner == e.Owner && (t.Status == e.Status || c.CustomerRev > e.Rev)
}

// VisibleTo reports whether a may see c's ticket. In the help desk that requires
// help desk access (R21), even for a super administrator.
func (c Conversation) VisibleTo(a Agent) bool {
	return c.Home != HelpDesk || a.HelpDesk
}

// Follow applies the message that c received last to its ticket, in the help desk:
// a customer's reopens it, and both sides' set the clocks (R19). Messages that
// could not be applied when they came are applied with it. It leaves the revision
// alone, as the message is the change.
func (r *Rules) Follow(c Conversation) Conversation {
	t := &c.Ticket
	since := c.Rev
	if t.Behind != 0 {
		since = t.Behind
	}
	if c.CustomerRev >= since && r.mayReopen(*t) {
		c.keepLanding()
		r.reopen(&c)
	}
	t.Clocks = r.clocks(c)
	t.Behind = 0
	return c
}

// CannotFollow returns c with a note that its last message has not been applied to
// its ticket, because the channel's rules cannot be read. The repair applies it.
func (c Conversation) CannotFollow() Conversation {
	if c.Ticket.Behind == 0 {
		c.Ticket.Behind = c.Rev
	}
	return c
}

// mayReopen reports whether t is closed and replies may reopen tickets of the
// channel (R19).
func (r *Rules) mayReopen(t Ticket) bool {
	return r.closed(t) && !r.settings.Automation.KeepClosed
}

// reopen opens c's ticket in its own pipeline and restarts its clock to close.
func (r *Rules) reopen(c *Conversation) {
	c.Ticket.Status = r.openLike(c.Ticket.Provenance, c.Ticket.Status)
	c.Ticket.Opened, c.Ticket.Closed = c.CustomerAt, false
}

// openLike returns the status with which to reopen a ticket that was closed with
// s: the status in which such tickets start if it is in the same pipeline or s
// was removed, otherwise the first open status of the pipeline of s.
func (r *Rules) openLike(p Provenance, s Status) Status {
	in, ok := r.statuses[s]
	if start := r.mapping(p).Open; !ok || r.statuses[start].pipeline == in.pipeline {
		return start
	}
	return in.firstOpen
}
