package move

import (
	"context"
	"time"

	"deskmove/shared/desk"
)

// Redirector brings new and changed conversations of moved channels to the help
// desk, from the fence of the channel's move on.
type Redirector struct {
	Setups interface {
		Home(ctx context.Context, account, id string) (desk.Channel, error)
	}
	Rulebook Rulebook
	Lander   Lander
	Ledger   FailureRecorder
	Now      func() time.Time
}

// Redirect redirects conversations that were created or changed, as the stream
// reported them. It returns how many are now in the help desk, and an
// error for each that must be retried.
func (r Redirector) Redirect(ctx context.Context, cs []desk.Conversation) (redirected int, errs map[string]error) {
	errs = make(map[string]error)
	type channel struct{ account, id string }
	var channels []channel // in the order of the changes, so that it is deterministic
	ids := make(map[channel][]string)
	for _, c := range cs {
		of := channel{c.Account, c.Channel}
		if ids[of] == nil {
			channels = append(channels, of)
		}
		ids[of] = append(ids[of], c.ID)
	}
	for _, c := range channels {
		redirected += r.channel(ctx, c.account, c.id, ids[c], errs)
	}
	return redirected, errs
}

// channel redirects conversations of one channel. Its home is read once, after all
// their changes: an answer that was remembered could be from before the fence.
func (r Redirector) channel(ctx context.Context, account, id string, conversations []string, errs map[string]error) (redirected int) {
	var rules *desk.Rules
	c, err := r.Setups.Home(ctx, account, id)
	if err == nil && c.Home == desk.Inbox {
		return 0
	}
	if err == nil {
		rules, err = r.Rulebook.Rules(ctx, account, c.Move)
	}
	if err != nil {
		for _, id := range conversations {
			errs[id] = err
		}
		return 0
	}
	for _, o := range r.Lander.Land(ctx, rules, conversations, true) {
		if o.Err == nil {
			if !o.Stayed {
				redirected++
			}
			if o.Landed && o.Conversation.Rev > 2 { // it has been changed in the inbox, and may have failed before
				if err := r.Ledger.Settle(ctx, account, c.Move, []string{o.ID}); err != nil {
					errs[o.ID] = err
				}
			}
			continue
		}
		f, final := failure(o, r.Now())
		if final {
			o.Err = r.Ledger.Fail(ctx, account, c.Move, f)
		}
		if o.Err != nil {
			errs[o.ID] = o.Err
		}
	}
	return redirected
}
