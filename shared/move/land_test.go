package move_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// watched is a store that tells of reads, and lets others act between a read and
// a write.
type watched struct {
	store.ConversationStore
	old    []desk.Conversation // what an eventual read sees, if not nil
	reads  []bool              // strong or not
	saves  int
	saving func([]desk.Change) []error // before a write, and instead of it if it answers
}

func (w *watched) GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error) {
	w.reads = append(w.reads, strong)
	if w.old != nil && !strong {
		return w.old, nil
	}
	return w.ConversationStore.GetMany(ctx, account, ids, strong)
}

func (w *watched) SaveMany(ctx context.Context, changes []desk.Change) []error {
	w.saves++
	if w.saving != nil {
		if errs := w.saving(changes); errs != nil {
			return errs
		}
	}
	return w.ConversationStore.SaveMany(ctx, changes)
}

// lander returns a lander on a store that is watched, and the rules of a move.
func lander(r *apptest.Rig, id string) (move.Lander, *watched, *desk.Rules) {
	r.Helper()
	now := func() time.Time { return r.Time }
	book := store.Rulebook{Setups: r.Setups, Moves: r.Moves, Now: now}
	rules, err := book.Rules(r.Context(), "acme", id)
	if err != nil {
		r.Fatal(err)
	}
	w := &watched{ConversationStore: r.Conversations}
	return move.Lander{Conversations: w, Now: now}, w, rules
}

// fenced starts a move and fences its channel.
func fenced(r *apptest.Rig, choices desk.Choices) string {
	r.Helper()
	id := r.StartMove(choices).ID
	r.FenceLast()
	return id
}

func TestLandTrustsOnlyWhatCannotChange(t *testing.T) {
	for name, test := range map[string]struct {
		choices desk.Choices
		// act changes the conversation and returns what an eventual read sees of it:
		// nil is nothing.
		act    func(r *apptest.Rig, c desk.Conversation) []desk.Conversation
		reads  int
		stayed bool
		code   string
	}{
		"nobody knew it": {
			choices: apptest.History("mail"), reads: 2,
			act: func(*apptest.Rig, desk.Conversation) []desk.Conversation { return []desk.Conversation{} },
		},
		"it has joined since": {
			choices: apptest.History("mail"), reads: 2,
			act: func(_ *apptest.Rig, c desk.Conversation) []desk.Conversation {
				c.Channel = "form"
				return []desk.Conversation{c}
			},
		},
		"it has been mended since": {
			choices: apptest.History("mail"), reads: 2,
			act: func(_ *apptest.Rig, c desk.Conversation) []desk.Conversation {
				c.Started = time.Time{}
				return []desk.Conversation{c}
			},
		},
		"somebody has written since": {
			choices: apptest.History("mail"), reads: 1, // the failed write tells
			act: func(r *apptest.Rig, c desk.Conversation) []desk.Conversation {
				r.Append(c.ID, "mail", "reply")
				return []desk.Conversation{c}
			},
		},
		"it has landed": {
			choices: apptest.History("mail"), reads: 1,
			act: func(r *apptest.Rig, c desk.Conversation) []desk.Conversation {
				r.Changed(c.ID)
				return []desk.Conversation{r.Conversation(c.ID)}
			},
		},
		"it stays": {
			choices: noHistory("mail"), reads: 1, stayed: true,
			act: func(_ *apptest.Rig, c desk.Conversation) []desk.Conversation { return []desk.Conversation{c} },
		},
		"it is another channel's": {
			choices: apptest.History("phone"), reads: 2, stayed: true,
			act: func(_ *apptest.Rig, c desk.Conversation) []desk.Conversation { return []desk.Conversation{c} },
		},
		"it cannot be converted": {
			choices: apptest.History("mail"), reads: 2, code: desk.CodeNoStartDate,
			act: func(r *apptest.Rig, c desk.Conversation) []desk.Conversation {
				return []desk.Conversation{r.Mend(c, func(c *desk.Conversation) { c.Started = time.Time{} })}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			c := r.TakeIn("mail", "a")
			l, w, rules := lander(r, fenced(r, test.choices))
			w.old = test.act(r, c)
			got := l.Land(t.Context(), rules, []string{c.ID, c.ID}, false)
			if len(got) != 1 || got[0].ID != c.ID || got[0].Stayed != test.stayed || len(w.reads) != test.reads {
				t.Fatalf("outcomes %+v after the reads %v", got, w.reads)
			}
			if conversion, ok := errors.AsType[*desk.ConversionError](got[0].Err); ok != (test.code != "") || ok && conversion.Code != test.code {
				t.Errorf("error = %v, want code %q", got[0].Err, test.code)
			}
			is := r.Conversation(c.ID)
			if want := !test.stayed && test.code == ""; (is.Home == desk.HelpDesk) != want || want && got[0].Conversation != is {
				t.Errorf("conversation = %+v, the outcome says %+v", is, got[0].Conversation)
			}
			if got[0].Landed != (is.Home == desk.HelpDesk && name != "it has landed") {
				t.Errorf("outcome = %+v", got[0])
			}
		})
	}
}

func TestLandSaysWhatIsGone(t *testing.T) {
	r := apptest.New(t)
	l, _, rules := lander(r, fenced(r, apptest.History("mail")))
	got := l.Land(t.Context(), rules, []string{"c0"}, false)
	if conversion, ok := errors.AsType[*desk.ConversionError](got[0].Err); !ok || conversion.Code != move.CodeGone {
		t.Errorf("outcome = %+v", got)
	}
}

func TestLandDoesNotTryForEver(t *testing.T) {
	r := apptest.New(t)
	c := r.TakeIn("mail", "a")
	l, w, rules := lander(r, fenced(r, apptest.History("mail")))
	for _, tells := range []bool{true, false} {
		w.reads, w.saves = nil, 0
		w.saving = func([]desk.Change) []error {
			r.Append(c.ID, "mail", time.Duration(r.Conversation(c.ID).Rev).String())
			if tells {
				return nil // the engine tells what it found
			}
			return []error{&desk.ChangedError{Conversation: c.ID}}
		}
		got := l.Land(t.Context(), rules, []string{c.ID}, true)
		busy, ok := errors.AsType[*desk.BusyError](got[0].Err)
		if len(got) != 1 || !ok || !desk.Temporary(busy) || w.saves != 8 {
			t.Errorf("outcomes = %+v after %d tries", got, w.saves)
		}
		if want := map[bool]int{true: 1, false: 8}[tells]; len(w.reads) != want {
			t.Errorf("it has read %d times, want %d", len(w.reads), want)
		}
	}
	w.saving = func([]desk.Change) []error { w.saving = nil; r.Append(c.ID, "mail", "last"); return nil }
	got := l.Land(t.Context(), rules, []string{c.ID}, true)
	if is := r.Conversation(c.ID); got[0].Err != nil || is.Home != desk.HelpDesk || is.Rev != is.Messages+1 {
		t.Errorf("outcome = %+v, conversation = %+v", got[0], is)
	}
}

// TestLandLeavesABusyStoreAlone: a transaction that met another says nothing about
// the conversation, and is not tried again here.
func TestLandLeavesABusyStoreAlone(t *testing.T) {
	r := apptest.New(t)
	a, b := r.TakeIn("mail", "a").ID, r.TakeIn("mail", "b").ID
	l, w, rules := lander(r, fenced(r, apptest.History("mail")))
	w.saving = func(cs []desk.Change) []error {
		for i, c := range cs {
			if c.New.ID == a {
				cs = append(cs[:i:i], cs[i+1:]...)
			}
		}
		w.saves += 10
		if errs := r.Conversations.SaveMany(t.Context(), cs); errs != nil {
			t.Fatal(errs)
		}
		return []error{store.ErrThrottled, nil}
	}
	for _, o := range l.Land(t.Context(), rules, []string{a, b}, true) {
		if (o.Err == nil) != (o.ID == b) || o.Err != nil && !desk.Temporary(o.Err) {
			t.Errorf("outcome = %+v", o)
		}
	}
	if w.saves != 11 {
		t.Errorf("it was tried again")
	}
	r.EngineErr = store.ErrThrottled
	if got := l.Land(t.Context(), rules, []string{a}, true); !errors.Is(got[0].Err, store.ErrThrottled) {
		t.Errorf("outcomes = %+v", got)
	}
	r.EngineErr = nil
}

// TestR10TicketAndNotificationAreOne: whoever lands a conversation of which agents
// are to hear tells them in the same transaction.
func TestR10TicketAndNotificationAreOne(t *testing.T) {
	for name, test := range map[string]struct {
		mode desk.NotificationMode
		live bool
		want string
	}{
		"live":           {desk.Quiet, true, desk.KindLive},
		"live, all":      {desk.All, true, desk.KindLive},
		"history, all":   {desk.All, false, desk.KindTicket},
		"history, quiet": {desk.Quiet, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			c := r.TakeIn("mail", "a")
			choices := apptest.History("mail")
			choices.Notifications = test.mode
			id := fenced(r, choices)
			if test.live {
				c = r.TakeIn("mail", "b")
			}
			r.Time = r.Time.Add(time.Minute)
			together := 0
			r.Memory.Wrote = func(ws []storetest.Written) {
				if ws[0].Key == store.HeaderKey("acme", c.ID) {
					together += len(ws)
				}
			}
			l, w, rules := lander(r, id)
			w.saving = func([]desk.Change) []error { w.saving = nil; r.Append(c.ID, "mail", "reply"); return nil } // the first try loses
			if got := l.Land(t.Context(), rules, []string{c.ID}, true); got[0].Err != nil {
				t.Fatal(got)
			}
			ns := outbox(r)
			if test.want == "" {
				if len(ns) > 0 {
					t.Errorf("agents are told %+v", ns)
				}
				return
			}
			if len(ns) != 1 || ns[0].Kind != test.want || ns[0].Ticket != desk.TicketID(c.ID) || ns[0].Agent != r.Ticket(c.ID).Owner ||
				!ns[0].At.Equal(r.Time) || ns[0].Channel != "mail" || ns[0].Move != id {
				t.Errorf("agents are told %+v", ns)
			}
			if together != 2+2 { // the reply and its conversation, the ticket and its notification
				t.Errorf("%d items were written with the conversation", together)
			}
		})
	}
}

// TestLandAppliesWhatCouldNotBe when it came.
func TestLandAppliesWhatCouldNotBe(t *testing.T) {
	r := apptest.New(t)
	id := r.TakeIn("mail", "a").ID
	r.Edit(id, desk.Edit{Status: new(desk.Closed)})
	m := fenced(r, apptest.History("mail"))
	r.Changed(id)
	landed := r.Conversation(id)
	r.Time = r.Time.Add(time.Hour)
	behind := r.Mend(landed, func(c *desk.Conversation) {
		c.CustomerRev, c.CustomerAt, c.WaitingSince, c.Ticket.Behind = c.Rev+1, r.Time, r.Time, c.Rev+1
	})
	l, _, rules := lander(r, m)
	got := l.Land(t.Context(), rules, []string{id}, false)
	is := r.Conversation(id)
	if got[0].Err != nil || got[0].Landed || got[0].Conversation != is || is.Rev != behind.Rev+1 {
		t.Errorf("outcome = %+v", got[0])
	}
	if k := is.Ticket; k.Status != "waiting" || k.Closed || k.Behind != 0 || k.Landed.Status != "solved" || k.Clocks == (desk.Clocks{}) || is.Status != desk.Closed {
		t.Errorf("conversation = %+v", is)
	}
}
