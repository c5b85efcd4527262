package simulation

import (
	"testing"
	"testing/synctest"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/store"
)

// mutant is a way to break the product on purpose. The zero mutant breaks
// nothing.
type mutant struct {
	platform     func(function string, p *app.Platform) // changes the platform of a new process
	handlers     func(function string, a *app.App)      // changes the handlers of a new process
	noSweeper    bool
	noRepair     bool                      // a world ends before the daily repairs
	losesChanges bool                      // of the stream, although no repair finds them
	hidesChange  func(c store.Change) bool // selects changes that the stream leaves out
}

// scenario decides what happens in a world.
type scenario struct {
	seed   uint64
	mutant mutant
	trace  bool
	only   map[string]bool                             // as of injector
	script func(w *world) func(t *task, c *call) fault // as of injector
	story  func(w *world)                              // what people do; nil leaves it to the seed
}

// result is the outcome of a scenario.
type result struct {
	seed       uint64
	violations []string
	injected   []string
	trace      string
	duration   time.Duration // simulated
	calls      int
}

// simulate runs a scenario in a new world.
func simulate(t *testing.T, p scenario) (r result) {
	synctest.Test(t, func(*testing.T) {
		w := newWorld(p)
		story := p.story
		if story == nil {
			story = (*world).peopleAct
		}
		w.run(story)
		r = result{seed: p.seed, violations: w.violations, injected: w.faults.injected, duration: w.now, calls: w.calls}
		if w.trace != nil {
			r.trace = w.trace.String()
		}
	})
	return r
}
