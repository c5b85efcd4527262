// Package date parses dates as mail programs write them in practice.
package date

import (
	"errors"
	"strings"
	"time"

	"deskmove/shared/mail/note"
)

// ErrUnreadable is returned for a date without a recognisable day.
var ErrUnreadable = errors.New("date is unreadable")

// Parse parses a Date header, the date of an mbox "From " line or RFC 3339 and
// returns it in UTC. It accepts two-digit years and years such as 102, odd,
// missing and named zones, comments, and the month names of some languages. The
// notes say what had to be guessed.
func Parse(s string) (t time.Time, notes []note.Code, err error) {
	if t, err := time.Parse(time.RFC3339, strings.TrimSpace(s)); err == nil {
		return t.UTC(), nil, nil
	}
	plain, comments := uncomment(s)
	p := parts{day: -1, month: -1, year: -1, hour: -1}
	for _, word := range words(plain) {
		p.take(word)
	}
	return p.time(comments)
}

// uncomment separates s from the text of its comments. A zone name there is
// sometimes right when the number is wrong: "17:48:43 +1700 (PDT)".
func uncomment(s string) (plain string, comments []string) {
	var out, comment strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
			comments = append(comments, comment.String())
			comment.Reset()
		case depth > 0:
			comment.WriteRune(r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String(), comments
}

// words splits at spaces and commas, and "13-Jun-2002" and "2002-06-13" at
// their dashes, but leaves zones such as "-0800" whole.
func words(s string) []string {
	var all []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) }) {
		if strings.ContainsAny(w, "-/") && !strings.Contains(w, ":") && strings.Count(w, "-")+strings.Count(w, "/") == 2 {
			all = append(all, dashed(w)...)
			continue
		}
		if day, clock, ok := strings.Cut(w, "T"); ok && len(day) == len("2006-01-02") && strings.Contains(clock, ":") {
			all = append(append(all, dashed(day)...), clock)
			continue
		}
		all = append(all, w)
	}
	return all
}

// dashed puts the three parts of a date into the order day, month, year. It
// leaves a date of numbers only that may begin with the day or the month.
func dashed(w string) []string {
	f := strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' })
	if len(f) != 3 {
		return nil
	}
	if len(f[0]) == 4 && number(f[1]) > 0 {
		return []string{f[2], monthOf(number(f[1])), f[0]}
	}
	a, b := number(f[0]), number(f[1])
	switch {
	case b < 0:
		return f
	case a > 12 && b <= 12:
		return []string{f[0], monthOf(b), f[2]}
	case b > 12 && a <= 12:
		return []string{f[1], monthOf(a), f[2]}
	case a == b:
		return []string{f[0], monthOf(b), f[2]}
	}
	return nil
}
