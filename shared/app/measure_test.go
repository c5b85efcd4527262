package app_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"deskmove/shared/app/apptest"
	"deskmove/shared/metrics"
	"deskmove/shared/move"
)

// want compares the metrics written since it was last called.
func want(t *testing.T, r *apptest.Rig, want map[string]int64) {
	t.Helper()
	defer r.Measured.Reset()
	got := map[string]int64{}
	for line := range strings.Lines(r.Measured.String()) {
		var values map[string]any
		if err := json.Unmarshal([]byte(line), &values); err != nil {
			t.Fatal(err)
		}
		for name, v := range values {
			if n, ok := v.(float64); ok && name != string(metrics.BatchTime) {
				got[name] += int64(n)
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("metrics = %v, want %v", got, want)
	}
}

// convert delivers what was sent, in one event.
func convert(t *testing.T, r *apptest.Rig) {
	t.Helper()
	var e events.SQSEvent
	for i, b := range r.Sent {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: fmt.Sprint(i), Body: b.JSON(), Attributes: map[string]string{"ApproximateReceiveCount": "1"},
		})
	}
	r.Sent = nil
	res, err := r.Convert.Handle(t.Context(), e)
	if err != nil || len(res.BatchItemFailures) > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
}

// TestMetricsOfAMove counts a move with a conversation that cannot be
// converted, and one that the listing has missed.
func TestMetricsOfAMove(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 2)
	r.Undated("mail")
	missed := r.Time
	r.StartMove(apptest.History("mail"))
	run := r.ListLast()
	want(t, r, map[string]int64{})
	run = r.Step(r.Drain, run)
	want(t, r, map[string]int64{"Planned": 3, "Done": 0, "Remaining": 3, "OpenBatches": 1, "SecondsStuck": 0})
	convert(t, r)
	want(t, r, map[string]int64{"Converted": 2, "Failed": 1})
	r.Time = r.Time.Add(time.Minute)
	run = r.Step(r.Drain, run)
	want(t, r, map[string]int64{"Planned": 3, "Done": 3, "Remaining": 0, "OpenBatches": 0, "SecondsStuck": 0, "SecondsLeft": 12})
	fenced := r.Time
	r.Time = missed
	r.Import("mail", 1)
	r.Time = fenced
	for _, missing := range []int64{1, 0} {
		if !run.Again {
			t.Fatalf("run = %+v, want another pass", run)
		}
		run = r.Step(r.List, run)
		want(t, r, map[string]int64{})
		convert(t, r)
		want(t, r, map[string]int64{"Compared": 4, "Missing": missing, "Failed": 1})
		run = r.Step(r.Drain, run)
		want(t, r, map[string]int64{"Planned": 4, "Done": 4, "Remaining": 0, "OpenBatches": 0, "SecondsStuck": 0, "SecondsLeft": 0})
	}
	if run.Again {
		t.Errorf("run = %+v, want an end", run)
	}
	run = r.Step(r.Finish, run)
	want(t, r, map[string]int64{"Planned": 4, "Done": 4, "Remaining": 0, "MovesDone": 0, "MovesAtAttention": 1})
	r.Step(r.Finish, run)
	want(t, r, map[string]int64{}) // it has ended already
}

// TestFoundLate counts what an audit, and what a repair, had to land after the end.
// They are in no other count.
func TestFoundLate(t *testing.T) {
	r := apptest.New(t)
	r.StartMove(apptest.History("mail"))
	m := r.Run()
	r.Measured.Reset()
	late := func(run move.Run, before time.Duration) {
		t.Helper()
		r.Time = m.FenceAt.Add(-before)
		r.Import("mail", 1) // the index shows it late
		r.Time = m.EndedAt.Add(time.Hour)
		for run.Again = true; run.Again; run = r.Step(r.Drain, run) {
			run = r.Step(r.List, run)
			convert(t, r)
		}
		r.Step(r.Finish, run)
		want(t, r, map[string]int64{"FoundLate": 1, "Failed": 0})
	}
	audit := r.LastRun()
	audit.Late, audit.Pass = move.LateAudit, 1
	late(audit, time.Minute)
	if _, err := r.Repairer.Repair(t.Context(), apptest.Admin, "mail"); err != nil {
		t.Fatal(err)
	}
	late(r.LastRun(), 2*time.Minute)
}

// TestRehearsalsAreNoMoves: what they do is counted, but not as moves.
func TestRehearsalsAreNoMoves(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 1)
	choices := apptest.History("mail")
	choices.Rehearsal = true
	r.StartMove(choices)
	r.Run()
	// Once while it runs, and once at its end.
	want(t, r, map[string]int64{"Planned": 2, "Done": 2, "Remaining": 0, "OpenBatches": 0, "SecondsStuck": 0, "SecondsLeft": 0})
}
