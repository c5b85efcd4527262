package date

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/mail/note"
)

// parts collects the parts of a date; -1 means not yet known.
type parts struct {
	day, month, year int
	yearDigits       int
	hour, min, sec   int
	pm, am           bool
	zone             string // as written, "" if none
	notes            []note.Code
}

func (p *parts) note(c note.Code) {
	if !slices.Contains(p.notes, c) {
		p.notes = append(p.notes, c)
	}
}

// take reads one word. It ignores unknown words: they are weekdays in some
// language.
func (p *parts) take(w string) {
	lower := strings.ToLower(strings.Trim(w, ".\""))
	n := number(lower)
	switch {
	case isZone(lower) && p.hour >= 0:
		p.zone = lower
	case strings.Contains(w, ":"):
		p.clock(w)
		if i := strings.LastIndexAny(w, "+-"); i > 0 && isZone(lower[min(i, len(lower)):]) {
			p.zone = lower[i:] // "06:03:33+02:00"
		}
	case n >= 0:
		p.number(lower, n)
	case lower == "am":
		p.am = true
	case lower == "pm":
		p.pm = true
	case monthNamed(lower) > 0 && (p.hour < 0 || p.month < 0):
		// The last one wins: "mar, 13 juin" is a Tuesday in June.
		p.month = monthNamed(lower)
	case p.hour >= 0 && p.zone == "" && isName(lower):
		p.note(note.DateZone)
	}
}

// isName reports whether w could be the name of a zone.
func isName(w string) bool {
	return len(w) >= 3 && len(w) <= 5 && strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") == ""
}

// number assigns a number to the first part that is still missing: day, year,
// then zone, because some programs omit its sign ("06:03:33 0100").
func (p *parts) number(w string, n int) {
	switch {
	case p.day < 0 && n >= 1 && n <= 31 && len(w) <= 2:
		p.day = n
	case p.year < 0:
		p.year, p.yearDigits = n, len(w)
	case p.hour >= 0 && p.zone == "" && len(w) == 4:
		p.zone = "+" + w
		p.note(note.DateZone)
	}
}

func (p *parts) clock(w string) {
	if i := strings.LastIndexAny(w, "+-"); i > 0 {
		w = w[:i]
	}
	f := strings.Split(strings.TrimSuffix(strings.ToUpper(w), "Z"), ":")
	lower := strings.ToLower(w)
	p.pm = p.pm || strings.HasSuffix(lower, "pm")
	p.am = p.am || strings.HasSuffix(lower, "am")
	hour, minute, sec := -1, -1, 0
	if len(f) >= 2 && len(f) <= 3 {
		hour, minute = number(f[0]), number(trimClock(f[1]))
	}
	if len(f) == 3 {
		sec = number(trimClock(f[2]))
	}
	if hour >= 0 && minute >= 0 && sec >= 0 {
		p.hour, p.min, p.sec = hour, minute, leap(sec)
	}
}

// trimClock removes fractions of a second and a "pm" without a space.
func trimClock(s string) string {
	s, _, _ = strings.Cut(s, ".")
	return strings.TrimRight(s, "APM")
}

// leap replaces a leap second by the second before it.
func leap(sec int) int {
	if sec == 60 {
		return 59
	}
	return sec
}

func (p *parts) time(comments []string) (time.Time, []note.Code, error) {
	if p.day < 0 || p.month < 0 || p.year < 0 {
		return time.Time{}, nil, ErrUnreadable
	}
	year := p.fullYear()
	if p.hour < 0 {
		p.hour = 0
		p.note(note.DateTime)
	}
	if p.pm && p.hour < 12 {
		p.hour += 12
	}
	if p.am && p.hour == 12 {
		p.hour = 0
	}
	if p.hour > 23 || p.min > 59 || p.sec > 59 {
		return time.Time{}, nil, ErrUnreadable
	}
	t := time.Date(year, time.Month(p.month), p.day, p.hour, p.min, p.sec, 0, time.UTC)
	if t.Day() != p.day || year > 9999 {
		return time.Time{}, nil, ErrUnreadable
	}
	return t.Add(-p.offset(comments)), p.notes, nil
}

// fullYear expands short years according to RFC 5322, section 4.5. "0102" and
// "102" count from 1900, as some programs wrote them after 1999.
func (p *parts) fullYear() int {
	year := p.year
	switch {
	case p.yearDigits <= 2 && year < 50:
		year += 2000
	case year < 1000:
		year += 1900
	}
	if year != p.year {
		p.note(note.DateYear)
	}
	return year
}

// number returns the value of s if it consists of one to five digits, else -1.
func number(s string) int {
	if s == "" || len(s) > 5 || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	n, _ := strconv.Atoi(s)
	return n
}
