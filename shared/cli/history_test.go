package cli_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"deskmove/shared/api"
)

// mbox writes mails into a file; each has an ID, what it answers ("" for nothing),
// whether an agent wrote it, and its date.
type mailed struct {
	id, answers string
	agent       bool
	at          time.Time
}

func mbox(t *testing.T, name string, mails ...mailed) string {
	t.Helper()
	var b strings.Builder
	for _, m := range mails {
		from, to := "jane@customer.example", "support@desk.example"
		if m.agent {
			from, to = "agent01@desk.example", "jane@customer.example"
		}
		fmt.Fprintf(&b, "From x %s\nFrom: %s\nTo: %s\nMessage-ID: <%s>\nSubject: %s\n", m.at.UTC().Format(time.ANSIC), from, to, m.id, m.id)
		if m.answers != "" {
			fmt.Fprintf(&b, "In-Reply-To: <%s>\n", m.answers)
		}
		fmt.Fprintf(&b, "Date: %s\n\nwords\n\n", m.at.Format(time.RFC1123Z))
	}
	return file(t, name, b.String())
}

// TestTwoMailboxes: Inbox and Sent in two commands, in both orders. A mail that comes
// later joins the thread that names it; of two conversations that only a later mail
// shows to be one, the summary has the IDs.
func TestTwoMailboxes(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 3, 2, 9, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return at.AddDate(0, 0, n) }
	// Each mail names the one before alone. An agent began the first thread, a customer
	// the second: the file that has its middle brings that last or first.
	inbox := []mailed{{"a2@x", "a1@x", false, day(1)}, {"b1@x", "", false, day(0)}, {"b3@x", "b2@x", false, day(2)}}
	sent := []mailed{{"a1@x", "", true, day(0)}, {"a3@x", "a2@x", true, day(2)}, {"b2@x", "b1@x", true, day(1)}}
	for order, test := range map[string]struct {
		first, second []mailed
		want          map[string]int64 // messages by the subject of the conversation
	}{
		"inbox first": {inbox, sent, map[string]int64{"a2@x": 3, "b1@x": 2, "b3@x": 1}},
		"sent first":  {sent, inbox, map[string]int64{"b2@x": 3, "a1@x": 2, "a3@x": 1}},
	} {
		e := ready(t)
		first := e.imports(t, mbox(t, "first.mbox", test.first...))
		second := e.imports(t, mbox(t, "second.mbox", test.second...))
		got := map[string]int64{}
		for _, c := range conversations(t, e) {
			got[c.Subject] = c.MessageCount
		}
		if !maps.Equal(got, test.want) || first.Added != 3 || second.Added != 3 || second.Conversations != 0 {
			t.Errorf("%s: %v, %+v, %+v", order, got, first, second)
		}
		if len(first.Apart) > 0 || len(second.Apart) != 1 || len(second.Apart[0]) != 2 {
			t.Fatalf("%s: apart are %v, then %v", order, first.Apart, second.Apart)
		}
		said := e.run(t, "import", "--channel", "support", mbox(t, "again.mbox", test.second...)).ok(t, nil).stdout
		if want := "1 threads are in several conversations, which cannot be joined: " + strings.Join(second.Apart[0], " and "); !strings.Contains(said, want) {
			t.Errorf("%q is not in:\n%s", want, said)
		}
	}
}

// TestOldMailIntoAMovedChannel: 50 threads of years ago become quiet history, as the
// move would have made them; what is newer is left out unless it is asked for.
func TestOldMailIntoAMovedChannel(t *testing.T) {
	t.Parallel()
	for _, history := range []string{"all", "none"} {
		e := ready(t)
		move := []string{"move", "--channel", "support", "--history", history, "--watch", "--json"}
		if history == "all" {
			move = append(move, "--open-status", "waiting", "--closed-status", "solved")
		}
		e.run(t, append(move, "--ack", "connected-left-behind")...).ok(t, nil)
		var mails []mailed
		for i := range 50 {
			at, id := time.Date(1996+i%24, 5, 1+i%20, 9, 0, 0, 0, time.UTC), fmt.Sprint("q", i, "@x")
			mails = append(mails, mailed{id, "", false, at})
			if i%2 == 0 {
				mails = append(mails, mailed{"a" + id, id, true, at.Add(time.Hour)})
			}
		}
		now := time.Now()
		newer := []mailed{{"new1@x", "", false, now}, {"new2@x", "q1@x", false, now}}
		old := mbox(t, "old.mbox", append(mails, newer...)...)
		s := e.imports(t, old)
		if s.Added != 75 || s.Conversations != 50 || len(s.Skipped) != 2 || !strings.Contains(s.Skipped[0].Reason, "--live") || s.Closed != 25 || s.Owned != 25 || s.Moved != 0 {
			t.Errorf("%s: %+v", history, s)
		}
		tickets := e.tickets(t, 50)
		for id, k := range tickets {
			closed := k.Owner == "ben"
			open := map[string]string{"all": "waiting", "none": "new"}[history]
			if k.Provenance != "history" || k.CreatedAt.Year() > 2019 || closed != (k.Status == "solved") || !closed && k.Status != open {
				t.Errorf("%s: %s: %+v", history, id, k)
			}
		}
		if told := notified(t, e); len(told) > 0 {
			t.Errorf("%s: notifications %v", history, told)
		}
		e.run(t, "verify").ok(t, nil)
		again := e.imports(t, old)
		if again.Known != 75 || again.Added != 0 || len(again.Skipped) != 2 {
			t.Errorf("%s, again: %+v", history, again)
		}
		s = e.imports(t, "--live", old)
		if s.Known != 75 || s.Added != 2 || s.Conversations != 1 || len(s.Skipped) != 0 {
			t.Errorf("%s, --live: %+v", history, s)
		}
		live := 0
		for _, k := range e.tickets(t, 51) {
			if k.Provenance == "live" {
				live++
			}
		}
		if told := notified(t, e); live != 1 || len(told) != 1 || told[0] != "live" {
			t.Errorf("%s, --live: %d live tickets, notifications %v", history, live, told)
		}
		e.run(t, "verify").ok(t, nil)
	}
}

// tickets waits until so many are in the help desk.
func (e *engine) tickets(t *testing.T, n int) map[string]api.Ticket {
	t.Helper()
	for range 6000 { // a minute: the machine may be busy
		all := map[string]api.Ticket{}
		for k, err := range e.api(t).Tickets(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			all[k.ID] = k
		}
		if len(all) >= n {
			return all
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("there are no %d tickets", n)
	return nil
}

// notified are the kinds of the notifications.
func notified(t *testing.T, e *engine) (kinds []string) {
	t.Helper()
	ns, _, err := e.stack.App.Journal.Outbox(t.Context(), "demo", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range ns {
		kinds = append(kinds, n.Kind)
	}
	return kinds
}
