package mail

import (
	"fmt"
	"strings"
	"time"

	"deskmove/shared/mail/internal/date"
)

const (
	// skew is the tolerance for wrong clocks and zones of senders.
	skew = 48 * time.Hour
	// delay is the time between Date and arrival from which a note is added.
	delay = 30 * 24 * time.Hour
)

// dawn returns the earliest date that is trusted. Clocks without a battery show
// 1970 or 1980.
func dawn() time.Time { return time.Date(1985, 1, 1, 0, 0, 0, 0, time.UTC) }

// clock decides which dates to trust, given the current time.
type clock struct{ now time.Time }

func (c clock) plausible(t time.Time) bool {
	return !t.Before(dawn()) && !t.After(c.now.Add(skew))
}

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

// date returns the first plausible one of dates, otherwise the arrival. A mail
// cannot have been written after it arrived, so the arrival replaces such a
// date. It may have been written long before: a moderator may have held it, or
// the mbox shows the time of the export.
func (c clock) date(dates []time.Time, arrival time.Time) (t time.Time, note string) {
	switch t = c.first(dates); {
	case t.IsZero() && arrival.IsZero():
		return t, "no plausible date"
	case t.IsZero():
		return arrival, "no plausible Date: arrival used"
	case arrival.IsZero():
		return t, ""
	case t.After(arrival.Add(skew)):
		return arrival, fmt.Sprintf("Date is %d days after arrival: arrival used", int(t.Sub(arrival).Hours()/24))
	case t.Before(arrival.Add(-delay)):
		return t, fmt.Sprintf("Date is %d days before arrival: kept", int(arrival.Sub(t).Hours()/24))
	}
	return t, ""
}

func (c clock) first(dates []time.Time) time.Time {
	for _, t := range dates {
		if c.plausible(t) {
			return t
		}
	}
	return time.Time{}
}
