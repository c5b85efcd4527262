package date

import (
	"strings"
	"time"

	"deskmove/shared/mail/note"
)

// zoneMinutes returns the offset of a named zone from UTC in minutes. Ambiguous
// names have the meaning of RFC 5322 or are left out.
func zoneMinutes(name string) (minutes int, ok bool) {
	switch name {
	case "z", "ut", "utc", "gmt", "wet":
		return 0, true
	case "est", "cdt":
		return -5 * 60, true
	case "edt":
		return -4 * 60, true
	case "cst", "mdt":
		return -6 * 60, true
	case "mst", "pdt":
		return -7 * 60, true
	case "pst":
		return -8 * 60, true
	case "bst", "west", "cet", "met", "mez":
		return 60, true
	case "cest", "mest", "mesz", "eet", "sast":
		return 2 * 60, true
	case "eest", "msk":
		return 3 * 60, true
	case "msd":
		return 4 * 60, true
	case "hkt", "sgt", "awst":
		return 8 * 60, true
	case "jst", "kst":
		return 9 * 60, true
	case "aest":
		return 10 * 60, true
	case "aedt":
		return 11 * 60, true
	case "nzst":
		return 12 * 60, true
	case "nzdt":
		return 13 * 60, true
	}
	return 0, false
}

// isZone reports whether w looks like a zone: a sign and digits, perhaps
// after GMT, or a name.
func isZone(w string) bool {
	if _, ok := zoneMinutes(w); ok {
		return true
	}
	w = strings.TrimPrefix(strings.TrimPrefix(w, "gmt"), "utc")
	return len(w) > 1 && (w[0] == '+' || w[0] == '-') && number(strings.ReplaceAll(w[1:], ":", "")) >= 0
}

// offset returns the zone's offset from UTC. If no place on earth has that
// offset, it uses the zone named in a comment, or else UTC.
func (p *parts) offset(comments []string) time.Duration {
	if p.zone == "" {
		return 0 // asctime has no zone, and mbox means UTC
	}
	if minutes, ok := zoneMinutes(p.zone); ok {
		return time.Duration(minutes) * time.Minute
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(p.zone, "gmt"), "utc")
	sign := 1
	if digits[0] == '-' {
		sign = -1
	}
	digits = strings.ReplaceAll(digits[1:], ":", "")
	n := number(digits)
	if len(digits) <= 2 {
		n *= 100 // "+2"
	}
	minutes := n/100*60 + n%100
	if n%100 < 60 && minutes <= 14*60 {
		return time.Duration(sign*minutes) * time.Minute
	}
	for _, c := range comments {
		if minutes, ok := zoneMinutes(strings.ToLower(strings.TrimSpace(c))); ok {
			p.note(note.DateZone)
			return time.Duration(minutes) * time.Minute
		}
	}
	p.note(note.DateZone)
	return 0
}
