package support

import (
	"context"
	"crypto/sha256"
	"encoding/json"
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
		Save(ctx context.Context, old, is desk.Conversation) error
	}
	Moves MoveReader
	Now   func() time.Time
}

// EditConversation edits a conversation in the inbox. Errors: *desk.MovedError if
// it has moved, desk.ErrChanged if it is no longer as the edit says it was seen,
// *desk.InvalidError, desk.ErrNotFound.
func (e Editor) EditConversation(ctx context.Context, caller desk.Caller, id, key string, edit desk.Edit) (desk.Conversation, error) {
	setup, err := e.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Conversation{}, err
	}
	now := e.now()
	token := editToken(caller, id, key, edit.Of, now, edit)
	return e.change(ctx, caller.Account, id, token, func(c desk.Conversation) (desk.Conversation, error) {
		return c.Edit(edit, caller.Agent, token, setup, now)
	})
}

// EditTicket edits the ticket of a conversation. Errors: desk.ErrChanged if it is no
// longer as the edit says it was seen, *desk.InvalidError, desk.ErrNotFound if it
// has none.
func (e Editor) EditTicket(ctx context.Context, caller desk.Caller, id, key string, edit desk.TicketEdit) (desk.Conversation, error) {
	now := e.now()
	token := editToken(caller, id, key, edit.Of, now, edit)
	return e.change(ctx, caller.Account, id, token, func(c desk.Conversation) (desk.Conversation, error) {
		if !c.HasTicket() {
			return c, fmt.Errorf("ticket of conversation %s: %w", c.ID, desk.ErrNotFound)
		}
		rules, err := e.rules(ctx, c)
		if err != nil {
			return c, err
		}
		return rules.EditTicket(c, edit, caller.Agent, token, now)
	})
}

// NewTicket creates the ticket that an agent wants for a conversation in the
// inbox; one that has a ticket keeps it. Errors: *desk.MovedError,
// *desk.InvalidError for the status, desk.ErrNotFound.
func (e Editor) NewTicket(ctx context.Context, caller desk.Caller, id string, status desk.Status) (desk.Conversation, error) {
	setup, err := e.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return desk.Conversation{}, err
	}
	if _, _, ok := setup.Status(status); !ok {
		return desk.Conversation{}, &desk.InvalidError{Field: "status", Code: desk.CodeUnknownID,
			Params: desk.Params{"kind": "status", "value": desk.Truncate(string(status), 80)}, Problem: fmt.Sprintf("status %.80q is unknown", status),
			Remedy: "choose a status of a pipeline of the account"}
	}
	return e.change(ctx, caller.Account, id, "", func(c desk.Conversation) (desk.Conversation, error) {
		return c.MakeTicket(status, caller.Agent, e.now())
	})
}

func (e Editor) now() time.Time { return e.Now().Truncate(time.Millisecond) }

// editToken names an edit, so that it is recognised when it is repeated: by
// ourselves after a lost answer, or by the caller with the same idempotency key,
// which may be "": then what is edited tells apart what an agent sends at once, and
// the revision of which it was made, or else the time, what is sent later.
func editToken(caller desk.Caller, id, key string, of int64, now time.Time, edit any) string {
	if key == "" {
		content, _ := json.Marshal(edit) // strings and numbers only: cannot fail
		if key = fmt.Sprintf("of %s", content); of == 0 {
			key = fmt.Sprintf("at %d %s", now.UnixNano(), content)
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s#%s#%T#%s", caller.Agent, id, edit, key))
	return desk.IDText.EncodeToString(sum[:5])
}

// change stores what do makes of a conversation. Do is called again with what
// others have made of it meanwhile; a conversation whose last edit was this one
// stays as it is.
func (e Editor) change(ctx context.Context, account, id, token string, do func(desk.Conversation) (desk.Conversation, error)) (desk.Conversation, error) {
	for range attempts {
		c, err := e.Conversations.Get(ctx, account, id)
		if err != nil || token != "" && c.LastEdit == token {
			return c, err
		}
		is, err := do(c)
		if err != nil || is == c {
			return is, err
		}
		if err := e.Conversations.Save(ctx, c, is); !errors.Is(err, desk.ErrChanged) {
			return is, err
		}
	}
	return desk.Conversation{}, &desk.BusyError{What: "conversation " + id, After: time.Second}
}

// rules returns the rules for a conversation's ticket: those of its channel's move,
// or for one in the inbox those that hold without a move.
func (e Editor) rules(ctx context.Context, c desk.Conversation) (*desk.Rules, error) {
	setup, err := e.Setups.Setup(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	channel, ok := setup.Channel(c.Channel)
	if !ok {
		return nil, fmt.Errorf("channel %s: %w", c.Channel, desk.ErrNotFound)
	}
	if channel.Move == "" {
		return desk.NewRules(setup, desk.Move{}, channel, setup.Access())
	}
	m, err := e.Moves.Get(ctx, c.Account, channel.Move)
	if err != nil {
		return nil, err
	}
	return desk.NewRules(setup, m, channel, setup.Access())
}
