package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"deskmove/shared/desk"
)

// Rulebook reads the rules of moves, and caches them.
type Rulebook struct {
	Setups SetupStore
	Moves  MoveStore
	Now    func() time.Time
	// TTL is how long rules are cached, and so how long it may take until a
	// change of the account's setup has an effect. Zero caches nothing.
	TTL time.Duration

	mu    sync.Mutex
	books map[string]remembered
}

type remembered struct {
	rules *desk.Rules
	until time.Time
}

// Rules returns the rules of a rehearsal, or of a move that has been fenced: those
// of the inbox may not be cached.
func (b *Rulebook) Rules(ctx context.Context, account, id string) (*desk.Rules, error) {
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
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.books == nil || len(b.books) > 1000 {
		b.books = make(map[string]remembered)
	}
	b.books[name] = remembered{rules, now.Add(b.TTL)}
	return rules, nil
}

func (b *Rulebook) read(ctx context.Context, account, id string) (*desk.Rules, error) {
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
	access := setup.Access()
	if m.Choices.Rehearsal {
		m.FenceAt = m.StartedAt
	} else if access, err = b.Moves.Access(ctx, account, id); err != nil {
		return nil, err
	}
	return desk.NewRules(setup, m, c, access)
}
