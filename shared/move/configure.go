package move

import (
	"context"
	"errors"
	"fmt"

	"deskmove/shared/desk"
)

// Configure replaces the setup of an account.
type Configure struct {
	Setups interface {
		Setup(ctx context.Context, account string) (desk.Setup, error)
		Replace(ctx context.Context, setup desk.Setup) error
	}
	Moves interface {
		Locked(ctx context.Context, account string) (string, error)
		Get(ctx context.Context, account, id string) (desk.Move, error)
	}
	Listing Listing
}

// Account makes an account's setup what is given, and returns it as it is
// stored: channels keep their homes. Errors: *desk.InvalidErrors for what
// does not fit together, or would take a channel from its conversations or
// statuses from a move that runs.
func (c Configure) Account(ctx context.Context, setup desk.Setup) (desk.Setup, error) {
	if err := setup.Check(); err != nil {
		return desk.Setup{}, err
	}
	old, err := c.Setups.Setup(ctx, setup.Account.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return desk.Setup{}, err
	}
	errs := []error{c.keepsStatuses(ctx, setup)}
	for _, was := range old.Channels {
		if err := c.keeps(ctx, was, setup); err != nil {
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

// keeps reports whether a channel that is in use stays and stays what it is.
func (c Configure) keeps(ctx context.Context, was desk.Channel, setup desk.Setup) error {
	is, kept := setup.Channel(was.ID)
	if kept && is.Type == was.Type {
		return nil
	}
	ps, more, err := c.Listing.List(ctx, was.Account, was.ID, Position{}, Position{}, 1)
	if err != nil {
		return err
	}
	if len(ps) == 0 && !more && was.Home == desk.Inbox {
		return nil
	}
	invalid := &desk.InvalidError{Field: "channels", Problem: fmt.Sprintf("channel %s is missing, but has conversations or was moved", was.ID),
		Do: "keep it in the setup"}
	if kept {
		invalid.Field, invalid.Problem = "channels", fmt.Sprintf("channel %s cannot turn from %s to %s", was.ID, was.Type, is.Type)
		invalid.Do = "keep its type, or add another channel"
	}
	return invalid
}

// keepsStatuses reports whether the statuses stay that a running move gives to
// tickets: without them it could not go on.
func (c Configure) keepsStatuses(ctx context.Context, setup desk.Setup) error {
	id, err := c.Moves.Locked(ctx, setup.Account.ID)
	if err != nil || id == "" {
		return err
	}
	m, err := c.Moves.Get(ctx, setup.Account.ID, id)
	if err != nil || m.Choices.History != desk.AllHistory || setup.CheckStatuses(m.Choices.Statuses) == nil {
		return err
	}
	return &desk.InvalidError{
		Field:   "pipelines",
		Problem: fmt.Sprintf("statuses %s and %s must be open and closed ones of one pipeline, for move %s gives them to tickets", m.Choices.Statuses.Open, m.Choices.Statuses.Closed, id),
		Do:      "keep them until it has ended",
	}
}
