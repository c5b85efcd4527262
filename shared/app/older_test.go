package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/handler"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
)

// older are inputs of executions that other versions of deskmove may have started:
// all that they have in common with ours is the account and the move.
func older(id string, fenced bool) map[string]string {
	run := `{"account":"acme","move":"` + id + `","run":1,"history":true,"rehearsal":false,"retry":false,"step":"%s","turns":7,` +
		`"cursor":"1795424460000.c1","after":"WyJhIl0","more":true,"yield":false,"wait":3,"pass":2,"tally":4,"page":9,"found":1,"done":5,"at":"2026-11-23T09:01:00Z"}`
	inputs := map[string]string{
		"nothing else": `{"account":"acme","move":"` + id + `"}`,
		"no move":      `{"account":"acme","move":"m1","run":1,"rehearsal":false,"step":"reconcile"}`,
		"nulls":        `{"account":"acme","move":"` + id + `","run":null,"rehearsal":null,"step":null,"since":null}`,
		"a rehearsal":  `{"account":"acme","move":"m1","run":1,"rehearsal":true,"step":"rehearse"}`,
		"to come":      `{"account":"acme","move":"` + id + `","run":9,"rehearsal":false,"late":"polish","step":"polish","began":9,"pass":70}`,
	}
	for _, step := range []string{"", "reconcile", "polish"} {
		inputs["step "+step] = fmt.Sprintf(run, step)
	}
	if fenced {
		for _, step := range []string{"list", "drain", "audit"} {
			inputs["step "+step] = fmt.Sprintf(run, step)
		}
	}
	return inputs
}

// TestExecutionsOfOtherVersions: they end, whatever they do, and the move ends well
// beside them.
func TestExecutionsOfOtherVersions(t *testing.T) {
	machine, err := asl.Parse(move.StateMachine)
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"before", "amid", "after"} {
		for name := range older("", when != "before") {
			t.Run(when+", "+name, func(t *testing.T) {
				r := apptest.New(t)
				cs := r.Import("mail", 3)
				id := r.StartMove(apptest.History("mail")).ID
				switch when {
				case "amid":
					r.ListLast()
				case "after":
					r.Run()
				}
				r.Time = r.Time.Add(time.Minute)
				e, err := machine.Start("older", json.RawMessage(older(id, true)[name]), r.Time)
				if err != nil {
					t.Fatal(err)
				}
				runner := asl.Runner{Machine: machine, Now: func() time.Time { return r.Time }, Rand: func() float64 { return 0 }, Task: task(r)}
				for n := 0; !e.Ended(); n++ {
					if r.Time.Before(e.WakeAt) {
						r.Time = e.WakeAt
					}
					if e, err = runner.Step(t.Context(), e); err != nil || n > 200 {
						t.Fatalf("after %d steps it is in %s, %v", n, e.State, err)
					}
					r.Deliver()
				}
				m := r.Run()
				for _, c := range cs {
					if c = r.Conversation(c.ID); c.Home != desk.HelpDesk || c.Rev != 2 {
						t.Errorf("conversation %+v", c)
					}
				}
				if p := m.Report; m.Status != desk.Done || p.Found != 3 || p.Created != 3 || p.InboxSum != p.DeskSum {
					t.Errorf("the move is %s: %+v", m.Status, p)
				}
			})
		}
	}
}

// task does the tasks of an execution, which may fail.
func task(r *apptest.Rig) asl.TaskFunc {
	return func(ctx context.Context, resource string, input json.RawMessage) (json.RawMessage, error) {
		var run move.Run
		err := json.Unmarshal(input, &run)
		if err == nil {
			run, err = map[string]handler.Step{
				"${FenceFunctionArn}": r.Fence, "${ListFunctionArn}": r.List, "${DrainFunctionArn}": r.Drain, "${FinishFunctionArn}": r.Finish,
			}[resource].Handle(ctx, run)
		}
		if err != nil {
			return nil, &asl.TaskError{Name: "Error", Cause: err.Error()}
		}
		return json.Marshal(run)
	}
}
