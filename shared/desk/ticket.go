package desk

import (
	"fmt"
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

// LastEdit is the last change to a ticket by an agent. It serves to prove that
// no edit was overwritten; see Ticket.EditKept.
type LastEdit struct {
	At            time.Time // zero if no agent has edited the ticket
	By            string    // agent ID
	Status        Status
	Owner         string
	SourceVersion int64 // version of the conversation when the agent edited the ticket
}

// Ticket is the only ticket of a conversation. Its ID is derived from the
// conversation's ID, which rules out a second one.
type Ticket struct {
	Account      string
	ID           string
	Conversation string
	Channel      string
	Subject      string
	Customer     string
	Status       Status
	Owner        string    // agent ID or ""
	Created      time.Time // when the conversation started (R16)

	Provenance Provenance
	Imported   time.Time // when deskmove created it; zero for Native
	Move       string    // move ID; "" if it was created after the end of the move
	Origin     string    // ID of the channel on which the conversation started
	LostOwner  string    // the conversation's owner if they lack help desk access, else ""

	Opened time.Time // start of the clock to close: the ticket's start, or when it was reopened; zero if that clock is off
	Clocks Clocks
	Home   Home // Inbox for a native ticket that has not moved; otherwise HelpDesk

	// The result of the move. Edits by agents set Edited and do not change the
	// other two, because the report (R27) must distinguish a wrong conversion
	// from a correct one that was edited later.
	MovedStatus Status
	MovedOwner  string
	Edited      LastEdit // since the ticket came to the help desk

	SourceVersion int64 // version of the conversation that the ticket reflects
	Revision      int64 // starts at 1; incremented with every change
}

// TicketID returns the ID of a conversation's ticket. All callers get the same
// ID, so they cannot create two tickets.
func TicketID(conversationID string) string {
	return "t-" + conversationID
}

// Ticket converts c at now. Tickets from history keep the date of the
// conversation, and its owner if that agent has access (R16); tickets of live
// conversations are routed (R18). If c cannot be converted, the error is a
// *ConversionError (R28).
func (r *Rules) Ticket(c Conversation, now time.Time) (Ticket, error) {
	provenance := r.Provenance(c)
	if err := r.convertible(c, provenance); err != nil {
		return Ticket{}, err
	}
	t, err := r.build(c, provenance, now)
	if err != nil {
		return Ticket{}, err
	}
	t.Revision = 1
	t.Move = r.move.ID
	if provenance == Live && r.move.Status == Done {
		t.Move = ""
	}
	return t, nil
}

// convertible returns a *ConversionError if c cannot become a ticket.
func (r *Rules) convertible(c Conversation, p Provenance) error {
	fail := func(code, problem, remedy string) error {
		return &ConversionError{Conversation: c.ID, Code: code, Problem: problem, Remedy: remedy}
	}
	switch {
	case !r.Belongs(c):
		return fail(CodeOtherChannel, "it belongs to another channel", "move that channel")
	case c.TakenIn.IsZero():
		return fail(CodeNoArrival, "the date it was taken in is missing", "set its takenIn date and try again")
	case r.StaysInInbox(c):
		return fail(CodeStaysInInbox, "history stays in the inbox", "answer it there")
	case p == Native:
		return fail(CodeHasTicket, "it already has a ticket, which moves unchanged", "move the ticket")
	case c.Started.IsZero():
		return fail(CodeNoStartDate, "the date it started is missing", "set its started date and try again")
	case c.Version < 1:
		return fail(CodeNoVersion, "it has no version", "set its version to 1 and try again")
	}
	return nil
}

// build returns the ticket of c without Revision and Move. It depends on c and
// the rules only, so it can be compared with the stored ticket.
func (r *Rules) build(c Conversation, p Provenance, imported time.Time) (Ticket, error) {
	status, err := r.mapping(p).Status(c.Status)
	if err != nil {
		return Ticket{}, &ConversionError{Conversation: c.ID, Code: CodeUnknownState,
			Problem: "it is neither open nor closed", Remedy: "set its status and try again"}
	}
	t := Ticket{
		Account: c.Account, ID: TicketID(c.ID), Conversation: c.ID, Channel: c.Channel,
		Subject: Truncate(c.Subject, MaxSubject), Customer: Truncate(c.Customer, MaxCustomer),
		Status: status, Owner: c.Owner, Created: c.Started,
		Provenance: p, Imported: imported, Origin: c.Origin,
		Home: HelpDesk, SourceVersion: c.Version,
	}
	if !r.access[c.Owner] {
		t.Owner, t.LostOwner = "", c.Owner
		if p == Live {
			t.Owner = r.route(c.ID)
		}
	}
	t.MovedStatus, t.MovedOwner = t.Status, t.Owner
	if c.Status == Open {
		t.Opened, _ = r.replyStart(t, c)
		if r.withoutClocks(t) {
			t.Opened = time.Time{}
		}
	}
	t.Clocks = r.clocks(t, c)
	return t, nil
}

// TicketEdit is an agent's change to a ticket. A nil field stays as it is; an
// empty owner means nobody.
type TicketEdit struct {
	Status *Status
	Owner  *string
}

// Edit returns t with the changes e of the agent by, and the next revision. The
// conversation c must have been read after t, with strong consistency: t first
// catches up with the messages of c, then e is applied and the version of c is
// stored with it. A message that the agent could have seen thus cannot undo the
// edit when it is processed late (R19).
//
// Edit returns a *RefusedError if t is in the help desk but its conversation is
// not marked yet: the ticket may still be withdrawn because the conversation
// joined another channel (R14), and the edit would be lost. An unknown status,
// or an owner without help desk access (R21), is an *InvalidError.
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
		errs.add("status", "there is nothing to change", "send a status, an owner or both")
	}
	if e.Status != nil {
		_, ok := r.statuses[*e.Status]
		errs.checkKnown("status", "status", string(*e.Status), ok)
	}
	if e.Owner != nil && *e.Owner != "" && !r.eligibleOwners[*e.Owner] {
		errs.add("owner", fmt.Sprintf("%.80q is not an agent with help desk access", *e.Owner),
			"choose an agent who has it, or \"\" for nobody")
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
	edited.Edited = LastEdit{At: now, By: by, Status: edited.Status, Owner: edited.Owner, SourceVersion: edited.SourceVersion}
	edited.Revision = t.Revision + 1
	return edited, nil
}

// EditKept reports whether the last edit by an agent is still in place, as it
// must be (R19): the owner is unchanged, and so is the status unless the
// customer wrote after the edit.
func (t Ticket) EditKept(c Conversation) bool {
	e := t.Edited
	return e.At.IsZero() ||
		t.Owner == e.Owner && (t.Status == e.Status || c.CustomerVersion > e.SourceVersion)
}

// VisibleTo reports whether a may see t. In the help desk that requires help
// desk access (R21), even for a super administrator.
func (t Ticket) VisibleTo(a Agent) bool {
	return t.Home != HelpDesk || a.HelpDesk
}

// AsIs moves t, a ticket created in the inbox, to the help desk. Nothing but its
// home changes (R15), except that it reopens if its customer wrote since the
// fence (R19). If t is already in the help desk, it catches up with c, and its
// Revision only changes if there was something to catch up with.
func (r *Rules) AsIs(t Ticket, c Conversation) Ticket {
	if t.Home == HelpDesk {
		if t.SourceVersion >= c.Version {
			return t
		}
		return r.follow(t, c)
	}
	t.Home = HelpDesk
	// Messages that arrived before the fence did not reopen the ticket then, so
	// the move must not reopen it now.
	if !c.CustomerAt.Before(r.move.FenceAt) && r.reopens(t, c) {
		t = r.reopen(t, c)
		t.Clocks = r.clocks(t, c)
	}
	t.MovedStatus, t.MovedOwner, t.Edited = t.Status, t.Owner, LastEdit{}
	t.SourceVersion = max(t.SourceVersion, c.Version)
	t.Revision++
	return t
}

// Raise brings t up to date with c and reports whether it changed. Calls may be
// repeated and may come late. Until c is marked, the conversation is
// authoritative: people edit it and not the ticket, so t is converted again
// from c. Once c is marked, the ticket is authoritative: t only follows the
// messages of c (R19).
//
// Agents' edits survive because Edit stores the version of the conversation it
// has read in SourceVersion: messages up to that version are ignored here,
// however late they come.
//
// If c cannot be converted, the error is a *ConversionError.
func (r *Rules) Raise(t Ticket, c Conversation, marked bool) (Ticket, bool, error) {
	switch {
	case t.Provenance == Native && !marked:
		raised := r.AsIs(t, c)
		return raised, raised.Revision != t.Revision, nil
	case t.SourceVersion >= c.Version:
		return t, false, nil
	case marked:
		return r.follow(t, c), true, nil
	}
	raised, err := r.build(c, t.Provenance, t.Imported)
	if err != nil {
		return t, false, err
	}
	raised.Created, raised.Move, raised.Origin = t.Created, t.Move, t.Origin
	raised.Revision = t.Revision + 1
	return raised, true, nil
}

// follow applies the messages of c to a ticket that is already authoritative:
// the customer's reopen it, and both sides' set the clocks. Otherwise status
// and owner stay as the agents left them.
func (r *Rules) follow(t Ticket, c Conversation) Ticket {
	wrote := t.Home == HelpDesk && t.SourceVersion < c.CustomerVersion && !r.settings.Automation.KeepClosed
	if wrote && r.closed(t.MovedStatus) {
		t.MovedStatus = r.openLike(t.Provenance, t.MovedStatus)
	}
	if t.Home == HelpDesk && r.reopens(t, c) {
		t = r.reopen(t, c)
	}
	t.Clocks = r.clocks(t, c)
	t.SourceVersion = max(t.SourceVersion, c.Version)
	t.Revision++
	return t
}

// reopens reports whether t is closed, the customer has written something that t
// does not reflect yet, and replies may reopen tickets of the channel (R19).
func (r *Rules) reopens(t Ticket, c Conversation) bool {
	return t.SourceVersion < c.CustomerVersion && r.closed(t.Status) && !r.settings.Automation.KeepClosed
}

// reopen opens t in its own pipeline and restarts its clock to close.
func (r *Rules) reopen(t Ticket, c Conversation) Ticket {
	t.Status = r.openLike(t.Provenance, t.Status)
	t.Opened = c.CustomerAt
	return t
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
