package support

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// Open is a conversation or ticket on which somebody has to work, as the index of
// what is open has it.
type Open struct {
	desk.Position
	Home       desk.Home
	Channel    string
	Owner      string          // of the ticket once it is in the help desk
	Status     desk.Status     // of the ticket
	Provenance desk.Provenance // of the ticket
	Due        time.Time       // when the first of its clocks runs out; zero if none runs
}

// OpenRows holds all that is open in an account for a moment: counts, the order of
// due times, and lists of few among many need all of it, for which many readers ask
// at the same time.
type OpenRows struct {
	Conversations interface {
		ListOpen(ctx context.Context, account string, owner *string, after desk.Position, limit int) ([]Open, bool, error)
	}
	Now func() time.Time

	rows held[string, Rows] // by account
}

// Limits of what is held: for how long, of how many accounts, and how much of one.
const (
	heldFor     = time.Second
	maxAccounts = 4
	maxOpen     = 100_000
)

// Rows is what is open in an account. It must not be changed.
type Rows struct {
	At    time.Time // when reading them began
	All   bool      // else there is more than is held
	Items []Open    // the newest position first
	Due   []int32   // numbers of those of which something is due, in the order of that
}

// Of returns what is open in an account, up to a few seconds old.
func (o *OpenRows) Of(ctx context.Context, account string) (Rows, error) {
	return o.rows.of(account, maxAccounts, o.Now, heldFor, func() (Rows, error) { return o.read(ctx, account) })
}

func (o *OpenRows) read(ctx context.Context, account string) (r Rows, _ error) {
	r.At = o.Now()
	var after desk.Position
	names := make(map[string]string) // one copy of each, as many rows share few
	name := func(s *string) {
		held, ok := names[*s]
		if !ok {
			held = strings.Clone(*s)
			names[held] = held
		}
		*s = held
	}
	for len(r.Items) < maxOpen && !r.All {
		some, more, err := o.Conversations.ListOpen(ctx, account, nil, after, 5000)
		if err != nil {
			return Rows{}, err
		}
		for i := range some {
			row := &some[i]
			row.ID = strings.Clone(row.ID) // not the whole entry of which it is a part
			name(&row.Channel)
			name(&row.Owner)
			name((*string)(&row.Status))
			name((*string)(&row.Home))
			name((*string)(&row.Provenance))
		}
		r.Items, r.All = append(r.Items, some...), !more
		if more {
			after = some[len(some)-1].Position
		}
	}
	for i := range r.Items {
		if !r.Items[i].Due.IsZero() {
			r.Due = append(r.Due, int32(i)) // #nosec G115 -- at most maxOpen and a page
		}
	}
	slices.SortFunc(r.Due, func(a, b int32) int {
		x, y := &r.Items[a], &r.Items[b]
		return cmp.Or(x.Due.Compare(y.Due), strings.Compare(x.ID, y.ID))
	})
	return r, nil
}

// positions returns where the wanted ones are after a position, at most limit.
func (r Rows) positions(after desk.Position, limit int, wanted func(*Open) bool) (ps []desk.Position, more bool) {
	at := 0
	if !after.IsZero() {
		at, _ = slices.BinarySearchFunc(r.Items, after, func(o Open, p desk.Position) int {
			if newer(o.Position, p) || o.Position == p {
				return -1
			}
			return 1
		})
	}
	for ; at < len(r.Items); at++ {
		if !wanted(&r.Items[at]) {
			continue
		}
		if len(ps) == limit {
			return ps, true
		}
		ps = append(ps, r.Items[at].Position)
	}
	return ps, false
}
