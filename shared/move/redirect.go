package move

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"deskmove/shared/desk"
)

// Redirector brings new and changed conversations of moved channels to the help
// desk, from the fence of the channel's move on.
type Redirector struct {
	Setups interface {
		Home(ctx context.Context, account, id string) (desk.Channel, error)
	}
	Rulebook *Rulebook
	Lander   Lander
	Ledger   FailureRecorder
	Now      func() time.Time

	mu    sync.Mutex
	moves map[string]string // by account and channel; channels in the inbox are never in it
}

// Redirect redirects conversations that were created or changed, as the stream
// reported them. It returns how many are now in the help desk, and an
// error for each that must be retried.
func (r *Redirector) Redirect(ctx context.Context, cs []desk.Conversation) (redirected int, errs map[string]error) {
	errs = make(map[string]error)
	homes := make(map[Ref]string) // of channels: one read for all changes, all of which were before it
	var moves []Ref               // in the order of the changes, so that it is deterministic
	ids := make(map[Ref][]string)
	for _, c := range cs {
		channel := Ref{c.Account, c.Channel}
		id, known := homes[channel]
		if !known {
			var err error
			if id, err = r.moveOf(ctx, c.Account, c.Channel); err != nil {
				errs[c.ID] = err
				continue
			}
			homes[channel] = id
		}
		m := Ref{c.Account, id}
		if id == "" || slices.Contains(ids[m], c.ID) {
			continue
		}
		if ids[m] == nil {
			moves = append(moves, m)
		}
		ids[m] = append(ids[m], c.ID)
	}
	for _, m := range moves {
		redirected += r.land(ctx, m.Account, m.Move, ids[m], errs)
	}
	return redirected, errs
}

// moveOf returns the move that fenced a channel, "" while it is in the inbox. A
// channel never goes back, so that a move can be cached. The inbox must be read
// each time, because a cached answer could be from before the fence.
func (r *Redirector) moveOf(ctx context.Context, account, channel string) (string, error) {
	key := account + "#" + channel
	r.mu.Lock()
	id, ok := r.moves[key]
	r.mu.Unlock()
	if ok {
		return id, nil
	}
	c, err := r.Setups.Home(ctx, account, channel)
	if err != nil {
		return "", fmt.Errorf("home of channel %s: %w", channel, err)
	}
	if c.Home == desk.Inbox {
		return "", nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.moves == nil {
		r.moves = make(map[string]string)
	}
	r.moves[key] = c.Move
	return c.Move, nil
}

func (r *Redirector) land(ctx context.Context, account, id string, ids []string, errs map[string]error) (redirected int) {
	rules, err := r.Rulebook.Rules(ctx, account, id)
	if err != nil {
		for _, c := range ids {
			errs[c] = err
		}
		return 0
	}
	for _, o := range r.Lander.Land(ctx, rules, ids, true) {
		if o.Err == nil {
			if !o.Stayed {
				redirected++
			}
			if o.Landed && o.Conversation.Rev > 2 { // it has been changed in the inbox, and may have failed before
				if err := r.Ledger.Settle(ctx, account, id, []string{o.ID}); err != nil {
					errs[o.ID] = err
				}
			}
			continue
		}
		f, final := failure(o, r.Now())
		if final {
			o.Err = r.Ledger.Fail(ctx, account, id, f)
		}
		if o.Err != nil {
			errs[o.ID] = o.Err
		}
	}
	return redirected
}
