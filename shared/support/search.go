package support

import (
	"context"
	"slices"

	"deskmove/shared/desk"
)

// Finder finds conversations and tickets by what names them exactly: their IDs, or the
// external ID of one of their messages.
type Finder struct {
	Setups   SetupReader
	Messages interface {
		// Holding returns the conversations that have a message with an external ID
		// by one of the channels.
		Holding(ctx context.Context, account string, channels []string, external string) ([]string, error)
	}
	Conversations interface {
		GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error)
	}
}

// FindConversations returns those that name or external names and the filter wants,
// the last to join their channels first.
func (f Finder) FindConversations(ctx context.Context, account, name, external string, of ConversationFilter) ([]desk.Conversation, error) {
	setup, err := f.Setups.Setup(ctx, account)
	if err == nil {
		_, err = channels(setup, of.Channel)
	}
	if err != nil {
		return nil, err
	}
	return f.find(ctx, setup, name, external, of.wants)
}

// FindTickets returns those that name or external names and the filter wants, in the
// order of FindConversations.
func (f Finder) FindTickets(ctx context.Context, account, name, external string, of TicketFilter) ([]desk.Conversation, error) {
	setup, err := f.Setups.Setup(ctx, account)
	if err == nil {
		_, err = channels(setup, of.Channel)
	}
	if err == nil {
		_, err = of.onlyOpen(setup)
	}
	if err != nil {
		return nil, err
	}
	return f.find(ctx, setup, name, external, of.wants)
}

func (f Finder) find(ctx context.Context, setup desk.Setup, name, external string, wanted func(desk.Conversation) bool) ([]desk.Conversation, error) {
	account := setup.Account.ID
	of := make([]string, len(setup.Channels))
	for i, c := range setup.Channels {
		of[i] = c.ID
	}
	ids, err := f.Messages.Holding(ctx, account, of, external)
	if err != nil {
		return nil, err
	}
	if desk.CheckID("q", name) == nil { // IDs become parts of keys
		ids = append(ids, name)
		if conversation, ok := desk.OfTicket(name); ok {
			ids = append(ids, conversation)
		}
	}
	slices.Sort(ids)
	found, err := f.Conversations.GetMany(ctx, account, slices.Compact(ids), true)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(c desk.Conversation) bool { return !wanted(c) })
	slices.SortFunc(found, func(a, b desk.Conversation) int {
		return byNewest(desk.Position{Joined: a.Joined, ID: a.ID}, desk.Position{Joined: b.Joined, ID: b.ID})
	})
	return found, nil
}
