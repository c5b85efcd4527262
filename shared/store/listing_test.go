package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/store"
	"deskmove/shared/support"
)

func openEngine(t *testing.T) store.Engine {
	t.Helper()
	e, err := sqlite.Open(t.TempDir(), sqlite.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return ordered{e, t}
}

// ordered refuses bounds in the wrong order, as DynamoDB does.
type ordered struct {
	store.Engine
	t *testing.T
}

func (o ordered) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if q.From != "" && q.To != "" && q.From > q.To {
		o.t.Errorf("query from %q to %q", q.From, q.To)
	}
	return o.Engine.Query(ctx, q)
}

// began is a time; many things happen in each of its milliseconds.
func began(i int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(i/7)).UTC() }

// listed reads a listing to its end and returns the IDs.
func listed(t *testing.T, list func(after desk.Position) ([]desk.Position, bool, error)) []string {
	t.Helper()
	var ids []string
	for after, more := (desk.Position{}), true; more; {
		ps, next, err := list(after)
		if err != nil || next && len(ps) == 0 {
			t.Fatalf("%d positions, more %t, %v", len(ps), next, err)
		}
		for _, p := range ps {
			ids = append(ids, p.ID)
			after = p
		}
		more = next
	}
	return ids
}

// TestListAllIsOneList reads three channels, of which one has most.
func TestListAllIsOneList(t *testing.T) {
	s := store.ConversationStore{Engine: openEngine(t)}
	var cs []desk.Conversation
	for i := range 900 {
		channel := "mail"
		if i%10 == 0 || i < 100 {
			channel = []string{"phone", "form"}[i%2]
		}
		cs = append(cs, desk.Conversation{
			Account: "acme", ID: fmt.Sprintf("c%x-%04d", rand.Uint32(), i), Channel: channel, Joined: began(i), Home: desk.Inbox, Version: 1,
		})
	}
	if err := s.Import(t.Context(), cs); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(cs, func(a, b desk.Conversation) int {
		return -compare(desk.Position{Joined: a.Joined, ID: a.ID}, desk.Position{Joined: b.Joined, ID: b.ID})
	})
	const end = 50
	until := desk.Position{Joined: cs[end].Joined, ID: cs[end].ID}
	for name, of := range map[string][]support.Stretch{
		"one":     {{Channel: "mail"}},
		"all":     {{Channel: "mail"}, {Channel: "phone"}, {Channel: "form"}},
		"bounded": {{Channel: "phone", Until: until}, {Channel: "mail"}},
		"nothing": {{Channel: "mail", Until: desk.Position{Joined: began(10_000)}}},
	} {
		var want []string
		for i, c := range cs {
			at := slices.IndexFunc(of, func(s support.Stretch) bool { return s.Channel == c.Channel })
			if at >= 0 && (of[at].Until.IsZero() || name == "bounded" && i <= end) {
				want = append(want, c.ID)
			}
		}
		for _, limit := range []int{1, 16, 64, 333, 5000} {
			got := listed(t, func(after desk.Position) ([]desk.Position, bool, error) {
				return s.ListAll(t.Context(), "acme", of, after, limit)
			})
			if !slices.Equal(got, want) {
				t.Errorf("%s, limit %d: %d conversations, want %d in order", name, limit, len(got), len(want))
			}
		}
	}
	if got := listed(t, func(after desk.Position) ([]desk.Position, bool, error) {
		return s.ListAll(t.Context(), "zoo", []support.Stretch{{Channel: "mail"}}, after, 10)
	}); len(got) > 0 {
		t.Errorf("another account lists %v", got)
	}
}

func compare(a, b desk.Position) int {
	if c := a.Joined.Compare(b.Joined); c != 0 {
		return c
	}
	return slices.Compare([]byte(a.ID), []byte(b.ID))
}

// TestTicketsAreListedOnce reads the tickets of some statuses while agents
// change them.
func TestTicketsAreListedOnce(t *testing.T) {
	s := store.TicketStore{Engine: openEngine(t)}
	statuses := []desk.Status{"new", "waiting", "solved"}
	var ts []desk.Ticket
	for i := range 700 {
		home := desk.HelpDesk
		if i%50 == 0 {
			home = desk.Inbox
		}
		ts = append(ts, desk.Ticket{
			Account: "acme", ID: fmt.Sprintf("t-%x-%04d", rand.Uint32(), i), Channel: "mail", Provenance: desk.History,
			Status: statuses[i%3], Created: began(i), Home: home, Revision: 1,
		})
	}
	for _, err := range s.Create(t.Context(), ts) {
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(ts, func(a, b desk.Ticket) int {
		return -compare(desk.Position{Joined: a.Created, ID: a.ID}, desk.Position{Joined: b.Created, ID: b.ID})
	})
	var all, solved []string
	for _, x := range ts {
		if x.Home == desk.HelpDesk {
			all = append(all, x.ID)
			if x.Status == "solved" {
				solved = append(solved, x.ID)
			}
		}
	}
	list := func(statuses []desk.Status, limit int, before func()) []string {
		return listed(t, func(after desk.Position) ([]desk.Position, bool, error) {
			before()
			return s.List(t.Context(), "acme", statuses, after, limit)
		})
	}
	for _, limit := range []int{1, 50, 5000} {
		if got := list([]desk.Status{"solved"}, limit, func() {}); !slices.Equal(got, solved) {
			t.Errorf("solved, limit %d: %d tickets, want %d in order", limit, len(got), len(solved))
		}
	}
	edit := func() {
		x, err := s.Get(t.Context(), "acme", all[rand.IntN(len(all))])
		if err != nil {
			t.Fatal(err)
		}
		was := x
		x.Status, x.Revision = statuses[rand.IntN(3)], x.Revision+1
		if err := s.Replace(t.Context(), x, was); err != nil {
			t.Error(err)
		}
	}
	if got := list(statuses, 20, edit); !slices.Equal(got, all) {
		t.Errorf("while agents edit: %d tickets, want %d in order", len(got), len(all))
	}
}
