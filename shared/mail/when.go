package mail

import (
	"strings"
	"time"

	"deskmove/shared/mail/internal/date"
	"deskmove/shared/mail/note"
)

const (
	// skew is the tolerance for wrong clocks and zones of senders.
	skew = 48 * time.Hour
	// delay is the time between Date and arrival from which a note is added, and
	// how long a clock that was reset may go on.
	delay = 30 * 24 * time.Hour
)

// dawn returns the earliest date that is trusted: there was no mail before.
func dawn() time.Time { return time.Date(1965, 1, 1, 0, 0, 0, 0, time.UTC) }

// isReset reports whether t is what a clock shows in the weeks after it lost its time:
// it begins again in 1970 or 1980, in whatever zone.
func isReset(t time.Time) bool {
	for _, year := range []int{1970, 1980} {
		start := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		if t.After(start.Add(-skew)) && t.Before(start.Add(delay)) {
			return true
		}
	}
	return false
}

// clock decides which dates to trust, given the current time.
type clock struct{ now time.Time }

func (c clock) plausible(t time.Time) bool {
	return !t.Before(dawn()) && !isReset(t) && !c.isToCome(t)
}

func (c clock) isToCome(t time.Time) bool { return t.After(c.now.Add(skew)) }

// arrival returns the date of the newest Received header, which the recipient's
// own server wrote, otherwise that of the mbox "From " line; zero if neither is
// plausible.
func (c clock) arrival(received string, from time.Time) time.Time {
	if i := strings.LastIndexByte(received, ';'); i >= 0 {
		if t, _, err := date.Parse(received[i+1:]); err == nil && c.plausible(t) {
			return t.Truncate(time.Second)
		}
	}
	if c.plausible(from) {
		return from
	}
	return time.Time{}
}

// date returns the first plausible one of dates, otherwise the arrival, otherwise
// one that is at least past. A mail cannot have been written after it arrived, so
// the arrival replaces such a date. It may have been written long before: a
// moderator may have held it, or the mbox shows the time of the export. No date is
// before 1970.
func (c clock) date(dates []time.Time, arrival time.Time) (t time.Time, notes []note.Code) {
	switch t = first(dates, c.plausible); {
	case t.IsZero() && !arrival.IsZero():
		t, notes = arrival, []note.Code{note.DateArrival}
	case t.IsZero():
		if t = first(dates, func(t time.Time) bool { return !c.isToCome(t) }); t.IsZero() {
			return t, []note.Code{note.DateMissing}
		}
		notes = []note.Code{note.DateDoubtful}
	case arrival.IsZero():
	case t.After(arrival.Add(skew)):
		t, notes = arrival, []note.Code{note.DateAfterArrival}
	case t.Before(arrival.Add(-delay)):
		notes = []note.Code{note.DateLate}
	}
	if t.Unix() < 0 {
		return time.Unix(0, 0).UTC(), append(notes, note.DateEarly)
	}
	return t, notes
}

// first returns the first of dates that fits.
func first(dates []time.Time, fits func(time.Time) bool) time.Time {
	for _, t := range dates {
		if fits(t) {
			return t
		}
	}
	return time.Time{}
}
