package store_test

import (
	"errors"
	"testing"

	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// TestTicketMadeAnewIsAnother: whoever has read a ticket that was taken back
// since must not change or delete the one that was made in its place, though
// it has the same ID and revision.
func TestTicketMadeAnewIsAnother(t *testing.T) {
	s := store.TicketStore{Engine: openEngine(t)}
	moved := desk.Ticket{
		Account: "acme", ID: "t-c1", Conversation: "c1", Channel: "form", Status: "new", Provenance: desk.History, Home: desk.HelpDesk,
		SourceVersion: 1, Revision: 1,
	}
	native, other := moved, moved
	native.Provenance, native.Home = desk.Native, desk.Inbox
	other.Channel = "mail"
	for name, anew := range map[string]desk.Ticket{"by an agent": native, "by another channel's move": other} {
		if errs := s.Create(t.Context(), []desk.Ticket{anew}); errs != nil {
			t.Fatal(errs)
		}
		late := moved
		late.Revision++
		if err := s.Replace(t.Context(), late, moved); !errors.Is(err, desk.ErrChanged) {
			t.Errorf("%s: replaced with %v, want ErrChanged", name, err)
		}
		if err := s.Delete(t.Context(), moved); !errors.Is(err, desk.ErrChanged) {
			t.Errorf("%s: deleted with %v, want ErrChanged", name, err)
		}
		if got, err := s.Get(t.Context(), "acme", "t-c1"); err != nil || got != anew {
			t.Errorf("%s: ticket = %+v, %v", name, got, err)
		}
		if err := s.Delete(t.Context(), anew); err != nil {
			t.Fatal(err)
		}
	}
}
