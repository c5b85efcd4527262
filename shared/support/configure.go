package support

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"deskmove/shared/desk"
)

// Accounts replaces the setup of an account, and withdraws tokens.
type Accounts struct {
	Setups interface {
		SetupReader
		Replace(ctx context.Context, setup desk.Setup, at time.Time, entries ...desk.AuditEntry) (version string, err error)
		Withdraw(ctx context.Context, account string, of desk.Holder, entry desk.AuditEntry) error
	}
	Moves   MoveReader
	Listing interface {
		List(ctx context.Context, account, channel string, after, until desk.Position, limit int) (ps []desk.Position, more bool, err error)
	}
	Now func() time.Time
}

// Replace replaces the account's setup that has setup's version, and returns it with
// its new version. Channels keep their homes. Errors: *desk.InvalidErrors for what is
// inconsistent, removes a channel that has conversations, or removes what a running
// move needs; desk.ErrChanged if the account's setup has another version. A move
// that starts at the same moment may still lack a status, and continues when that is
// back.
func (c Accounts) Replace(ctx context.Context, caller desk.Caller, setup desk.Setup) (desk.Setup, error) {
	if err := setup.Check(); err != nil {
		return desk.Setup{}, err
	}
	account := setup.Account.ID
	old, err := c.Setups.Setup(ctx, account)
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return desk.Setup{}, err
	}
	if old.Version == setup.Version { // else it is replaced by nothing
		if err := c.fits(ctx, old, setup); err != nil {
			return desk.Setup{}, err
		}
	}
	now := c.Now()
	version, err := c.Setups.Replace(ctx, setup, now, caller.SetupEntries(old, setup, now)...)
	setup.Version = version
	return setup, err
}

// fits returns what a setup lacks that is in use.
func (c Accounts) fits(ctx context.Context, old, setup desk.Setup) error {
	running, err := c.running(ctx, setup.Account.ID)
	if err != nil {
		return err
	}
	errs := []error{setup.CheckMoveStatuses(running, "keep them until the move has ended")}
	types := make(map[string]desk.ChannelType, len(setup.Channels))
	for _, is := range setup.Channels {
		types[is.ID] = is.Type
	}
	removed := 0
	for _, was := range old.Channels {
		if types[was.ID] == "" {
			removed++
		}
		if err := c.keeps(ctx, was, types[was.ID], was.ID == running.Choices.Channel); err != nil {
			errs = append(errs, err)
		}
	}
	if removed > maxRemoved {
		errs = append(errs, &desk.InvalidError{Field: "channels", Code: desk.CodeManyRemoved, Params: desk.Params{"most": strconv.Itoa(maxRemoved)},
			Problem: fmt.Sprintf("%d channels are missing, and at most %d can be taken away at a time", removed, maxRemoved), Remedy: "take them away in several steps"})
	}
	return errors.Join(errs...)
}

// maxRemoved is how many channels a setup takes away at most, each of which the store
// looks at in one transaction.
const maxRemoved = 35

// Withdraw makes tokens that were issued until now good no more, and returns until
// when. Errors: *desk.InvalidErrors, *desk.RefusedError if there are too many
// withdrawals.
func (c Accounts) Withdraw(ctx context.Context, caller desk.Caller, of desk.Holder) (time.Time, error) {
	if err := of.Check(); err != nil {
		return time.Time{}, err
	}
	setup, err := c.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return time.Time{}, err
	}
	if err := setup.CheckHolder(of); err != nil {
		return time.Time{}, err
	}
	now := c.Now()
	entry := caller.Entry(desk.ActionWithdrawn, fmt.Sprintf("%s-%d", caller.Agent, now.UnixNano()), now)
	entry.Detail = of.String()
	return now.UTC().Truncate(time.Millisecond), c.Setups.Withdraw(ctx, caller.Account, of, entry)
}

// keeps returns an error if the new setup lacks a channel that is in use or moves,
// whose type is "" then, or changes its type.
func (c Accounts) keeps(ctx context.Context, was desk.Channel, is desk.ChannelType, moves bool) error {
	if is == was.Type {
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
	if is != "" {
		invalid.Code = desk.CodeChannelKeepsType
		invalid.Params = desk.Params{"channel": was.ID, "from": string(was.Type), "to": string(is)}
		invalid.Problem = fmt.Sprintf("channel %s cannot change from %s to %s", was.ID, was.Type, is)
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
