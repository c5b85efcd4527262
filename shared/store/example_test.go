package store_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// Stores a conversation and changes it, which a second worker that has read the
// same revision cannot do.
func Example() {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	engine := &storetest.Memory{} // in production DynamoDB or SQLite
	conversations, messages := store.ConversationStore{Engine: engine}, store.MessageStore{Engine: engine}

	m := desk.Message{Account: "shop", Conversation: "c1", ID: "m1", External: "<1@customer.example>", Channel: "mail", Author: desk.ByCustomer}
	c, err := desk.StartConversation("c1", m, desk.Channel{ID: "mail"}, "ann", now)
	if err == nil {
		err = messages.Begin(ctx, c, m, nil)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, owner := range []string{"bob", "eve"} {
		changed := c
		changed.Owner, changed.Rev = owner, c.Rev+1
		err := conversations.Save(ctx, c, changed)
		fmt.Println(owner, "is late:", errors.Is(err, desk.ErrChanged))
	}
	c, err = conversations.Get(ctx, "shop", "c1")
	fmt.Println("the owner is", c.Owner, err)
	// Output:
	// bob is late: false
	// eve is late: true
	// the owner is bob <nil>
}
