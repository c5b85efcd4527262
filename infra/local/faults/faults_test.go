package faults_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"deskmove/infra/local/faults"
)

func TestNoFaults(t *testing.T) {
	var none *faults.Faults
	if none.Strike(faults.Delay, "k", 1) || none.Struck() != nil || (&faults.Faults{}).Strike(faults.Delay, "k", 1) {
		t.Error("struck")
	}
}

func TestRate(t *testing.T) {
	const n = 20_000
	for _, rate := range []float64{0, .01, .3, 1} {
		f := &faults.Faults{Seed: 1, Rate: map[faults.Kind]float64{faults.Delay: rate}}
		for i := range n {
			f.Strike(faults.Delay, fmt.Sprint("queue/", i), 1)
			f.Strike(faults.DropAck, fmt.Sprint("queue/", i), 1)
		}
		struck := f.Struck()
		if got := float64(struck[faults.Delay]) / n; math.Abs(got-rate) > .01 || struck[faults.DropAck] != 0 {
			t.Errorf("rate %v: struck %v", rate, struck)
		}
	}
}

// TestSeed: the same seed strikes the same things in any order, another seed
// others; a second attempt is a new chance.
func TestSeed(t *testing.T) {
	strikes := func(seed uint64, attempt int, reverse bool) (s string) {
		f := &faults.Faults{Seed: seed, Rate: map[faults.Kind]float64{faults.Delay: .5}}
		hit := map[int]bool{}
		for i := range 100 {
			if reverse {
				i = 99 - i
			}
			hit[i] = f.Strike(faults.Delay, fmt.Sprint(i), attempt)
		}
		return fmt.Sprint(hit)
	}
	if strikes(1, 1, false) != strikes(1, 1, true) {
		t.Error("the order matters")
	}
	if strikes(1, 1, false) == strikes(2, 1, false) || strikes(1, 1, false) == strikes(1, 2, false) {
		t.Error("the seed or the attempt does not matter")
	}
}

func TestSpan(t *testing.T) {
	f := &faults.Faults{Longest: time.Second}
	seen := map[time.Duration]bool{}
	for i := range 100 {
		d := f.Span(faults.Stall, "k", i)
		if d < time.Millisecond || d > time.Second {
			t.Errorf("span = %v", d)
		}
		seen[d] = true
	}
	if len(seen) < 90 {
		t.Errorf("%d spans", len(seen))
	}
	if d := (&faults.Faults{}).Span(faults.Stall, "k", 1); d > time.Minute {
		t.Errorf("span = %v", d)
	}
}

func TestScript(t *testing.T) {
	f := &faults.Faults{Script: func(k faults.Kind, key string, n int) bool { return k == faults.Delay && key == "b" && n == 2 }}
	for range 2 {
		f.Strike(faults.Delay, "b", 1)
		f.Strike(faults.Delay, "b", 2)
		f.Strike(faults.DropAck, "b", 2)
	}
	if got := fmt.Sprint(f.Struck()); got != "map[delay:2]" {
		t.Error(got)
	}
}
