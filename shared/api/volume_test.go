package api_test

import (
	"fmt"
	"testing"
	"time"
)

// TestVolume counts what joined channels over a month, in a zone that is an hour
// ahead of UTC: few, whose keys are listed, and many, which are counted day by day.
func TestVolume(t *testing.T) {
	r := newRig(t)
	now := r.Time
	take := func(channel string, n, daysAgo int) {
		r.Time = now.AddDate(0, 0, -daysAgo)
		for i := range n {
			r.TakeIn(channel, fmt.Sprint(channel, daysAgo, i))
		}
	}
	take("mail", 2, 30)
	take("mail", 3, 13)
	take("mail", 1, 0)
	take("plain", 700, 14)
	take("plain", 600, 9)
	take("plain", 500, 0)
	r.Time = time.Date(now.Year(), now.Month(), now.Day()-1, 23, 30, 0, 0, time.UTC) // it is today there
	r.TakeIn("phone", "late")
	r.Time = now
	if a := r.do(bob, "GET", "/v1/channels", nil).want(200); a.at("items", 0, "conversations") != nil || a.at("items", 0, "perDay") != nil {
		t.Errorf("without volume: %s", a.Body)
	}
	volume := func() map[string]object {
		found := map[string]object{}
		for _, c := range r.do(bob, "GET", "/v1/channels?volume=true", nil).want(200).at("items").([]any) {
			found[at(c, "id").(string)] = c.(object)
		}
		return found
	}
	found := volume()
	for channel, want := range map[string]struct {
		n      float64
		perDay string
		lastAt any
	}{
		"mail":  {6, "[3 0 0 0 0 0 0 0 0 0 0 0 0 1]", "2026-11-23T09:01:00.001Z"},
		"plain": {1800, "[0 0 0 0 600 0 0 0 0 0 0 0 0 500]", "2026-11-23T17:20:00.001Z"},
		"phone": {1, "[0 0 0 0 0 0 0 0 0 0 0 0 0 1]", "2026-11-22T23:31:00Z"},
		"form":  {0, "[0 0 0 0 0 0 0 0 0 0 0 0 0 0]", nil},
	} {
		c := found[channel]
		if n := at(c, "conversations"); at(n, "n") != want.n || at(n, "atLeast") != false || at(n, "is") != "exact" {
			t.Errorf("%s has %v conversations, want %v", channel, n, want.n)
		}
		if days := fmt.Sprint(at(c, "perDay")); days != want.perDay || at(c, "lastAt") != want.lastAt {
			t.Errorf("%s: %s, last at %v; want %s, %v", channel, days, at(c, "lastAt"), want.perDay, want.lastAt)
		}
	}
	// It is held for five minutes, and no conversation is read for it.
	r.TakeIn("mail", "more")
	read := r.Read
	if n := at(volume()["mail"], "conversations", "n"); n != 6.0 || r.Read > read+100 {
		t.Errorf("held: %v, %d items read", n, r.Read-read)
	}
	r.Time = r.Time.Add(5 * time.Minute)
	if n := at(volume()["mail"], "conversations", "n"); n != 7.0 {
		t.Errorf("later: %v", n)
	}
}
