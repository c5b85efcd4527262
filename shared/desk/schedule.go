package desk

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Add returns the earliest instant by which d of the schedule's working time
// has passed since from, in UTC. Days are those of the schedule's zone, or
// of defaultZone, with their changes of summer time; nobody works on
// holidays. A schedule that is wrong, a negative d, and a d that takes more
// than about a century are *InvalidErrors.
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

// checkDuration reports why d cannot be counted by c.
func (c *calendar) checkDuration(field string, d time.Duration) error {
	if d < 0 {
		return &InvalidError{Field: field, Problem: "a duration is negative", Remedy: "use zero or more; zero promises nothing"}
	}
	if !c.reaches(d) {
		return &InvalidError{Field: field, Problem: "so much working time does not pass in a century",
			Remedy: "shorten the duration or add hours to the schedule"}
	}
	return nil
}

// calendar makes sch ready for counting, or reports all that is wrong with
// it as *InvalidErrors below field.
func (sch Schedule) calendar(field, defaultZone string) (*calendar, error) {
	c := &calendar{off: map[int64]struct{}{}}
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
			errs.add(at, "hours overlap others of the same day", "join them into one span")
			continue
		}
		c.spans[h.Day] = append(c.spans[h.Day], s)
	}
	for i, date := range sch.Holidays {
		t, err := time.Parse(time.DateOnly, date)
		if err != nil {
			errs.add(fmt.Sprintf("%s.holidays[%d]", field, i), fmt.Sprintf("%.20q is not a date", date), "write it as 2006-01-02")
			continue
		}
		c.off[floorDiv(t.Unix(), day)] = struct{}{}
	}
	if err := errs.join(); err != nil {
		return nil, err
	}
	if len(sch.Weekly) == 0 {
		c.always = len(c.off) == 0
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

// span reads h.
func (h Hours) span(field string) (span, error) {
	if h.Day < time.Sunday || h.Day > time.Saturday {
		return span{}, &InvalidError{Field: field + ".day", Problem: fmt.Sprintf("%d is not a weekday", int(h.Day)),
			Remedy: "use 0 for Sunday to 6 for Saturday"}
	}
	from, errFrom := wallTime(field+".from", h.From)
	to, errTo := wallTime(field+".to", h.To)
	if err := errors.Join(errFrom, errTo); err != nil {
		return span{}, err
	}
	if from >= to {
		return span{}, &InvalidError{Field: field, Problem: fmt.Sprintf("work ends at %s and starts at %s", h.To, h.From),
			Remedy: "let hours end after they start; split a night shift at 24:00"}
	}
	return span{from, to}, nil
}

// wallTime reads "15:04" or "24:00" as seconds since midnight.
func wallTime(field, s string) (int64, error) {
	if s == "24:00" {
		return day, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, &InvalidError{Field: field, Problem: fmt.Sprintf("%.20q is not a time of day", s), Remedy: "write it as 09:00"}
	}
	return int64(t.Hour()*60+t.Minute()) * 60, nil
}
