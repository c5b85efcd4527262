package support

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// ConversationList lists conversations.
type ConversationList struct {
	Setups        SetupReader
	Moves         MoveReader
	Conversations interface {
		ListAll(ctx context.Context, account string, of []Stretch, after desk.Position, limit int) ([]desk.Position, bool, error)
		GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error)
	}
	Now func() time.Time
}

// Stretch is a channel's listing, down to a position or, if that is zero, to
// its end.
type Stretch struct {
	Channel string
	Until   desk.Position
}

// ConversationFilter selects conversations. Empty fields select all.
type ConversationFilter struct {
	Channel string
	Home    desk.Home // Inbox or HelpDesk
}

// Page reads a page of an account's conversations after a position, the last to
// join their channels first; desk.ErrNotFound if there is no such channel.
func (l ConversationList) Page(ctx context.Context, account string, of ConversationFilter, after desk.Position, limit int) (Page[desk.Conversation], error) {
	stretches, err := l.stretches(ctx, account, of)
	if err != nil || len(stretches) == 0 {
		return Page[desk.Conversation]{}, err
	}
	return page(ctx, after, limit,
		func(after desk.Position, limit int) ([]desk.Position, bool, error) {
			return l.Conversations.ListAll(ctx, account, stretches, after, limit)
		},
		func(ctx context.Context, ids []string) (map[string]desk.Conversation, error) {
			return l.read(ctx, account, ids, of.Home)
		})
}

func (l ConversationList) stretches(ctx context.Context, account string, of ConversationFilter) ([]Stretch, error) {
	setup, err := l.Setups.Setup(ctx, account)
	if err != nil {
		return nil, err
	}
	channels := setup.Channels
	if of.Channel != "" {
		c, ok := setup.Channel(of.Channel)
		if !ok {
			return nil, fmt.Errorf("channel %s: %w", of.Channel, desk.ErrNotFound)
		}
		channels = []desk.Channel{c}
	}
	var stretches []Stretch
	for _, c := range channels {
		s, ok, err := l.stretch(ctx, c, of.Home)
		if err != nil {
			return nil, err
		}
		if ok {
			stretches = append(stretches, s)
		}
	}
	return stretches, nil
}

// redirectPeriod is how long a new conversation of a moved channel may at most
// take to reach the help desk: until the last audit. After that it is among the
// move's failures.
const redirectPeriod = 24 * time.Hour

// stretch returns the part of a channel's listing that may have conversations of
// a home, so that a list of the inbox need not read all that has moved; false if
// there is none.
func (l ConversationList) stretch(ctx context.Context, c desk.Channel, home desk.Home) (Stretch, bool, error) {
	s := Stretch{Channel: c.ID}
	if home == "" || c.Home == desk.Moving {
		return s, true, nil
	}
	if c.Home == desk.Inbox {
		return s, home == desk.Inbox, nil
	}
	m, err := l.Moves.Get(ctx, c.Account, c.Move)
	if err != nil {
		return s, false, err
	}
	all := m.Choices.History == desk.AllHistory
	switch {
	case home == desk.Inbox && all:
		s.Until = desk.Position{Joined: l.Now().Add(-redirectPeriod)}
	case home == desk.HelpDesk && !all:
		s.Until = desk.Position{Joined: c.FenceAt}
	}
	return s, true, nil
}

// read reads the conversations of a home. All that are listed exist, so one that
// an eventual read missed is read strongly.
func (l ConversationList) read(ctx context.Context, account string, ids []string, home desk.Home) (map[string]desk.Conversation, error) {
	cs, err := l.Conversations.GetMany(ctx, account, ids, false)
	if err != nil {
		return nil, err
	}
	if len(cs) < len(ids) {
		more, err := l.Conversations.GetMany(ctx, account, without(ids, cs), true)
		if err != nil {
			return nil, err
		}
		cs = append(cs, more...)
	}
	found := make(map[string]desk.Conversation, len(cs))
	for _, c := range cs {
		if home == "" || c.Home == home {
			found[c.ID] = c
		}
	}
	return found, nil
}

// without returns the IDs that none of the conversations has.
func without(ids []string, cs []desk.Conversation) []string {
	there := make(map[string]bool, len(cs))
	for _, c := range cs {
		there[c.ID] = true
	}
	var rest []string
	for _, id := range ids {
		if !there[id] {
			rest = append(rest, id)
		}
	}
	return rest
}
