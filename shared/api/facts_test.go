package api_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/api"
	"deskmove/shared/desk"
)

// fill gives every field of a struct a value of its own, but for those that it names.
func fill(t *testing.T, v reflect.Value, n *int, but map[string]bool) {
	t.Helper()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		*n++
		switch {
		case but[name]:
		case f.Type() == reflect.TypeFor[time.Time]():
			f.Set(reflect.ValueOf(time.UnixMilli(1_700_000_000_000 + int64(*n)).UTC()))
		case f.Kind() == reflect.Struct:
			fill(t, f, n, but)
		case f.Kind() == reflect.String:
			f.SetString(fmt.Sprint("v", *n))
		case f.Kind() == reflect.Int64:
			f.SetInt(int64(*n))
		case f.Kind() == reflect.Bool:
			f.SetBool(true)
		default:
			t.Fatalf("%s.%s is of a kind that this test does not know: teach it", v.Type(), name)
		}
	}
}

// TestFactsKeepAll writes a conversation as facts and reads it again: whatever is added to a
// conversation or a ticket, its facts must have it.
func TestFactsKeepAll(t *testing.T) {
	var want desk.Conversation
	n := 0
	fill(t, reflect.ValueOf(&want).Elem(), &n, map[string]bool{
		"LastEdit": true, // of who asked, so that a repeated request is recognised
		"Edits":    true, "Tags": true,
	})
	want.Tags = "a\nb"
	status, owner := "new", ""
	want.Edits = desk.NewEditLog([]desk.LoggedEdit{{At: want.Started, By: "ann", Made: true, Status: &status}, {At: want.TakenIn, By: "bob", Owner: &owner, Tags: true}})
	got, err := api.FactsOf(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// A native ticket that no agent has edited has the version that made it.
	made := want
	made.Ticket.Edited, made.Ticket.Landed = desk.LastEdit{Rev: 3}, desk.Landed{}
	if got, err := api.FactsOf(made); err != nil || got != made {
		t.Errorf("%s, %v", cmp.Diff(made, got), err)
	}
}

// TestFactsKeepTheMove does the same with a move.
func TestFactsKeepTheMove(t *testing.T) {
	at := func(n int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(n)).UTC() }
	want := desk.Move{
		ID: "m1", By: "ann", StartedAt: at(1), FenceAt: at(2), EndedAt: at(3), Expected: 4, Phases: []desk.Stage{{Phase: "list", StartedAt: at(4), EndedAt: at(5)}},
		Choices: desk.Choices{Channel: "mail", History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "solved"}, SLA: desk.Original, Notifications: desk.Digest, Acknowledged: []string{"no-sla-policy"}},
		Report: desk.Report{
			Found: 1, Created: 2, AsIs: 3, Redirected: 4, Failed: 5, OwnersLost: 6, LostBy: map[string]int64{"cem": 6}, Breaches: 7,
			ByStatus: map[desk.Status]int64{"new": 8}, InboxSum: "a", DeskSum: "b",
		},
	}
	got, access := api.FactsOfMove(want, []string{"ann"})
	if diff := cmp.Diff(want, got); diff != "" || len(access) != 1 {
		t.Error(diff, access)
	}
	report := reflect.ValueOf(want.Report)
	for i := range report.NumField() {
		if report.Field(i).IsZero() {
			t.Errorf("this test says nothing of %s", report.Type().Field(i).Name)
		}
	}
}
