package move

import (
	"context"
	"fmt"
	"sync"
	"time"

	"deskmove/shared/desk"
)

// Redirector brings what customers and agents change into the help desk, from
// the start of their channel's move on and for good.
type Redirector struct {
	Setups interface {
		Channel(ctx context.Context, account, id string) (desk.Channel, error)
	}
	Rulebook *Rulebook
	Ensure   Ensure
	Ledger   FailureRecorder
	Now      func() time.Time

	mu    sync.Mutex
	moves map[string]string // by account and channel; channels in the inbox are never in it
}

// Redirect redirects conversations that were made or changed, as the stream
// showed them. It returns how many are up to date in the help desk now, and an
// error for each that must be tried again.
func (r *Redirector) Redirect(ctx context.Context, cs []desk.Conversation) (redirected int, errs map[string]error) {
	errs = make(map[string]error)
	var moves []Ref // in the order of the changes, which makes it repeatable
	ids := make(map[Ref][]string)
	seen := make(map[string]bool, len(cs))
	for _, c := range cs {
		id, err := r.moveOf(ctx, c.Account, c.Channel)
		if err == nil && id == "" && c.Origin != c.Channel && c.Origin != "" {
			// It joined (R14), and may have left a ticket behind: whoever made it
			// died before the marker, and no batch comes again.
			id, err = r.moveOf(ctx, c.Account, c.Origin)
		}
		name := c.Account + "#" + id + "#" + c.ID
		switch {
		case err != nil:
			errs[c.ID] = err
		case id != "" && !seen[name]:
			seen[name] = true
			m := Ref{c.Account, id}
			if ids[m] == nil {
				moves = append(moves, m)
			}
			ids[m] = append(ids[m], c.ID)
		}
	}
	for _, m := range moves {
		redirected += r.ensure(ctx, m.Account, m.Move, ids[m], errs)
	}
	return redirected, errs
}

// moveOf returns the move that fenced a channel, "" while it is in the inbox.
// A channel never goes back, so only the inbox must be looked up anew each
// time: an answer from memory would be that of before the fence.
func (r *Redirector) moveOf(ctx context.Context, account, channel string) (string, error) {
	key := account + "#" + channel
	r.mu.Lock()
	id, ok := r.moves[key]
	r.mu.Unlock()
	if ok {
		return id, nil
	}
	c, err := r.Setups.Channel(ctx, account, channel)
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

func (r *Redirector) ensure(ctx context.Context, account, id string, ids []string, errs map[string]error) (redirected int) {
	rules, err := r.Rulebook.Rules(ctx, account, id)
	if err != nil {
		for _, c := range ids {
			errs[c] = err
		}
		return 0
	}
	for _, o := range r.Ensure.Run(ctx, rules, ids, How{Strong: true}) {
		if o.Err == nil {
			if !o.Stayed {
				redirected++
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
