package store

import (
	"context"
	"fmt"

	"deskmove/shared/desk"
)

// List reads a stretch of the help desk's list of tickets with one of the
// statuses, from new to old by creation: positions after one, open if zero, at
// most about limit of them. More says that it goes on after the last one
// returned. Tickets that have not moved are not in it.
//
// The list is an index and may lag behind the tickets. A ticket whose status
// changes meanwhile keeps its position.
func (s TicketStore) List(ctx context.Context, account string, statuses []desk.Status, after desk.Position, limit int) (ps []desk.Position, more bool, err error) {
	parts := make([]part, 0, len(statuses)*statusShards)
	for _, status := range statuses {
		for i := range statusShards {
			parts = append(parts, part{pk: statusPK(account, status, i)})
		}
	}
	ps, more, err = descend(ctx, s.Engine, Tickets, parts, after, limit/statusShards+8)
	if err != nil {
		return nil, false, fmt.Errorf("list tickets of %s: %w", account, err)
	}
	return ps, more, nil
}
