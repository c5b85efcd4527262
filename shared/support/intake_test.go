package support_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
	"deskmove/shared/support"
)

// landed takes a conversation in, closes it and moves it.
func landed(r *apptest.Rig) (id, m string) {
	r.Helper()
	id = r.TakeIn("mail", "a").ID
	r.Edit(id, desk.Edit{Status: new(desk.Closed), Owner: new("bob")})
	r.StartMove(apptest.History("mail"))
	m = r.Run().ID
	r.Time = r.Time.Add(time.Hour)
	return id, m
}

// TestR19AReplyReopensATicketAtOnce, in the transaction that stores it, and leaves
// what the conversation was when it landed.
func TestR19AReplyReopensATicketAtOnce(t *testing.T) {
	for _, by := range []string{"TakeIn", "Append"} {
		r := apptest.New(t)
		id, _ := landed(r)
		was := r.Conversation(id)
		var together [][]store.Key
		r.Memory.Wrote = func(ws []storetest.Written) {
			var keys []store.Key
			for _, w := range ws {
				keys = append(keys, w.Key)
			}
			together = append(together, keys)
		}
		var receipt support.Receipt
		var err error
		if by == "TakeIn" {
			receipt, err = r.Intake.TakeIn(t.Context(), r.Message("mail", "reply"), []string{"unknown", "a"})
		} else {
			receipt, err = r.Intake.Append(t.Context(), r.Message("mail", "reply"), id)
		}
		is := r.Conversation(id)
		if err != nil || receipt.Conversation != is || receipt.Began || receipt.Known {
			t.Errorf("%s = %+v, %v", by, receipt, err)
		}
		last := together[len(together)-1]
		if len(together) != 2 || len(last) != 2 || !slices.Contains(last, store.HeaderKey("acme", id)) { // the claim, then the rest
			t.Errorf("%s writes %v", by, together)
		}
		if is.Status != desk.Closed || is.Owner != was.Owner || !is.ClosedAt.Equal(was.ClosedAt) || !is.Joined.Equal(was.Joined) || is.Rev != was.Rev+1 {
			t.Errorf("conversation = %+v, was %+v", is, was)
		}
		k := is.Ticket
		if k.Status != "waiting" || k.Closed || k.Owner != "bob" || !k.Opened.Equal(r.Time) || k.Clocks == was.Ticket.Clocks || k.AtLanding() != (desk.Landed{Status: "solved", Owner: "bob"}) {
			t.Errorf("ticket = %+v", k)
		}
		// An agent's answer stops the clock that ran, and changes no status.
		m := r.Message("mail", "answer")
		m.Author, m.Agent = desk.ByAgent, "bob"
		r.Time = r.Time.Add(time.Minute)
		if _, err := r.Intake.Append(t.Context(), m, id); err != nil {
			t.Fatal(err)
		}
		if k := r.Ticket(id); k.Status != "waiting" || !k.Clocks.FirstReply.IsZero() || k.Clocks.Close.IsZero() {
			t.Errorf("ticket = %+v", k)
		}
	}
}

// TestNoMessageIsRefusedForItsTicket: if the rules of its channel cannot be read,
// the message is stored, a failure says that its ticket does not show it, and the
// daily repair applies it once they can.
func TestNoMessageIsRefusedForItsTicket(t *testing.T) {
	r := apptest.New(t)
	id, m := landed(r)
	r.RunOut()
	setup, err := r.Setups.Setup(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	zone := setup.Account.Zone
	setup.Account.Zone = "Nowhere/AtAll"
	if setup.Version, err = r.Setups.Replace(t.Context(), setup, r.Time); err != nil {
		t.Fatal(err)
	}
	r.Time = r.Time.Add(time.Hour)
	first := r.Append(id, "mail", "one")
	r.Append(id, "mail", "two")
	c := r.Conversation(id)
	if c.Messages != 3 || c.Ticket.Status != "solved" || c.Ticket.Behind != first.Rev || !c.Ticket.Closed {
		t.Errorf("conversation = %+v", c)
	}
	fs, _, err := r.Ledger.Failures(t.Context(), "acme", m, "", "", 10)
	if err != nil || len(fs) != 1 || fs[0].Conversation != id || fs[0].Code != move.CodeNotApplied {
		t.Errorf("failures = %+v, %v", fs, err)
	}
	setup.Account.Zone = zone
	if setup.Version, err = r.Setups.Replace(t.Context(), setup, r.Time); err != nil {
		t.Fatal(err)
	}
	r.Time = r.Time.AddDate(0, 0, 3) // the conversation is older than what the repair lists
	if n, err := r.Sweep.Use(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	r.RunOut()
	is := r.Conversation(id)
	if is.Ticket.Status != "waiting" || is.Ticket.Behind != 0 || is.Ticket.Landed.Status != "solved" || is.Rev != c.Rev+1 || is.Ticket.Clocks.Close.IsZero() {
		t.Errorf("conversation = %+v", is)
	}
	if got := r.Failures(m); len(got) > 0 {
		t.Errorf("failures = %v", got)
	}
}

// TestABusyStoreTakesNothingIn, so that the message comes again.
func TestABusyStoreTakesNothingIn(t *testing.T) {
	r := apptest.New(t)
	id, _ := landed(r)
	was := r.Conversation(id)
	intake := r.Intake
	intake.Rulebook = noRules{}
	if _, err := intake.Append(t.Context(), r.Message("mail", "reply"), id); !errors.Is(err, store.ErrThrottled) {
		t.Errorf("Append = %v", err)
	}
	if is := r.Conversation(id); is != was {
		t.Errorf("conversation = %+v", is)
	}
	again, err := r.Intake.Append(t.Context(), r.Message("mail", "reply"), id)
	if err != nil || again.Known || again.Conversation.Messages != 2 {
		t.Errorf("again: %+v, %v", again, err)
	}
	r.EngineErr = store.ErrThrottled
	if _, err := r.Intake.TakeIn(t.Context(), r.Message("mail", "x"), nil); !errors.Is(err, store.ErrThrottled) {
		t.Errorf("TakeIn = %v", err)
	}
}

type noRules struct{}

func (noRules) Rules(context.Context, string, string) (*desk.Rules, error) {
	return nil, store.ErrThrottled
}

// TestTakingInTwiceIsOnce, after a crash anywhere and at the same time.
func TestTakingInTwiceIsOnce(t *testing.T) {
	r := apptest.New(t)
	m := r.Message("mail", "a")
	r.WriteErr = store.ErrThrottled
	if _, err := r.Intake.TakeIn(t.Context(), m, nil); err == nil {
		t.Fatal("it is taken in without a write")
	}
	r.WriteErr = nil
	first, err := r.Intake.TakeIn(t.Context(), m, nil)
	if err != nil || !first.Began || first.Known {
		t.Fatalf("TakeIn = %+v, %v", first, err)
	}
	r.Time = r.Time.Add(time.Hour)
	for what, again := range map[string]func() (support.Receipt, error){
		"TakeIn":            func() (support.Receipt, error) { return r.Intake.TakeIn(t.Context(), m, nil) },
		"TakeIn, a reply":   func() (support.Receipt, error) { return r.Intake.TakeIn(t.Context(), m, []string{"b"}) },
		"Append":            func() (support.Receipt, error) { return r.Intake.Append(t.Context(), m, first.Conversation.ID) },
		"Append, elsewhere": func() (support.Receipt, error) { return r.Intake.Append(t.Context(), m, r.TakeIn("phone", "p").ID) },
	} {
		if got, err := again(); err != nil || !got.Known || got.Began || got.Message != first.Message || got.Conversation.ID != first.Conversation.ID {
			t.Errorf("%s again = %+v, %v", what, got, err)
		}
	}
	if c := r.Conversation(first.Conversation.ID); c.Messages != 1 || c.Rev != 1 {
		t.Errorf("conversation = %+v", c)
	}
	// Claimed by one that has crashed.
	claim := support.External{Conversation: first.Conversation.ID, Message: "m9"}
	if err := r.Messages.Claim(t.Context(), "acme", "mail", "c", claim); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Intake.TakeIn(t.Context(), r.Message("mail", "c"), nil); err != nil || got.Began || got.Message != "m9" || got.Conversation.ID != claim.Conversation {
		t.Errorf("what was claimed = %+v, %v", got, err)
	}
	if _, err := r.Intake.TakeIn(t.Context(), r.Message("nowhere", "d"), nil); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("on no channel: %v", err)
	}
	if _, err := r.Intake.Append(t.Context(), r.Message("mail", "d"), "c0"); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("to no conversation: %v", err)
	}
	odd := r.Message("mail", "e")
	odd.Author = "robot"
	if _, err := r.Intake.TakeIn(t.Context(), odd, nil); err == nil {
		t.Error("a robot's message was taken in")
	}
	byOrigin := r.Message("", "f")
	if got, err := r.Intake.Append(t.Context(), byOrigin, first.Conversation.ID); err != nil || got.Conversation.Channel != "mail" {
		t.Errorf("without a channel = %+v, %v", got, err)
	}
}

// racing is a store in which somebody else comes first, some times.
type racing struct {
	store.MessageStore
	times  int
	before func()
}

func (s *racing) Append(ctx context.Context, old, is desk.Conversation, m desk.Message, files []desk.File, notAppliedBy string) error {
	s.race()
	return s.MessageStore.Append(ctx, old, is, m, files, notAppliedBy)
}

func (s *racing) Begin(ctx context.Context, c desk.Conversation, m desk.Message, files []desk.File) error {
	s.race()
	return s.MessageStore.Begin(ctx, c, m, files)
}

func (s *racing) race() {
	if s.times > 0 {
		s.times--
		s.before()
	}
}

// TestIntakeDecidesAnewAfterALostRace: with the landing, with another message, and
// up to eight times.
func TestIntakeDecidesAnewAfterALostRace(t *testing.T) {
	r := apptest.New(t)
	id := r.TakeIn("mail", "a").ID
	r.Edit(id, desk.Edit{Status: new(desk.Closed)})
	r.StartMove(apptest.History("mail"))
	r.FenceLast()
	intake := r.Intake
	race := &racing{MessageStore: r.Messages, times: 1, before: func() { r.Changed(id) }}
	intake.Messages = race
	if _, err := intake.Append(t.Context(), r.Message("mail", "reply"), id); err != nil {
		t.Fatal(err)
	}
	if c := r.Conversation(id); c.Home != desk.HelpDesk || c.Status != desk.Closed || c.Ticket.Status != "waiting" || c.Messages != 2 || c.Rev != 4 {
		t.Errorf("conversation = %+v", c)
	}
	n := 0
	race.times, race.before = 8, func() { n++; r.Append(id, "mail", string(rune('A'+n))) }
	if _, err := intake.Append(t.Context(), r.Message("mail", "late"), id); !desk.Temporary(err) || n != 8 {
		t.Errorf("after %d lost races: %v", n, err)
	}
	// Two messages begin the same conversation.
	m := r.Message("mail", "new")
	race.times, race.before = 1, func() {
		if _, err := r.Intake.TakeIn(t.Context(), m, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := intake.TakeIn(t.Context(), m, nil); err != nil || !got.Known || got.Conversation.Messages != 1 {
		t.Errorf("the one that was later = %+v, %v", got, err)
	}
}

// TestR14WhatCameOnAFencedFormStays: its automatic answer does not carry it away.
func TestR14WhatCameOnAFencedFormStays(t *testing.T) {
	r := apptest.New(t)
	before := r.TakeIn("form", "before").ID
	r.StartMove(desk.Choices{Channel: "form", History: desk.NoHistory, Acknowledged: []string{desk.CodeConnectedLeft}})
	r.FenceLast()
	after := r.TakeIn("form", "after").ID
	for id, want := range map[string]string{before: "mail", after: "form"} {
		m := r.Message("mail", "answer to "+id)
		m.Author = desk.ByAgent
		if got, err := r.Intake.Append(t.Context(), m, id); err != nil || got.Conversation.Channel != want {
			t.Errorf("conversation = %+v, %v; want it of %s", got.Conversation, err, want)
		}
	}
	r.Changed(after)
	if c := r.Append(after, "mail", "reply"); c.Home != desk.HelpDesk || c.Channel != "form" || c.Ticket.Provenance != desk.Live {
		t.Errorf("conversation = %+v", c)
	}
}
