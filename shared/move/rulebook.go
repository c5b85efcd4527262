package move

import (
	"context"
	"fmt"
	"sync"
	"time"

	"deskmove/shared/desk"
)

// Rulebook reads the rules of moves, and caches them.
type Rulebook struct {
	Setups SetupReader
	Moves  MoveReader
	Now    func() time.Time
	// TTL is how long rules are cached, and so how long it may take until a
	// change of the account's setup has an effect. Zero caches nothing.
	TTL time.Duration

	mu    sync.Mutex
	books map[string]remembered
}

type remembered struct {
	rules *RuleSet
	until time.Time
}

// RuleSet are the rules of one move and its channel.
type RuleSet struct {
	Setup   desk.Setup
	Move    desk.Move
	Channel desk.Channel
	backlog *desk.Rules // with the help desk access of the fence
	live    *desk.Rules // the same until the move ends, then with current access
}

// Of returns the rules for a conversation. For history, access at the fence
// counts, so that all workers agree; for live conversations after the move's
// end, current access.
func (r *RuleSet) Of(c desk.Conversation) *desk.Rules {
	if r.backlog.Provenance(c) == desk.Live {
		return r.live
	}
	return r.backlog
}

// Rules returns the rules of a move that has been fenced.
func (b *Rulebook) Rules(ctx context.Context, account, id string) (*RuleSet, error) {
	name, now := account+"#"+id, b.Now()
	b.mu.Lock()
	book, ok := b.books[name]
	b.mu.Unlock()
	if ok && now.Before(book.until) {
		return book.rules, nil
	}
	rules, err := b.read(ctx, account, id)
	if err != nil {
		return nil, fmt.Errorf("rules of move %s: %w", id, err)
	}
	if m := rules.Move; !m.EndedAt.IsZero() && m.Choices.History == desk.AllHistory && rules.Setup.CheckStatusMap(m.Choices.Statuses) != nil {
		return rules, nil // not cached: an admin is about to put missing statuses back for a retry
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.books == nil || len(b.books) > 1000 {
		b.books = make(map[string]remembered)
	}
	b.books[name] = remembered{rules, now.Add(b.TTL)}
	return rules, nil
}

func (b *Rulebook) read(ctx context.Context, account, id string) (*RuleSet, error) {
	m, err := b.Moves.Get(ctx, account, id)
	if err != nil {
		return nil, err
	}
	setup, err := b.Setups.Setup(ctx, account)
	if err != nil {
		return nil, err
	}
	c, ok := setup.Channel(m.Choices.Channel)
	if !ok {
		return nil, fmt.Errorf("channel %s: %w", m.Choices.Channel, desk.ErrNotFound)
	}
	access, err := b.Moves.Access(ctx, account, id)
	if err != nil {
		return nil, err
	}
	// The fence is stored in the channel first, and a moment later in the move.
	m.FenceAt = c.FenceAt
	backlog, err := desk.NewRules(setup, m, c, access)
	if err != nil {
		return nil, err
	}
	r := &RuleSet{Setup: setup, Move: m, Channel: c, backlog: backlog, live: backlog}
	if c.Home == desk.HelpDesk {
		r.live, err = desk.NewRules(setup, m, c, setup.Access())
	}
	return r, err
}
