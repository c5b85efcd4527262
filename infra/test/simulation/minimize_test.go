package simulation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// maxAttempts is how many worlds minimize runs at most.
const maxAttempts = 400

// minimize returns few of the faults that still break a scenario: it leaves out
// halves, then quarters, and so on.
func minimize(t *testing.T, p scenario, faults []string) []string {
	breaks := func(some []string) bool {
		p.only = map[string]bool{}
		for _, f := range some {
			p.only[f] = true
		}
		return len(simulate(t, p).violations) > 0
	}
	left := maxAttempts
	for size := (len(faults) + 1) / 2; size > 0 && left > 0; size /= 2 {
		for at := 0; at < len(faults) && left > 0; left-- {
			without := slices.Concat(faults[:at], faults[min(at+size, len(faults)):])
			if breaks(without) {
				faults = without
			} else {
				at += size
			}
		}
	}
	return faults
}

// report describes violations: how to replay them, the fewest faults that cause
// them, and the end of the trace with only those.
func report(t *testing.T, r result, m mutant) string {
	p := scenario{seed: r.seed, mutant: m}
	few := minimize(t, p, r.injected)
	p.only, p.trace = map[string]bool{}, true
	for _, f := range few {
		p.only[f] = true
	}
	again := simulate(t, p)
	return fmt.Sprintf("seed %d, after %s, %d faults:\n  %s\nreplay it: make simulation SEED=%d\n%d of these faults suffice:\n  %s\nwith them:\n  %s\n%s",
		r.seed, r.duration.Round(time.Second), len(r.injected), strings.Join(r.violations, "\n  "), r.seed,
		len(few), strings.Join(few, "\n  "), strings.Join(again.violations, "\n  "), tail(again.trace, 150))
}

// tail returns the last lines of a trace.
func tail(trace string, lines int) string {
	all := strings.Split(trace, "\n")
	return strings.Join(all[max(len(all)-lines, 0):], "\n")
}
