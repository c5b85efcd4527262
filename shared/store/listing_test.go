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
			Account: "acme", ID: fmt.Sprintf("c%x-%04d", rand.Uint32(), i), Channel: channel, Joined: began(i), Home: desk.Inbox, Status: desk.Closed, Rev: 1,
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
		"one":         {{Channel: "mail"}},
		"all":         {{Channel: "mail"}, {Channel: "phone"}, {Channel: "form"}},
		"bounded":     {{Channel: "phone", Until: until}, {Channel: "mail"}},
		"from one on": {{Channel: "mail"}, {Channel: "phone", After: until}},
		"nothing":     {{Channel: "mail", Until: desk.Position{Joined: began(10_000)}}},
	} {
		var want []string
		for i, c := range cs {
			at := slices.IndexFunc(of, func(s support.Stretch) bool { return s.Channel == c.Channel })
			if at >= 0 && (of[at].Until.IsZero() || name == "bounded" && i <= end) && (of[at].After.IsZero() || i > end) {
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

// TestListOpenIsOneList, of everybody, of an agent and of nobody, while agents edit:
// the inbox's conversations by their owner, the help desk's by their ticket's.
func TestListOpenIsOneList(t *testing.T) {
	s := store.ConversationStore{Engine: openEngine(t)}
	owners := []string{"", "ann", "bob"}
	for i := range 12 { // more than there are groups
		owners = append(owners, fmt.Sprint("agent", i))
	}
	type row struct {
		support.Open
		closed bool
	}
	var cs []desk.Conversation
	var rows []row
	for i := range 700 {
		c := desk.Conversation{
			Account: "acme", ID: fmt.Sprintf("c%x-%04d", rand.Uint32(), i), Channel: []string{"mail", "phone"}[i%2], Origin: "mail",
			Joined: began(i), Home: desk.Inbox, Status: desk.Open, Owner: owners[i%len(owners)], Rev: 1,
		}
		o := row{Open: support.Open{Position: desk.Position{Joined: c.Joined, ID: c.ID}, Home: c.Home, Channel: c.Channel, Owner: c.Owner}}
		if i%3 > 0 {
			c.Home, c.Status = desk.HelpDesk, desk.Closed // as it was before a reply
			c.Ticket = desk.Ticket{Status: "new", Owner: owners[i*7%len(owners)], Provenance: desk.History, Created: began(i), Closed: i%5 == 0}
			c.Ticket.Clocks = desk.Clocks{FirstReply: began(9000), Close: began(8000)}
			o.Open = support.Open{Position: o.Position, Home: c.Home, Channel: c.Channel, Owner: c.Ticket.Owner, Status: "new", Provenance: desk.History, Due: began(8000)}
			o.closed = c.Ticket.Closed
		} else if i%4 == 0 {
			c.Status, o.closed = desk.Closed, true
		}
		cs, rows = append(cs, c), append(rows, o)
	}
	if err := s.Import(t.Context(), cs); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b row) int { return -compare(a.Position, b.Position) })
	read := func(owner *string, limit int, before func()) []support.Open {
		var all []support.Open
		listed(t, func(after desk.Position) (ps []desk.Position, more bool, err error) {
			before()
			some, more, err := s.ListOpen(t.Context(), "acme", owner, after, limit)
			for _, o := range some {
				ps = append(ps, o.Position)
				if owner == nil || o.Owner == *owner { // others share their partitions
					all = append(all, o)
				}
			}
			return ps, more, err
		})
		return all
	}
	for _, owner := range []*string{nil, new(""), new("ann"), new("agent7"), new("nobody else")} {
		var want []support.Open
		for _, r := range rows {
			if !r.closed && (owner == nil || r.Owner == *owner) {
				want = append(want, r.Open)
			}
		}
		for _, limit := range []int{1, 50, 5000} {
			if got := read(owner, limit, func() {}); !slices.Equal(got, want) {
				t.Errorf("owner %v, limit %d: %d, want %d in order", owner, limit, len(got), len(want))
			}
		}
	}
	ids := func(os []support.Open) (ids []string) {
		for _, o := range os {
			ids = append(ids, o.ID)
		}
		return ids
	}
	want := ids(read(nil, 5000, func() {}))
	edit := func() {
		old, err := s.Get(t.Context(), "acme", want[rand.IntN(len(want))])
		if err != nil {
			t.Fatal(err)
		}
		is := old
		if is.Home == desk.HelpDesk {
			is.Ticket.Owner = owners[rand.IntN(len(owners))]
		} else {
			is.Owner = owners[rand.IntN(len(owners))]
		}
		is.Rev++
		if err := s.Save(t.Context(), old, is); err != nil {
			t.Error(err)
		}
	}
	if got := ids(read(nil, 20, edit)); !slices.Equal(got, want) && len(got) != len(want) {
		t.Errorf("while agents edit: %d, want %d in order", len(got), len(want))
	}
}

// TestCount counts stretches of a channel: exactly, by one shard's part, and not to
// the end.
func TestCount(t *testing.T) {
	s := store.ConversationStore{Engine: openEngine(t)}
	const n = 4000
	var cs []desk.Conversation
	for i := range n {
		cs = append(cs, desk.Conversation{
			Account: "acme", ID: fmt.Sprintf("c-%04d", i), Channel: "mail", Joined: began(i), Home: desk.Inbox, Status: desk.Closed, Rev: 1,
		})
	}
	if err := s.Import(t.Context(), cs); err != nil {
		t.Fatal(err)
	}
	all := support.Stretch{Channel: "mail"}
	middle := support.Stretch{Channel: "mail", Until: desk.Position{Joined: began(700)}, After: desk.Position{Joined: began(1400)}}
	for name, c := range map[string]struct {
		of         support.Stretch
		exact, far int
		least      int64
		most       int64
		is         desk.Certainty
	}{
		"all":            {all, 10_000, 10_000, n, n, desk.Exact},
		"between":        {middle, 10_000, 10_000, 700, 700, desk.Exact},
		"of a shard":     {all, 1_000, 20_000, n * 8 / 10, n * 12 / 10, desk.Extrapolated},
		"not to its end": {all, 1_000, 1_600, 1_500, n, desk.AtLeast},
		"of none":        {support.Stretch{Channel: "phone"}, 1_000, 1_000, 0, 0, desk.Exact},
	} {
		got, err := s.Count(t.Context(), "acme", c.of, c.exact, c.far)
		if err != nil || got.Is != c.is || got.N < c.least || got.N > c.most {
			t.Errorf("%s: %+v, %v; want %s, %d to %d", name, got, err, c.is, c.least, c.most)
		}
	}
}
