package desk

import "time"

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
	case r.Stays(c):
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
		Subject: Cut(c.Subject, MaxSubject), Customer: Cut(c.Customer, MaxCustomer),
		Status: status, Owner: c.Owner, Created: c.Started,
		Provenance: p, Imported: imported, From: c.Origin,
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
		t.Opened, _ = r.start(t, c)
		if r.silent(t) {
			t.Opened = time.Time{}
		}
	}
	t.Clocks = r.clocks(t, c)
	return t, nil
}

// mapping returns the statuses of conversations that are open and closed.
func (r *Rules) mapping(p Provenance) StatusMap {
	if p == Live {
		return r.live
	}
	return r.move.Choices.Statuses
}

// closed reports whether tickets with a status are closed, also with the one
// that the move gave them before it went: a reply reopens them still (R19).
func (r *Rules) closed(s Status) bool { return r.statuses[s].closed || r.gone != "" && s == r.gone }
