package support_test

import (
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// TestR11ASurveySpeaksOfTheWholeChannel compares a survey that reads a few of a
// channel's conversations with one that reads them all.
func TestR11ASurveySpeaksOfTheWholeChannel(t *testing.T) {
	r := apptest.New(t)
	crowd(r, "mail", 600)
	crowd(r, "phone", 50) // is not counted
	crowd(r, "form", 30)
	r.Time = r.Time.Add(7 * 24 * time.Hour)
	setup, err := r.Setups.Setup(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	survey := func(sample int) (desk.PreflightCounts, int) {
		s := support.Survey{
			Volumes: &support.Volumes{Conversations: r.Conversations, Now: r.UseCases.Now}, Now: r.UseCases.Now, Sample: sample,
			Open: &support.OpenRows{Conversations: r.Conversations, Now: r.UseCases.Now}, Conversations: r.Conversations,
		}
		before := r.Read
		f, err := s.Of(t.Context(), setup, r.Channel("mail"), desk.Choices{History: desk.AllHistory}, false)
		if err != nil {
			t.Fatal(err)
		}
		return f, r.Read - before
	}
	all, _ := survey(1000)
	some, read := survey(60)
	exact := func(n int64) desk.Figure { return desk.Figure{N: n, Is: desk.Exact} }
	if all.Conversations != exact(600) || all.Open != exact(400) || all.Closed != exact(200) || all.LeftBehind["form"] != exact(30) || all.HourlyOf != 600 {
		t.Errorf("all: %+v", all)
	}
	if some.Conversations != all.Conversations || some.Open != all.Open || some.Closed != all.Closed || some.LeftBehind["form"] != exact(30) {
		t.Errorf("some: %+v; want the counts of %+v", some, all)
	}
	near := func(what string, got, want int64, is desk.Certainty) {
		t.Helper()
		if is != desk.Extrapolated || got < want*8/10 || got > want*12/10 {
			t.Errorf("%s: %s %d, want about %d", what, is, got, want)
		}
	}
	near("with a ticket", some.WithTicket.N, all.WithTicket.N, some.WithTicket.Is)
	near("breaching", some.Breaching.Original.N, all.Breaching.Original.N, some.Breaching.Original.Is)
	for _, owner := range []string{"", "ann", "bob", "cem"} {
		near("of "+owner, some.Owned[owner], all.Owned[owner], some.OwnedIs)
	}
	if all.Breaching.Original.N < 300 || all.Breaching.FromMove.N != 0 {
		t.Errorf("breaching: %+v", all.Breaching)
	}
	// 430 that are open of the account are listed, and up to 144 keys of the listing.
	if limit := 450 + 60 + 60 + 16*12 + 30; read > limit {
		t.Errorf("%d items were read, more than %d", read, limit)
	}
}

// TestSurveyIsHeld for a minute, unless the setup changes or it must be fresh.
func TestSurveyIsHeld(t *testing.T) {
	r := apptest.New(t)
	crowd(r, "plain", 10)
	count := func() int64 {
		p, err := r.Planner.Plan(t.Context(), "acme", "plain", desk.Choices{History: desk.AllHistory})
		if err != nil {
			t.Fatal(err)
		}
		return p.Conversations.N
	}
	if n := count(); n != 10 {
		t.Fatalf("%d conversations", n)
	}
	at := r.Time
	r.TakeIn("plain", "eleventh")
	if r.Time = at.Add(59 * time.Second); count() != 10 {
		t.Error("it is not held")
	}
	r.Change(func(s *desk.Setup) { s.Account.Name = "Acme & sons" })
	if n := count(); n != 11 {
		t.Errorf("%d after a change of the setup", n)
	}
	r.TakeIn("plain", "twelfth")
	if r.Time = r.Time.Add(time.Minute); count() != 12 {
		t.Error("it is held for longer")
	}
}
