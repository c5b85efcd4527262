package move

import (
	"context"
	"errors"
	"maps"
	"time"

	"deskmove/shared/desk"
)

// Lander lands conversations in the help desk, each by one conditional write.
// Batches, the stream and comparisons all call it, at once and repeatedly.
type Lander struct {
	Conversations interface {
		ConversationReader
		SaveMany(ctx context.Context, changes []desk.Change) []error
	}
	Now func() time.Time
	// Comparing, if not nil, is called before conversations are written. Then what was
	// not read strongly is not written either, as it has most likely landed.
	Comparing func(ctx context.Context, changes []desk.Change) error
}

// attempts is how often a conversation is tried when customers and agents change
// it meanwhile.
const attempts = 8

// Outcome is what became of one conversation.
type Outcome struct {
	ID string
	// Stayed says that it is not part of the move: it stays in the inbox, or
	// belongs to another channel by now.
	Stayed       bool
	Landed       bool              // it landed just now, not before
	Followed     bool              // it had landed before, and its ticket was behind
	Conversation desk.Conversation // in the help desk, unless it stayed
	Err          error             // a *desk.ConversionError is for good, others pass
}

// Land lands conversations, and returns an outcome for each, in any order. Unless
// strong, the first read may be old: then it settles only what cannot change any
// more.
func (l Lander) Land(ctx context.Context, rules *desk.Rules, ids []string, strong bool) []Outcome {
	w := landing{Lander: l, rules: rules, strong: strong, pending: make(map[string]*desk.Conversation, len(ids))}
	for _, id := range ids {
		if _, twice := w.pending[id]; !twice {
			w.pending[id] = nil
			w.order = append(w.order, id)
		}
	}
	for range attempts {
		w.attempt(ctx)
		if len(w.pending) == 0 {
			return w.outcomes
		}
		w.strong = true // whoever is left was changed by others, or read too early
	}
	for _, id := range w.order {
		if _, left := w.pending[id]; left {
			w.fail(id, &desk.BusyError{What: "conversation " + id, After: time.Second})
		}
	}
	return w.outcomes
}

// landing is the work on some conversations.
type landing struct {
	Lander
	rules    *desk.Rules
	strong   bool
	order    []string                      // all of them, once
	pending  map[string]*desk.Conversation // those left, as they are if a failed write told
	outcomes []Outcome
}

func (w *landing) done(o Outcome) {
	delete(w.pending, o.ID)
	w.outcomes = append(w.outcomes, o)
}

func (w *landing) fail(id string, err error) { w.done(Outcome{ID: id, Err: err}) }

// attempt reads those that are left, and lands those that can be.
func (w *landing) attempt(ctx context.Context) {
	var changes []desk.Change
	for _, c := range w.read(ctx) {
		is, ok := w.decide(c)
		if !ok {
			continue
		}
		change := desk.Change{Old: c, New: is}
		if n, ok := w.notification(is); ok && c.Home != desk.HelpDesk {
			change.Notify = &n
		}
		changes = append(changes, change)
	}
	if len(changes) == 0 {
		return
	}
	if w.Comparing != nil {
		if err := w.Comparing(ctx, changes); err != nil {
			for _, c := range changes {
				w.fail(c.New.ID, err)
			}
			return
		}
	}
	errs := w.Conversations.SaveMany(ctx, changes)
	for i, c := range changes {
		var err error
		if errs != nil {
			err = errs[i]
		}
		changed, lost := errors.AsType[*desk.ChangedError](err)
		switch {
		case lost:
			w.pending[c.New.ID] = changed.Now
		case err != nil:
			w.fail(c.New.ID, err)
		default:
			landed := c.Old.Home != desk.HelpDesk
			w.done(Outcome{ID: c.New.ID, Conversation: c.New, Landed: landed, Followed: !landed})
		}
	}
}

// read returns the conversations that are left, and settles those that are gone.
func (w *landing) read(ctx context.Context) (cs []desk.Conversation) {
	var ids []string
	for _, id := range w.order {
		c, left := w.pending[id]
		switch {
		case !left:
		case c != nil:
			cs = append(cs, *c)
		default:
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return cs
	}
	found, err := w.Conversations.GetMany(ctx, w.rules.Channel().Account, ids, w.strong)
	if err != nil {
		for _, id := range ids {
			w.fail(id, err)
		}
		return cs
	}
	there := make(map[string]bool, len(found))
	for _, c := range found {
		there[c.ID] = true
	}
	for _, id := range ids {
		if !there[id] && w.strong {
			w.fail(id, &desk.ConversionError{Conversation: id, Code: CodeGone,
				Problem: "it is listed but does not exist", Remedy: "look for it by its ID"})
		}
	}
	return append(cs, found...)
}

// Codes of failures that the store's state causes.
const (
	CodeGone       = "gone"        // a conversation that is listed does not exist
	CodeNotApplied = "not-applied" // a message that came after the landing waits to be applied to the ticket
	CodeUnexpected = "unexpected"  // an error that nobody foresaw
)

// FailureCodes returns the codes of Failures.
func FailureCodes() desk.Codes {
	all := desk.FailureCodes()
	maps.Copy(all, desk.Codes{CodeGone: nil, CodeNotApplied: nil, CodeUnexpected: nil})
	return all
}

// decide returns what a conversation must become; false if it stays as it is, or
// must be read again.
func (w *landing) decide(c desk.Conversation) (is desk.Conversation, ok bool) {
	w.pending[c.ID] = nil // what a failed write told is used up
	landed, belongs := c.Home == desk.HelpDesk, w.rules.Belongs(c)
	switch {
	case landed && belongs && c.Ticket.Behind == 0:
		w.done(Outcome{ID: c.ID, Conversation: c})
		return is, false
	case w.Comparing != nil && !w.strong && !w.rules.StaysInInbox(c):
		return is, false
	case landed && belongs:
		is = w.rules.Follow(c)
		is.Rev++
		return is, true
	case landed, w.rules.StaysInInbox(c), !belongs && w.strong:
		w.done(Outcome{ID: c.ID, Stayed: true})
		return is, false
	case !belongs:
		return is, false
	}
	is, err := w.rules.Land(c, w.Now())
	if err != nil && w.strong {
		w.fail(c.ID, err)
	}
	return is, err == nil
}

// notification is what agents hear of a ticket: always of a live one, of history
// only if the admin chose so (R10).
func (w *landing) notification(c desk.Conversation) (desk.Notification, bool) {
	t := c.Ticket
	n := desk.Notification{Agent: t.Owner, Ticket: c.TicketID(), Move: t.Move, Channel: c.Channel, At: w.Now()}
	switch {
	case t.Provenance == desk.Live:
		n.Kind = desk.KindLive
	case w.rules.Move().Choices.Notifications == desk.All:
		n.Kind = desk.KindTicket
	default:
		return n, false
	}
	n.ID = n.Kind + "-" + n.Ticket
	return n, true
}
