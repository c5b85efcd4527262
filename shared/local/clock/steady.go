package clock

import (
	"sync"
	"time"
)

// Steady returns a clock that never goes back, and starts no earlier than
// floor. When c is put back, the steady clock goes on from where it is, slower
// by an eighth until c has caught up with it. When c jumps ahead, as after the
// computer's sleep, the steady clock does too.
func (c Clock) Steady(floor time.Time) Clock {
	start := c.Now()
	s := &steady{
		wall: func() time.Time { return c.Now().Round(0) },
		// Times of package time know how long ago another was, whatever was
		// done to the wall clock since; others do not.
		elapsed: func() time.Duration { return c.Now().Sub(start) },
		ahead:   max(floor.Sub(start.Round(0)), 0),
	}
	return Clock{Time: s.now}
}

type steady struct {
	wall    func() time.Time     // jumps when it is set
	elapsed func() time.Duration // since the start; does not jump

	mu          sync.Mutex
	ahead       time.Duration // of the wall clock
	lastWall    time.Time
	lastElapsed time.Duration
	latest      time.Time // that was told: steps back that are too small to be a jump are waited for
}

const (
	// tolerance is how much the two clocks may differ because one is read
	// after the other.
	tolerance = 100 * time.Millisecond
	// slowdown is the part of the time that a clock that is ahead loses: little
	// enough for who measures with it, and yet it makes up for an hour in a
	// working day.
	slowdown = 8
)

func (s *steady) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall, elapsed := s.wall(), s.elapsed()
	if !s.lastWall.IsZero() {
		s.adjust(wall.Sub(s.lastWall), elapsed-s.lastElapsed)
	}
	s.lastWall, s.lastElapsed = wall, elapsed
	if t := wall.Add(s.ahead); t.After(s.latest) {
		s.latest = t
	}
	return s.latest
}

// adjust changes ahead after some time has passed, in which the wall clock
// advanced by another.
func (s *steady) adjust(advanced, passed time.Duration) {
	switch jump := advanced - passed; {
	case jump < -tolerance: // put back
		s.ahead -= jump
	case jump > tolerance: // put forward: perhaps after it was put back
		s.ahead -= min(s.ahead, jump)
	}
	s.ahead -= min(s.ahead, max(passed, 0)/slowdown)
}
