package support

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"deskmove/shared/desk"
)

// TestPages reads lists to their ends, whatever is wanted of them and however
// the store cuts them.
func TestPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 400).Draw(t, "items")
		every := rapid.IntRange(1, 50).Draw(t, "wanted of") // one of so many
		limit := rapid.IntRange(1, 120).Draw(t, "limit")
		all := make([]desk.Position, n)
		var want []string
		for i := range all {
			all[i] = desk.Position{Joined: time.UnixMilli(int64(n - i)).UTC(), ID: fmt.Sprint(i)}
			if i%every == 0 {
				want = append(want, all[i].ID)
			}
		}
		next := func(_ context.Context, after desk.Position, limit int) ([]desk.Position, bool, error) {
			rest := all[1+slices.Index(all, after):]
			some := rest[:min(len(rest), rapid.IntRange(1, limit+10).Draw(t, "stretch"))]
			return some, len(some) < len(rest), nil
		}
		read := func(_ context.Context, ids []string) (map[string]string, error) {
			found := make(map[string]string)
			for _, id := range ids {
				if slices.Contains(want, id) {
					found[id] = id
				}
			}
			return found, nil
		}
		var got []string
		for p := (Page[string]{More: true}); p.More; got = append(got, p.Items...) {
			var err error
			if p, err = (list[string]{next: next, read: read}).page(t.Context(), p.Last, limit); err != nil || len(p.Items) > limit {
				t.Fatalf("page of %d, limit %d, %v", len(p.Items), limit, err)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("pages hold %v, want %v", got, want)
		}
	})
}

// TestAPageEnds sees to it that nobody waits for a page that finds nothing, where it
// may be empty; elsewhere it goes on, but ends when it has something.
func TestAPageEnds(t *testing.T) {
	for name, test := range map[string]struct {
		mayBeEmpty bool
		first      int // the first that is wanted
		looked     int
	}{
		"empty":            {true, 5000, maxLooked},
		"may not be empty": {false, 5000, 5000},
		"has something":    {false, 10, maxLooked},
	} {
		looked := 0
		l := list[string]{mayBeEmpty: test.mayBeEmpty}
		l.next = func(_ context.Context, _ desk.Position, limit int) ([]desk.Position, bool, error) {
			ps := make([]desk.Position, limit)
			for i := range ps {
				looked++
				ps[i] = desk.Position{Joined: time.UnixMilli(int64(1e9 - looked)).UTC(), ID: fmt.Sprint(looked)}
			}
			return ps, true, nil
		}
		l.read = func(_ context.Context, ids []string) (map[string]string, error) {
			found := map[string]string{}
			if first := fmt.Sprint(test.first); slices.Contains(ids, first) {
				found[first] = first
			}
			return found, nil
		}
		p, err := l.page(t.Context(), desk.Position{}, 100)
		if want := test.first <= test.looked; err != nil || !p.More || (len(p.Items) == 1) != want || looked < test.looked || looked > test.looked+100 || p.Last.ID != fmt.Sprint(looked) {
			t.Errorf("%s: page = %+v, %v after %d items", name, p, err, looked)
		}
	}
}

// TestMergedListsAreOne, whatever each of them has, wherever it is cut.
func TestMergedListsAreOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 9).Draw(t, "limit")
		has := map[int]bool{}
		one := func(label string) func(context.Context, desk.Position, int) ([]desk.Position, bool, error) {
			var ps []desk.Position
			for i := 60; i > 0; i-- {
				if rapid.Bool().Draw(t, label) {
					has[i] = true
					ps = append(ps, desk.Position{Joined: time.UnixMilli(int64(i / 3)).UTC(), ID: fmt.Sprintf("%02d", i)})
				}
			}
			return func(_ context.Context, after desk.Position, limit int) ([]desk.Position, bool, error) {
				rest, _, _ := those(ps)(context.Background(), after, 0)
				some := rest[:min(len(rest), limit)]
				return some, len(some) < len(rest), nil
			}
		}
		all := merge(one("first"), one("second"), one("third"))
		var got []string
		for after, more := (desk.Position{}), true; more; {
			ps, goesOn, err := all(t.Context(), after, limit)
			if err != nil || goesOn && len(ps) == 0 {
				t.Fatalf("%v, more %t, %v", ps, goesOn, err)
			}
			for _, p := range ps {
				got, after = append(got, p.ID), p
			}
			more = goesOn
		}
		var want []string
		for i := 60; i > 0; i-- {
			if has[i] {
				want = append(want, fmt.Sprintf("%02d", i))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("merged are %v, want %v", got, want)
		}
	})
}
