package api_test

import (
	"slices"
	"testing"
	"time"

	"deskmove/shared/move"
)

// TestRepair starts a repair of a channel that has moved: one at a time, by a super
// administrator, in the log, and by the channel's move.
func TestRepair(t *testing.T) {
	r := newRig(t)
	r.take("phone", "p1")
	id := r.start("phone")
	repair := refusal{as: ann, method: "POST", path: "/v1/channels/phone/repair", status: 409, code: "move-running", remedy: "when it has ended"}
	inbox := repair
	inbox.code, inbox.remedy = "not-moved", "move the channel"
	r.refuse(map[string]refusal{"starting": inbox})
	run := r.ListLast()
	r.refuse(map[string]refusal{
		"moving":       repair,
		"in the inbox": {as: ann, method: "POST", path: "/v1/channels/mail/repair", status: 409, code: "not-moved", remedy: "move the channel"},
	})
	if a := r.do(ann, "POST", repair.path, nil).want(409); a.at("moveId") != id || a.at("link") != "/v1/moves/"+id || a.Header().Get("Link") != "</v1/moves/"+id+`>; rel="related"` {
		t.Errorf("answer = %s %v, want it to name the move", a.Body, a.Header())
	}
	r.Deliver()
	r.finish(run)

	// A change whose record was lost, long ago.
	r.Time = r.Time.Add(50 * time.Hour)
	lost := r.take("phone", "lost")
	r.Time = r.Time.Add(50 * time.Hour)
	runs := len(r.Runs)
	var first any
	for i, running := range []bool{false, true, true} {
		a := r.do(ann, "POST", repair.path, nil).want(202)
		if a.at("channelId") != "phone" || a.at("moveId") != id || a.at("running") != running || i > 0 && a.at("id") != first {
			t.Errorf("repair = %s", a.Body)
		}
		first = a.at("id")
	}
	if len(r.Runs) != runs+1 || r.LastRun().Late != move.LateRepair {
		t.Fatalf("three requests started %+v, want one repair", r.Runs[runs:])
	}
	for run = r.LastRun(); !r.Executions[run.Name()].Ended(); r.Deliver() {
		r.Executions[run.Name()] = r.Advance(r.Executions[run.Name()])
	}
	if a := r.do(bob, "GET", "/v1/tickets/t-"+lost, nil).want(200); a.at("home") != "helpdesk" || a.at("provenance") != "live" {
		t.Errorf("ticket = %s", a.Body)
	}
	log := r.do(ann, "GET", "/v1/audit?limit=2", nil).want(200)
	for i, want := range []object{
		{"action": "repaired", "by": "deskmove", "moveId": id, "channelId": "phone", "detail": "found after the end: 1 landed, 0 failed"},
		{"action": "repair", "by": "ann", "moveId": id, "channelId": "phone", "detail": "all", "address": ann.Address},
	} {
		for field, v := range want {
			if got := log.at("items", i, field); got != v {
				t.Errorf("entry %d has %s %v, want %v", i, field, got, v)
			}
		}
	}
	if refused := r.do(ann, "GET", "/v1/audit", nil).want(200).ids("action"); len(slices.DeleteFunc(refused, func(a string) bool { return a != "refuse" })) != 4 {
		t.Errorf("log has %v, want four refusals", refused)
	}
	if a := r.do(ann, "POST", repair.path, nil).want(202); a.at("running") != false || a.at("id") == first {
		t.Errorf("after its end, another repair = %s", a.Body)
	}
}
