package desk

import (
	"cmp"
	"slices"
	"time"
)

const (
	quietWindows = 3             // so many are recommended
	quietHoursIn = 3             // so many hours each
	weekHours    = 7 * 24        //
	sunday       = 3 * 24 * 3600 // Unix second at which the first Sunday began, 1970-01-04
)

// Window is a recommended time to start a move (R11).
type Window struct {
	Start    time.Time // its next occurrence, in the account's zone
	End      time.Time
	Messages int64 // taken in during this window of the week, in all of the history
}

// quietHours returns the quietest windows of the week that do not overlap,
// the quietest first and of equal ones the next; none without history. Hours
// of the week are those of UTC; only their names are the account's, so a
// window can be an hour off on the other side of a change of summer time.
func quietHours(hourly [weekHours]int64, zone string, now time.Time) []Window {
	if hourly == ([weekHours]int64{}) {
		return nil
	}
	var ignored problems // a wrong zone is a blocker; UTC serves until then
	in := ignored.zone("zone", zone)
	windows := make([]Window, weekHours)
	for hour := range windows {
		start := nextHour(hour, now).In(in)
		windows[hour] = Window{Start: start, End: start.Add(quietHoursIn * time.Hour)}
		for i := range quietHoursIn {
			windows[hour].Messages += hourly[(hour+i)%weekHours]
		}
	}
	slices.SortFunc(windows, func(a, b Window) int {
		return cmp.Or(cmp.Compare(a.Messages, b.Messages), a.Start.Compare(b.Start))
	})
	var best []Window
	for _, w := range windows {
		if len(best) < quietWindows && !slices.ContainsFunc(best, w.overlaps) {
			best = append(best, w)
		}
	}
	return best
}

// nextHour returns the start of the next UTC hour of the week at or after now.
func nextHour(hour int, now time.Time) time.Time {
	const week = weekHours * 3600
	start := int64(sunday + hour*3600)
	weeks := floorDiv(now.Unix()-start+week-1, week)
	next := time.Unix(start+weeks*week, 0)
	if next.Before(now) { // by less than a second
		next = next.Add(week * time.Second)
	}
	return next
}

// overlaps reports whether two windows share time in any week.
func (w Window) overlaps(o Window) bool {
	apart := w.Start.Sub(o.Start).Abs()
	return min(apart, weekHours*time.Hour-apart) < quietHoursIn*time.Hour
}
