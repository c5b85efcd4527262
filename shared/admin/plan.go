package admin

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// Planner tells an admin what to expect of a channel's move (R11).
type Planner struct {
	Setups move.SetupReader
	Survey interface {
		// Of returns the facts of a channel for some choices, which may lack the
		// statuses. Unless fresh they may be a minute old.
		Of(ctx context.Context, setup desk.Setup, c desk.Channel, choices desk.Choices, fresh bool) (desk.PreflightCounts, error)
	}
	Now func() time.Time
}

// Plan is the result of the preflight checks.
type Plan struct {
	desk.Preflight
	Zone string // the account's, in which Hourly is; "" is UTC
}

// Plan checks a move with choices that may still lack the status map. Errors:
// desk.ErrNotFound if there is no such channel, *desk.InvalidError for choices
// that are not possible.
func (p Planner) Plan(ctx context.Context, account, channel string, choices desk.Choices) (Plan, error) {
	setup, err := p.Setups.Setup(ctx, account)
	if err != nil {
		return Plan{}, err
	}
	c, ok := setup.Channel(channel)
	if !ok {
		return Plan{}, fmt.Errorf("channel %s: %w", channel, desk.ErrNotFound)
	}
	choices = choices.WithDefaults()
	if choices.History != desk.AllHistory || choices.Statuses != (desk.StatusMap{}) {
		if err := setup.CheckChoices(choices); err != nil {
			return Plan{}, err
		}
	}
	return p.plan(ctx, setup, c, choices, false)
}

func (p Planner) plan(ctx context.Context, setup desk.Setup, c desk.Channel, choices desk.Choices, fresh bool) (Plan, error) {
	f, err := p.Survey.Of(ctx, setup, c, choices, fresh)
	if err != nil {
		return Plan{}, err
	}
	return Plan{Preflight: setup.Preflight(c, choices, f, p.Now()), Zone: setup.Account.Zone}, nil
}
