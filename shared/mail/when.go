package mail

import (
	"fmt"
	"strings"
	"time"

	"deskmove/shared/mail/internal/date"
)

const (
	// skew is how far a sender's clock or zone may be wrong.
	skew = 48 * time.Hour
	// delay is how long a mail may be on its way before that is worth a note.
	delay = 30 * 24 * time.Hour
)

// dawn is the earliest date that is believed. Clocks without a battery say
// 1970 or 1980.
func dawn() time.Time { return time.Date(1985, 1, 1, 0, 0, 0, 0, time.UTC) }

// clock decides which dates to believe at the time now.
type clock struct{ now time.Time }

func (c clock) plausible(t time.Time) bool {
	return !t.Before(dawn()) && !t.After(c.now.Add(skew))
}

// arrival is the date of the newest Received header, written by the receiver
// itself, else that of the mbox "From " line; zero if neither is plausible.
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

// date is the first plausible one of dates, else the arrival. A mail cannot be
// written after it arrived, so that date gives way. It may have been written
// long before: held for a moderator, or the mbox stamped when it was exported.
func (c clock) date(dates []time.Time, arrival time.Time) (t time.Time, note string) {
	switch t = c.first(dates); {
	case t.IsZero() && arrival.IsZero():
		return t, "no believable date"
	case t.IsZero():
		return arrival, "no believable Date: arrival used"
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
