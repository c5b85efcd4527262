package move_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

func outbox(r *apptest.Rig) []desk.Notification {
	r.Helper()
	ns, _, err := r.Journal.Outbox(r.Context(), "acme", "", 100)
	if err != nil {
		r.Fatal(err)
	}
	return ns
}

// TestR10DigestIsOnceAndOfWhatTheMoveGave: of history and of tickets moved as
// they were, by the owner whom the move set; not of live ones, nor before the
// last failure is settled.
func TestR10DigestIsOnceAndOfWhatTheMoveGave(t *testing.T) {
	r := apptest.New(t)
	ids := make(map[string]string)
	for external, owner := range map[string]string{"a": "bob", "b": "bob", "c": "ann", "d": "cem", "e": ""} {
		ids[external] = r.TakeIn("mail", external).ID
		r.Edit(ids[external], desk.Edit{Owner: &owner})
	}
	r.NewTicket(ids["b"], "lead")
	undated := r.Undated("mail")
	choices := apptest.History("mail")
	choices.Notifications = desk.Digest
	told := func() map[string]int64 {
		t.Helper()
		n := make(map[string]int64)
		for _, item := range outbox(r) {
			n[item.Kind+" "+item.Agent] += item.Tickets
		}
		return n
	}
	rehearse(r, choices)
	if got := told(); len(got) != 0 {
		t.Errorf("a rehearsal tells %v", got)
	}
	id := r.StartMove(choices).ID
	r.FenceLast()
	live := r.TakeIn("mail", "live").ID
	r.Changed(live)
	r.Run()
	want := map[string]int64{"live " + r.Ticket(live).Owner: 0}
	if got := told(); !cmp.Equal(got, want) {
		t.Errorf("at attention agents are told %v, want %v", got, want)
	}
	if _, err := r.Editor.EditTicket(t.Context(), apptest.Admin, desk.TicketID(ids["c"]), desk.TicketEdit{Owner: new("bob")}); err != nil {
		t.Fatal(err)
	}
	undated.Started, undated.Owner = r.Time, "bob"
	if err := r.Conversations.Save(t.Context(), undated, undated.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, id); err != nil {
		t.Fatal(err)
	}
	r.Run()
	want["digest bob"], want["digest ann"] = 3, 1
	if got := told(); !cmp.Equal(got, want) {
		t.Errorf("at the end agents are told %v, want %v", got, want)
	}
}

// TestR10Modes moves a conversation and a native ticket, and takes in a live
// conversation.
func TestR10Modes(t *testing.T) {
	for mode, want := range map[desk.NotificationMode][]string{
		desk.Quiet:  {"live"},
		desk.Digest: {"digest", "live"},
		desk.All:    {"live", "ticket", "ticket"},
	} {
		t.Run(string(mode), func(t *testing.T) {
			r := apptest.New(t)
			for _, external := range []string{"a", "b"} {
				id := r.TakeIn("mail", external).ID
				r.Edit(id, desk.Edit{Owner: new("bob")})
				if external == "b" {
					r.NewTicket(id, "lead")
				}
			}
			choices := apptest.History("mail")
			choices.Notifications = mode
			r.StartMove(choices)
			r.Run()
			live := r.TakeIn("mail", "live").ID
			r.Changed(live)
			r.Append(live, "mail", "reply")
			r.Changed(live)
			var kinds []string
			for _, n := range outbox(r) {
				kinds = append(kinds, n.Kind)
			}
			if slices.Sort(kinds); !slices.Equal(kinds, want) {
				t.Errorf("agents are told %v, want %v", kinds, want)
			}
		})
	}
}
