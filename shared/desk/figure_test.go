package desk_test

import (
	"testing"

	"deskmove/shared/desk"
)

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"0 teams":         desk.Count(0, "team"),
		"1 team":          desk.Count(1, "team"),
		"2 teams":         desk.Count(int64(2), "team"),
		"1 reply":         desk.Count(1, "reply"),
		"2 replies":       desk.Count(2, "reply"),
		"2 days":          desk.Count(2, "day"),
		"3 batches":       desk.Count(3, "batch"),
		"1 ticket":        desk.Figure{N: 1, Is: desk.Exact}.Of("ticket"),
		"at least 1 mail": desk.Figure{N: 1, Is: desk.AtLeast}.Of("mail"),
		"about 3 mails":   desk.Figure{N: 3, Is: desk.Extrapolated}.Of("mail"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
