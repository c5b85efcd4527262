package move_test

import (
	"testing"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

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
			if test.home == desk.HelpDesk && ticket.Provenance != desk.History {
				t.Errorf("ticket = %+v", ticket)
			}
		})
	}
}
