package simulation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// attempts is how many worlds shrink lives through at most.
const attempts = 400

// shrink finds few faults that suffice to break a plan, which is broken with
// those given: it leaves halves away, then quarters, and so on.
func shrink(t *testing.T, p plan, faults []string) []string {
	breaks := func(some []string) bool {
		p.only = map[string]bool{}
		for _, f := range some {
			p.only[f] = true
		}
		return len(live(t, p).broken) > 0
	}
	left := attempts
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

// report tells of a broken world what somebody needs to mend it.
func report(t *testing.T, r result, m mutant) string {
	p := plan{seed: r.seed, mutant: m}
	few := shrink(t, p, r.faults)
	p.only, p.trace = map[string]bool{}, true
	for _, f := range few {
		p.only[f] = true
	}
	again := live(t, p)
	return fmt.Sprintf("seed %d, after %s, %d faults:\n  %s\nreplay it: make simulation SEED=%d\nof these, %d suffice:\n  %s\nwith which:\n  %s\n%s",
		r.seed, r.lasted.Round(time.Second), len(r.faults), strings.Join(r.broken, "\n  "), r.seed,
		len(few), strings.Join(few, "\n  "), strings.Join(again.broken, "\n  "), tail(again.trace, 150))
}

// tail is the end of a trace, which is where it broke.
func tail(trace string, lines int) string {
	all := strings.Split(trace, "\n")
	return strings.Join(all[max(len(all)-lines, 0):], "\n")
}
