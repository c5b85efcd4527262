package move_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

func TestR16TheTicketSaysHowItCame(t *testing.T) {
	r := apptest.New(t)
	bobs, cems := r.TakeIn("mail", "a").ID, r.TakeIn("mail", "b").ID
	r.Edit(bobs, desk.Edit{Owner: new("bob")})
	r.Edit(cems, desk.Edit{Owner: new("cem")})
	id := r.StartMove(apptest.History("mail")).ID
	r.ListLast()
	// Who had access at the fence counts, not who has it now.
	r.Change(func(s *desk.Setup) {
		for i, a := range s.Agents {
			s.Agents[i].HelpDesk = a.ID == "cem"
		}
	})
	r.Deliver()
	for conversation, want := range map[string][2]string{bobs: {"bob", ""}, cems: {"", "cem"}} {
		ticket, c := r.Ticket(conversation), r.Conversation(conversation)
		if ticket.Owner != want[0] || ticket.LostOwner != want[1] || ticket.Move != id || ticket.Origin != "mail" ||
			ticket.Conversation != conversation || !ticket.Created.Equal(c.Started) || !ticket.Imported.Equal(r.Time) {
			t.Errorf("ticket = %+v, want owner %q, lost %q", ticket, want[0], want[1])
		}
	}
}

// TestR16ASecondTicketIsNotMade: two workers convert the same conversation,
// and a reply comes between them.
func TestR16ASecondTicketIsNotMade(t *testing.T) {
	r := apptest.New(t)
	id := r.TakeIn("mail", "a").ID
	move := r.StartMove(apptest.History("mail")).ID
	r.ListLast()
	c := r.Conversation(id)
	first := desk.Ticket{
		Account: "acme", ID: desk.TicketID(id), Conversation: id, Channel: "mail", Subject: "First", Status: "waiting", Created: c.Started,
		Provenance: desk.History, Imported: r.Time, Move: move, Origin: "mail", Home: desk.HelpDesk, SourceVersion: c.Version, Revision: 1,
	}
	if errs := r.Tickets.Create(t.Context(), []desk.Ticket{first}); errs != nil {
		t.Fatal(errs)
	}
	if errs := r.Tickets.Create(t.Context(), []desk.Ticket{first}); len(errs) != 1 || errs[0] != desk.ErrExists {
		t.Errorf("the second = %v, want ErrExists", errs)
	}
	r.Append(id, "mail", "reply")
	for _, b := range r.Sent {
		if _, err := r.Convert.Use(t.Context(), b, 1); err != nil { // received for the first time
			t.Fatal(err)
		}
	}
	now := r.Ticket(id)
	if now.SourceVersion != 2 || now.Revision != 2 || !now.Imported.Equal(first.Imported) {
		t.Errorf("ticket = %+v", now)
	}
	if c := r.Conversation(id); c.Home != desk.HelpDesk || c.Ticket != now.ID {
		t.Errorf("conversation = %+v", c)
	}
}

// TestR19WhoIsLateChangesNothing: every write of a conversation or ticket
// looks whether it is still what its writer has read.
func TestR19WhoIsLateChangesNothing(t *testing.T) {
	r := apptest.New(t)
	read := r.TakeIn("mail", "a")
	r.Append(read.ID, "mail", "b")
	marked := read
	marked.Home, marked.Ticket = desk.HelpDesk, desk.TicketID(read.ID)
	if errs := r.Conversations.Mark(t.Context(), []desk.Conversation{marked}); len(errs) != 1 || errs[0] != desk.ErrChanged {
		t.Errorf("a marker that has not seen the reply = %v, want ErrChanged", errs)
	}
	edited := read
	edited.Version++
	if err := r.Conversations.Save(t.Context(), edited, read.Version); !errors.Is(err, desk.ErrChanged) {
		t.Errorf("an edit that has not seen the reply = %v, want ErrChanged", err)
	}
	read = r.Conversation(read.ID)
	if read.Version != 2 || read.Home != desk.Inbox || read.Messages != 2 {
		t.Errorf("conversation = %+v", read)
	}
	r.StartMove(apptest.History("mail"))
	r.Run()
	edited = read
	edited.Version++
	if err := r.Conversations.Save(t.Context(), edited, read.Version); !errors.Is(err, desk.ErrChanged) {
		t.Errorf("an edit that has not seen the marker = %v, want ErrChanged", err)
	}
	old := r.Ticket(read.ID)
	if _, err := r.Editor.EditTicket(t.Context(), apptest.Admin, old.ID, desk.TicketEdit{Status: new(desk.Status("solved")), Owner: new("bob")}); err != nil {
		t.Fatal(err)
	}
	late := old
	late.Revision++
	if err := r.Tickets.Replace(t.Context(), late, old); !errors.Is(err, desk.ErrChanged) {
		t.Errorf("a change that has not seen the edit = %v, want ErrChanged", err)
	}
	if err := r.Tickets.Delete(t.Context(), old); !errors.Is(err, desk.ErrChanged) {
		t.Errorf("a deletion that has not seen the edit = %v, want ErrChanged", err)
	}
	if now := r.Ticket(read.ID); now.Status != "solved" || now.Owner != "bob" {
		t.Errorf("ticket = %+v", now)
	}
}

// TestR19ALostReplyIsFound: the stream has not brought a reply to a marked
// conversation; reconciling does.
func TestR19ALostReplyIsFound(t *testing.T) {
	r := apptest.New(t)
	id := r.TakeIn("mail", "a").ID
	r.StartMove(apptest.History("mail"))
	run := r.ListLast()
	r.Deliver()
	r.Append(id, "mail", "reply")
	r.Time = r.Time.Add(time.Minute)
	if run = r.Step(r.Reconcile, run); run.Found != 1 {
		t.Errorf("reconciling found %d", run.Found)
	}
	r.Deliver()
	if ticket := r.Ticket(id); ticket.SourceVersion != 2 {
		t.Errorf("ticket = %+v", ticket)
	}
}

// TestR22LiveTrafficDoesNotWait: nothing of the backfill has been converted
// when a live conversation lands, and a reply takes its old one ahead.
func TestR22LiveTrafficDoesNotWait(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 250)
	old := r.TakeIn("mail", "old").ID
	r.StartMove(apptest.History("mail"))
	r.ListLast()
	live := r.TakeIn("mail", "live").ID
	r.Append(old, "mail", "reply")
	for _, id := range []string{live, old} {
		r.Changed(id)
		if c := r.Conversation(id); c.Home != desk.HelpDesk {
			t.Errorf("conversation = %+v", c)
		}
	}
	// The newest are sent first.
	var sent []string
	for _, b := range r.Sent {
		sent = append(sent, b.IDs...)
	}
	newestFirst := func(a, b string) int { return strings.Compare(b, a) }
	if len(sent) != 251 || sent[0] != old || !slices.IsSortedFunc(sent[1:], newestFirst) {
		t.Errorf("sent are %d, not the newest first: %v", len(sent), sent[:min(5, len(sent))])
	}
}
