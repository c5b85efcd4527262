package support_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// crowd stores conversations of every kind in a channel, each some minutes later,
// and returns their IDs.
func crowd(r *apptest.Rig, channel string, n int) (ids []string) {
	r.Helper()
	for i := range n {
		r.Time = r.Time.Add(7 * time.Minute)
		id := r.TakeIn(channel, fmt.Sprint(channel, r.Time.UnixMilli())).ID
		ids = append(ids, id)
		edit := desk.Edit{Owner: new([]string{"", "ann", "bob", "cem"}[i%4]), Status: new(desk.Open)}
		if i%3 == 0 {
			*edit.Status = desk.Closed
		}
		if i%10 == 4 {
			r.NewTicket(id, []desk.Status{"lead", "won"}[i/10%2])
		}
		r.Edit(id, edit)
	}
	return ids
}

// all reads a list to its end, and checks that no page of it is empty.
func all(t *testing.T, page func(desk.Position) (support.Page[desk.Conversation], error), limit int) (ids []string) {
	t.Helper()
	for after, more := (desk.Position{}), true; more; {
		p, err := page(after)
		if err != nil || len(p.Items) > limit || p.More && len(p.Items) == 0 {
			t.Fatalf("a page of %d, more %t, %v", len(p.Items), p.More, err)
		}
		for _, c := range p.Items {
			ids = append(ids, c.ID)
		}
		after, more = p.Last, p.More
	}
	return ids
}

// want are those of the conversations that are wanted, in the order of a list.
func want(r *apptest.Rig, ids []string, wanted func(desk.Conversation) bool) (want []string) {
	r.Helper()
	var cs []desk.Conversation
	for _, id := range ids {
		if c := r.Conversation(id); wanted(c) {
			cs = append(cs, c)
		}
	}
	slices.SortFunc(cs, func(a, b desk.Conversation) int { return cmp.Or(b.Joined.Compare(a.Joined), cmp.Compare(b.ID, a.ID)) })
	for _, c := range cs {
		want = append(want, c.ID)
	}
	return want
}

// byActivity puts IDs in the order of the last change.
func byActivity(r *apptest.Rig, ids []string) {
	changed := make(map[string]time.Time)
	for _, id := range ids {
		changed[id] = r.Conversation(id).ChangedAt
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(changed[b].Compare(changed[a]), cmp.Compare(b, a)) })
}

func isOpen(c desk.Conversation) bool {
	if c.Home == desk.Inbox {
		return c.Status == desk.Open
	}
	return !slices.Contains([]desk.Status{"solved", "won"}, c.Ticket.Status)
}

func waits(c desk.Conversation) bool { return isOpen(c) && !c.WaitingSince.IsZero() }

// checkLists compares all lists with what there is.
func checkLists(t *testing.T, r *apptest.Rig, when string, ids []string) {
	t.Helper()
	for _, limit := range []int{3, 50} {
		for _, of := range []support.ConversationFilter{
			{}, {Home: desk.Inbox}, {Home: desk.HelpDesk}, {Home: desk.Inbox, Channel: "mail"}, {Home: desk.Inbox, Channel: "phone"}, {Channel: "mail"},
			{Home: desk.Inbox, Status: desk.Open}, {Home: desk.Inbox, Status: desk.Open, Owner: new("bob")}, {Home: desk.Inbox, Status: desk.Open, Owner: new("")},
			{Home: desk.Inbox, Status: desk.Open, Channel: "mail"}, {Home: desk.Inbox, Status: desk.Closed}, {Home: desk.Inbox, Owner: new("bob")},
			{Status: desk.Closed, Owner: new("ann")}, {Home: desk.HelpDesk, Status: desk.Open},
			{Waiting: true}, {Waiting: true, Home: desk.Inbox, Owner: new("bob")}, {Waiting: true, Home: desk.HelpDesk, Channel: "mail"},
			{ByActivity: true}, {ByActivity: true, Home: desk.Inbox}, {ByActivity: true, Home: desk.HelpDesk, Owner: new("bob")}, {ByActivity: true, Waiting: true},
		} {
			got := all(t, func(after desk.Position) (support.Page[desk.Conversation], error) {
				return r.ConversationList.Page(t.Context(), "acme", of, after, limit)
			}, limit)
			want := want(r, ids, func(c desk.Conversation) bool {
				return (of.Channel == "" || c.Channel == of.Channel) && (of.Home == "" || c.Home == of.Home) && (of.Status == "" || c.Status == of.Status) &&
					(of.Owner == nil || c.Owner == *of.Owner) && (!of.Waiting || waits(c)) && (!of.ByActivity || isOpen(c))
			})
			if of.ByActivity {
				byActivity(r, want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %+v, pages of %d: %d conversations, want %d in order", when, of, limit, len(got), len(want))
			}
		}
		for _, of := range []support.TicketFilter{
			{}, {Open: true}, {Open: true, Owner: new("bob")}, {Open: true, Owner: new("")}, {Open: true, Channel: "mail"}, {Channel: "mail"}, {Channel: "phone"},
			{Statuses: []desk.Status{"waiting"}}, {Statuses: []desk.Status{"waiting", "new"}, Owner: new("ann")}, {Statuses: []desk.Status{"solved"}},
			{Statuses: []desk.Status{"solved", "new"}}, {Owner: new("bob")}, {Provenance: desk.Native}, {Open: true, Provenance: desk.Live},
			{Waiting: true}, {Waiting: true, Owner: new("bob")}, {ByActivity: true}, {ByActivity: true, Waiting: true, Channel: "mail"}, {ByActivity: true, Statuses: []desk.Status{"waiting"}},
		} {
			got := all(t, func(after desk.Position) (support.Page[desk.Conversation], error) {
				return r.TicketList.Page(t.Context(), "acme", of, after, limit)
			}, limit)
			want := want(r, ids, func(c desk.Conversation) bool {
				k := c.Ticket
				return c.Home == desk.HelpDesk && (of.Channel == "" || c.Channel == of.Channel) && (!of.Open || !slices.Contains([]desk.Status{"solved", "won"}, k.Status)) &&
					(len(of.Statuses) == 0 || slices.Contains(of.Statuses, k.Status)) && (of.Owner == nil || k.Owner == *of.Owner) &&
					(of.Provenance == "" || k.Provenance == of.Provenance) && (!of.Waiting || waits(c)) && (!of.ByActivity || isOpen(c))
			})
			if of.ByActivity {
				byActivity(r, want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, tickets %+v, pages of %d: %d, want %d in order", when, of, limit, len(got), len(want))
			}
		}
	}
}

// TestListsBeforeDuringAndAfterAMove show everything where it is, whatever has been
// converted so far.
func TestListsBeforeDuringAndAfterAMove(t *testing.T) {
	r := apptest.New(t)
	r.Platform.Batch = 7
	r.App = app.New(r.Platform)
	ids := append(crowd(r, "phone", 10), crowd(r, "mail", 90)...)
	undated := r.Undated("mail")
	undated = r.Mend(undated, func(c *desk.Conversation) { c.Status, c.ClosedAt = desk.Closed, r.Time })
	ids = append(ids, undated.ID)
	r.Time = r.Time.AddDate(0, 0, 3) // none of them is new
	checkLists(t, r, "before", ids)
	m := r.StartMove(apptest.History("mail"))
	run := r.FenceLast()
	ids = append(ids, r.TakeIn("mail", "live").ID)
	checkLists(t, r, "fenced", ids)
	run = r.Step(r.List, run)
	checkLists(t, r, "listed", ids)
	batches := r.Sent
	if len(batches) != 14 {
		t.Fatalf("%d batches", len(batches))
	}
	for i, n := range []int{0, 3, 1, 13} { // not in their order
		r.Sent = batches[n : n+1]
		r.Deliver()
		checkLists(t, r, fmt.Sprint(i+1, " batches done"), ids)
	}
	r.Changed(ids[len(ids)-1])
	r.Sent = batches
	r.Deliver()
	checkLists(t, r, "all batches done", ids)
	if got := r.Run(); got.ID != m.ID || got.Status != desk.Attention {
		t.Fatalf("move = %+v, %+v", got, run)
	}
	checkLists(t, r, "at attention", ids)
	r.Append(ids[12], "mail", "reply") // reopens a ticket whose conversation is closed
	r.Append(ids[13], "mail", "reply")
	checkLists(t, r, "after replies", ids)
	r.RunOut()
	r.Time = r.Time.AddDate(0, 0, 3)
	r.Mend(undated, func(c *desk.Conversation) { c.Started = r.Time })
	if _, err := r.Retrier.Retry(t.Context(), apptest.Admin, m.ID); err != nil {
		t.Fatal(err)
	}
	checkLists(t, r, "in a retry", ids)
	r.Run()
	ids = append(ids, r.TakeIn("mail", "new").ID) // the stream has yet to bring it
	checkLists(t, r, "at the end", ids)
}

// TestR20ListsWithoutHistory show what stays in the inbox, and what was new.
func TestR20ListsWithoutHistory(t *testing.T) {
	r := apptest.New(t)
	ids := append(crowd(r, "phone", 10), crowd(r, "mail", 40)...)
	r.StartMove(desk.Choices{Channel: "mail", History: desk.NoHistory, Acknowledged: []string{desk.CodeConnectedLeft}})
	r.Run()
	for _, id := range crowd(r, "mail", 20) {
		ids = append(ids, id)
		r.Changed(id)
	}
	ids = append(ids, r.TakeIn("mail", "new").ID)
	checkLists(t, r, "without history", ids)
}

// TestTheInboxOfAMovedChannelIsRead without its past.
func TestTheInboxOfAMovedChannelIsRead(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 3000)
	r.StartMove(apptest.History("mail"))
	r.Run()
	r.Time = r.Time.AddDate(0, 0, 2)
	r.Read = 0
	p, err := r.ConversationList.Page(t.Context(), "acme", support.ConversationFilter{Home: desk.Inbox, Status: desk.Closed}, desk.Position{}, 50)
	if err != nil || len(p.Items) > 0 || p.More {
		t.Errorf("page = %+v, %v", p, err)
	}
	closed := r.Read
	r.Read = 0
	if p, err = r.ConversationList.Page(t.Context(), "acme", support.ConversationFilter{Home: desk.Inbox}, desk.Position{}, 50); err != nil || len(p.Items) > 0 {
		t.Errorf("page = %+v, %v", p, err)
	}
	t.Logf("%d items are read for closed ones, %d for all", closed, r.Read)
	if closed > 200 {
		t.Errorf("%d items are read", closed)
	}
}

// TestLateTicketsComeInTheOrderOfTheirClocks.
func TestLateTicketsComeInTheOrderOfTheirClocks(t *testing.T) {
	r := apptest.New(t)
	ids := crowd(r, "mail", 60)
	choices := apptest.History("mail")
	choices.SLA = desk.Original
	choices.Acknowledged = append(choices.Acknowledged, desk.CodeWouldBreach)
	r.StartMove(choices)
	r.Run()
	for _, of := range []support.TicketFilter{{}, {Owner: new("bob")}, {Owner: new("")}, {Channel: "phone"}, {Statuses: []desk.Status{"lead"}}} {
		of.DueBefore = r.Time.AddDate(0, 0, 7)
		if of.Owner == nil && of.Channel == "" {
			of.DueBefore = r.Ticket(ids[31]).Clocks.Due() // not all
		}
		var due []desk.Conversation
		for _, id := range want(r, ids, func(c desk.Conversation) bool {
			at := c.Ticket.Clocks.Due()
			return (of.Owner == nil || c.Ticket.Owner == *of.Owner) && (of.Channel == "" || c.Channel == of.Channel) && !at.IsZero() && at.Before(of.DueBefore) &&
				(of.Statuses == nil || slices.Contains(of.Statuses, c.Ticket.Status))
		}) {
			due = append(due, r.Conversation(id))
		}
		slices.SortFunc(due, func(a, b desk.Conversation) int {
			return cmp.Or(a.Ticket.Clocks.Due().Compare(b.Ticket.Clocks.Due()), cmp.Compare(a.ID, b.ID))
		})
		var want []string
		for _, c := range due {
			want = append(want, c.ID)
		}
		for _, limit := range []int{4, 100} {
			got := all(t, func(after desk.Position) (support.Page[desk.Conversation], error) {
				return r.TicketList.Page(t.Context(), "acme", of, after, limit)
			}, limit)
			if !slices.Equal(got, want) || of.Channel == "" && of.Owner == nil && of.Statuses == nil && len(want) < 5 {
				t.Errorf("%+v, pages of %d: %v, want %v", of, limit, got, want)
			}
		}
	}
}

// TestOnlyFilteredListsOfWhatIsClosedMayEndEarly, and say how far they came.
func TestOnlyFilteredListsOfWhatIsClosedMayEndEarly(t *testing.T) {
	r := apptest.New(t)
	old := crowd(r, "mail", 1)[0] // closed and nobody's
	cs := make([]desk.Conversation, 2500)
	for i := range cs {
		r.Time = r.Time.Add(time.Second)
		cs[i] = desk.Conversation{
			Account: "acme", ID: fmt.Sprintf("c1%04d", i), Origin: "mail", Channel: "mail", Status: desk.Closed, Owner: "ann", Started: r.Time,
			TakenIn: r.Time, Joined: r.Time, ChangedAt: r.Time, Rev: 1, Messages: 1, Home: desk.Inbox,
		}
	}
	if err := r.Conversations.Import(t.Context(), cs); err != nil {
		t.Fatal(err)
	}
	reaches := func(what string, early bool, page func(desk.Position) (support.Page[desk.Conversation], error)) {
		t.Helper()
		pages := 0
		for after, more := (desk.Position{}), true; more; pages++ {
			p, err := page(after)
			if err != nil || p.More && len(p.Items) == 0 && !early || p.More && p.Last == after {
				t.Fatalf("%s: page = %+v, %v", what, p, err)
			}
			if len(p.Items) > 0 && p.Items[0].ID == old && (pages > 0) != early {
				t.Errorf("%s: found on page %d", what, pages)
			}
			after, more = p.Last, p.More
		}
	}
	conversations := func(of support.ConversationFilter) func(desk.Position) (support.Page[desk.Conversation], error) {
		return func(after desk.Position) (support.Page[desk.Conversation], error) {
			return r.ConversationList.Page(t.Context(), "acme", of, after, 100)
		}
	}
	reaches("nobody's", true, conversations(support.ConversationFilter{Owner: new("")}))
	reaches("open ones", false, conversations(support.ConversationFilter{Home: desk.Inbox, Status: desk.Open}))
	r.StartMove(apptest.History("mail"))
	r.Run()
	tickets := func(of support.TicketFilter) func(desk.Position) (support.Page[desk.Conversation], error) {
		return func(after desk.Position) (support.Page[desk.Conversation], error) {
			return r.TicketList.Page(t.Context(), "acme", of, after, 100)
		}
	}
	reaches("nobody's tickets", true, tickets(support.TicketFilter{Owner: new("")}))
	r.Append(old, "mail", "reply")
	reaches("nobody's open tickets", false, tickets(support.TicketFilter{Owner: new(""), Open: true}))
}

func TestListsOfWhatThereIsNot(t *testing.T) {
	r := apptest.New(t)
	if _, err := r.ConversationList.Page(t.Context(), "acme", support.ConversationFilter{Channel: "nowhere"}, desk.Position{}, 10); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("of no channel: %v", err)
	}
	if _, err := r.TicketList.Page(t.Context(), "acme", support.TicketFilter{Channel: "nowhere"}, desk.Position{}, 10); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("of no channel: %v", err)
	}
	_, err := r.TicketList.Page(t.Context(), "acme", support.TicketFilter{Statuses: []desk.Status{"new", "odd"}}, desk.Position{}, 10)
	if invalid, ok := errors.AsType[*desk.InvalidError](err); !ok || invalid.Field != "status" {
		t.Errorf("of no status: %v", err)
	}
	if p, err := r.TicketList.Page(t.Context(), "acme", support.TicketFilter{}, desk.Position{}, 10); err != nil || p.More || len(p.Items) > 0 {
		t.Errorf("before any move: %+v, %v", p, err)
	}
}

// TestCounts are those of the lists.
func TestCounts(t *testing.T) {
	r := apptest.New(t)
	ids := append(crowd(r, "mail", 60), crowd(r, "phone", 30)...)
	choices := apptest.History("mail")
	choices.SLA = desk.Original
	choices.Acknowledged = append(choices.Acknowledged, desk.CodeWouldBreach)
	r.StartMove(choices)
	r.Run()
	r.Time = r.Time.AddDate(0, 0, 1)
	inbox, helpDesk, err := r.Counter.Counts(t.Context(), "acme", "bob")
	if err != nil {
		t.Fatal(err)
	}
	n := func(wanted func(desk.Conversation) bool) support.Count {
		return support.Count{N: len(want(r, ids, wanted))}
	}
	open := func(c desk.Conversation) bool { return c.Home == desk.Inbox && c.Status == desk.Open }
	ticket := func(c desk.Conversation) bool { return c.Home == desk.HelpDesk && !c.Ticket.Closed }
	wantInbox := support.Counts{
		Open: n(open), Mine: n(func(c desk.Conversation) bool { return open(c) && c.Owner == "bob" }),
		Unowned: n(func(c desk.Conversation) bool { return open(c) && c.Owner == "" }),
	}
	wantDesk := support.Counts{
		Open: n(ticket), Mine: n(func(c desk.Conversation) bool { return ticket(c) && c.Ticket.Owner == "bob" }),
		Unowned: n(func(c desk.Conversation) bool { return ticket(c) && c.Ticket.Owner == "" }),
		Late:    n(func(c desk.Conversation) bool { return ticket(c) && c.Ticket.Clocks.Breached(r.Time) }),
	}
	if inbox != wantInbox || helpDesk != wantDesk || wantDesk.Late.N == 0 || wantDesk.Late.N == wantDesk.Open.N {
		t.Errorf("counts are\n%+v\n%+v, want\n%+v\n%+v", inbox, helpDesk, wantInbox, wantDesk)
	}
	r.Import("phone", 1200)
	wantInbox.Open, wantInbox.Unowned = support.Count{N: 1000, AtLeast: true}, support.Count{N: 1000, AtLeast: true}
	r.Time = r.Time.Add(time.Second) // rows are held for so long
	if inbox, helpDesk, err = r.Counter.Counts(t.Context(), "acme", "bob"); err != nil || inbox != wantInbox || helpDesk != wantDesk {
		t.Errorf("counts are\n%+v\n%+v, %v; want\n%+v\n%+v", inbox, helpDesk, err, wantInbox, wantDesk)
	}
}

// TestTooManyForTheOrderOfActivity are refused, and a part of them is not.
func TestTooManyForTheOrderOfActivity(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 1001)
	few := r.Import("phone", 999)
	page := func(of support.ConversationFilter) (support.Page[desk.Conversation], error) {
		of.ByActivity = true
		return r.ConversationList.Page(t.Context(), "acme", of, desk.Position{}, 1000)
	}
	invalid, ok := errors.AsType[*desk.InvalidError](second(page(support.ConversationFilter{})))
	if !ok || invalid.Field != "sort" {
		t.Errorf("2,000 in the order of activity: %v", invalid)
	}
	if _, ok := errors.AsType[*desk.InvalidError](second(page(support.ConversationFilter{Channel: "mail"}))); !ok {
		t.Error("1,001 are put in the order of activity")
	}
	if p, err := page(support.ConversationFilter{Channel: "phone"}); err != nil || len(p.Items) != len(few) || p.More {
		t.Errorf("%d in the order of activity, %v; want %d", len(p.Items), err, len(few))
	}
}

func second[T any](_ T, err error) error { return err }
