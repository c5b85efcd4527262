package killtest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// number reads an environment variable.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number", name, s)
	}
	return n
}

// channel is how many conversations the channel has that moves.
func channel() int {
	if slow {
		return 1200
	}
	return 4000
}

// TestKill kills the server with SIGKILL at random moments of moves under
// traffic. Each time it must come to the move's end by itself, with every
// guarantee kept. DESKMOVE_KILLS is how often, DESKMOVE_SEED the seed.
func TestKill(t *testing.T) {
	kills := number(t, "DESKMOVE_KILLS", 30)
	const atOnce = 3
	rig := newRig(t, channel())
	do := func(i int, pick func(*rand.Rand) *aim) (s shot, err error) {
		dir, err := os.MkdirTemp("", "deskmove-kill-")
		if err != nil {
			return s, err
		}
		defer func() {
			if err == nil || os.Getenv("DESKMOVE_KEEP") == "" {
				err = errors.Join(err, os.RemoveAll(dir))
			}
		}()
		r, err := rig.round(dir, i)
		if err != nil {
			return s, err
		}
		defer func() { err = errors.Join(err, r.log.Close()) }()
		s, err = r.run(t.Context(), pick(r.random))
		if err != nil {
			words, _ := r.lastWords()
			err = fmt.Errorf("round %d in %s, killed %s in %s with %d of %d converted: %w\nlog:\n%s", i, dir, s.aim, s.phase, s.done, s.planned, err, words)
		}
		return s, err
	}

	calm, err := do(0, func(*rand.Rand) *aim { return nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d conversations; without a kill their move takes %s", channel(), calm.whole.Round(10*time.Millisecond))

	var mu sync.Mutex
	var shots []shot
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i := range kills {
		g.Go(func() error {
			s, err := do(i+1, func(random *rand.Rand) *aim {
				a := takeAim(i, calm.whole, random)
				return &a
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return nil
			}
			shots = append(shots, s)
			t.Logf("killed %s: in %s with %d of %d converted; up again after %s, ended %s later; %d changes (%.0f/s), %d repeated",
				s.aim, s.phase, s.done, s.planned, s.up.Round(time.Millisecond), s.recovery.Round(time.Millisecond), s.stats.Changes(),
				float64(s.stats.Changes())/s.whole.Seconds(), s.stats.Lost)
			return nil
		})
	}
	_ = g.Wait() // rounds report their errors themselves
	summarize(t, shots, kills)
}

// summarize prints where the kills hit and how long recovery took.
func summarize(t *testing.T, shots []shot, kills int) {
	t.Helper()
	byPhase := make(map[string][]time.Duration)
	var all []time.Duration
	partly, twice := 0, 0
	for _, s := range shots {
		byPhase[s.phase] = append(byPhase[s.phase], s.recovery)
		all = append(all, s.recovery)
		if s.done > 0 && s.done < s.planned {
			partly++
		}
		if s.aim.again > 0 {
			twice++
		}
	}
	for _, phase := range slices.Sorted(maps.Keys(byPhase)) {
		ds := byPhase[phase]
		t.Logf("%-10s %2d kills, recovery median %s, longest %s", phase, len(ds), quantile(ds, 0.5), quantile(ds, 1))
	}
	t.Logf("%d of %d rounds passed, %d of them killed twice, %d with a part of the channel converted; recovery median %s, longest %s",
		len(shots), kills, twice, partly, quantile(all, 0.5), quantile(all, 1))
}
