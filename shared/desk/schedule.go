package desk

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	_ "time/tzdata" // due times must not depend on the zones that a machine has installed
)

// Schedule is the working time of a team. Without weekly hours it works around
// the clock.
type Schedule struct {
	Zone     string // IANA time zone; "" means the account's
	Weekly   []Hours
	Holidays []string // days off, such as "2006-01-02", in Zone
}

// Hours is one period of work in a week.
type Hours struct {
	Day  time.Weekday
	From string // "09:00"
	To   string // "17:00"; "24:00" is the end of the day
}

// Add returns the earliest time, in UTC, at which d of working time has passed
// since from. Days follow the schedule's zone, or defaultZone if it has none,
// including changes of daylight saving time. An invalid schedule, a negative d
// and a d that takes more than about a century are *InvalidErrors.
func (sch Schedule) Add(from time.Time, d time.Duration, defaultZone string) (time.Time, error) {
	c, err := sch.calendar("schedule", defaultZone)
	if err != nil {
		return time.Time{}, err
	}
	if err := c.checkDuration("duration", d); err != nil {
		return time.Time{}, err
	}
	return c.add(from, d), nil
}

// checkDuration returns an *InvalidError if d is negative or too long.
func (c *calendar) checkDuration(field string, d time.Duration) error {
	if d < 0 {
		return &InvalidError{Field: field, Code: CodeNegative, Problem: "the duration is negative", Remedy: "use zero or more; zero means no promise"}
	}
	if !c.withinReach(d) {
		return &InvalidError{Field: field, Code: CodeTooLong, Problem: "the duration exceeds 100 years of working time",
			Remedy: "shorten the duration or add hours to the schedule"}
	}
	return nil
}

// calendar returns the calendar of sch, or all errors in sch as *InvalidErrors,
// joined, with paths below field.
func (sch Schedule) calendar(field, defaultZone string) (*calendar, error) {
	c := &calendar{holidays: map[int64]struct{}{}}
	var errs problems
	c.zone = errs.zone(field+".zone", sch.Zone, defaultZone)
	for i, h := range sch.Weekly {
		at := fmt.Sprintf("%s.weekly[%d]", field, i)
		s, err := h.span(at)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if slices.ContainsFunc(c.spans[h.Day], func(o span) bool { return s.from < o.to && o.from < s.to }) {
			errs.add(at, CodeOverlap, nil, "the hours overlap with others on the same day", "combine them")
			continue
		}
		c.spans[h.Day] = append(c.spans[h.Day], s)
	}
	for i, date := range sch.Holidays {
		t, err := time.Parse(time.DateOnly, date)
		if err != nil {
			errs.add(fmt.Sprintf("%s.holidays[%d]", field, i), CodeNotADate, Params{"value": Truncate(date, 20)},
				fmt.Sprintf("%.20q is not a date", date), "use the form 2006-01-02")
			continue
		}
		c.holidays[floorDiv(t.Unix(), day)] = struct{}{}
	}
	if err := errs.join(); err != nil {
		return nil, err
	}
	if len(sch.Weekly) == 0 {
		c.always = len(c.holidays) == 0
		for d := range c.spans {
			c.spans[d] = []span{{0, day}}
		}
	}
	for d := range c.spans {
		slices.SortFunc(c.spans[d], func(a, b span) int { return int(a.from - b.from) })
		for _, s := range c.spans[d] {
			c.week += time.Duration(s.to-s.from) * time.Second
		}
	}
	return c, nil
}

// span returns the working time of h, or an *InvalidError.
func (h Hours) span(field string) (span, error) {
	if h.Day < time.Sunday || h.Day > time.Saturday {
		return span{}, &InvalidError{Field: field + ".day", Code: CodeNotAWeekday, Params: Params{"value": strconv.Itoa(int(h.Day))},
			Problem: fmt.Sprintf("%d is not a weekday", int(h.Day)),
			Remedy:  "use 0 for Sunday to 6 for Saturday"}
	}
	from, errFrom := wallTime(field+".from", h.From)
	to, errTo := wallTime(field+".to", h.To)
	if err := errors.Join(errFrom, errTo); err != nil {
		return span{}, err
	}
	if from >= to {
		return span{}, &InvalidError{Field: field, Code: CodeReversed, Params: Params{"from": h.From, "to": h.To},
			Problem: fmt.Sprintf("the hours start at %s but end at %s", h.From, h.To),
			Remedy:  "make them end later than they start; split a night shift at 24:00"}
	}
	return span{from, to}, nil
}

// wallTime converts a time of day such as "15:04", or "24:00", to seconds since
// midnight.
func wallTime(field, s string) (int64, error) {
	if s == "24:00" {
		return day, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, &InvalidError{Field: field, Code: CodeNotATimeOfDay, Params: Params{"value": Truncate(s, 20)},
			Problem: fmt.Sprintf("%.20q is not a time of day", s), Remedy: "use the form 09:00"}
	}
	return int64(t.Hour()*60+t.Minute()) * 60, nil
}

const (
	day      = 24 * 60 * 60 // seconds of the wall clock
	maxWeeks = 100 * 53     // limit of due times: about a century ahead
)

// span is one period of work, in seconds of the wall clock since midnight.
type span struct{ from, to int64 }

// calendar is a Schedule prepared for counting working time.
type calendar struct {
	zone     *time.Location
	always   bool               // around the clock, without holidays
	spans    [7][]span          // by weekday, in order
	holidays map[int64]struct{} // holidays, as days since 1970-01-01
	week     time.Duration      // working time of a week without holidays, never zero
}

// withinReach reports whether d of working time passes within about a century,
// whatever the start. This limits the days that add visits.
func (c *calendar) withinReach(d time.Duration) bool {
	if c.always {
		return true
	}
	return int64(d/c.week)+int64(len(c.holidays)) < maxWeeks
}

// add returns the earliest time, in UTC, at which d of working time has passed
// since from. Callers must check withinReach first.
func (c *calendar) add(from time.Time, d time.Duration) time.Time {
	from = from.UTC()
	if c.always || d <= 0 {
		return from.Add(d)
	}
	since, nanos := from.Unix(), time.Duration(from.Nanosecond())
	p := c.period(since)
	today := floorDiv(since+p.offset, day)
	// The wall clock may have passed a boundary of today before the current
	// period of the zone began. No zone differs from UTC by 16 hours.
	if early := today*day - 16*60*60; early < p.from {
		p = c.period(early)
	}
	for ; ; today++ {
		if _, ok := c.holidays[today]; ok {
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

// period is a range of time in which a zone keeps the same offset from UTC, in
// Unix seconds; to is exclusive.
type period struct{ from, to, offset int64 }

// period returns the period that contains the Unix second u.
func (c *calendar) period(u int64) period {
	t := time.Unix(u, 0).In(c.zone)
	_, offset := t.Zone()
	p := period{math.MinInt64, math.MaxInt64, int64(offset)}
	from, to := t.ZoneBounds()
	if !from.IsZero() {
		p.from = from.Unix()
	}
	if !to.IsZero() {
		// In the far future, Go says that the last day of a leap year ends before
		// it began (golang/go#81583). Always stepping forward ends the search.
		p.to = max(to.Unix(), u+60*60)
	}
	return p
}

// instant returns the first Unix second at which the wall clock shows wall or
// later. For a time that daylight saving time skips, that is the moment of the
// change; for a time that occurs twice, the first occurrence. The search
// starts at p, which must not be later than the result, and advances p, so
// calls must be in the order of wall.
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
