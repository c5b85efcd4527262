package simulation

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"deskmove/shared/move"
)

var (
	wanted   = flag.Int64("faults", 0, "inject so many faults; a share that fits into a test if 0")
	first    = flag.Uint64("first", 1, "the first seed")
	replayed = flag.Uint64("seed", 0, "replay this seed only, and write its trace to the file of -tracefile")
	traces   = flag.String("tracefile", "", "file for the trace of -seed")
)

// share is how many faults a test injects by itself.
func share() int64 {
	switch {
	case *wanted > 0:
		return *wanted
	case testing.Short():
		return 5_000
	case raceEnabled:
		return 15_000
	}
	return 100_000
}

// TestSimulation lives through worlds until there were enough faults. None may
// break an invariant.
func TestSimulation(t *testing.T) {
	if *replayed != 0 {
		t.Skip("a seed is replayed")
	}
	c := campaign{t: t, want: share(), began: time.Now()}
	c.next.Store(*first)
	t.Run("worlds", func(t *testing.T) {
		for i := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				c.work(t)
			})
		}
	})
	c.tell("done")
}

// campaign is many worlds.
type campaign struct {
	t      *testing.T
	want   int64
	began  time.Time
	next   atomic.Uint64 // seed
	faults atomic.Int64
	worlds atomic.Int64
	told   atomic.Int64 // seconds after which progress was told
	broken atomic.Bool
}

func (c *campaign) work(t *testing.T) {
	for c.faults.Load() < c.want && !c.broken.Load() {
		r := live(t, plan{seed: c.next.Add(1) - 1})
		c.faults.Add(int64(len(r.faults)))
		c.worlds.Add(1)
		if len(r.broken) > 0 && !c.broken.Swap(true) {
			t.Error(report(t, r, mutant{}))
		}
		if s := int64(time.Since(c.began) / (10 * time.Second)); *wanted > 0 && s > c.told.Swap(s) {
			c.tell("so far")
		}
	}
}

func (c *campaign) tell(when string) {
	took := time.Since(c.began)
	line := fmt.Sprintf("%s: %d of %d faults in %d worlds, %s, %.0f faults/s, from seed %d",
		when, c.faults.Load(), c.want, c.worlds.Load(), took.Round(time.Second), float64(c.faults.Load())/took.Seconds(), *first)
	if *wanted > 0 {
		fmt.Fprintln(os.Stderr, line) // at once, which t.Log is not
		return
	}
	c.t.Log(line)
}

// TestSeed replays a seed.
func TestSeed(t *testing.T) {
	if *replayed == 0 {
		t.Skip("no -seed is given")
	}
	r := live(t, plan{seed: *replayed, trace: true})
	if *traces != "" {
		if err := os.WriteFile(*traces, []byte(r.trace), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.broken) > 0 {
		t.Fatal(report(t, r, mutant{}))
	}
	t.Logf("seed %d: %d calls, %d faults, %s, nothing is broken", r.seed, r.calls, len(r.faults), r.lasted.Round(time.Second))
}

// TestSameSeedSameTrace requires that a seed decides everything.
func TestSameSeedSameTrace(t *testing.T) {
	for seed := range uint64(30) {
		a, b := live(t, plan{seed: seed, trace: true}), live(t, plan{seed: seed, trace: true})
		if a.trace == b.trace {
			continue
		}
		as, bs := strings.Split(a.trace, "\n"), strings.Split(b.trace, "\n")
		for i := range min(len(as), len(bs)) {
			if as[i] != bs[i] {
				t.Fatalf("seed %d, line %d:\n%s\n%s", seed, i, as[i], bs[i])
			}
		}
		t.Fatalf("seed %d: %d and %d lines", seed, len(as), len(bs))
	}
}

// TestEveryFaultStrikes requires that no kind of fault is forgotten.
func TestEveryFaultStrikes(t *testing.T) {
	struck := map[fate]int{}
	for seed := range uint64(40) {
		for _, name := range live(t, plan{seed: seed}).faults {
			struck[fate(name[strings.LastIndex(name, " ")+1:])]++
		}
	}
	kinds := append(slices.Clone(callFates), stale, refused, service, unheard, twice, late, stall, replay, lateIndex, clockJump, coldStart)
	for _, k := range kinds {
		if struck[k] == 0 {
			t.Errorf("%s never strikes", k)
		}
	}
	t.Log(struck)
}

// TestEverythingHappens requires that worlds are not poorer than they seem:
// people do all that they can do, and executions pass through every state.
func TestEverythingHappens(t *testing.T) {
	var all strings.Builder
	for seed := range uint64(40) {
		all.WriteString(live(t, plan{seed: seed, trace: true}).trace)
	}
	trace := all.String()
	for _, act := range []string{"begin", "append", "reply", "edit", "ticket", "native", "start", "retry", "configure", "mend"} {
		if !strings.Contains(trace, "  api "+act) {
			t.Errorf("nobody makes a request to %s", act)
		}
	}
	var machine struct{ States map[string]any }
	if err := json.Unmarshal(move.StateMachine, &machine); err != nil {
		t.Fatal(err)
	}
	for state := range machine.States {
		if !regexp.MustCompile(`(?m)  execution \S+ ` + state + " ").MatchString(trace) {
			t.Errorf("no execution passes through %s", state)
		}
	}
}

// TestShrink requires that of a broken world's faults few are left, which
// break it still.
func TestShrink(t *testing.T) {
	for _, m := range mutants {
		if m.name != "late step makes the move run again" {
			continue
		}
		for seed := range m.within {
			r := live(t, plan{seed: seed, mutant: m.mutant})
			if len(r.broken) == 0 {
				continue
			}
			text := report(t, r, m.mutant)
			if !strings.Contains(text, fmt.Sprintf("make simulation SEED=%d", seed)) || !strings.Contains(text, "VIOLATION") {
				t.Error(text)
			}
			t.Logf("%.600s", text)
			return
		}
	}
	t.Error("nothing is broken")
}
