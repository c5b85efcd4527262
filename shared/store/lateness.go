package store

import (
	"context"
	"fmt"
)

// LatenessStore counts how often live changes came late, of all accounts together. Who
// brings them counts; who sees the count rise stands back. It says nothing of when, so
// that no two clocks are compared, and an old count means nothing.
type LatenessStore struct{ Engine Engine }

const aLate = "late"

func latenessKey() Key { return Key{"LATE", "LATE"} }

// Add counts one more time.
func (s LatenessStore) Add(ctx context.Context) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{Op: Update, Table: Control, Key: latenessKey(), Add: Attrs{}.num(aLate, 1)}}))
	if err != nil {
		return fmt.Errorf("lateness: %w", err)
	}
	return nil
}

// Count returns the count, which may be a moment old.
func (s LatenessStore) Count(ctx context.Context) (int64, error) {
	items, err := s.Engine.Get(ctx, Control, []Key{latenessKey()}, Eventual)
	if err != nil {
		return 0, fmt.Errorf("lateness: %w", err)
	}
	if len(items) == 0 {
		return 0, nil
	}
	return items[0].Attrs.Num(aLate), nil
}
