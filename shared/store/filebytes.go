package store

import (
	"context"
	"fmt"

	"deskmove/shared/desk"
)

// FileBytes keeps the bytes of small files as items, for platforms on which a file of its
// own takes longer. An item of DynamoDB has at most 400 KB.
type FileBytes struct{ Engine Engine }

const aBytes = "b"

// Get returns the bytes of a file; desk.ErrNotFound if they are not there.
func (s FileBytes) Get(ctx context.Context, f desk.File) ([]byte, error) {
	a, err := getOne(ctx, s.Engine, Conversations, bytesKey(f))
	if err != nil {
		return nil, fmt.Errorf("bytes of file %s: %w", f.SHA256, err)
	}
	return []byte(a.Str(aBytes)), nil
}

// Put stores the bytes of a file.
func (s FileBytes) Put(ctx context.Context, f desk.File, b []byte) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{Op: Put, Table: Conversations, Key: bytesKey(f), Set: Attrs{}.bin(aBytes, string(b))}}))
	if err != nil {
		return fmt.Errorf("bytes of file %s: %w", f.SHA256, err)
	}
	return nil
}

// Delete deletes the bytes of a file, if they are there.
func (s FileBytes) Delete(ctx context.Context, f desk.File) error {
	if err := FirstError(s.Engine.Write(ctx, []Write{{Op: Delete, Table: Conversations, Key: bytesKey(f)}})); err != nil {
		return fmt.Errorf("bytes of file %s: %w", f.SHA256, err)
	}
	return nil
}
