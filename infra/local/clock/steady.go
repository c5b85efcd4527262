package clock

import (
	"sync"
	"time"
)

// Steady is a clock that is not put back. When the computer's clock is, the
// steady one goes on from where it is; when it jumps ahead, as after a sleep,
// the steady one does too. Times of different processes may still run
// backwards.
func (c Clock) Steady() Clock {
	now := c.Now
	start := now()
	s := &steady{
		wall: func() time.Time { return now().Round(0) },
		// Times of package time tell how long ago another was, whatever the
		// computer's clock says now; others do not.
		since: func() time.Duration { return now().Sub(start) },
	}
	c.Time = s.now
	return c
}

type steady struct {
	wall  func() time.Time
	since func() time.Duration // a start

	mu        sync.Mutex
	ahead     time.Duration // of wall
	lastWall  time.Time
	lastSince time.Duration
}

// slack is what may come from reading two clocks, one after the other.
const slack = 100 * time.Millisecond

func (s *steady) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall, since := s.wall(), s.since()
	if !s.lastWall.IsZero() {
		if back := (since - s.lastSince) - wall.Sub(s.lastWall); back > slack {
			s.ahead += back
		}
	}
	s.lastWall, s.lastSince = wall, since
	return wall.Add(s.ahead)
}
