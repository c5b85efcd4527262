package move_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// rehearse rehearses a move, without acknowledging anything.
func rehearse(r *apptest.Rig, choices desk.Choices) desk.Move {
	r.Helper()
	choices.Rehearsal, choices.Acknowledged = true, nil
	r.StartMove(choices)
	return r.Run()
}

// TestR12TheMoveDoesWhatItsRehearsalForesaw, but for what is written.
func TestR12TheMoveDoesWhatItsRehearsalForesaw(t *testing.T) {
	for name, test := range map[string]struct {
		choices         desk.Choices
		sla             desk.SLAMode
		found, breaches int64
	}{
		"from the move":   {choices: apptest.History("mail"), found: 5},
		"original clocks": {choices: apptest.History("mail"), sla: desk.Original, found: 5, breaches: 2},
		"no clocks":       {choices: apptest.History("mail"), sla: desk.NoClocks, found: 5},
		"no history":      {choices: noHistory("mail")},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			var ids []string
			for i, edit := range []desk.Edit{{Owner: new("cem")}, {Status: new(desk.Closed)}, {Owner: new("bob")}, {Owner: new("cem")}} {
				id := r.TakeIn("mail", string(rune('a'+i))).ID
				r.Edit(id, edit)
				ids = append(ids, id)
			}
			r.NewTicket(ids[3], "lead")
			undated := r.Undated("mail").ID
			r.Time = r.Time.AddDate(0, 0, 8) // what waits has breached its original clocks
			test.choices.SLA = test.sla
			test.choices.Acknowledged = append(test.choices.Acknowledged, desk.CodeWouldBreach)

			r.Written = nil
			foreseen := rehearse(r, test.choices)
			for _, k := range r.Written {
				if ours := strings.Contains(k.PK, foreseen.ID) || store.OfAudit("acme", k) || strings.Contains(k.SK, foreseen.ID); !ours {
					t.Errorf("the rehearsal wrote %v", k)
				}
			}
			if c := r.Channel("mail"); c.Home != desk.Inbox || !c.FenceAt.IsZero() {
				t.Errorf("channel = %+v", c)
			}
			r.StartMove(test.choices)
			done := r.Run()
			if diff := cmp.Diff(foreseen.Report, done.Report); diff != "" {
				t.Errorf("-rehearsal +move\n%s", diff)
			}
			var want []string
			if test.found > 0 {
				want = []string{undated}
			}
			if fails, failed := r.Failures(foreseen.ID), r.Failures(done.ID); !slices.Equal(fails, want) || !slices.Equal(failed, want) {
				t.Errorf("failures foreseen %v, failed %v", fails, failed)
			}
			if done.Report.Found != test.found || done.Report.Breaches != test.breaches {
				t.Errorf("report = %+v, want %d found and %d breaches", done.Report, test.found, test.breaches)
			}
		})
	}
}

// TestR12ManyPages rehearses and moves more conversations than a page holds.
func TestR12ManyPages(t *testing.T) {
	r := apptest.New(t)
	r.Import("phone", 4100)
	if m := rehearse(r, apptest.History("phone")); m.Report.Found != 4100 {
		t.Errorf("the rehearsal found %d", m.Report.Found)
	}
	r.StartMove(apptest.History("phone"))
	if m := r.Run(); m.Report.Found != 4100 {
		t.Errorf("the move found %d", m.Report.Found)
	}
}
