package store_test

import (
	"errors"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// TestMoveAndRestorationExcludeEachOther starts a move of a channel and begins to bring it in,
// both by those who have read it before the other was there.
func TestMoveAndRestorationExcludeEachOther(t *testing.T) {
	at := time.UnixMilli(1_795_000_000_000)
	entry := func(id string) desk.AuditEntry { return desk.AuditEntry{Account: "acme", ID: id, At: at, Action: id} }
	for name, first := range map[string]string{"the move first": "move", "the restoration first": "restore"} {
		t.Run(name, func(t *testing.T) {
			engine := &storetest.Memory{}
			setups, moves := store.SetupStore{Engine: engine}, store.MoveStore{Engine: engine}
			ch := desk.Channel{Account: "acme", ID: "mail", Type: desk.Email}
			setup, err := setups.Replace(t.Context(), desk.Setup{Account: desk.Account{ID: "acme"}, Channels: []desk.Channel{ch}}, at)
			if err != nil {
				t.Fatal(err)
			}
			start := func() error {
				m := desk.Move{Account: "acme", ID: "m1", Choices: desk.Choices{Channel: "mail"}, Status: desk.Starting, StartedAt: at, Run: 1}
				return moves.Start(t.Context(), m, setup, desk.Idempotency{}, entry("start"))
			}
			begin := func() error {
				is := ch
				is.Home, is.From, is.Restoring = desk.Inbox, "elsewhere", true
				return setups.BeginRestoration(t.Context(), is, desk.Restoration{Account: "acme", Channel: "mail", From: "elsewhere"}, entry("restore"))
			}
			one, other, want := start, begin, desk.ErrChanged
			if first == "restore" {
				one, other, want = begin, start, desk.ErrExists
			}
			if err := one(); err != nil {
				t.Fatal(err)
			}
			if err := other(); !errors.Is(err, want) {
				t.Errorf("the other one, too: %v", err)
			}
			if first != "restore" {
				return
			}
			if err := setups.EndRestoration(t.Context(), desk.Channel{Account: "acme", ID: "mail"}, desk.Move{}, entry("restored")); err != nil {
				t.Fatal(err)
			}
			if err := start(); err != nil {
				t.Errorf("once it has ended, the move: %v", err)
			}
		})
	}
}
