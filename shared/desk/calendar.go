package desk

import (
	"math"
	"time"
	_ "time/tzdata" // due times must not depend on the zones a machine happens to have
)

const (
	day        = 24 * 60 * 60 // seconds of the wall clock
	reachWeeks = 100 * 53     // no due time lies further away than about a century
)

// span is one stretch of work in seconds of the wall clock since midnight.
type span struct{ from, to int64 }

// calendar is a Schedule made ready for counting.
type calendar struct {
	zone   *time.Location
	always bool               // around the clock, without holidays
	spans  [7][]span          // by weekday, in order
	off    map[int64]struct{} // holidays, as days since 1970-01-01
	week   time.Duration      // working time of a week without holidays, never zero
}

// reaches reports whether d of working time passes within about a century
// from anywhere. It bounds the days that add looks at.
func (c *calendar) reaches(d time.Duration) bool {
	if c.always {
		return true
	}
	return int64(d/c.week)+int64(len(c.off)) < reachWeeks
}

// add returns the earliest instant by which d of working time has passed
// since from, in UTC. The caller has asked reaches.
func (c *calendar) add(from time.Time, d time.Duration) time.Time {
	from = from.UTC()
	if c.always || d <= 0 {
		return from.Add(d)
	}
	since, nanos := from.Unix(), time.Duration(from.Nanosecond())
	p := c.period(since)
	today := floorDiv(since+p.offset, day)
	// The wall clock may have passed a boundary of today before the present
	// period of the zone began. No zone is 16 hours away from UTC.
	if early := today*day - 16*60*60; early < p.from {
		p = c.period(early)
	}
	for ; ; today++ {
		if _, ok := c.off[today]; ok {
			continue
		}
		for _, s := range c.spans[floorMod(today+int64(time.Thursday), 7)] {
			begin, end := c.instant(today*day+s.from, &p), c.instant(today*day+s.to, &p)
			if end <= since {
				continue
			}
			start := from
			work := time.Duration(end-since)*time.Second - nanos
			if begin > since {
				start, work = time.Unix(begin, 0).UTC(), time.Duration(end-begin)*time.Second
			}
			if d <= work {
				return start.Add(d)
			}
			d -= work
		}
	}
}

// period is a stretch of time in which a zone keeps its distance to UTC, all
// in Unix seconds; to is exclusive.
type period struct{ from, to, offset int64 }

// period returns the one that contains the Unix second u.
func (c *calendar) period(u int64) period {
	t := time.Unix(u, 0).In(c.zone)
	_, offset := t.Zone()
	p := period{math.MinInt64, math.MaxInt64, int64(offset)}
	from, to := t.ZoneBounds()
	if !from.IsZero() {
		p.from = from.Unix()
	}
	if !to.IsZero() {
		// In the far future Go ends the last day of leap years before it began
		// (golang/go#81583). A step forward, whatever it says, ends the search.
		p.to = max(to.Unix(), u+60*60)
	}
	return p
}

// instant returns the first Unix second at which the wall clock shows wall
// or later. So a time that summer time skips is the moment of the change,
// and of a time that comes twice it is the first. It starts at p, which must
// not be later than the answer, and moves p on: walls are asked in order.
func (c *calendar) instant(wall int64, p *period) int64 {
	for {
		if u := max(wall-p.offset, p.from); u < p.to {
			return u
		}
		*p = c.period(p.to)
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
