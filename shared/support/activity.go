package support

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"deskmove/shared/desk"
)

// maxActive is how many open ones can be put in the order of their last change. That
// order is in no index, where each change would cost two more writes: their headers
// are read.
const maxActive = 1000

// byActivity reads a page of what is open, in the order of the last change. Positions
// are those of that order. More than maxActive wanted ones are a *desk.InvalidError.
func (l openList) byActivity(ctx context.Context, read func(context.Context, []string) (map[string]desk.Conversation, error), after desk.Position, limit int) (p Page[desk.Conversation], _ error) {
	var wanted []desk.Position
	for place, more := (desk.Position{}), true; more; {
		var some []desk.Position
		var err error
		if some, more, err = l.next(ctx, place, maxActive); err != nil {
			return p, err
		}
		if wanted = append(wanted, some...); len(wanted) > maxActive || more && len(wanted) == maxActive {
			return p, &desk.InvalidError{Field: "sort", Code: desk.CodeTooMany, Params: desk.Params{"most": strconv.Itoa(maxActive)},
				Problem: fmt.Sprintf("more open ones than can be put in this order, %d", maxActive),
				Remedy:  "ask for fewer, such as those of an owner, a channel or a status, or leave sort out"}
		}
		if len(wanted) > 0 {
			place = wanted[len(wanted)-1]
		}
	}
	found, err := read(ctx, desk.ConversationIDs(wanted))
	if err != nil {
		return p, err
	}
	order := make([]desk.Position, 0, len(found))
	for id, c := range found {
		if at := (desk.Position{Joined: c.ChangedAt, ID: id}); after.IsZero() || newer(after, at) {
			order = append(order, at)
		}
	}
	slices.SortFunc(order, byNewest)
	p.Last, p.More = after, len(order) > limit
	p.add(order[:min(limit, len(order))], found, limit)
	return p, nil
}
