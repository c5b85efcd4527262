package move

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/desk"
)

// TestR12PagesAddUp: what a rehearsal or a move reports, and what a digest
// says (R10), is of all pages.
func TestR12PagesAddUp(t *testing.T) {
	page := func(times int64) Tally {
		return Tally{
			Report: desk.Report{
				Found: 1 * times, Created: 2 * times, AsIs: 3 * times, Redirected: 4 * times, Failed: 5 * times, Unsettled: 6 * times,
				OwnersLost: 7 * times, Breaches: 8 * times, ByStatus: map[desk.Status]int64{"new": 9 * times, "solved": 10 * times},
			},
			Owners: map[string]int64{"ann": 11 * times, "bob": 12 * times},
			Inbox:  13 * uint64(times), Desk: 14 * uint64(times),
		}
	}
	if diff := cmp.Diff(page(6), sum([]Tally{page(1), page(2), page(3)})); diff != "" {
		t.Error(diff)
	}
}
