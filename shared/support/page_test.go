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
		list := func(after desk.Position, limit int) ([]desk.Position, bool, error) {
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
			if p, err = page(t.Context(), p.Last, limit, list, read); err != nil || len(p.Items) > limit {
				t.Fatalf("page of %d, limit %d, %v", len(p.Items), limit, err)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("pages hold %v, want %v", got, want)
		}
	})
}

// TestAPageEnds sees to it that nobody waits for a page that finds nothing.
func TestAPageEnds(t *testing.T) {
	looked := 0
	list := func(after desk.Position, limit int) ([]desk.Position, bool, error) {
		ps := make([]desk.Position, limit)
		for i := range ps {
			looked++
			ps[i] = desk.Position{Joined: time.UnixMilli(int64(1e9 - looked)).UTC(), ID: fmt.Sprint(looked)}
		}
		return ps, true, nil
	}
	read := func(context.Context, []string) (map[string]int, error) { return nil, nil }
	p, err := page(t.Context(), desk.Position{}, 100, list, read)
	if err != nil || !p.More || len(p.Items) != 0 || looked > maxLooked+100 || p.Last.ID != fmt.Sprint(looked) {
		t.Errorf("page = %+v, %v after %d items", p, err, looked)
	}
}
