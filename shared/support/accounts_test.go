package support_test

import (
	"errors"
	"slices"
	"testing"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

// TestR05ConfiguringDoesNotUndoAMove moves a channel that nobody has written
// to, and leaves its history, such as it is, behind.
func TestR05ConfiguringDoesNotUndoAMove(t *testing.T) {
	r := apptest.New(t)
	choices := desk.Choices{Channel: "phone", History: desk.NoHistory}
	r.StartMove(choices)
	isPhone := func(c desk.Channel) bool { return c.ID == "phone" }
	stays := func(want desk.Home) {
		t.Helper()
		r.Change(func(s *desk.Setup) {
			phone := &s.Channels[slices.IndexFunc(s.Channels, isPhone)]
			phone.Name, phone.Home, phone.Move = "Renamed", desk.Inbox, ""
		})
		if c := r.Channel("phone"); c.Home != want || c.Name != "Renamed" {
			t.Errorf("channel = %+v, want it %s", c, want)
		}
		setup, err := r.Setups.Setup(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		setup.Channels = slices.DeleteFunc(setup.Channels, isPhone)
		setup.Connectors = nil
		_, err = r.Accounts.Replace(t.Context(), apptest.Admin, setup)
		if invalid, ok := errors.AsType[*desk.InvalidError](err); !ok || invalid.Field != "channels" {
			t.Errorf("without it while %s: %v", want, err)
		}
		// One who has looked just before the fence takes away what was in the inbox.
		if _, err := r.Setups.Replace(t.Context(), setup, r.Time); !errors.Is(err, desk.ErrChanged) {
			t.Fatal(err)
		}
		if c := r.Channel("phone"); c.Home != want {
			t.Errorf("channel = %+v, want it %s", c, want)
		}
	}
	r.FenceLast()
	stays(desk.Moving)
	r.Run()
	stays(desk.HelpDesk)
}
