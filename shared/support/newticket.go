package support

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// NewTicket creates the ticket that an agent wants for a conversation in the
// inbox; one that has a ticket keeps it. Errors: *desk.MovedError,
// *desk.RefusedError while the conversation is being moved, *desk.InvalidError
// for the status, desk.ErrNotFound.
func (e Editor) NewTicket(ctx context.Context, caller desk.Caller, conversation string, status desk.Status) (desk.Ticket, error) {
	setup, err := e.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Ticket{}, err
	}
	if _, _, ok := setup.Status(status); !ok {
		return desk.Ticket{}, &desk.InvalidError{Field: "status", Problem: fmt.Sprintf("status %.80q is unknown", status),
			Remedy: "choose a status of a pipeline of the account"}
	}
	for range attempts {
		t, err := e.newTicket(ctx, caller, conversation, status)
		if !errors.Is(err, desk.ErrChanged) {
			return t, err
		}
	}
	return desk.Ticket{}, &desk.BusyError{What: "conversation " + conversation, After: time.Second}
}

// newTicket is one attempt; after desk.ErrChanged there is another.
func (e Editor) newTicket(ctx context.Context, caller desk.Caller, conversation string, status desk.Status) (desk.Ticket, error) {
	c, err := e.Conversations.Get(ctx, caller.Account, conversation)
	if err != nil {
		return desk.Ticket{}, err
	}
	if c.Home == desk.HelpDesk {
		return desk.Ticket{}, &desk.MovedError{Conversation: c.ID, Ticket: c.Ticket}
	}
	now := e.Now().Truncate(time.Millisecond)
	changed := c
	changed.Version, changed.ChangedAt, changed.Ticket = c.Version+1, now, desk.TicketID(c.ID)
	// It shows the version that was read. The next one may never be stored, and
	// then the move would take the next message for this change.
	t := desk.Ticket{
		Account: c.Account, ID: changed.Ticket, Conversation: c.ID, Channel: c.Channel, Subject: c.Subject,
		Customer: c.Customer, Status: status, Owner: c.Owner, Created: now, Provenance: desk.Native, Origin: c.Origin,
		MovedStatus: status, MovedOwner: c.Owner, Home: desk.Inbox, SourceVersion: c.Version, Revision: 1,
	}
	if err := e.put(ctx, t, c.Ticket != ""); err != nil {
		return desk.Ticket{}, err
	}
	if c.Ticket == "" {
		if err := e.Conversations.Save(ctx, changed, c.Version); err != nil {
			return desk.Ticket{}, err
		}
	}
	return e.Tickets.Get(ctx, caller.Account, changed.Ticket)
}

// put stores a ticket, unless the conversation has one already or one exists in
// the inbox. One in the help desk is a move's that has not set the marker yet, and
// may be withdrawn because the conversation joined another channel (R14).
func (e Editor) put(ctx context.Context, t desk.Ticket, known bool) error {
	errs := e.Tickets.Create(ctx, []desk.Ticket{t})
	switch {
	case errs == nil:
		return nil
	case !errors.Is(errs[0], desk.ErrExists):
		return errs[0]
	case known:
		return nil
	}
	is, err := e.Tickets.Get(ctx, t.Account, t.ID)
	switch {
	case errors.Is(err, desk.ErrNotFound):
		return desk.ErrChanged
	case err == nil && is.Home == desk.HelpDesk:
		return desk.StillMoving("try again in a moment")
	}
	return err
}
