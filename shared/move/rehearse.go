package move

import (
	"context"
	"time"

	"deskmove/shared/desk"
)

// Rehearsal is the step of a rehearsal: it applies the move's rules to all of a
// channel's conversations, and writes nothing but the report (R12).
type Rehearsal struct {
	Moves  MoveReader
	Setups SetupReader
	Survey Survey
	Ledger interface {
		TallyRecorder
		FailureRecorder
	}
	Phase PhaseRecorder
	// Pages is how many pages of the listing a step reads.
	Pages int
}

// Step rehearses from the run's cursor on, with the start of the rehearsal as the
// fence.
func (h Rehearsal) Step(ctx context.Context, r Run) (Run, error) {
	m, err := h.Moves.Get(ctx, r.Account, r.Move)
	if err != nil {
		return r, err
	}
	if err := h.Phase.Enter(ctx, m, "rehearse"); err != nil {
		return r, err
	}
	setup, err := h.Setups.Setup(ctx, r.Account)
	if err != nil {
		return r, err
	}
	c, ok := setup.Channel(m.Choices.Channel)
	if !ok {
		return r, desk.ErrNotFound
	}
	m.FenceAt = m.StartedAt
	rules, err := desk.NewRules(setup, m, c, setup.Access())
	if err != nil {
		return r, err
	}
	if !r.More {
		r.Tally, r.Page = r.Run*maxPasses+1, 0
	}
	for range h.Pages {
		ps, more, err := h.Survey.Listing.List(ctx, r.Account, c.ID, r.Cursor, desk.Position{}, surveyPage)
		if err != nil {
			return r, err
		}
		t, err := h.page(ctx, m, rules, desk.ConversationIDs(ps))
		if err != nil {
			return r, err
		}
		if err := h.Ledger.Tally(ctx, r.Account, r.Move, r.Tally, r.Page, t); err != nil {
			return r, err
		}
		r.Page++
		if r.More = more; !more {
			break
		}
		r.Cursor = ps[len(ps)-1]
	}
	return r, nil
}

// page counts what would become of conversations.
func (h Rehearsal) page(ctx context.Context, m desk.Move, rules *desk.Rules, ids []string) (Tally, error) {
	t := Tally{Report: desk.Report{ByStatus: make(map[desk.Status]int64)}, Owners: make(map[string]int64)}
	cs, ts, err := h.Survey.both(ctx, m.Account, ids)
	if err != nil {
		return t, err
	}
	for _, c := range cs {
		if !rules.Belongs(c) || rules.StaysInInbox(c) {
			continue
		}
		ticket, err := foresee(rules, c, ts, m.StartedAt)
		if f, final := failure(Outcome{ID: c.ID, Err: err}, m.StartedAt); final {
			t.Report.Found++
			t.Report.Failed++
			err = h.Ledger.Fail(ctx, m.Account, m.ID, f)
		} else if err == nil {
			err = t.add(rules, c, ticket)
		}
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

// foresee returns the ticket that a conversation would have.
func foresee(rules *desk.Rules, c desk.Conversation, ts map[string]desk.Ticket, now time.Time) (desk.Ticket, error) {
	if t, ok := ts[c.ID]; ok && t.Provenance == desk.Native {
		t = rules.AsIs(t, c)
		t.SourceVersion = c.Version
		return t, nil
	}
	return rules.Ticket(c, now)
}
