package support

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// attempts is how often a change is tried while others change the same
// conversation or ticket.
const attempts = 8

// Editor carries out agents' changes of conversations and tickets.
type Editor struct {
	Setups        SetupReader
	Conversations interface {
		ConversationReader
		Save(ctx context.Context, c desk.Conversation, old int64) error
	}
	Tickets interface {
		Get(ctx context.Context, account, id string) (desk.Ticket, error)
		Create(ctx context.Context, ts []desk.Ticket) []error
		Replace(ctx context.Context, t, old desk.Ticket) error
	}
	Moves MoveReader
	Now   func() time.Time
}

// EditConversation edits a conversation in the inbox. Errors: *desk.MovedError if
// it has moved, *desk.InvalidError, desk.ErrNotFound.
func (e Editor) EditConversation(ctx context.Context, caller desk.Caller, id string, edit desk.Edit) (desk.Conversation, error) {
	setup, err := e.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Conversation{}, err
	}
	for range attempts {
		c, err := e.Conversations.Get(ctx, caller.Account, id)
		if err != nil {
			return desk.Conversation{}, err
		}
		edited, err := c.Edit(edit, setup, e.Now().Truncate(time.Millisecond))
		if err != nil {
			return desk.Conversation{}, err
		}
		err = e.Conversations.Save(ctx, edited, c.Version)
		if !errors.Is(err, desk.ErrChanged) {
			return edited, err
		}
	}
	return desk.Conversation{}, &desk.BusyError{What: "conversation " + id, After: time.Second}
}

// EditTicket edits a ticket. Errors: *desk.RefusedError while the conversation is
// being moved, *desk.InvalidError, desk.ErrNotFound.
func (e Editor) EditTicket(ctx context.Context, caller desk.Caller, id string, edit desk.TicketEdit) (desk.Ticket, error) {
	setup, err := e.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Ticket{}, err
	}
	for range attempts {
		t, err := e.Tickets.Get(ctx, caller.Account, id)
		if err != nil {
			return desk.Ticket{}, err
		}
		// The conversation is read after the ticket: see desk.Rules.Edit.
		c, err := e.Conversations.Get(ctx, caller.Account, t.Conversation)
		if err != nil {
			return desk.Ticket{}, err
		}
		rules, err := e.rules(ctx, setup, c)
		if err != nil {
			return desk.Ticket{}, err
		}
		edited, err := rules.Edit(t, edit, c, caller.Agent, e.Now().Truncate(time.Millisecond))
		if err != nil {
			return desk.Ticket{}, err
		}
		err = e.Tickets.Replace(ctx, edited, t)
		if !errors.Is(err, desk.ErrChanged) {
			return edited, err
		}
	}
	return desk.Ticket{}, &desk.BusyError{What: "ticket " + id, After: time.Second}
}

func (e Editor) rules(ctx context.Context, setup desk.Setup, c desk.Conversation) (*desk.Rules, error) {
	channel, ok := setup.Channel(c.Channel)
	if !ok {
		return nil, fmt.Errorf("channel %s: %w", c.Channel, desk.ErrNotFound)
	}
	var m desk.Move
	if channel.Move != "" {
		var err error
		if m, err = e.Moves.Get(ctx, c.Account, channel.Move); err != nil {
			return nil, err
		}
		m.FenceAt = channel.FenceAt
	}
	return desk.NewRules(setup, m, channel, setup.Access())
}
