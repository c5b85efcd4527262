package move

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"deskmove/shared/desk"
)

// Fence is the first step of a move. Once it is done, everything that customers
// write on the channel is redirected to the help desk.
type Fence struct {
	Setups interface {
		SetupReader
		Fence(ctx context.Context, account, id, byMove string, at time.Time) (desk.Channel, error)
	}
	Moves interface {
		MoveReader
		Phases
		Snapshot(ctx context.Context, account, id string, agents []string) error
	}
	Now func() time.Time
}

// Step records who has help desk access, so that all batches apply the owner rule
// alike, and then makes the channel moving. When repeated, it keeps the first
// snapshot and fence.
func (f Fence) Step(ctx context.Context, r Run) (Run, error) {
	m, err := f.Moves.Get(ctx, r.Account, r.Move)
	if err != nil || !m.FencedBy.IsZero() { // it is recorded last
		return r, err
	}
	setup, err := f.Setups.Setup(ctx, r.Account)
	if err != nil {
		return r, err
	}
	agents := slices.Sorted(maps.Keys(setup.Access()))
	if err := f.Moves.Snapshot(ctx, r.Account, r.Move, agents); err != nil {
		return r, err
	}
	c, err := f.Setups.Fence(ctx, r.Account, m.Choices.Channel, m.ID, f.Now().Truncate(time.Millisecond))
	if err != nil {
		return r, err
	}
	if c.Move != m.ID || c.Home == desk.Inbox {
		return r, fmt.Errorf("channel %s is fenced by move %s, not %s", c.ID, c.Move, m.ID)
	}
	to, _ := m.Enter(desk.PhaseRedirect, c.FenceAt)
	to.FenceAt, to.FencedBy = c.FenceAt, f.Now().Truncate(time.Millisecond)
	return r, f.Moves.Proceed(ctx, m, to)
}
