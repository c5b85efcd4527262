package simulation

import (
	"context"
	"fmt"
	"time"

	"deskmove/shared/store"
)

// fault is a kind of fault. Its text is part of a fault's name in the trace.
type fault string

// Faults of calls.
const (
	noFault     fault = ""
	crashBefore fault = "crash-before" // the process dies before the call
	crashAfter  fault = "crash-after"  // the process dies after the call
	answerLost  fault = "answer-lost"  // the call is made, but returns an error
	madeTwice   fault = "made-twice"   // the client has not seen the answer, and made the call again
	throttled   fault = "throttled"    // the call is not made
	timedOut    fault = "timed-out"    // the call is not made, which the caller cannot know
	partial     fault = "partial"      // some items of many are processed
	slow        fault = "slow"         // the call is made late
	suspended   fault = "suspended"    // the process stops for a minute, then goes on
	staleRead   fault = "stale-read"   // an eventual read returns old items
)

// Faults of invocations, messages, shards, indexes and clocks.
const (
	functionThrottled fault = "function-throttled" // too many requests: the function does not run
	functionFailed    fault = "function-failed"    // Lambda fails: the function does not run
	resultLost        fault = "result-lost"        // the function has run, but its result does not arrive
	runTwice          fault = "twice"              // a function runs twice, or a message is delivered twice
	messageLate       fault = "message-late"       // a message is delivered late
	shardStalled      fault = "shard-stalled"      // a shard is not read for a while
	changesReplayed   fault = "changes-replayed"   // changes are delivered again after they were processed
	changeLost        fault = "change-lost"        // a change is never delivered
	indexLate         fault = "index-late"         // an index shows a change late
	clockWrong        fault = "clock-wrong"        // a process has a wrong clock
	coldStart         fault = "cold-start"         // a process has ended between two invocations
)

var callFaults = []fault{crashBefore, crashAfter, answerLost, madeTwice, throttled, timedOut, partial, slow, suspended}

// noAnswerError leaves open whether the call was made. It is temporary, as the
// errors of a client that has run out of retries are.
type noAnswerError struct{}

func (noAnswerError) Error() string   { return "no answer" }
func (noAnswerError) Temporary() bool { return true }

// injector decides which faults are injected.
type injector struct {
	rate  map[fault]int // per 1,000 occasions
	until time.Duration // no faults after that
	// only, if not nil, names the faults that may be injected.
	only map[string]bool
	// script, if not nil, chooses the faults of calls instead of rate.
	script   func(t *task, c *call) fault
	injected []string // the names of the injected faults, in order
}

// newInjector draws the rates of faults. Some seeds have all kinds of faults,
// others few.
func newInjector(seed uint64, until time.Duration) *injector {
	c := newRandom(seed, "faults")
	f := &injector{rate: map[fault]int{}, until: until}
	level := pick(c, []int{5, 15, 30, 60})
	few := c.perMille(300)
	for _, k := range callFaults {
		if !few || c.perMille(350) {
			f.rate[k] = 1 + c.IntN(level)
		}
	}
	f.rate[staleRead] = c.IntN(600)
	for _, k := range []fault{functionThrottled, functionFailed, resultLost, runTwice, messageLate, shardStalled, changesReplayed, coldStart} {
		if !few || c.perMille(350) {
			f.rate[k] = 5 + c.IntN(3*level)
		}
	}
	if c.perMille(200) {
		f.rate[changeLost] = 1 + c.IntN(40)
	}
	f.rate[indexLate] = pick(c, []int{0, 50, 300, 700})
	f.rate[clockWrong] = c.IntN(200)
	return f
}

// injects draws whether a fault is injected, and records it.
func (f *injector) injects(s *scheduler, k fault, c random, name string) bool {
	if s.now >= f.until || !c.perMille(f.rate[k]) {
		return false
	}
	return f.inject(s, k, name)
}

// inject records a fault; it returns false if only does not name it.
func (f *injector) inject(s *scheduler, k fault, name string) bool {
	name += " " + string(k)
	if f.only != nil && !f.only[name] {
		return false
	}
	f.injected = append(f.injected, name)
	if s.trace != nil {
		s.log("FAULT %d %s", len(f.injected), name)
	}
	return true
}

// choose chooses the fault of a call.
func (f *injector) choose(s *scheduler, t *task, c *call) fault {
	if f.script != nil {
		return f.script(t, c)
	}
	if s.now >= f.until {
		return noFault
	}
	for _, k := range callFaults {
		switch {
		case !t.random.perMille(f.rate[k]):
		case k == partial && c.many < 2, k == madeTwice && !c.writes, k == answerLost && !c.writes && t.random.perMille(500), k == suspended && t.suspended:
		case f.inject(s, k, fmt.Sprintf("%s #%d", t.name, c.n)):
			if k == slow {
				c.slow = t.random.between(100*time.Millisecond, 12*time.Second)
			}
			return k
		}
	}
	return noFault
}

// doCall makes a call with its fault. The task may be dead after that.
func (s *scheduler) doCall(t *task, c *call) {
	s.calls++
	if s.trace != nil {
		s.log("%s #%d %s %s", t.name, c.n, c.op, c.fault)
	}
	if err := c.ctx.Err(); err != nil && c.fault == noFault {
		c.err = err
		return
	}
	switch c.fault {
	case crashBefore:
		t.markDead()
	case crashAfter:
		c.do(all)
		t.markDead()
	case answerLost:
		c.do(all)
		c.err = noAnswerError{}
	case madeTwice:
		c.do(all)
		c.do(all)
	case throttled:
		c.err = store.ErrThrottled
	case timedOut:
		c.err = context.DeadlineExceeded
	case partial:
		odd := c.n % 2
		c.do(func(i int) bool { return i%2 == odd })
	default:
		c.do(all)
	}
}

// markDead marks a task as dead. Its goroutines stay blocked.
func (t *task) markDead() {
	t.mu.Lock()
	t.dead = true
	t.mu.Unlock()
}
