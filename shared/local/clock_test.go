package local_test

import (
	"fmt"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
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
