package simulation

import (
	"context"
	"slices"
	"sync"
	"testing/synctest"
	"time"
)

// task is running product code: an invocation of a function, or a request to
// the API.
type task struct {
	invocation
	random random
	calls  int           // so far
	onEnd  func(outcome) // called once

	mu      sync.Mutex
	blocked []*call // calls made since the task last ran
	dead    bool
	done    bool
	cancel  context.CancelFunc

	scheduled      []*call // blocked calls whose fault is chosen
	suspended      bool    // its caller has given up on it, but it goes on later
	suspendedUntil time.Duration
}

type taskKey struct{}

// taskOf returns the task that runs with ctx, or nil.
func taskOf(ctx context.Context) *task {
	t, _ := ctx.Value(taskKey{}).(*task)
	return t
}

// outcome is how a task ended, as its caller sees it.
type outcome byte

const (
	returned outcome = iota
	crashed
	abandoned // the caller has given up; the task may go on
)

// end reports the outcome to the caller, once.
func (t *task) end(how outcome) {
	if onEnd := t.onEnd; onEnd != nil {
		t.onEnd = nil
		onEnd(how)
	}
}

// start starts a task and runs it until its first calls block.
func (s *scheduler) start(i invocation, run func(context.Context), onEnd func(outcome)) *task {
	ctx, cancel := context.WithCancel(context.Background())
	t := &task{invocation: i, random: newRandom(s.seed, i.name), onEnd: onEnd, cancel: cancel}
	ctx = context.WithValue(ctx, taskKey{}, t)
	s.tasks++
	go func() {
		run(ctx)
		t.mu.Lock()
		t.done = true
		t.mu.Unlock()
	}()
	s.runUntilBlocked(t)
	return t
}

// runUntilBlocked waits until all of a task's goroutines are blocked, and
// schedules their calls.
func (s *scheduler) runUntilBlocked(t *task) {
	synctest.Wait()
	t.mu.Lock()
	calls, done := t.blocked, t.done
	t.blocked = nil
	t.mu.Unlock()
	slices.SortStableFunc(calls, func(a, b *call) int { return a.op.compare(b.op) })
	if done {
		s.tasks--
		t.cancel()
		t.end(returned)
		return
	}
	s.schedule(t, calls)
}

// schedule chooses the time and the fault of each call. Calls without a fault
// are mostly made together.
func (s *scheduler) schedule(t *task, calls []*call) {
	t.scheduled = append(t.scheduled, calls...)
	var together []*call
	latency := t.latency()
	for _, c := range calls {
		t.calls++
		c.n = t.calls
		if c.fault = s.faults.choose(s, t, c); c.fault == suspended {
			s.suspend(t)
			c.fault = noFault
		}
		if c.fault == noFault && c.slow == 0 && !t.random.perMille(60) {
			together = append(together, c)
			continue
		}
		s.after(s.afterSuspension(t, t.latency())+c.slow, func() { s.perform(t, []*call{c}) })
	}
	if len(together) > 0 {
		s.after(s.afterSuspension(t, latency), func() { s.perform(t, together) })
	}
}

// suspend stops a task for a minute or so; meanwhile its caller gives up on it.
func (s *scheduler) suspend(t *task) {
	t.suspended = true
	t.suspendedUntil = s.now + t.random.between(50*time.Second, 100*time.Second)
	s.after(t.random.between(time.Second, 30*time.Second), func() { t.end(abandoned) })
}

// latency draws how long a call takes.
func (t *task) latency() time.Duration {
	if t.random.perMille(30) {
		return t.random.between(5*time.Millisecond, 300*time.Millisecond)
	}
	return t.random.between(200*time.Microsecond, 5*time.Millisecond)
}

// afterSuspension adds to d what is left of the task's suspension.
func (s *scheduler) afterSuspension(t *task, d time.Duration) time.Duration {
	return max(t.suspendedUntil-s.now, 0) + d
}

// perform makes calls and resumes their task.
func (s *scheduler) perform(t *task, calls []*call) {
	calls = slices.DeleteFunc(calls, func(c *call) bool { return c.answered })
	if len(calls) == 0 {
		return
	}
	if left := t.suspendedUntil - s.now; left > 0 { // suspended in the meantime
		s.after(left, func() { s.perform(t, calls) })
		return
	}
	for _, c := range calls {
		s.doCall(t, c)
		if t.dead {
			s.unwind(t)
			return
		}
	}
	for _, c := range calls {
		t.answer(c)
	}
	s.runUntilBlocked(t)
}

// kill ends a task: no further call of it is made or returns.
func (s *scheduler) kill(t *task) {
	if t.done || t.dead {
		return
	}
	t.markDead()
	s.unwind(t)
}

// unwind fails a dead task's calls, so that its goroutines end.
func (s *scheduler) unwind(t *task) {
	t.cancel()
	for _, c := range t.scheduled {
		if !c.answered {
			c.err = errDead
			c.answered = true
			close(c.reply)
		}
	}
	t.scheduled = nil
	synctest.Wait()
	s.tasks--
	if !t.done {
		panic("simulation: " + t.name + " runs after its process has died")
	}
	t.end(crashed)
}

func (t *task) answer(c *call) {
	c.answered = true
	t.scheduled = slices.DeleteFunc(t.scheduled, func(w *call) bool { return w == c })
	close(c.reply)
}
