package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSteady(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	wall, since := start, time.Duration(0)
	s := &steady{wall: func() time.Time { return wall }, since: func() time.Duration { return since }}
	want := start
	for _, step := range []struct{ wall, since, want time.Duration }{
		{0, 0, 0},
		{time.Second, time.Second, time.Second},
		{-time.Hour, time.Second, time.Second},                      // put back
		{time.Minute, time.Minute, time.Minute},                     // goes on
		{8 * time.Hour, time.Second, 8 * time.Hour},                 // slept
		{-time.Minute, 0, time.Minute * 0},                          // put back again
		{time.Second - slack/2, time.Second, time.Second - slack/2}, // no jump
	} {
		wall, since, want = wall.Add(step.wall), since+step.since, want.Add(step.want)
		if got := s.now(); !got.Equal(want) {
			t.Errorf("after %+v it is %v, want %v", step, got, want)
		}
	}
}

func TestSteadyIsTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Clock{}.Steady()
		for range 3 {
			if !c.Now().Equal(time.Now()) {
				t.Errorf("it is %v, not %v", c.Now(), time.Now())
			}
			time.Sleep(time.Hour)
		}
		now := time.Now()
		c = Clock{Time: func() time.Time { return now }}.Steady()
		now = now.Add(-time.Hour)
		if got := c.Now(); got.After(now.Add(time.Hour)) {
			t.Errorf("it is %v", got)
		}
	})
}
