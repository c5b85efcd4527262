package asl_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"deskmove/shared/local/asl"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const moveInput = `{"moveId":"move-1"}`

func moveDefinition(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/move.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// moveTasks are the functions of a move. What they answer follows from their
// input alone, so that a run with crashes can be compared with one without:
// three pages, busy at the second until the third attempt, and out of time
// once at the third; a ledger that drains in the third round; one reconcile
// that finds something; one failure in the end.
func moveTasks(w *world) func(int, string, string) (string, error) {
	return func(_ int, resource, input string) (string, error) {
		var in struct{ Pages, Retries, Round, Pass int }
		if err := json.Unmarshal([]byte(input), &in); err != nil {
			w.t.Error(err)
		}
		switch resource {
		case "${FenceFunctionArn}":
			return `{"fenceAt":"2026-11-23T12:00:00Z"}`, nil
		case "${ListFunctionArn}":
			switch {
			case in.Pages == 1 && in.Retries < 2:
				return "", &asl.TaskError{Name: "BusyError", Cause: "inbox"}
			case in.Pages == 2 && in.Retries == 0:
				w.now = w.now.Add(time.Minute)
			}
			return fmt.Sprintf(`{"cursor":"c%d","pages":%d,"done":%t,"listed":100}`, in.Pages+1, in.Pages+1, in.Pages == 2), nil
		case "${DrainFunctionArn}":
			return fmt.Sprintf(`{"left":%d,"round":%d,"seconds":%d,"pass":%d}`, 2-in.Round, in.Round+1, 2<<in.Round, in.Pass), nil
		case "${ReconcileFunctionArn}":
			return fmt.Sprintf(`{"missing":%d,"round":2,"pass":%d}`, 1-in.Pass, in.Pass+1), nil
		case "${FinishFunctionArn}":
			return `{"found":300,"failed":1}`, nil
		}
		return "", fmt.Errorf("no function %s", resource)
	}
}

// One line for every saved transition of a move.
func TestMove(t *testing.T) {
	w := newWorld(t)
	w.rand = 0.5
	w.task = moveTasks(w)
	e := w.run(moveDefinition(t), moveInput)

	var got strings.Builder
	for _, s := range w.saved {
		fmt.Fprintf(&got, "%-10s events=%-3d entered=%s", s.State, s.Events, s.EnteredAt.Sub(noon))
		if !s.WakeAt.IsZero() {
			fmt.Fprintf(&got, " wake=%s", s.WakeAt.Sub(noon))
		}
		if s.Retries != nil {
			fmt.Fprintf(&got, " retries=%v", s.Retries)
		}
		fmt.Fprintln(&got)
	}
	fmt.Fprintf(&got, "path: %s\ncalls: %d\n%s %s\n", w.visited(), len(w.calls), e.Status, summary(e))

	const golden = "testdata/move.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the move differs from %s: -want +got\n%s", golden, diff)
	}
}

// A move that is broken off by an error goes to Broken.
func TestMoveBroken(t *testing.T) {
	w := newWorld(t)
	tasks := moveTasks(w)
	w.task = func(call int, resource, input string) (string, error) {
		if resource == "${DrainFunctionArn}" {
			return "", &busyError{} // not the name that is retried
		}
		return tasks(call, resource, input)
	}
	e := w.run(moveDefinition(t), moveInput)
	if got := summary(e); got != "FAILED MoveFailed" || !strings.HasSuffix(w.visited(), "Drain Broken") {
		t.Errorf("ends %s by %s; want FAILED MoveFailed by … Drain Broken", got, w.visited())
	}
	if !strings.Contains(string(e.Input), `"error":{"Cause":"{\"errorMessage\":\"busy\",\"errorType\":\"busyError\"}","Error":"busyError"}`) {
		t.Errorf("Broken got %s; want the error at $.error", e.Input)
	}
}
