package move_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

func TestR05TheFirstFenceStands(t *testing.T) {
	r := apptest.New(t)
	id := r.StartMove(apptest.History("mail")).ID
	r.FenceLast()
	fenced := r.Channel("mail")
	giveAccess(r, "cem")
	r.FenceLast() // the step is repeated
	if diff := cmp.Diff(fenced, r.Channel("mail")); diff != "" || fenced.FenceAt.IsZero() {
		t.Errorf("channel %+v, another one after the step is repeated: %s", fenced, diff)
	}
	access, err := r.Moves.Access(t.Context(), "acme", id)
	if err != nil || !maps.Equal(access, map[string]bool{"ann": true, "bob": true}) {
		t.Errorf("access = %v, %v", access, err)
	}
	if m, err := r.Moves.Get(t.Context(), "acme", id); err != nil || !m.FenceAt.Equal(fenced.FenceAt) {
		t.Errorf("move = %+v, %v", m, err)
	}
	// As if another one had got past the lock.
	if c, err := r.Setups.Fence(t.Context(), "acme", "mail", "m2", r.Time); err != nil || c.Move != id {
		t.Errorf("the channel is fenced by %q, %v; want %s", c.Move, err, id)
	}
}

// giveAccess gives an agent help desk access.
func giveAccess(r *apptest.Rig, agent string) {
	r.Helper()
	r.Change(func(s *desk.Setup) {
		for i, a := range s.Agents {
			s.Agents[i].HelpDesk = a.HelpDesk || a.ID == agent
		}
	})
}

func TestR17TheMoveLeavesSettingsAlone(t *testing.T) {
	r := apptest.New(t)
	r.Change(func(s *desk.Setup) {
		for i := range s.Channels {
			if s.Channels[i].ID == "plain" {
				s.Channels[i].Settings = json.RawMessage(`{ "x" : 1.0 }`)
			}
		}
	})
	for _, id := range []string{"phone", "plain"} {
		before := r.Channel(id)
		r.StartMove(apptest.History(id))
		for _, step := range []func(){func() { r.FenceLast() }, func() { r.Run() }} {
			step()
			after := r.Channel(id)
			before.Home, before.FenceAt, before.Move = after.Home, after.FenceAt, after.Move
			if diff := cmp.Diff(before, after); diff != "" || after.Move == "" {
				t.Errorf("%s: %s", after.Home, diff)
			}
		}
	}
}

func TestR18RedirectionBeginsAtTheFenceAndStays(t *testing.T) {
	r := apptest.New(t)
	home := func(id string, want desk.Home) {
		t.Helper()
		r.Changed(id)
		if c := r.Conversation(id); c.Home != want {
			t.Errorf("conversation = %+v, want it in %s", c, want)
		}
	}
	home(r.TakeIn("phone", "before").ID, desk.Inbox)
	r.StartMove(noHistory("phone"))
	home(r.TakeIn("phone", "started").ID, desk.Inbox)
	r.FenceLast()
	home(r.TakeIn("phone", "moving").ID, desk.HelpDesk)
	r.Run()
	old := r.Message("phone", "dated long ago")
	old.At = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	taken, err := r.Intake.TakeIn(t.Context(), old, nil)
	if err != nil {
		t.Fatal(err)
	}
	home(taken.Conversation.ID, desk.HelpDesk)
	r.Time = r.Time.AddDate(1, 0, 0)
	// Who has help desk access by then receives it.
	giveAccess(r, "cem")
	r.Change(func(s *desk.Setup) {
		for i := range s.Channels {
			if s.Channels[i].ID == "phone" {
				s.Channels[i].Settings = json.RawMessage(`{"routing": {"agents": ["cem"]}}`)
			}
		}
	})
	last := r.TakeIn("phone", "a year later").ID
	home(last, desk.HelpDesk)
	if ticket := r.Ticket(last); ticket.Owner != "cem" || ticket.Provenance != desk.Live || ticket.Move != "" || ticket.Clocks.FirstReply.IsZero() {
		t.Errorf("ticket = %+v", ticket)
	}
}
