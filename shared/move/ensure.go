package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// Ensure makes sure that conversations have exactly one ticket each, and are
// marked. Batches, the stream and audits all call it, at once and repeatedly.
type Ensure struct {
	Conversations interface {
		ConversationReader
		Mark(ctx context.Context, cs []desk.Conversation) []error
	}
	Tickets interface {
		TicketReader
		Create(ctx context.Context, ts []desk.Ticket) []error
		Replace(ctx context.Context, t, old desk.Ticket) error
		Delete(ctx context.Context, t desk.Ticket) error
	}
	Outbox Outbox
	Now    func() time.Time
}

// rounds is how often Ensure tries again when customers and agents change
// what it works on.
const rounds = 8

// Outcome is what became of one conversation.
type Outcome struct {
	ID string
	// Stayed says that it is not part of the move: it stays in the inbox, or
	// belongs to another channel by now.
	Stayed     bool
	Provenance desk.Provenance // of its ticket, unless it stayed
	Err        error           // a *desk.ConversionError is for good, others pass
}

// How says how careful Ensure must be.
type How struct {
	Strong bool // the first read sees all that is committed: on the stream's path
	Again  bool // it may have been done before: look for tickets before writing
}

// Run ensures conversations, and returns an outcome for each, in any order.
func (e Ensure) Run(ctx context.Context, rules *RuleSet, ids []string, how How) []Outcome {
	r := round{Ensure: e, rules: rules, account: rules.Channel.Account, strong: how.Strong, again: how.Again}
	r.pending = ids
	for range rounds {
		ids, r.pending = r.pending, nil
		r.do(ctx, ids)
		if len(r.pending) == 0 {
			return r.outcomes
		}
		// Whoever is left was changed by others, or was read too early.
		r.strong, r.again = true, true
	}
	for _, id := range r.pending {
		r.fail(id, &desk.BusyError{What: "conversation " + id, After: time.Second})
	}
	return r.outcomes
}

// round is one attempt at some conversations, and what came of it.
type round struct {
	Ensure
	rules    *RuleSet
	account  string
	strong   bool
	again    bool
	pending  []string // for the next round
	outcomes []Outcome
}

func (r *round) fail(id string, err error) {
	r.outcomes = append(r.outcomes, Outcome{ID: id, Err: err})
}

func (r *round) later(id string) { r.pending = append(r.pending, id) }

// do reads conversations, gives them tickets, then markers, in that order.
func (r *round) do(ctx context.Context, ids []string) {
	cs, err := r.Conversations.GetMany(ctx, r.account, ids, r.strong)
	if err != nil {
		for _, id := range ids {
			r.fail(id, err)
		}
		return
	}
	r.missing(ids, cs)
	var fresh, look []desk.Conversation
	for _, c := range cs {
		marked := c.Home == desk.HelpDesk
		belongs := r.rules.Of(c).Belongs(c)
		switch {
		case marked && !belongs: // it is another channel's move and stream that see to it, by that channel's settings
			r.outcomes = append(r.outcomes, Outcome{ID: c.ID, Stayed: true})
		case !belongs:
			r.elsewhere(ctx, c)
		case !marked && r.rules.Of(c).StaysInInbox(c):
			r.outcomes = append(r.outcomes, Outcome{ID: c.ID, Stayed: true})
		case marked || r.again || c.Ticket != "":
			look = append(look, c)
		default:
			fresh = append(fresh, c)
		}
	}
	found, create := r.look(ctx, look)
	made := r.create(ctx, append(fresh, create...))
	r.mark(ctx, append(found, made...))
}

// missing deals with conversations that were not found: an eventual read may
// be too early.
func (r *round) missing(ids []string, cs []desk.Conversation) {
	if len(cs) == len(ids) {
		return
	}
	there := make(map[string]bool, len(cs))
	for _, c := range cs {
		there[c.ID] = true
	}
	for _, id := range ids {
		switch {
		case there[id]:
		case r.strong:
			r.fail(id, &desk.ConversionError{Conversation: id, Code: CodeGone,
				Problem: "it is listed but does not exist", Remedy: "look for it by its ID"})
		default:
			r.later(id)
		}
	}
}

// Codes of failures that the store's state causes.
const (
	CodeGone       = "gone"        // a conversation that the listing knows does not exist
	CodeTicketGone = "ticket-gone" // a conversation is marked but its ticket does not exist
	CodeUnexpected = "unexpected"  // an error that nobody foresaw
)

// ticketed is a conversation and its ticket as it is stored.
type ticketed struct {
	c desk.Conversation
	t desk.Ticket
}

// look reads the tickets of conversations and brings them up to date. It
// returns those that have one and still need their marker, and those that
// need a ticket.
func (r *round) look(ctx context.Context, cs []desk.Conversation) (found []ticketed, create []desk.Conversation) {
	if len(cs) == 0 {
		return nil, nil
	}
	ids := make([]string, len(cs))
	for i, c := range cs {
		ids[i] = desk.TicketID(c.ID)
	}
	ts, err := r.Tickets.GetMany(ctx, r.account, ids, true)
	byConversation := make(map[string]desk.Ticket, len(ts))
	for _, t := range ts {
		byConversation[t.Conversation] = t
	}
	for _, c := range cs {
		t, ok := byConversation[c.ID]
		marked := c.Home == desk.HelpDesk
		switch {
		case err != nil:
			r.fail(c.ID, err)
		case !ok && (marked || c.Ticket != ""):
			r.fail(c.ID, &desk.ConversionError{Conversation: c.ID, Code: CodeTicketGone,
				Problem: "its ticket " + desk.TicketID(c.ID) + " does not exist", Remedy: "restore the ticket and try again"})
		case !ok:
			create = append(create, c)
		case !marked && t.SourceVersion > c.Version: // c was read too early, and may have joined another channel
			r.later(c.ID)
		default:
			if t, ok = r.raise(ctx, t, c); !ok {
				continue
			}
			if marked {
				r.outcomes = append(r.outcomes, Outcome{ID: c.ID, Provenance: t.Provenance})
			} else {
				found = append(found, ticketed{c, t})
			}
		}
	}
	return found, create
}

// raise brings a ticket up to its conversation; false if that must wait.
func (r *round) raise(ctx context.Context, t desk.Ticket, c desk.Conversation) (desk.Ticket, bool) {
	raised, changed, err := r.rules.Of(c).Raise(t, c, c.Home == desk.HelpDesk)
	if err == nil && changed {
		err = r.Tickets.Replace(ctx, raised, t)
	}
	switch {
	case errors.Is(err, desk.ErrChanged):
		r.later(c.ID)
	case err != nil:
		r.fail(c.ID, err)
	default:
		return raised, true
	}
	return t, false
}

// create makes tickets for conversations that seem to have none.
func (r *round) create(ctx context.Context, cs []desk.Conversation) []ticketed {
	made := make([]ticketed, 0, len(cs))
	ts := make([]desk.Ticket, 0, len(cs))
	now := r.Now()
	for _, c := range cs {
		t, err := r.rules.Of(c).Ticket(c, now)
		switch {
		case err != nil && !r.strong: // it may be better by now
			r.later(c.ID)
			continue
		case err != nil:
			r.fail(c.ID, err)
			continue
		}
		made, ts = append(made, ticketed{c, t}), append(ts, t)
	}
	if len(ts) == 0 {
		return nil
	}
	errs := r.Tickets.Create(ctx, ts)
	if errs == nil {
		return made
	}
	kept := made[:0]
	for i, err := range errs {
		switch id := made[i].c.ID; {
		case err == nil:
			kept = append(kept, made[i])
		case errors.Is(err, desk.ErrExists):
			r.later(id)
		default:
			r.fail(id, fmt.Errorf("ticket of %s: %w", id, err))
		}
	}
	return kept
}

// mark sets the markers of conversations that have their tickets. What must
// be told is in the outbox before, because a marked conversation is done.
func (r *round) mark(ctx context.Context, done []ticketed) {
	if len(done) == 0 {
		return
	}
	cs := make([]desk.Conversation, len(done))
	var ns []desk.Notification
	for i, d := range done {
		cs[i] = d.c
		cs[i].Home, cs[i].Ticket, cs[i].Move = desk.HelpDesk, d.t.ID, d.t.Move
		if n, ok := r.notification(d.t); ok {
			ns = append(ns, n)
		}
	}
	if len(ns) > 0 {
		if err := r.Outbox.Notify(ctx, r.account, ns); err != nil {
			for _, d := range done {
				r.fail(d.c.ID, err)
			}
			return
		}
	}
	errs := r.Conversations.Mark(ctx, cs)
	for i, d := range done {
		var err error
		if errs != nil {
			err = errs[i]
		}
		switch {
		case err == nil:
			r.outcomes = append(r.outcomes, Outcome{ID: d.c.ID, Provenance: d.t.Provenance})
		case errors.Is(err, desk.ErrChanged):
			r.later(d.c.ID)
		default:
			r.fail(d.c.ID, fmt.Errorf("marker of %s: %w", d.c.ID, err))
		}
	}
}

// notification is what agents hear of a ticket: always of a live one, of the
// backfill only if the admin chose so (R10).
func (r *round) notification(t desk.Ticket) (desk.Notification, bool) {
	n := desk.Notification{Agent: t.Owner, Ticket: t.ID, Move: t.Move, Channel: t.Channel, At: r.Now()}
	switch {
	case t.Provenance == desk.Live:
		n.Kind = desk.KindLive
	case r.rules.Move.Choices.Notifications == desk.All:
		n.Kind = desk.KindTicket
	default:
		return n, false
	}
	n.ID = n.Kind + "-" + t.ID
	return n, true
}

// elsewhere deals with a conversation that is not marked and belongs to
// another channel: it joined that since it was listed (R14). A ticket that
// this move made for it in between is taken back. Whoever moves the other
// channel raises the ticket before relying on it, for joining was a change,
// and agents cannot edit it without a marker; so either the ticket is still
// as this move made it and goes, or it stays.
func (r *round) elsewhere(ctx context.Context, c desk.Conversation) {
	if !r.strong {
		r.later(c.ID)
		return
	}
	ts, err := r.Tickets.GetMany(ctx, r.account, []string{desk.TicketID(c.ID)}, true)
	if err == nil && len(ts) == 1 && ts[0].Home == desk.HelpDesk &&
		ts[0].Channel == r.rules.Channel.ID && ts[0].SourceVersion < c.Version {
		err = r.withdraw(ctx, ts[0])
	}
	switch {
	case errors.Is(err, desk.ErrChanged):
		r.later(c.ID)
	case err != nil:
		r.fail(c.ID, err)
	default:
		r.outcomes = append(r.outcomes, Outcome{ID: c.ID, Stayed: true})
	}
}

func (r *round) withdraw(ctx context.Context, t desk.Ticket) error {
	if t.Provenance != desk.Native {
		return r.Tickets.Delete(ctx, t)
	}
	back := t
	back.Home, back.Revision = desk.Inbox, t.Revision+1
	return r.Tickets.Replace(ctx, back, t)
}
