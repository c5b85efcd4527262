package support_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// TestAnEditWithAKeyIsDoneOnce, and does not go over another agent's: the last one
// is recognised.
func TestAnEditWithAKeyIsDoneOnce(t *testing.T) {
	r := apptest.New(t)
	id := r.TakeIn("mail", "a").ID
	edit := func(key string, status desk.ConversationStatus) desk.Conversation {
		t.Helper()
		r.Time = r.Time.Add(time.Second)
		c, err := r.Editor.EditConversation(t.Context(), apptest.Admin, id, key, desk.Edit{Status: &status})
		if err != nil || c != r.Conversation(id) {
			t.Fatalf("%+v, %v", c, err)
		}
		return c
	}
	first := edit("k", desk.Closed)
	if again := edit("k", desk.Closed); again != first {
		t.Errorf("again: %+v, %+v", again, first)
	}
	if other := edit("l", desk.Closed); other.Rev != first.Rev+1 {
		t.Errorf("with another key: %+v", other)
	}
	r.NewTicket(id, "new")
	ticket := func(caller desk.Caller, key string, status desk.Status) desk.Conversation {
		t.Helper()
		r.Time = r.Time.Add(time.Second)
		c, err := r.Editor.EditTicket(t.Context(), caller, id, key, desk.TicketEdit{Status: &status})
		if err != nil || c != r.Conversation(id) {
			t.Fatalf("%+v, %v", c, err)
		}
		return c
	}
	if c := ticket(apptest.Admin, "l", "waiting"); c.Ticket.Status != "waiting" {
		t.Errorf("the key of an edit of the conversation was taken for one of the ticket: %+v", c)
	}
	bob := desk.Caller{Account: "acme", Agent: "bob", Role: desk.AgentRole}
	if c := ticket(bob, "l", "solved"); c.Ticket.Status != "solved" || c.Ticket.Edited.By != "bob" || c.Ticket.Edited.Rev != c.Rev {
		t.Errorf("another agent's: %+v", c)
	}
}

// TestTwoEditsAtOnceAreTwo: a page may send them in the same millisecond.
func TestTwoEditsAtOnceAreTwo(t *testing.T) {
	r := apptest.New(t)
	id := r.TakeIn("mail", "a").ID
	r.Edit(id, desk.Edit{Owner: new("bob")})
	r.Edit(id, desk.Edit{Status: new(desk.Closed)})
	if c := r.Conversation(id); c.Owner != "bob" || c.Status != desk.Closed || c.Rev != 3 {
		t.Errorf("conversation = %+v", c)
	}
}

// forgetful is a store whose answers are lost, some times: to whoever tries again it
// says that the conversation has changed.
type forgetful struct {
	store.ConversationStore
	times int
	done  func() // after it
}

func (s *forgetful) Save(ctx context.Context, old, is desk.Conversation) error {
	err := s.ConversationStore.Save(ctx, old, is)
	if s.times > 0 && err == nil {
		s.times--
		s.done()
		err = &desk.ChangedError{Conversation: is.ID}
	}
	return err
}

// TestALostAnswerIsNoSecondEdit.
func TestALostAnswerIsNoSecondEdit(t *testing.T) {
	r := apptest.New(t)
	id, _ := landed(r)
	was := r.Conversation(id)
	e := r.Editor
	lost := &forgetful{ConversationStore: r.Conversations, times: 1, done: func() { r.Append(id, "mail", "reply") }}
	e.Conversations = lost
	c, err := e.EditTicket(t.Context(), apptest.Admin, id, "", desk.TicketEdit{Status: new(desk.Status("won"))})
	if err != nil || c != r.Conversation(id) || c.Rev != was.Rev+2 || c.Ticket.Status != "lead" || c.Ticket.Edited.Status != "won" || !c.EditKept() {
		t.Errorf("conversation = %+v, %v", c, err)
	}
	// Others are always faster.
	n := 0
	lost.times, lost.done = 100, func() {
		n++
		r.Time = r.Time.Add(time.Second)
		if _, err := r.Editor.EditTicket(t.Context(), apptest.Admin, id, "", desk.TicketEdit{Owner: new("bob")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.EditTicket(t.Context(), apptest.Admin, id, "", desk.TicketEdit{Owner: new("ann")}); !desk.Temporary(err) || n != 8 {
		t.Errorf("after %d tries: %v", n, err)
	}
}

// TestEditsThatAreRefused.
func TestEditsThatAreRefused(t *testing.T) {
	r := apptest.New(t)
	id, _ := landed(r)
	inbox := r.TakeIn("phone", "p").ID
	_, err := r.Editor.EditConversation(t.Context(), apptest.Admin, id, "", desk.Edit{Status: new(desk.Open)})
	if moved, ok := errors.AsType[*desk.MovedError](err); !ok || moved.Ticket != desk.TicketID(id) {
		t.Errorf("of a conversation that has moved: %v", err)
	}
	_, err = r.Editor.NewTicket(t.Context(), apptest.Admin, id, "new")
	if _, ok := errors.AsType[*desk.MovedError](err); !ok {
		t.Errorf("a ticket of one that has moved: %v", err)
	}
	for what, edit := range map[string]desk.TicketEdit{"nothing": {}, "an unknown status": {Status: new(desk.Status("odd"))}, "one without access": {Owner: new("cem")}} {
		_, err := r.Editor.EditTicket(t.Context(), apptest.Admin, id, "", edit)
		if _, ok := errors.AsType[*desk.InvalidError](err); !ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err = r.Editor.EditTicket(t.Context(), apptest.Admin, inbox, "", desk.TicketEdit{Owner: new("bob")}); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("of no ticket: %v", err)
	}
	if _, err = r.Editor.EditConversation(t.Context(), apptest.Admin, "c0", "", desk.Edit{Owner: new("bob")}); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("of no conversation: %v", err)
	}
	_, err = r.Editor.NewTicket(t.Context(), apptest.Admin, inbox, "odd")
	if invalid, ok := errors.AsType[*desk.InvalidError](err); !ok || invalid.Field != "status" {
		t.Errorf("a ticket with an unknown status: %v", err)
	}
	made := r.NewTicket(inbox, "new")
	if again := r.NewTicket(inbox, "lead"); again != made {
		t.Errorf("a second ticket: %+v", again)
	}
}
