package move_test

import (
	"fmt"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

func TestR11PlanCountsWhatItReads(t *testing.T) {
	r := apptest.New(t)
	for i, status := range []desk.ConversationStatus{desk.Open, desk.Closed, desk.Closed} {
		m := r.Message("mail", fmt.Sprint(i))
		m.At = time.Date(2026, 11, 17, 3, 40, 0, 0, time.UTC) // a Tuesday
		taken, err := r.Intake.TakeIn(t.Context(), m, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Edit(taken.Conversation.ID, desk.Edit{Owner: new("cem"), Status: &status})
		r.TakeIn("form", fmt.Sprint("form ", i))
	}
	p, err := r.Planner.Plan(t.Context(), "acme", "mail", desk.Choices{History: desk.AllHistory})
	if err != nil || p.Conversations != 3 || p.Owned["cem"] != 3 || p.LeftBehind["form"] != 3 {
		t.Errorf("facts = %+v, %v", p.PreflightCounts, err)
	}
	// The hour of the week is that in which it was written, in UTC.
	if n := p.Hourly[2*24+3]; n != 3 {
		t.Errorf("%d of 3 at Tuesday, 3 o'clock", n)
	}
	r.Import("plain", 250)
	for sample, sampled := range map[int]bool{1: true, 1000: false} {
		plan := r.Planner
		plan.Sample = sample
		p, err := plan.Plan(t.Context(), "acme", "plain", desk.Choices{History: desk.AllHistory})
		if err != nil || p.Sampled != sampled || (p.Conversations == 250) == sampled {
			t.Errorf("of a sample of %d: %d conversations, sampled %t, %v", sample, p.Conversations, p.Sampled, err)
		}
	}
}
