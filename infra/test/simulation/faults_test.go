package simulation

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/store"
)

// fate is what befalls a call or an invocation.
type fate string

// The fates of calls.
const (
	fine        fate = ""
	crashBefore fate = "crash-before" // the process dies before the call
	crashAfter  fate = "crash-after"  // the process dies when it is done
	lost        fate = "answer-lost"  // done, but the answer is an error
	redone      fate = "redone"       // the answer was lost below, and the call made again
	throttle    fate = "throttle"     // not done, too busy
	timeout     fate = "timeout"      // not done, and nobody knows
	partial     fate = "partial"      // some of many writes are done
	slow        fate = "slow"         // done late
	asleep      fate = "zombie"       // given up by its caller; goes on after a minute
	stale       fate = "stale-read"   // an eventual read is old
)

// The fates of invocations, messages, shards, indexes and clocks.
const (
	refused   fate = "refused"    // the function is not run: too many requests
	service   fate = "service"    // the function is not run: its service fails
	unheard   fate = "unheard"    // the function has run, but its answer does not arrive
	twice     fate = "twice"      // run or delivered twice
	late      fate = "late"       // a message is delivered late
	stall     fate = "stall"      // a shard is not read for a while
	replay    fate = "replay"     // changes are delivered again after their success
	lateIndex fate = "late-index" // an index learns late of a change
	clockJump fate = "clock-jump" // a process has another time
	coldStart fate = "cold-start" // a process has ended between two invocations
)

var callFates = []fate{crashBefore, crashAfter, lost, redone, throttle, timeout, partial, slow, asleep}

// lostError says that nobody knows whether the call was done. It is temporary,
// as the errors of a client that has tried often enough are.
type lostError struct{}

func (lostError) Error() string   { return "no answer" }
func (lostError) Temporary() bool { return true }

// faults decides what befalls what.
type faults struct {
	rate map[fate]int // in 1,000 occasions
	// over is when faults end.
	over time.Duration
	// only, if not nil, names the faults that may strike.
	only map[string]bool
	// script, if not nil, decides on calls instead of rate.
	script func(t *task, c *call) fate
	struck []string // names of those that did, in order
}

// newFaults chooses how unkind a world is: some seeds know all kinds of
// faults, others few.
func newFaults(seed uint64, over time.Duration) *faults {
	c := newChance(seed, "faults")
	f := &faults{rate: map[fate]int{}, over: over}
	level := one(c, []int{5, 15, 30, 60})
	few := c.hit(300)
	for _, k := range callFates {
		if !few || c.hit(350) {
			f.rate[k] = 1 + c.IntN(level)
		}
	}
	f.rate[stale] = c.IntN(600)
	for _, k := range []fate{refused, service, unheard, twice, late, stall, replay, coldStart} {
		if !few || c.hit(350) {
			f.rate[k] = 5 + c.IntN(3*level)
		}
	}
	f.rate[lateIndex] = one(c, []int{0, 50, 300, 700})
	f.rate[clockJump] = c.IntN(200)
	return f
}

// strikes reports whether a fault strikes, and counts it.
func (f *faults) strikes(s *sim, k fate, c chance, name string) bool {
	if s.now >= f.over || !c.hit(f.rate[k]) {
		return false
	}
	return f.strike(s, k, name)
}

// strike counts a fault, unless it is not to strike.
func (f *faults) strike(s *sim, k fate, name string) bool {
	name += " " + string(k)
	if f.only != nil && !f.only[name] {
		return false
	}
	f.struck = append(f.struck, name)
	if s.trace != nil {
		s.log("FAULT %d %s", len(f.struck), name)
	}
	return true
}

// fate decides what befalls a call.
func (f *faults) fate(s *sim, t *task, c *call) fate {
	if f.script != nil {
		return f.script(t, c)
	}
	if s.now >= f.over {
		return fine
	}
	for _, k := range callFates {
		switch {
		case !t.chance.hit(f.rate[k]):
		case k == partial && c.many < 2, k == redone && !c.writes, k == lost && !c.writes && t.chance.hit(500), k == asleep && t.zombie:
		case f.strike(s, k, fmt.Sprintf("%s #%d", t.name, c.n)):
			if k == slow {
				c.slow = t.chance.span(100*time.Millisecond, 12*time.Second)
			}
			return k
		}
	}
	return fine
}

// make makes a call as its fate will have it. The task may be dead then.
func (s *sim) make(t *task, c *call) {
	s.made++
	if s.trace != nil {
		s.log("%s #%d %s %s", t.name, c.n, c.op, c.fate)
	}
	if err := c.ctx.Err(); err != nil && c.fate == fine {
		c.err = err
		return
	}
	switch c.fate {
	case crashBefore:
		s.die(t)
	case crashAfter:
		c.do(all)
		s.die(t)
	case lost:
		c.do(all)
		c.err = lostError{}
	case redone:
		c.do(all)
		c.do(all)
	case throttle:
		c.err = store.ErrThrottled
	case timeout:
		c.err = context.DeadlineExceeded
	case partial:
		odd := c.n % 2
		c.do(func(i int) bool { return i%2 == odd })
	default:
		c.do(all)
	}
}

// die marks a task as dead, whose goroutines wait.
func (s *sim) die(t *task) {
	t.mu.Lock()
	t.dead = true
	t.mu.Unlock()
}
