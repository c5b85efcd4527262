package support

import (
	"context"
	"errors"
	"fmt"

	"deskmove/shared/desk"
)

// Accounts replaces the setup of an account.
type Accounts struct {
	Setups interface {
		SetupReader
		Replace(ctx context.Context, setup desk.Setup) error
	}
	Moves   MoveReader
	Listing interface {
		List(ctx context.Context, account, channel string, after, until desk.Position, limit int) (ps []desk.Position, more bool, err error)
	}
}

// Replace replaces an account's setup and returns it as stored: channels keep
// their homes. Errors: *desk.InvalidErrors for what is inconsistent, removes a
// channel that has conversations, or removes what a running move needs. A move
// that starts at the same moment may still lack a status, and continues when
// that is back.
func (c Accounts) Replace(ctx context.Context, setup desk.Setup) (desk.Setup, error) {
	if err := setup.Check(); err != nil {
		return desk.Setup{}, err
	}
	old, err := c.Setups.Setup(ctx, setup.Account.ID)
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return desk.Setup{}, err
	}
	running, err := c.running(ctx, setup.Account.ID)
	if err != nil {
		return desk.Setup{}, err
	}
	errs := []error{setup.CheckMoveStatuses(running, "keep them until the move has ended")}
	for _, was := range old.Channels {
		if err := c.keeps(ctx, was, setup, was.ID == running.Choices.Channel); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return desk.Setup{}, err
	}
	if err := c.Setups.Replace(ctx, setup); err != nil {
		return desk.Setup{}, err
	}
	return c.Setups.Setup(ctx, setup.Account.ID)
}

// keeps returns an error if the new setup lacks a channel that is in use or moves,
// or changes its type.
func (c Accounts) keeps(ctx context.Context, was desk.Channel, setup desk.Setup, moves bool) error {
	is, kept := setup.Channel(was.ID)
	if kept && is.Type == was.Type {
		return nil
	}
	ps, more, err := c.Listing.List(ctx, was.Account, was.ID, desk.Position{}, desk.Position{}, 1)
	if err != nil {
		return err
	}
	if len(ps) == 0 && !more && was.Home == desk.Inbox && !moves {
		return nil
	}
	invalid := &desk.InvalidError{Field: "channels", Code: desk.CodeChannelInUse, Params: desk.Params{"channel": was.ID},
		Problem: fmt.Sprintf("channel %s is missing, but has conversations, or moves or was moved", was.ID),
		Remedy:  "keep it in the setup"}
	if kept {
		invalid.Code = desk.CodeChannelKeepsType
		invalid.Params = desk.Params{"channel": was.ID, "from": string(was.Type), "to": string(is.Type)}
		invalid.Problem = fmt.Sprintf("channel %s cannot change from %s to %s", was.ID, was.Type, is.Type)
		invalid.Remedy = "keep its type, or add another channel"
	}
	return invalid
}

// running returns the account's running move, a zero one if there is none.
func (c Accounts) running(ctx context.Context, account string) (desk.Move, error) {
	id, err := c.Moves.Locked(ctx, account)
	if err != nil || id == "" {
		return desk.Move{}, err
	}
	return c.Moves.Get(ctx, account, id)
}
