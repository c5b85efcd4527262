package desk

import (
	"fmt"
	"time"
)

// Provenance says how a ticket came to be.
type Provenance string

// The ways in which a ticket comes to be.
const (
	Native  Provenance = "native"  // made in the inbox before the move (R15)
	History Provenance = "history" // made by the move from an older conversation (R16)
	Live    Provenance = "live"    // made for a conversation taken in after the fence (R18)
)

// LastEdit is what an agent last made of a ticket. It proves that no agent's
// edit was overwritten: unless the customer has written since, it still holds.
type LastEdit struct {
	At            time.Time // zero if no agent has edited the ticket
	By            string    // agent ID
	Status        Status
	Owner         string
	SourceVersion int64 // version of the conversation that the agent's edit came after
}

// Ticket is the one ticket of a conversation. Its ID derives from the
// conversation's, so that a second one cannot be made.
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
	Imported   time.Time // when deskmove made it; zero for Native
	Move       string    // by which move; "" when redirected after its end
	Origin     string    // the ID of the channel on which the conversation started
	LostOwner  string    // the agent who lost it for want of help desk access, or ""

	Opened time.Time // since when its clock to close counts: its start, or when it was reopened; zero if none counts
	Clocks Clocks
	Home   Home // Inbox for a native ticket that has not moved; else HelpDesk

	// What the move made of the conversation. Agents' edits set Edited and
	// leave the other two alone, so that the proof (R27) can tell a wrong
	// conversion from a right one that was edited since.
	MovedStatus Status
	MovedOwner  string
	Edited      LastEdit // the last edit by an agent since it landed

	SourceVersion int64 // version of the conversation that the ticket shows
	Revision      int64 // one more with every change; 1 at first
}

// TicketID returns the ID of the one ticket of a conversation. Because it is
// the same whoever asks, a second ticket cannot be made.
func TicketID(conversationID string) string {
	return "t-" + conversationID
}

// Ticket returns the ticket which c gets, made at now. History keeps its
// date, and its owner if that agent has access (R16); live conversations are
// routed (R18). One that cannot be converted is a *ConversionError (R28).
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

// convertible reports why c cannot become a ticket.
func (r *Rules) convertible(c Conversation, p Provenance) error {
	fail := func(code, problem, remedy string) error {
		return &ConversionError{Conversation: c.ID, Code: code, Problem: problem, Remedy: remedy}
	}
	switch {
	case !r.Belongs(c):
		return fail(CodeOtherChannel, "it belongs to another channel", "move that channel")
	case c.TakenIn.IsZero():
		return fail(CodeNoArrival, "when it was taken in is not known", "set its takenIn date and try again")
	case r.StaysInInbox(c):
		return fail(CodeStaysInInbox, "history stays in the inbox", "answer it there")
	case p == Native:
		return fail(CodeHasTicket, "it has a ticket, which moves as it is", "move the ticket")
	case c.Started.IsZero():
		return fail(CodeNoStartDate, "the date it started is missing", "set its started date and try again")
	case c.Version < 1:
		return fail(CodeNoVersion, "it has no version", "set its version to 1 and try again")
	}
	return nil
}

// build returns the ticket that c makes by itself, with neither Revision nor
// Move. Conversation and ticket agree on it as long as no agent edits it.
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

// TicketEdit is what an agent changes on a ticket. Nil leaves a field alone;
// an empty owner is nobody.
type TicketEdit struct {
	Status *Status
	Owner  *string
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
		errs.checkKnown("status", "status", string(*e.Status), ok)
	}
	if e.Owner != nil && *e.Owner != "" && !r.eligibleOwners[*e.Owner] {
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
	edited.Edited = LastEdit{At: now, By: by, Status: edited.Status, Owner: edited.Owner, SourceVersion: edited.SourceVersion}
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

// AsIs returns t, a ticket made in the inbox, as it is in the help desk:
// nothing changes but its home (R15). Only if its customer wrote since the
// fence does it reopen like any ticket there (R19). A t that has landed
// already follows c; if there is nothing to do, its Revision stays.
func (r *Rules) AsIs(t Ticket, c Conversation) Ticket {
	if t.Home == HelpDesk {
		if t.SourceVersion >= c.Version {
			return t
		}
		return r.follow(t, c)
	}
	t.Home = HelpDesk
	// Mails of the inbox's days reopened nothing there; the move must not
	// make up for it now.
	if !c.CustomerAt.Before(r.move.FenceAt) && r.reopens(t, c) {
		t = r.reopen(t, c)
		t.Clocks = r.clocks(t, c)
	}
	t.MovedStatus, t.MovedOwner, t.Edited = t.Status, t.Owner, LastEdit{}
	t.SourceVersion = max(t.SourceVersion, c.Version)
	t.Revision++
	return t
}

// Raise brings t up to c, and reports whether anything had to change. It is
// safe to repeat and to call late. As long as c is not marked, the
// conversation rules: people edit it and not the ticket, so t becomes what
// c would make now, and what it shows of an older c is overwritten. Once c
// is marked, the ticket rules: t only follows c's messages (R19).
//
// Agents' edits survive it because an edit reads the conversation's version,
// strongly, and leaves it in SourceVersion (see Edit): a message that the
// agent could have seen is behind the edit, however late it comes here.
//
// A conversation that cannot be converted is a *ConversionError.
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

// follow brings a ticket that rules itself up to the messages of c: the
// customer's reopen it, and either side's set the clocks. Status and owner
// are otherwise the agents'.
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

// reopens reports whether the customer has written what t does not show yet,
// and t is closed, and the channel's automation lets replies reopen (R19).
func (r *Rules) reopens(t Ticket, c Conversation) bool {
	return t.SourceVersion < c.CustomerVersion && r.closed(t.Status) && !r.settings.Automation.KeepClosed
}

// reopen opens t in its own pipeline; its clock to close starts again.
func (r *Rules) reopen(t Ticket, c Conversation) Ticket {
	t.Status = r.openLike(t.Provenance, t.Status)
	t.Opened = c.CustomerAt
	return t
}

// openLike returns the open status for a ticket that was closed with s: the
// one with which such tickets start if it is of the same pipeline or s is gone,
// else the pipeline's first.
func (r *Rules) openLike(p Provenance, s Status) Status {
	in, ok := r.statuses[s]
	if start := r.mapping(p).Open; !ok || r.statuses[start].pipeline == in.pipeline {
		return start
	}
	return in.firstOpen
}
