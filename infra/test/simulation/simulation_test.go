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

// defaultFaults is how many faults TestSimulation injects without -faults.
func defaultFaults() int64 {
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

// TestSimulation runs worlds until enough faults were injected. None may violate
// an invariant.
func TestSimulation(t *testing.T) {
	if *replayed != 0 {
		t.Skip("a seed is replayed")
	}
	c := campaign{t: t, want: defaultFaults(), began: time.Now()}
	c.next.Store(*first)
	t.Run("worlds", func(t *testing.T) {
		for i := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				c.work(t)
			})
		}
	})
	c.report("done")
}

// campaign runs many worlds.
type campaign struct {
	t        *testing.T
	want     int64
	began    time.Time
	next     atomic.Uint64 // seed
	faults   atomic.Int64
	worlds   atomic.Int64
	reported atomic.Int64 // when progress was last reported, in 10 s since began
	broken   atomic.Bool
}

func (c *campaign) work(t *testing.T) {
	for c.faults.Load() < c.want && !c.broken.Load() {
		r := simulate(t, scenario{seed: c.next.Add(1) - 1})
		c.faults.Add(int64(len(r.injected)))
		c.worlds.Add(1)
		if len(r.violations) > 0 && !c.broken.Swap(true) {
			t.Error(report(t, r, mutant{}))
		}
		if s := int64(time.Since(c.began) / (10 * time.Second)); *wanted > 0 && s > c.reported.Swap(s) {
			c.report("so far")
		}
	}
}

func (c *campaign) report(when string) {
	took := time.Since(c.began)
	line := fmt.Sprintf("%s: %d of %d faults in %d worlds, %s, %.0f faults/s, from seed %d",
		when, c.faults.Load(), c.want, c.worlds.Load(), took.Round(time.Second), float64(c.faults.Load())/took.Seconds(), *first)
	if *wanted > 0 {
		fmt.Fprintln(os.Stderr, line) // t.Log prints only at the end
		return
	}
	c.t.Log(line)
}

// TestSeed replays a seed.
func TestSeed(t *testing.T) {
	if *replayed == 0 {
		t.Skip("no -seed is given")
	}
	r := simulate(t, scenario{seed: *replayed, trace: true})
	if *traces != "" {
		if err := os.WriteFile(*traces, []byte(r.trace), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.violations) > 0 {
		t.Fatal(report(t, r, mutant{}))
	}
	t.Logf("seed %d: %d calls, %d faults, %s, no violation", r.seed, r.calls, len(r.injected), r.duration.Round(time.Second))
}

// TestSameSeedSameTrace requires that the seed decides everything.
func TestSameSeedSameTrace(t *testing.T) {
	for seed := range uint64(30) {
		a, b := simulate(t, scenario{seed: seed, trace: true}), simulate(t, scenario{seed: seed, trace: true})
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

// TestEveryFaultIsInjected requires that no kind of fault is forgotten.
func TestEveryFaultIsInjected(t *testing.T) {
	injected := map[fault]int{}
	for seed := range uint64(40) {
		for _, name := range simulate(t, scenario{seed: seed}).injected {
			injected[fault(name[strings.LastIndex(name, " ")+1:])]++
		}
	}
	kinds := append(slices.Clone(callFaults), staleRead, functionThrottled, functionFailed, resultLost, runTwice,
		messageLate, shardStalled, changesReplayed, changeLost, indexLate, clockWrong, coldStart)
	for _, k := range kinds {
		if injected[k] == 0 {
			t.Errorf("%s is never injected", k)
		}
	}
	t.Log(injected)
}

// TestEverythingHappens requires that people make every kind of request, and
// that executions pass through every state.
func TestEverythingHappens(t *testing.T) {
	var all strings.Builder
	for seed := range uint64(40) {
		all.WriteString(simulate(t, scenario{seed: seed, trace: true}).trace)
	}
	trace := all.String()
	for _, act := range []string{"begin", "append", "reply", "history", "edit", "ticket", "native", "start", "retry", "configure", "mend"} {
		if !strings.Contains(trace, "  api "+act) {
			t.Errorf("nobody makes a request to %s", act)
		}
	}
	for _, v := range varieties {
		if !strings.Contains(trace, " "+v.name+"/") {
			t.Errorf("nobody sends a message of the variety %s", v.name)
		}
	}
	for _, what := range []string{"find bytes", "put bytes", "delete bytes", " is gone"} {
		if !strings.Contains(trace, what) {
			t.Errorf("files: nothing is said of %q", what)
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

// TestReport requires that a report says how to replay a violation, and shows it
// with fewer faults.
func TestReport(t *testing.T) {
	for _, m := range mutants {
		if m.name != "late step makes the move run again" {
			continue
		}
		for seed := range m.within {
			r := simulate(t, scenario{seed: seed, mutant: m.mutant})
			if len(r.violations) == 0 {
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
	t.Error("no violation")
}
