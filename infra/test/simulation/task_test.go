package simulation

import (
	"context"
	"slices"
	"sync"
	"testing/synctest"
	"time"
)

// task is code of the product under way: an invocation of a function, or a
// request to the API.
type task struct {
	name   string
	chance chance
	calls  int               // so far
	ended  func(how outcome) // whoever waits for it hears it once

	mu     sync.Mutex
	parked []*call // since the task last ran
	dead   bool
	done   bool
	cancel context.CancelFunc

	waiting []*call // parked calls whose fate is settled
	zombie  bool
	frozen  time.Duration // until when a zombie sleeps
}

type taskKey struct{}

// outcome is how a task ended for whoever waits for it.
type outcome byte

const (
	answered outcome = iota
	crashed
	givenUp // it may go on
)

// tell tells whoever waits how it ended, once.
func (t *task) tell(how outcome) {
	if ended := t.ended; ended != nil {
		t.ended = nil
		ended(how)
	}
}

// start runs code until its first calls wait.
func (s *sim) start(name string, run func(context.Context), ended func(outcome)) *task {
	ctx, cancel := context.WithCancel(context.Background())
	t := &task{name: name, chance: newChance(s.seed, name), ended: ended, cancel: cancel}
	ctx = context.WithValue(ctx, taskKey{}, t)
	s.tasks++
	go func() {
		run(ctx)
		t.mu.Lock()
		t.done = true
		t.mu.Unlock()
	}()
	s.settle(t)
	return t
}

// settle waits until a task can do no more by itself, and plans its calls.
func (s *sim) settle(t *task) {
	synctest.Wait()
	t.mu.Lock()
	calls, done := t.parked, t.done
	t.parked = nil
	t.mu.Unlock()
	slices.SortStableFunc(calls, func(a, b *call) int { return a.op.compare(b.op) })
	if done {
		s.tasks--
		t.cancel()
		t.tell(answered)
		return
	}
	s.plan(t, calls)
}

// plan decides when calls that wait are made, and what befalls them. Those of
// one moment that nothing befalls are made together.
func (s *sim) plan(t *task, calls []*call) {
	t.waiting = append(t.waiting, calls...)
	var together []*call
	latency := t.latency()
	for _, c := range calls {
		t.calls++
		c.n = t.calls
		if c.fate = s.faults.fate(s, t, c); c.fate == asleep {
			s.sleep(t)
			c.fate = fine
		}
		if c.fate == fine && c.slow == 0 && !t.chance.hit(60) {
			together = append(together, c)
			continue
		}
		s.after(s.awake(t, t.latency())+c.slow, func() { s.perform(t, []*call{c}) })
	}
	if len(together) > 0 {
		s.after(s.awake(t, latency), func() { s.perform(t, together) })
	}
}

// sleep makes a task a zombie: its caller gives it up, but it goes on later.
func (s *sim) sleep(t *task) {
	t.zombie = true
	t.frozen = s.now + t.chance.span(50*time.Second, 100*time.Second)
	s.after(t.chance.span(time.Second, 30*time.Second), func() { t.tell(givenUp) })
}

// latency is how long a call usually takes.
func (t *task) latency() time.Duration {
	if t.chance.hit(30) {
		return t.chance.span(5*time.Millisecond, 300*time.Millisecond)
	}
	return t.chance.span(200*time.Microsecond, 5*time.Millisecond)
}

// awake is a span that begins when the task is awake.
func (s *sim) awake(t *task, d time.Duration) time.Duration {
	return max(t.frozen-s.now, 0) + d
}

// perform makes calls and lets their task go on.
func (s *sim) perform(t *task, calls []*call) {
	calls = slices.DeleteFunc(calls, func(c *call) bool { return c.answered })
	if len(calls) == 0 {
		return
	}
	if left := t.frozen - s.now; left > 0 { // it fell asleep meanwhile
		s.after(left, func() { s.perform(t, calls) })
		return
	}
	for _, c := range calls {
		s.make(t, c)
		if t.dead {
			s.bury(t)
			return
		}
	}
	for _, c := range calls {
		t.answer(c)
	}
	s.settle(t)
}

// kill ends a task: none of its calls is made or answered any more.
func (s *sim) kill(t *task) {
	if t.done || t.dead {
		return
	}
	t.mu.Lock()
	t.dead = true
	t.mu.Unlock()
	s.bury(t)
}

// bury lets a dead task's goroutines run to their end.
func (s *sim) bury(t *task) {
	t.cancel()
	for _, c := range t.waiting {
		if !c.answered {
			c.err = errDead
			c.answered = true
			close(c.reply)
		}
	}
	t.waiting = nil
	synctest.Wait()
	s.tasks--
	if !t.done {
		panic("simulation: " + t.name + " goes on after its death")
	}
	t.tell(crashed)
}

func (t *task) answer(c *call) {
	c.answered = true
	t.waiting = slices.DeleteFunc(t.waiting, func(w *call) bool { return w == c })
	close(c.reply)
}
