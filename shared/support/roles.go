package support

import (
	"context"

	"deskmove/shared/desk"
)

// What several use cases need of a store. Package store implements all of it.

// SetupReader reads an account's current setup; desk.ErrNotFound if there is no
// such account.
type SetupReader interface {
	Setup(ctx context.Context, account string) (desk.Setup, error)
}

// ChannelReader reads a channel's current state; desk.ErrNotFound if there is none.
type ChannelReader interface {
	Channel(ctx context.Context, account, id string) (desk.Channel, error)
}

// MoveReader reads moves, and the ID of the move that holds the account's lock, ""
// if none does. Errors: desk.ErrNotFound.
type MoveReader interface {
	Get(ctx context.Context, account, id string) (desk.Move, error)
	Locked(ctx context.Context, account string) (string, error)
}

// ConversationReader reads a conversation with all that is committed;
// desk.ErrNotFound if there is none.
type ConversationReader interface {
	Get(ctx context.Context, account, id string) (desk.Conversation, error)
}

// Rulebook reads the rules by which a move has brought conversations to the help
// desk.
type Rulebook interface {
	Rules(ctx context.Context, account, move string) (*desk.Rules, error)
}
