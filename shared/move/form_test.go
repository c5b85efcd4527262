package move_test

import (
	"testing"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

// TestR14JoiningWhileTheFormMoves: a mail arrives when the form's move has
// made the ticket, and not the marker yet. Its batch comes again, or, if it was
// an audit that died, only the stream knows of it.
func TestR14JoiningWhileTheFormMoves(t *testing.T) {
	for _, test := range []struct{ native, stream bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		r := apptest.New(t)
		id := r.TakeIn("form", "f1").ID
		if test.native {
			r.NewTicket(id, "lead")
		}
		r.StartMove(apptest.History("form"))
		r.ListLast()
		c := r.Conversation(id)
		moved := desk.Ticket{
			Account: "acme", ID: desk.TicketID(id), Conversation: id, Channel: "form", Status: "waiting", Created: c.Started,
			Provenance: desk.History, Home: desk.HelpDesk, SourceVersion: c.Version, Revision: 1,
		}
		if test.native {
			was := r.Ticket(id)
			moved = was
			moved.Home, moved.Revision = desk.HelpDesk, was.Revision+1
			if err := r.Tickets.Replace(t.Context(), moved, was); err != nil {
				t.Fatal(err)
			}
		} else if errs := r.Tickets.Create(t.Context(), []desk.Ticket{moved}); errs != nil {
			t.Fatal(errs)
		}
		r.Append(id, "mail", "answer")
		if test.stream {
			r.Changed(id)
		} else {
			r.Deliver()
		}
		if c := r.Conversation(id); c.Channel != "mail" || c.Home != desk.Inbox {
			t.Errorf("%+v: conversation = %+v", test, c)
		}
		ticket := r.Ticket(id)
		if test.native && (ticket.Home != desk.Inbox || ticket.Status != "lead") || !test.native && ticket.ID != "" {
			t.Errorf("%+v: ticket = %+v", test, ticket)
		}
	}
}

func TestR14FormsAndMailsThatMovedApart(t *testing.T) {
	for name, test := range map[string]struct {
		move    string // before the first mail
		channel string // after it
		home    desk.Home
	}{
		"neither":  {"", "mail", desk.Inbox},
		"the form": {"form", "form", desk.HelpDesk}, // what has moved stays moved
		"the mail": {"mail", "mail", desk.HelpDesk},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			id := r.TakeIn("form", "f1").ID
			if test.move != "" {
				r.StartMove(apptest.History(test.move))
				r.Run()
			}
			r.Changed(id)
			if home := r.Conversation(id).Home; (home == desk.HelpDesk) != (test.move == "form") {
				t.Errorf("before the mail it is in %s", home)
			}
			r.Append(id, "mail", "m1")
			r.Changed(id)
			if c := r.Conversation(id); c.Channel != test.channel || c.Home != test.home || c.Origin != "form" {
				t.Errorf("conversation = %+v, want it of %s in %s", c, test.channel, test.home)
			}
			ticket := r.Ticket(id)
			if test.home == desk.HelpDesk && (ticket.SourceVersion != 2 || ticket.Origin != "form" || ticket.Channel != test.channel) {
				t.Errorf("ticket = %+v", ticket)
			}
		})
	}
}
