package store

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// ConversationStore keeps conversations with their tickets.
type ConversationStore struct{ Engine Engine }

// Get reads one conversation, strongly; desk.ErrNotFound if there is none.
func (s ConversationStore) Get(ctx context.Context, account, id string) (desk.Conversation, error) {
	a, err := getOne(ctx, s.Engine, Conversations, HeaderKey(account, id))
	if err != nil {
		return desk.Conversation{}, fmt.Errorf("conversation %s: %w", id, err)
	}
	return readHeader(account, id, a), nil
}

// GetMany reads conversations in any order; those that do not exist are left
// out. Unless strong, the answer may be old.
func (s ConversationStore) GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error) {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = HeaderKey(account, id)
	}
	items, err := s.Engine.Get(ctx, Conversations, keys, Consistency(strong))
	if err != nil {
		return nil, fmt.Errorf("read %d conversations: %w", len(keys), err)
	}
	found := make([]desk.Conversation, len(items))
	for i, item := range items {
		found[i] = readItem(item)
	}
	return found, nil
}

// Save stores a changed conversation if it still is as it was read; else the error
// is a *desk.ChangedError.
func (s ConversationStore) Save(ctx context.Context, old, is desk.Conversation) error {
	return FirstError(s.SaveMany(ctx, []desk.Change{{Old: old, New: is}}))
}

// maxTransactions is how many transactions run at the same time.
const maxTransactions = 16

// SaveMany stores changed conversations as Save does, independently of each other,
// each together with the notification of it, if there is one. It returns nil if
// all were stored, else one error or nil for each.
func (s ConversationStore) SaveMany(ctx context.Context, changes []desk.Change) []error {
	errs := make([]error, len(changes))
	var single []Write
	var of []int
	var g errgroup.Group
	g.SetLimit(maxTransactions)
	for i, c := range changes {
		w := changeHeader(c.Old, c.New)
		if c.Notify == nil {
			single, of = append(single, w), append(of, i)
			continue
		}
		g.Go(func() error {
			errs[i] = s.Engine.Transact(ctx, []Write{w, writeNotification(c.New.Account, *c.Notify)})
			return nil
		})
	}
	if len(single) > 0 {
		for i, err := range s.Engine.Write(ctx, single) {
			errs[of[i]] = err
		}
	}
	_ = g.Wait() // each has its own error
	failed := false
	for i, err := range errs {
		if err != nil {
			errs[i], failed = changed(changes[i].Old, err), true // #nosec G602 -- one for each change
		}
	}
	if !failed {
		return nil
	}
	return errs
}

// changed turns a failed condition of a header's write, the first of its request,
// into a *desk.ChangedError.
func changed(c desk.Conversation, err error) error {
	failed, ok := errors.AsType[*ConditionError](err)
	if !ok {
		return fmt.Errorf("conversation %s: %w", c.ID, err)
	}
	e := &desk.ChangedError{Conversation: c.ID}
	if len(failed.Old) > 0 && failed.Failed[0] == 0 && failed.Old[0] != nil {
		is := readHeader(c.Account, c.ID, failed.Old[0])
		e.Now = &is
	}
	return e
}

// Import stores conversations without messages, for benchmarks and tests.
// Those that exist already stay as they are.
func (s ConversationStore) Import(ctx context.Context, cs []desk.Conversation) error {
	writes := make([]Write, len(cs))
	for i, c := range cs {
		writes[i] = newHeader(c)
	}
	for _, err := range s.Engine.Write(ctx, writes) {
		if err != nil && !errors.Is(err, ErrCondition) {
			return err
		}
	}
	return nil
}

func newHeader(c desk.Conversation) Write {
	return Write{Op: Put, Table: Conversations, Key: HeaderKey(c.Account, c.ID), Set: writeHeader(c), If: Absent()}
}
