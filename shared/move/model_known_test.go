package move_test

import (
	"cmp"
	"maps"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"deskmove/shared/desk"
)

// known is what the model knows of a conversation: all that matters of it and
// of its ticket.
type known struct {
	Channel     string
	Status      desk.ConversationStatus
	Owner       string
	Home        desk.Home
	Rev         int64
	CustomerRev int64
	Ticket      knownTicket // zero if there is none

	started, takenIn, customerAt time.Time
	edited                       int64 // the revision of the ticket's last edit
}

type knownTicket struct {
	Status     desk.Status
	Owner      string
	Provenance desk.Provenance
	Created    time.Time
}

// convertible says whether a ticket can be made: of what has one, anyway.
func (k *known) convertible() bool { return !k.started.IsZero() || k.Ticket != (knownTicket{}) }

// stays says whether it is not of the move.
func (k *known) stays(w *world) bool {
	return k.Channel != "mail" || k.Home == desk.Inbox && w.move.Choices.History == desk.NoHistory && k.takenIn.Before(w.fenceAt)
}

// reopen is what a customer's message does to a closed ticket (R19).
func (k *known) reopen(w *world) {
	reopened := map[desk.Provenance]desk.Status{desk.Live: "new", desk.History: "waiting", desk.Native: "waiting"}
	if w.move.Choices.History == desk.NoHistory {
		reopened[desk.Native] = "new"
	}
	if closes[k.Ticket.Status] {
		k.Ticket.Status = reopened[k.Ticket.Provenance]
	}
}

// land is what moving or redirecting a conversation does, as the documentation
// has it; false if it cannot be converted.
func (k *known) land(w *world) bool {
	live := !k.takenIn.Before(w.fenceAt)
	switch {
	case k.Home == desk.HelpDesk || k.stays(w): // R20
		return true
	case k.Ticket != (knownTicket{}): // R15
		if !k.customerAt.Before(w.fenceAt) && k.CustomerRev > k.edited {
			k.reopen(w)
		}
	case k.started.IsZero(): // R28
		return false
	default: // R16, R18
		k.Ticket = knownTicket{"waiting", "", desk.History, k.started}
		if live {
			k.Ticket.Provenance, k.Ticket.Status = desk.Live, "new"
		}
		if k.Status == desk.Closed {
			k.Ticket.Status = "solved"
		}
		switch {
		case access[k.Owner]:
			k.Ticket.Owner = k.Owner
		case live:
			k.Ticket.Owner = "ann" // the only one of the routing who has access
		}
	}
	k.Home = desk.HelpDesk
	k.Rev++
	return true
}

// visible is what is compared.
func (k *known) visible() known {
	v := *k
	v.started, v.takenIn, v.customerAt, v.edited = time.Time{}, time.Time{}, time.Time{}, 0
	return v
}

// read is a conversation and its ticket, as they are.
func (w *world) read(t *rapid.T, id string) known {
	c, err := w.Conversations.Get(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	k := known{Channel: c.Channel, Status: c.Status, Owner: c.Owner, Home: c.Home, Rev: c.Rev, CustomerRev: c.CustomerRev}
	if c.HasTicket() {
		k.Ticket = knownTicket{c.Ticket.Status, c.Ticket.Owner, c.Ticket.Provenance, c.Ticket.Created}
	}
	if !c.EditKept() {
		t.Fatalf("an edit of %s was overwritten: %+v", id, c.Ticket)
	}
	return k
}

func (w *world) failures(t *rapid.T) map[string]bool {
	ids := map[string]bool{}
	if w.move.ID == "" {
		return ids
	}
	fs, more, err := w.Ledger.Failures(t.Context(), "acme", w.move.ID, "", "", 100)
	if err != nil || more {
		t.Fatal(more, err)
	}
	for _, f := range fs {
		ids[f.Conversation] = true
	}
	return ids
}

// check compares everything with the model.
func (w *world) check(t *rapid.T) {
	for id, k := range w.all {
		if got := w.read(t, id); !reflect.DeepEqual(got, k.visible()) {
			t.Fatalf("conversation %s is\n%+v, want\n%+v", id, got, k.visible())
		}
	}
	if got := w.failures(t); !maps.Equal(got, w.failed) {
		t.Fatalf("failed are %v, want %v", got, w.failed)
	}
	locked, err := w.Moves.Locked(t.Context(), "acme")
	if want := map[bool]string{true: w.move.ID}[w.locked]; locked != want || err != nil {
		t.Fatalf("%q has the lock, %v; want %q", locked, err, want)
	}
	setup, err := w.Setups.Setup(t.Context(), "acme")
	for _, c := range setup.Channels {
		if want := map[string]desk.Home{"mail": w.home}[c.ID]; c.Home != cmp.Or(want, desk.Inbox) {
			t.Fatalf("channel %s is %s", c.ID, c.Home)
		}
	}
	if err != nil || w.move.ID == "" {
		return
	}
	m, err := w.Moves.Get(t.Context(), "acme", w.move.ID)
	if err != nil || m.Status != w.move.Status || !m.EndedAt.Equal(w.move.EndedAt) {
		t.Fatalf("move is %s, ended at %s, %v; want %s, %s", m.Status, m.EndedAt, err, w.move.Status, w.move.EndedAt)
	}
}

// finish lets everything that waits happen. Then the move has ended, and what
// belongs to it is in the help desk.
func (w *world) finish(t *rapid.T) {
	if w.move.ID == "" {
		return
	}
	for turns := 0; w.unfinished(); turns++ {
		if turns > 200 {
			t.Fatalf("the move does not end: %+v", w.Executions)
		}
		if turns != 0 { // until then the ledger alone knows of them
			for _, b := range w.Sent {
				w.convert(t, b)
			}
		}
		for _, c := range w.changes {
			w.redirect(t, c)
		}
		w.Sent, w.changes = nil, nil
		w.Time = w.Time.Add(time.Minute)
		w.sweep(t)
		for name, e := range w.Executions {
			w.Executions[name] = w.Advance(e)
		}
		w.check(t)
	}
	for id, k := range w.all {
		if (k.Home == desk.HelpDesk) == k.stays(w) && !w.failed[id] {
			t.Fatalf("at the end conversation %s is %+v", id, k)
		}
	}
}

func (w *world) unfinished() bool {
	for _, e := range w.Executions {
		if !e.Ended() {
			return true
		}
	}
	return w.move.EndedAt.IsZero() || len(w.Sent)+len(w.changes) > 0
}
