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
	// below changes what lies below a function's new process.
	below func(function string, b *app.Platform)
	// handlers changes the handlers of a new process.
	handlers func(function string, h *app.App)
	// sweepless does not sweep.
	sweepless bool
	// unstreamed, if not nil, says which changes the stream does not report.
	unstreamed func(c store.Change) bool
}

// plan is what a world is made of.
type plan struct {
	seed   uint64
	mutant mutant
	trace  bool
	only   map[string]bool                            // as of faults
	script func(w *world) func(t *task, c *call) fate // as of faults
	story  func(w *world)                             // what people do, instead of what the seed says
}

// result is what came of a world.
type result struct {
	seed   uint64
	broken []string
	faults []string
	trace  string
	lasted time.Duration // simulated
	calls  int
}

// live makes a world and lives through it.
func live(t *testing.T, p plan) (r result) {
	synctest.Test(t, func(*testing.T) {
		w := newWorld(p)
		story := p.story
		if story == nil {
			story = (*world).story
		}
		w.run(story)
		r = result{seed: p.seed, broken: w.broken, faults: w.faults.struck, lasted: w.now, calls: w.made}
		if w.trace != nil {
			r.trace = w.trace.String()
		}
	})
	return r
}
