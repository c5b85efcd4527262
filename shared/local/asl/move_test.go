package asl_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// times is n calls that fail.
func times(n int, line string) []string { return slices.Repeat([]string{line}, n) }

const (
	busy    = "BusyError"
	service = "Lambda.ServiceException"
)

// TestMove takes every way through the state machine of a move. Retries wait
// half as long as they may.
func TestMove(t *testing.T) {
	entered := map[string]bool{}
	for name, c := range map[string]struct {
		start  run
		script []string
		path   string
		ends   string
		pauses string
	}{
		"whole": {
			run{Step: "fence"},
			[]string{"Fence", "List more", "List", "Drain more wait", "Drain again", "List", "Drain again", "List", "Drain", "Finish more wait", "List", "Drain", "Finish"},
			"Begin Fence List Listed List Listed Drain Drained DrainWait Drain Drained List Listed Drain Drained List Listed Drain Drained " +
				"Finish Finished AuditWait List Listed Drain Drained Finish Finished Done",
			"SUCCEEDED Done", "30s 30s",
		},
		"rehearsal": {
			run{Step: "list"}, []string{"List more", "List", "Drain", "Finish"},
			"Begin List Listed List Listed Drain Drained Finish Finished Done", "SUCCEEDED Done", "",
		},
		"continued": {
			run{Step: "list"}, []string{"List yield"}, "Begin List Listed Continued", "SUCCEEDED Continued", "",
		},
		"busy": {
			run{Step: "drain"}, append(times(10, "Drain "+busy), "Drain yield"),
			"Begin Drain Drained Continued", "SUCCEEDED Continued", "1s 2s 4s 8s 16s 30s 30s 30s 30s 30s",
		},
		"busy too long": {
			run{Step: "drain"}, times(11, "Drain "+busy),
			"Begin Drain Broken", "FAILED Broken StepFailed", "1s 2s 4s 8s 16s 30s 30s 30s 30s 30s",
		},
		"each retrier counts for itself": {
			run{Step: "drain"}, slices.Concat(times(3, "Drain "+busy), times(6, "Drain "+service), times(1, "Drain "+busy), times(1, "Drain "+service)),
			"Begin Drain Broken", "FAILED Broken StepFailed", "1s 2s 4s 1s 2s 4s 8s 16s 30s 8s",
		},
		"a state that is entered again counts anew": {
			run{Step: "list"}, []string{"List " + busy, "List " + busy, "List more", "List " + busy, "List yield"},
			"Begin List Listed List Listed Continued", "SUCCEEDED Continued", "1s 2s 1s",
		},
		"late": {
			run{Step: "audit", Wait: 30}, []string{"List", "Drain", "Finish"},
			"Begin AuditWait List Listed Drain Drained Finish Finished Done", "SUCCEEDED Done", "30s",
		},
		"an error that is not retried": {
			run{}, []string{"Fence Boom"}, "Begin Fence Broken", "FAILED Broken StepFailed", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.play(c.script...)
			e := w.run(w.at("Begin", string(c.start.json(t))))
			if diff := cmp.Diff(strings.Fields(c.path), w.entered); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if got := summary(e); got != c.ends || len(w.calls) != len(c.script) {
				t.Errorf("ends as %s after %d calls; want %s after %d", got, len(w.calls), c.ends, len(c.script))
			}
			var pauses []string
			for _, p := range w.pauses {
				pauses = append(pauses, p.String())
			}
			if diff := cmp.Diff(strings.Fields(c.pauses), pauses); c.pauses != strings.Join(pauses, " ") {
				t.Errorf("pauses (-want +got):\n%s", diff)
			}
			for _, state := range w.entered {
				entered[state] = true
			}
		})
	}
	var all struct{ States map[string]any }
	if err := json.Unmarshal([]byte(definition), &all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(all.States)), slices.Sorted(maps.Keys(entered))); diff != "" {
		t.Errorf("states of the machine and states entered (-want +got):\n%s", diff)
	}
}

// TestJitter: the delay before a retry is the longest one times Rand.
func TestJitter(t *testing.T) {
	for random, want := range map[float64]time.Duration{0: 0, 0.25: 500 * time.Millisecond, 0.75: 1500 * time.Millisecond} {
		w := newWorld(t)
		w.rand = random
		w.play("Drain "+busy, "Drain yield")
		w.run(w.at("Drain", "{}"))
		if len(w.pauses) == 0 && want > 0 || len(w.pauses) > 0 && w.pauses[0] != want {
			t.Errorf("with %g a retry waits %v; want %s", random, w.pauses, want)
		}
	}
}

func TestResources(t *testing.T) {
	want := []string{"${DrainFunctionArn}", "${FenceFunctionArn}", "${FinishFunctionArn}", "${ListFunctionArn}"}
	if diff := cmp.Diff(want, moveMachine(t).Resources()); diff != "" {
		t.Errorf("Resources (-want +got):\n%s", diff)
	}
}
