package store

import (
	"context"
	"encoding/json"
	"fmt"

	"deskmove/shared/desk"
)

// Agent reads one agent, strongly; desk.ErrNotFound if there is none.
func (s SetupStore) Agent(ctx context.Context, account, id string) (desk.Agent, error) {
	var a desk.Agent
	items, err := s.Engine.Get(ctx, Control, []Key{setupKey(account, "AGENT", id)}, Strong)
	if err == nil && len(items) == 0 {
		err = desk.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal([]byte(items[0].Attrs.Str(aConfig)), &a)
	}
	if err != nil {
		return desk.Agent{}, fmt.Errorf("agent %s: %w", id, err)
	}
	return a, nil
}
