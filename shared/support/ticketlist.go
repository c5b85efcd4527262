package support

import (
	"context"
	"fmt"

	"deskmove/shared/desk"
)

// TicketList lists the tickets of the help desk.
type TicketList struct {
	Setups  SetupReader
	Tickets interface {
		List(ctx context.Context, account string, statuses []desk.Status, after desk.Position, limit int) ([]desk.Position, bool, error)
		GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Ticket, error)
	}
}

// TicketFilter selects tickets. Empty fields select all.
type TicketFilter struct {
	Status desk.Status
	Owner  string // agent ID
}

// Page reads a page of an account's tickets after a position, the last
// created first. An unknown status is a *desk.InvalidError.
func (l TicketList) Page(ctx context.Context, account string, of TicketFilter, after desk.Position, limit int) (Page[desk.Ticket], error) {
	setup, err := l.Setups.Setup(ctx, account)
	if err != nil {
		return Page[desk.Ticket]{}, err
	}
	statuses, err := of.statuses(setup)
	if err != nil || len(statuses) == 0 {
		return Page[desk.Ticket]{}, err
	}
	return page(ctx, after, limit,
		func(after desk.Position, limit int) ([]desk.Position, bool, error) {
			return l.Tickets.List(ctx, account, statuses, after, limit)
		},
		func(ctx context.Context, ids []string) (map[string]desk.Ticket, error) {
			return l.read(ctx, account, ids, of)
		})
}

func (of TicketFilter) statuses(setup desk.Setup) ([]desk.Status, error) {
	if of.Status != "" {
		if _, _, ok := setup.Status(of.Status); !ok {
			return nil, &desk.InvalidError{Field: "status", Problem: fmt.Sprintf("status %.80q is unknown", of.Status),
				Remedy: "use a status of a pipeline of the account"}
		}
		return []desk.Status{of.Status}, nil
	}
	var all []desk.Status
	for _, p := range setup.Pipelines {
		for _, s := range p.Statuses {
			all = append(all, s.ID)
		}
	}
	return all, nil
}

// read reads the selected tickets. The list is an index: a ticket may have changed
// its status since, or have been withdrawn.
func (l TicketList) read(ctx context.Context, account string, ids []string, of TicketFilter) (map[string]desk.Ticket, error) {
	ts, err := l.Tickets.GetMany(ctx, account, ids, false)
	if err != nil {
		return nil, err
	}
	found := make(map[string]desk.Ticket, len(ts))
	for _, t := range ts {
		if (of.Status == "" || t.Status == of.Status) && (of.Owner == "" || t.Owner == of.Owner) {
			found[t.ID] = t
		}
	}
	return found, nil
}
