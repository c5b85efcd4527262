package admission

import (
	"context"
	"slices"
	"sync"
	"time"
)

// line lets so many requests work at a time, and has as many others wait as there
// is room. When one is done, accounts take turns, and within an account its
// callers: who asks once does not wait behind somebody's hundreds. When the room is
// full, it is the last of those who have the most there that has to leave.
type line struct {
	mu      sync.Mutex
	free    int // how many more may work
	room    int // how many more may wait
	waiting round
	began   time.Time // when the line did; zero if nobody waits
}

// waiter is a request that waits. It is sent nil when it may work, and errFull when
// it has to leave.
type waiter struct{ told chan error }

// round is those who wait, by name: either others' rounds or requests.
type round struct {
	name  string
	turns []*round // whose turn is next is first; none is empty
	line  []*waiter
}

func newLine(atWork, waiting int) *line { return &line{free: atWork, room: waiting} }

// enter waits until a request may work, and must be followed by leave then. The
// error is errFull, or that of ctx.
func (l *line) enter(ctx context.Context, account, caller string) error {
	l.mu.Lock()
	if l.free > 0 {
		l.free--
		l.mu.Unlock()
		return nil
	}
	if l.room == 0 {
		worst := l.waiting.longest(account, caller)
		if worst == nil {
			l.mu.Unlock()
			return errFull
		}
		l.drop(worst, errFull)
	}
	w := &waiter{make(chan error, 1)}
	of := l.waiting.of(account).of(caller)
	of.line = append(of.line, w)
	l.room--
	if l.began.IsZero() {
		l.began = time.Now()
	}
	l.mu.Unlock()

	select {
	case err := <-w.told:
		return err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case err := <-w.told: // just now
		if err == nil {
			l.next()
		}
	default:
		l.drop(w, nil)
	}
	return ctx.Err()
}

// takes reports whether a request would find a place now: at work, in the room, or that
// of somebody who has more there.
func (l *line) takes(account, caller string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.free > 0 || l.room > 0 || l.waiting.longest(account, caller) != nil
}

// leave lets the next one work.
func (l *line) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next()
}

func (l *line) next() {
	w := l.waiting.take()
	if w == nil {
		l.free++
		return
	}
	l.left(w, nil)
}

// left lets a waiter know why it is out.
func (l *line) left(w *waiter, why error) {
	if l.room++; l.waiting.size() == 0 {
		l.began = time.Time{}
	}
	w.told <- why
}

// lasts is for how long somebody has been waiting without a break; 0 if nobody waits.
func (l *line) lasts() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began.IsZero() {
		return 0
	}
	return time.Since(l.began)
}

// drop takes a waiter out.
func (l *line) drop(w *waiter, why error) {
	if l.waiting.remove(w) {
		l.left(w, why)
	}
}

// of returns the round of a name, which is last if it is new.
func (r *round) of(name string) *round {
	for _, t := range r.turns {
		if t.name == name {
			return t
		}
	}
	t := &round{name: name}
	r.turns = append(r.turns, t)
	return t
}

// take takes out the request whose turn it is; nil if there is none.
func (r *round) take() *waiter {
	if len(r.turns) == 0 {
		if len(r.line) == 0 {
			return nil
		}
		w := r.line[0]
		r.line = r.line[1:]
		return w
	}
	first := r.turns[0]
	w := first.take()
	r.turns = r.turns[1:]
	if first.size() > 0 {
		r.turns = append(r.turns, first)
	}
	return w
}

// remove takes out a request, and reports whether it was there.
func (r *round) remove(w *waiter) bool {
	if i := slices.Index(r.line, w); i >= 0 {
		r.line = slices.Delete(r.line, i, i+1)
		return true
	}
	for i, t := range r.turns {
		if t.remove(w) {
			if t.size() == 0 {
				r.turns = slices.Delete(r.turns, i, i+1)
			}
			return true
		}
	}
	return false
}

func (r *round) size() int {
	n := len(r.line)
	for _, t := range r.turns {
		n += t.size()
	}
	return n
}

// longest returns the last request of those who have the most, unless they are
// those named, of whom there would be as many then.
func (r *round) longest(names ...string) *waiter {
	if len(r.turns) == 0 {
		if len(r.line) == 0 || len(names) > 0 {
			return nil
		}
		return r.line[len(r.line)-1]
	}
	most, own := r.turns[0], 0
	for _, t := range r.turns {
		if t.size() > most.size() {
			most = t
		}
		if len(names) > 0 && t.name == names[0] {
			own = t.size()
		}
	}
	switch {
	case len(names) == 0, most.size() > own+1:
		return most.longest()
	case len(names) > 1:
		for _, t := range r.turns { // who is among equals, is so within its own account at best
			if t.name == names[0] {
				return t.longest(names[1:]...)
			}
		}
	}
	return nil
}
