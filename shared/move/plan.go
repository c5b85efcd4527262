package move

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Planner tells an admin what to expect of a channel's move (R11).
type Planner struct {
	Setups        SetupReader
	Listing       Listing
	Conversations ConversationReader
	Now           func() time.Time
	// Sample is how many conversations a plan reads at most, the newest ones. A
	// rehearsal reads all of them.
	Sample int
}

// Plan is the result of the preflight checks.
type Plan struct {
	desk.Preflight
	// Sampled says that the channel has more conversations than were read, and
	// counts are therefore lower bounds.
	Sampled bool
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
	return p.plan(ctx, setup, c, choices)
}

func (p Planner) plan(ctx context.Context, setup desk.Setup, c desk.Channel, choices desk.Choices) (Plan, error) {
	now := p.Now()
	f := desk.PreflightCounts{Owned: make(map[string]int64), LeftBehind: make(map[string]int64)}
	rules := p.rules(setup, c, choices, now)
	sampled, err := p.each(ctx, c, p.Sample, func(x desk.Conversation) {
		f.Conversations++
		f.Owned[x.Owner]++
		if x.Status == desk.Open {
			f.Open++
		} else {
			f.Closed++
		}
		if x.HasTicket() {
			f.WithTicket++
		}
		at := x.Started.UTC()
		f.Hourly[int(at.Weekday())*24+at.Hour()]++
		if rules != nil {
			if landed, err := rules.Land(x, now); err == nil && landed.Ticket.Breached {
				f.Breaching++
			}
		}
	})
	if err != nil {
		return Plan{}, err
	}
	for _, other := range setup.ConnectedChannels(c) {
		more, err := p.each(ctx, other, p.Sample, func(desk.Conversation) { f.LeftBehind[other.ID]++ })
		if err != nil {
			return Plan{}, err
		}
		sampled = sampled || more
	}
	return Plan{Preflight: setup.Preflight(c, choices, f, now), Sampled: sampled}, nil
}

// rules returns the rules of a move that starts now, with SLA clocks that count
// from the original times: the admin decides by how many tickets would breach
// then (R9). It expects valid choices, and returns nil if they lack statuses.
func (p Planner) rules(setup desk.Setup, c desk.Channel, choices desk.Choices, now time.Time) *desk.Rules {
	if choices.History != desk.AllHistory || choices.Statuses == (desk.StatusMap{}) {
		return nil
	}
	choices.SLA = desk.Original
	rules, err := desk.NewRules(setup, desk.Move{Account: setup.Account.ID, Choices: choices, FenceAt: now}, c, setup.Access())
	if err != nil {
		return nil
	}
	return rules
}

// planPage is how many conversations are read at a time.
const planPage = 4000

// each calls do for the newest conversations of a channel, and reports whether
// there are more than limit.
func (p Planner) each(ctx context.Context, c desk.Channel, limit int, do func(desk.Conversation)) (bool, error) {
	var after desk.Position
	for n := 0; n < limit; {
		ps, more, err := p.Listing.List(ctx, c.Account, c.ID, after, desk.Position{}, min(planPage, limit))
		if err != nil || len(ps) == 0 {
			return false, err
		}
		cs, err := p.Conversations.GetMany(ctx, c.Account, desk.ConversationIDs(ps), false)
		if err != nil {
			return false, err
		}
		for _, x := range cs {
			do(x)
		}
		if !more {
			return false, nil
		}
		n += len(ps)
		after = ps[len(ps)-1]
	}
	return true, nil
}
