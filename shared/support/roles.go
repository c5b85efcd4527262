package support

import (
	"context"

	"deskmove/shared/desk"
)

// What several use cases need of a store. Package store has all of it.

// SetupReader reads an account's setup as it is now. No account: desk.ErrNotFound.
type SetupReader interface {
	Setup(ctx context.Context, account string) (desk.Setup, error)
}

// ChannelReader reads a channel as it is now, desk.ErrNotFound if there is none.
type ChannelReader interface {
	Channel(ctx context.Context, account, id string) (desk.Channel, error)
}

// MoveReader reads moves, and the ID of the one that has the account's lock.
// What is not there: desk.ErrNotFound, but for the lock, which is "" then.
type MoveReader interface {
	Get(ctx context.Context, account, id string) (desk.Move, error)
	Locked(ctx context.Context, account string) (string, error)
}

// ConversationReader reads a conversation, strongly: desk.ErrNotFound if there is none.
type ConversationReader interface {
	Get(ctx context.Context, account, id string) (desk.Conversation, error)
}
