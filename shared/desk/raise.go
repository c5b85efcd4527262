package desk

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
	t.MovedStatus, t.MovedOwner, t.Edited = t.Status, t.Owner, Edited{}
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
	raised.Created, raised.Move, raised.From = t.Created, t.Move, t.From
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
