package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSteady(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	wall, since := start, time.Duration(0)
	s := &steady{wall: func() time.Time { return wall }, elapsed: func() time.Duration { return since }}
	want := start
	for _, step := range []struct{ wall, since, want time.Duration }{
		{0, 0, 0},
		{time.Second, time.Second, time.Second},
		{time.Second - tolerance/2, time.Second, time.Second - tolerance/2}, // no jump
		{-time.Hour, 8 * time.Second, 7 * time.Second},                      // put back
		{time.Minute, time.Minute, time.Minute * 7 / 8},                     // goes on, slower
		{8 * time.Hour, 8 * time.Hour, 7*time.Hour + time.Second/2},         // has caught up
		{8 * time.Hour, time.Second, 8 * time.Hour},                         // slept
		{-time.Hour, 0, 0},        // put back
		{time.Hour, 0, 0},         // and right again
		{time.Hour, 0, time.Hour}, // and wrong
	} {
		wall, since, want = wall.Add(step.wall), since+step.since, want.Add(step.want)
		if got := s.now(); !got.Equal(want) {
			t.Errorf("after %+v it is %v, want %v", step, got, want)
		}
	}
}

func TestSteadyBeginsAtTheFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		if got := (Clock{}).Steady(now.Add(-time.Hour)).Now(); !got.Equal(now) {
			t.Errorf("with a floor in the past it is %v, want %v", got, now)
		}
		c := Clock{}.Steady(now.Add(time.Hour))
		if got := c.Now(); !got.Equal(now.Add(time.Hour)) {
			t.Errorf("with a floor in the future it is %v, want %v", got, now.Add(time.Hour))
		}
		for range 9 {
			time.Sleep(time.Hour)
			c.Now()
		}
		if got := c.Now(); !got.Equal(time.Now()) {
			t.Errorf("nine hours later it is %v, want %v", got, time.Now())
		}
	})
}

func TestSteadyIsTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Clock{}.Steady(time.Time{})
		for range 3 {
			if !c.Now().Equal(time.Now()) {
				t.Errorf("it is %v, not %v", c.Now(), time.Now())
			}
			time.Sleep(time.Hour)
		}
		now := time.Now()
		c = Clock{Time: func() time.Time { return now }}.Steady(time.Time{})
		now = now.Add(-time.Hour)
		if got := c.Now(); got.After(now.Add(time.Hour)) {
			t.Errorf("it is %v", got)
		}
	})
}
