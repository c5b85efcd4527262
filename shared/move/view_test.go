package move

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
		all := make([]Position, n)
		var want []string
		for i := range all {
			all[i] = Position{Joined: time.UnixMilli(int64(n - i)).UTC(), ID: fmt.Sprint(i)}
			if i%every == 0 {
				want = append(want, all[i].ID)
			}
		}
		list := func(after Position, limit int) ([]Position, bool, error) {
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

// ending is a store whose move ends between one answer and the next.
type ending struct{}

func (ending) Setup(context.Context, string) (desk.Setup, error) {
	return desk.Setup{Channels: []desk.Channel{{ID: "mail", Home: desk.Moving, Move: "m1"}}}, nil
}

func (ending) Get(context.Context, string, string) (desk.Move, error) {
	return desk.Move{ID: "m1", Choices: desk.Choices{Channel: "mail"}, Status: desk.Done, EndedAt: time.UnixMilli(1)}, nil
}

func (ending) Locked(context.Context, string) (string, error) { return "", nil }

func (ending) Access(context.Context, string, string) (map[string]bool, error) { return nil, nil }

func (ending) Open(context.Context, string, string, int) ([]Entry, error) { return nil, nil }

func (ending) Progress(context.Context, string, string) (Progress, error) { return Progress{}, nil }

func TestNoBannerForAMoveThatJustEnded(t *testing.T) {
	w := Watch{Setups: ending{}, Moves: ending{}, Ledger: ending{}, Now: time.Now}
	if notices, err := w.Notices(t.Context(), "acme"); err != nil || len(notices) > 0 {
		t.Errorf("notices = %+v, %v", notices, err)
	}
}

// TestAPageEnds sees to it that nobody waits for a page that finds nothing.
func TestAPageEnds(t *testing.T) {
	looked := 0
	list := func(after Position, limit int) ([]Position, bool, error) {
		ps := make([]Position, limit)
		for i := range ps {
			looked++
			ps[i] = Position{Joined: time.UnixMilli(int64(1e9 - looked)).UTC(), ID: fmt.Sprint(looked)}
		}
		return ps, true, nil
	}
	read := func(context.Context, []string) (map[string]int, error) { return nil, nil }
	p, err := page(t.Context(), Position{}, 100, list, read)
	if err != nil || !p.More || len(p.Items) != 0 || looked > looks+100 || p.Last.ID != fmt.Sprint(looked) {
		t.Errorf("page = %+v, %v after %d items", p, err, looked)
	}
}
