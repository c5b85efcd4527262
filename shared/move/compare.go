package move

import (
	"context"
	"slices"

	"deskmove/shared/desk"
)

// mark marks a comparing pass before something is landed in it that should have
// landed long ago, so that a pass without a mark has counted everything as it is.
func (w *work) mark(ctx context.Context, changes []desk.Change) error {
	now := w.Now()
	for _, c := range changes {
		if !w.marked && now.Sub(c.Old.ChangedAt).Abs() >= streamDelay {
			if err := w.Ledger.Mark(ctx, w.Account, w.Job, w.Pass, now); err != nil {
				return err
			}
			w.marked = true
		}
	}
	return nil
}

// rehearse counts what a move would make of the conversations (R12).
func (w *work) rehearse(ctx context.Context, ids []string) error {
	cs, err := w.Lander.Conversations.GetMany(ctx, w.Account, ids, false)
	if err != nil {
		return err
	}
	at := w.rules.Move().StartedAt
	for _, c := range cs {
		if !w.rules.Belongs(c) || w.rules.StaysInInbox(c) {
			w.found.Stayed++
			continue
		}
		if c.Home != desk.HelpDesk {
			c, err = w.rules.Land(c, at)
		}
		if f, final := failure(Outcome{ID: c.ID, Err: err}, at); final {
			w.found.Found++
			w.found.Failed++
			w.failures = append(w.failures, f)
			continue
		}
		if err != nil {
			return err
		}
		w.add(c)
	}
	return nil
}

// add counts a landed conversation.
func (w *work) add(c desk.Conversation) {
	n, t := &w.found.Counts, c.Ticket
	switch t.Provenance {
	case desk.Native:
		n.AsIs++
	case desk.Live:
		n.Live++
	default:
		n.Created++
	}
	if w.Kind != Compare && w.Kind != Rehearse {
		return
	}
	n.Found++
	was := t.AtLanding()
	if t.Provenance == desk.History && t.Breached {
		n.Breaches++
	}
	if t.LostOwner != "" && was.Owner == "" {
		n.OwnersLost++
		if slices.Contains(w.rules.Move().Losers, t.LostOwner) {
			count(&n.LostBy, t.LostOwner)
		}
	}
	count(&n.ByStatus, was.Status)
	if w.digest && t.Provenance != desk.Live && was.Owner != "" {
		count(&w.found.Owners, was.Owner)
	}
	inbox, helpDesk := w.rules.Checksums(c)
	n.Inbox += inbox
	n.Desk += helpDesk
}

func count[K comparable](m *map[K]int64, key K) {
	if *m == nil {
		*m = make(map[K]int64)
	}
	(*m)[key]++
}
