package move_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

// TestAMoveThatCannotBeginIsLogged starts a move where no state machine is: it is
// stored, and an operator can read why it does not begin.
func TestAMoveThatCannotBeginIsLogged(t *testing.T) {
	r := apptest.New(t)
	r.StartErr = errors.New("state machine: unreachable")
	m := r.StartMove(apptest.History("mail"))
	for _, want := range []string{"execution not started", m.ID, "state machine"} {
		if !strings.Contains(r.Logged.String(), want) {
			t.Errorf("log = %q, want %q in it", r.Logged.String(), want)
		}
	}
}

// unaware does not see the lock when it first looks, as one who was slower by
// a moment.
type unaware struct {
	store.MoveStore
	looked bool
}

func (u *unaware) Locked(ctx context.Context, account string) (string, error) {
	if !u.looked {
		u.looked = true
		return "", nil
	}
	return u.MoveStore.Locked(ctx, account)
}

func TestR04OfTwoAtOnceOneStarts(t *testing.T) {
	r := apptest.New(t)
	id := r.StartMove(apptest.History("mail")).ID
	late := r.Starter
	late.Moves = &unaware{MoveStore: r.Moves}
	_, err := late.Start(t.Context(), apptest.Admin, noHistory("phone"), move.Idempotency{})
	if running, ok := errors.AsType[*move.RunningError](err); !ok || running.Move != id {
		t.Errorf("the slower start = %v, want a RunningError of %s", err, id)
	}
	if locked, err := r.Moves.Locked(t.Context(), "acme"); locked != id || err != nil {
		t.Errorf("the lock is of %q, %v; want %s", locked, err, id)
	}
	if moves, _, err := r.Moves.List(t.Context(), "acme", "", 10, func(desk.Move) bool { return true }); len(moves) != 1 || err != nil {
		t.Errorf("moves = %+v, %v", moves, err)
	}
}

// noHistory are the choices that leave a channel's history behind.
func noHistory(channel string) desk.Choices {
	return desk.Choices{Channel: channel, History: desk.NoHistory, Acknowledged: []string{desk.CodeConnectedLeft}}
}

func TestR07OnlyWithHistoryIsTheChannelListed(t *testing.T) {
	for _, choices := range []desk.Choices{apptest.History("phone"), noHistory("phone")} {
		r := apptest.New(t)
		id := r.TakeIn("phone", "a").ID
		r.StartMove(choices)
		all := choices.History == desk.AllHistory
		m := r.Run()
		if home := r.Conversation(id).Home; (home == desk.HelpDesk) != all || (m.Report.Found == 1) != all {
			t.Errorf("%s: the conversation is in %s, the report is %+v", choices.History, home, m.Report)
		}
	}
}
