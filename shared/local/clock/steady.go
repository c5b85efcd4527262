package clock

import (
	"sync"
	"time"
)

// Steady is a clock that is not put back, and begins no earlier than floor,
// the latest time that a process before this one is known to have told. When
// the computer's clock is put back, the steady one goes on from where it is,
// an eighth slower until the computer's has caught up; when that jumps ahead,
// as after a sleep, the steady one does too.
func (c Clock) Steady(floor time.Time) Clock {
	now := c.Now
	start := now()
	s := &steady{
		wall: func() time.Time { return now().Round(0) },
		// Times of package time tell how long ago another was, whatever the
		// computer's clock says now; others do not.
		since: func() time.Duration { return now().Sub(start) },
		ahead: max(floor.Sub(start.Round(0)), 0),
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
	told      time.Time // the latest that was told: small steps back are waited for
}

const (
	// slack is what may come from reading two clocks, one after the other.
	slack = 100 * time.Millisecond
	// slower is the part by which a clock that is ahead is slower: little
	// enough for who measures with it, and yet an hour is made up for in a
	// working day.
	slower = 8
)

func (s *steady) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall, since := s.wall(), s.since()
	if !s.lastWall.IsZero() {
		went := since - s.lastSince
		switch jump := wall.Sub(s.lastWall) - went; {
		case jump < -slack:
			s.ahead -= jump
		case jump > slack: // perhaps it was put right again
			s.ahead -= min(s.ahead, jump)
		}
		s.ahead -= min(s.ahead, max(went, 0)/slower)
	}
	s.lastWall, s.lastSince = wall, since
	if t := wall.Add(s.ahead); t.After(s.told) {
		s.told = t
	}
	return s.told
}
