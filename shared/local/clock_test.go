package local_test

import (
	"fmt"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
	"deskmove/shared/local/issuer"
)

// TestClockPutBackWhileStopped: the clock was an hour ahead while customers
// wrote, and is right when deskmove is started again. The fence must be later
// than what they wrote all the same, or a move would leave it in the inbox:
// for its listing it would come too late, and for the stream too early.
func TestClockPutBackWhileStopped(t *testing.T) {
	dir := t.TempDir()
	r := startAt(t, dir, clock.Clock{Time: func() time.Time { return time.Now().Add(time.Hour) }})
	var cs []desk.Conversation
	for i := range 20 {
		cs = append(cs, r.take("mail", fmt.Sprint("old-", i), time.Now()))
	}
	r.stop()

	r = start(t, dir)
	between := r.take("mail", "between", time.Now())
	if last := cs[len(cs)-1]; between.TakenIn.Before(last.TakenIn) {
		t.Errorf("a conversation of %s came after one of %s", between.TakenIn, last.TakenIn)
	}
	if done := r.wait(r.move().ID, 3*time.Minute); done.Status != desk.Done || done.Report.Created != 21 {
		t.Errorf("move = %+v", done)
	}
	for _, c := range append(cs, between) {
		if now := r.conversation(c.ID); now.Home != desk.HelpDesk {
			t.Errorf("conversation %s is in the %s", c.ID, now.Home)
		}
	}
}

// TestWithdrawalAfterTheClockWasPutBack: what is stored is an hour ahead of the computer's
// clock, by which tokens go. A withdrawal covers the tokens of before, those too that were
// made while the clock was wrong, and none that is made afterwards.
func TestWithdrawalAfterTheClockWasPutBack(t *testing.T) {
	dir := t.TempDir()
	r := startAt(t, dir, clock.Clock{Time: func() time.Time { return time.Now().Add(time.Hour) }})
	mint := func(i *issuer.Issuer) string {
		t.Helper()
		token, err := i.Mint("acme", "ann", desk.SuperAdmin, 2*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	tokens := map[string]bool{mint(r.Issuer): false}
	r.take("mail", "old", time.Now())
	r.stop()

	r = start(t, dir)
	tokens[mint(r.Issuer)] = false
	if _, err := r.App.Accounts.Withdraw(t.Context(), apptest.Admin, desk.Holder{}); err != nil {
		t.Fatal(err)
	}
	other, err := issuer.Open(dir, clock.Clock{}) // of "deskmove token"
	if err != nil {
		t.Fatal(err)
	}
	tokens[mint(r.Issuer)], tokens[mint(other)] = true, true
	for token, want := range tokens {
		as, err := r.Issuer.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.App.Setups.Membership(t.Context(), as)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := as.Admit(m); (err == nil) != want {
			t.Errorf("a token issued at %v: %v; withdrawn are %v", as.IssuedAt, err, m.Withdrawals)
		}
	}
}
