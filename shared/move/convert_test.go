package move_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
)

func TestR16TheTicketSaysHowItCame(t *testing.T) {
	r := apptest.New(t)
	bobs, cems := r.TakeIn("mail", "a").ID, r.TakeIn("mail", "b").ID
	r.Edit(bobs, desk.Edit{Owner: new("bob")})
	r.Edit(cems, desk.Edit{Owner: new("cem")})
	id := r.StartMove(apptest.History("mail")).ID
	r.ListLast()
	// Who had access at the fence counts, not who has it now.
	r.Change(func(s *desk.Setup) {
		for i, a := range s.Agents {
			s.Agents[i].HelpDesk = a.ID == "cem"
		}
	})
	r.Deliver()
	for conversation, want := range map[string][2]string{bobs: {"bob", ""}, cems: {"", "cem"}} {
		ticket, c := r.Ticket(conversation), r.Conversation(conversation)
		if ticket.Owner != want[0] || ticket.LostOwner != want[1] || ticket.Move != id || !ticket.Created.Equal(c.Started) || !ticket.Imported.Equal(r.Time) {
			t.Errorf("ticket = %+v, want owner %q, lost %q", ticket, want[0], want[1])
		}
	}
}

// TestR22LiveTrafficDoesNotWait: nothing of the backfill has been converted
// when a live conversation lands, and a reply takes its old one ahead.
func TestR22LiveTrafficDoesNotWait(t *testing.T) {
	r := apptest.New(t)
	r.Import("mail", 250)
	old := r.TakeIn("mail", "old").ID
	r.StartMove(apptest.History("mail"))
	r.ListLast()
	live := r.TakeIn("mail", "live").ID
	r.Append(old, "mail", "reply")
	for _, id := range []string{live, old} {
		r.Changed(id)
		if c := r.Conversation(id); c.Home != desk.HelpDesk {
			t.Errorf("conversation = %+v", c)
		}
	}
	// The newest are sent first.
	var sent []string
	for _, b := range r.Sent {
		sent = append(sent, b.IDs...)
	}
	if len(sent) != 251 || sent[0] != old || !slices.IsSortedFunc(sent[1:], newestFirst) {
		t.Errorf("sent are %d, not the newest first: %v", len(sent), sent[:min(5, len(sent))])
	}
}

func newestFirst(a, b string) int { return strings.Compare(b, a) }

// converter returns a converter on a store that is watched.
func converter(r *apptest.Rig, id string) (move.Converter, *watched) {
	l, w, _ := lander(r, id)
	return move.Converter{Rulebook: &store.Rulebook{Setups: r.Setups, Moves: r.Moves, Now: l.Now}, Lander: l, Ledger: r.Ledger, Now: l.Now}, w
}

// batch enters a batch into the ledger of a job, as a lister would, and returns it.
func batch(r *apptest.Rig, b move.Batch) move.Batch {
	r.Helper()
	b.Account, b.Count = "acme", len(b.IDs)
	at, err := r.Ledger.Cursor(r.Context(), "acme", b.Job)
	if err != nil {
		r.Fatal(err)
	}
	to := at
	if b.Pass != "0" {
		if _, err := fmt.Sscanf(b.Pass, "%d.%d", &to.Began, &to.Pass); err != nil {
			r.Fatal(err)
		}
	}
	to.After = desk.Position{Joined: r.Time, ID: fmt.Sprint(len(r.Written))}
	b.Entry = move.EntryID(to.Began, to.Pass, to.After)
	if err := r.Ledger.Advance(r.Context(), "acme", b.Job, at, to, []move.Entry{{ID: b.Entry, Count: b.Count, SentAt: r.Time}}); err != nil {
		r.Fatal(err)
	}
	return b
}

// TestR28AnUnexpectedErrorIsTriedThrice, and then isolated.
func TestR28AnUnexpectedErrorIsTriedThrice(t *testing.T) {
	r := apptest.New(t)
	bad, good := r.TakeIn("mail", "a").ID, r.TakeIn("mail", "b").ID
	m := fenced(r, apptest.History("mail"))
	c, w := converter(r, m)
	w.saving = func(cs []desk.Change) []error {
		errs := make([]error, len(cs))
		for i, c := range cs {
			if errs[i] = errors.New("nobody expects this"); c.New.ID == good {
				errs[i] = r.Conversations.Save(t.Context(), c.Old, c.New)
			}
		}
		return errs
	}
	b := batch(r, move.Batch{Move: m, Job: m, Pass: "0", Kind: move.Convert, IDs: []string{bad, good}})
	for receives := 1; receives < 3; receives++ {
		if _, err := c.Do(t.Context(), b, receives); err == nil {
			t.Errorf("received %d times, it is done", receives)
		}
	}
	found, err := c.Do(t.Context(), b, 3)
	if err != nil || found.Failed != 1 || found.Created != 1 || !slices.Equal(r.Failures(m), []string{bad}) {
		t.Errorf("found %+v, %v, failures %v", found, err, r.Failures(m))
	}
	w.saving = func([]desk.Change) []error { return []error{store.ErrThrottled} }
	b = batch(r, move.Batch{Move: m, Job: m, Pass: "0", Kind: move.Convert, IDs: []string{bad}})
	if _, err := c.Do(t.Context(), b, 10); !errors.Is(err, store.ErrThrottled) {
		t.Errorf("a busy store = %v", err)
	}
}

// TestR22ABatchIsDoneInTurns: it is worked on in pieces as large as they may be, one
// after the other, and comes to the same.
func TestR22ABatchIsDoneInTurns(t *testing.T) {
	for _, kind := range []move.Kind{move.Convert, move.Compare, move.Rehearse} {
		r := apptest.New(t)
		var ids []string
		for i := range 5 {
			ids = append(ids, r.TakeIn("mail", fmt.Sprint(i)).ID)
		}
		m := fenced(r, apptest.History("mail"))
		c, w := converter(r, m)
		var saved []int
		w.saving = func(cs []desk.Change) []error {
			saved = append(saved, len(cs))
			return r.Conversations.SaveMany(t.Context(), cs)
		}
		turns, under := []int{3, 1, 0}, 0
		c.Turn = func(context.Context) (int, func()) {
			if under++; under != 1 || len(turns) == 0 {
				t.Fatalf("%s: %d pieces at a time, %d turns are left", kind, under, len(turns))
			}
			most := turns[0]
			turns = turns[1:]
			return most, func() { under-- }
		}
		found, err := c.Do(t.Context(), batch(r, move.Batch{Move: m, Job: m, Pass: "0", Kind: kind, IDs: ids}), 1)
		if err != nil || found.Created+found.Live != 5 || under != 0 || len(turns) != 0 {
			t.Errorf("%s: found %+v, %v; %d turns are left", kind, found, err, len(turns))
		}
		if want := []int{3, 1, 1}; kind != move.Rehearse && !slices.Equal(saved, want) {
			t.Errorf("%s: saved %v at a time, want %v", kind, saved, want)
		}
	}
}

// TestCompareMarksWhatItLands: a pass that finds something that should have landed
// long ago is marked, before it lands. Neither what has just changed nor what has
// failed, stays or belongs to another channel marks it.
func TestCompareMarksWhatItLands(t *testing.T) {
	for name, test := range map[string]struct {
		act    func(r *apptest.Rig, m string) (id string)
		marked bool
		want   move.Counts
	}{
		"an old one": {
			act: func(r *apptest.Rig, _ string) string {
				id := r.TakeIn("mail", "b").ID
				r.Time = r.Time.Add(10 * time.Second)
				return id
			},
			marked: true, want: move.Counts{Found: 1, Live: 1, Landed: 1},
		},
		"one of the future": {
			act: func(r *apptest.Rig, _ string) string {
				id := r.TakeIn("mail", "b").ID
				r.Time = r.Time.Add(-time.Minute)
				return id
			},
			marked: true, want: move.Counts{Found: 1, Live: 1, Landed: 1},
		},
		"a young one": {
			act: func(r *apptest.Rig, _ string) string {
				id := r.TakeIn("mail", "b").ID
				r.Time = r.Time.Add(9 * time.Second)
				return id
			},
			want: move.Counts{Found: 1, Live: 1, Landed: 1},
		},
		"landed": {
			act: func(r *apptest.Rig, _ string) string {
				id := r.TakeIn("mail", "b").ID
				r.Changed(id)
				r.Time = r.Time.Add(time.Minute)
				return id
			},
			want: move.Counts{Found: 1, Live: 1},
		},
		"failed": {
			act: func(r *apptest.Rig, m string) string {
				id := r.Undated("mail").ID
				fail(r, m, id)
				r.Time = r.Time.Add(time.Minute)
				return id
			},
			want: move.Counts{Found: 1, Failed: 1},
		},
		"gone": {
			act:  func(*apptest.Rig, string) string { return "c0" },
			want: move.Counts{Found: 1, Failed: 1},
		},
		"another channel's": { // as an index may have it that lags behind
			act: func(r *apptest.Rig, _ string) string {
				id := r.TakeIn("phone", "b").ID
				r.Time = r.Time.Add(time.Minute)
				return id
			},
			want: move.Counts{Stayed: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			m := fenced(r, apptest.History("mail"))
			id := test.act(r, m)
			c, w := converter(r, m)
			w.saving = func([]desk.Change) []error {
				if marked, err := r.Ledger.Marked(t.Context(), "acme", m, "0.1"); marked.IsZero() == test.marked || err != nil {
					t.Errorf("when it lands, the pass is marked at %s, %v", marked, err)
				}
				return nil
			}
			b := batch(r, move.Batch{Move: m, Job: m, Pass: "0.1", Kind: move.Compare, IDs: []string{id}})
			found, err := c.Do(t.Context(), b, 1)
			test.want.Inbox, test.want.Desk, test.want.ByStatus = found.Inbox, found.Desk, found.ByStatus
			if diff := cmp.Diff(test.want, found.Counts); diff != "" || err != nil || found.Inbox != found.Desk {
				t.Errorf("found %s, %v", diff, err)
			}
			if marked, err := r.Ledger.Marked(t.Context(), "acme", m, "0.1"); marked.IsZero() == test.marked || err != nil {
				t.Errorf("the pass is marked at %s, %v", marked, err)
			}
			if want := test.want.Failed > 0; slices.Contains(r.Failures(m), id) != want {
				t.Errorf("failures are %v", r.Failures(m))
			}
			p, err := r.Ledger.Progress(t.Context(), "acme", m, "0.1")
			if diff := cmp.Diff(move.Progress{Planned: 1, Done: 1, Counts: found.Counts}, p); diff != "" || err != nil {
				t.Errorf("progress %s, %v", diff, err)
			}
			// It comes twice.
			if _, err := c.Do(t.Context(), b, 2); err != nil {
				t.Error(err)
			}
			if twice, err := r.Ledger.Progress(t.Context(), "acme", m, "0.1"); !cmp.Equal(p, twice) || err != nil {
				t.Errorf("counted twice: %+v, %v", twice, err)
			}
		})
	}
}

func fail(r *apptest.Rig, m, id string) {
	r.Helper()
	if err := r.Ledger.Fail(r.Context(), "acme", m, move.Failure{Conversation: id, Code: desk.CodeNoStartDate, At: r.Time}); err != nil {
		r.Fatal(err)
	}
}

// TestWhatFailedIsTriedAgain by comparisons and retries, and settled where it lands;
// a retry settles, too, what has landed or been applied since.
func TestWhatFailedIsTriedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		kind           move.Kind
		landed, behind bool
		settled        bool
	}{
		"compare":        {kind: move.Compare, settled: true},
		"retry":          {kind: move.Retry, settled: true},
		"retry, landed":  {kind: move.Retry, landed: true, settled: true},
		"retry, behind":  {kind: move.Retry, landed: true, behind: true, settled: true},
		"compare, known": {kind: move.Compare, landed: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := apptest.New(t)
			undated := r.Undated("mail")
			m := fenced(r, apptest.History("mail"))
			c, _ := converter(r, m)
			work := func(kind move.Kind) {
				t.Helper()
				b := move.Batch{Move: m, Job: m, Pass: "0.1", Kind: kind, IDs: []string{undated.ID}}
				if _, err := c.Do(t.Context(), batch(r, b), 1); err != nil {
					t.Fatal(err)
				}
			}
			work(test.kind)
			if got := r.Failures(m); len(got) != 1 {
				t.Fatalf("failures are %v", got)
			}
			is := r.Mend(undated, func(c *desk.Conversation) { c.Started = r.Time })
			if test.landed {
				r.Changed(is.ID)
				fail(r, m, is.ID)
				if is = r.Conversation(is.ID); test.behind {
					r.Mend(is, func(c *desk.Conversation) { c.Ticket.Behind = c.Rev })
				}
			}
			work(test.kind)
			if got, is := r.Failures(m), r.Conversation(is.ID); (len(got) == 0) != test.settled || is.Home != desk.HelpDesk || is.Ticket.Behind != 0 {
				t.Errorf("failures are %v, conversation %+v", got, is)
			}
		})
	}
}

// TestR10OwnersAreCountedForADigest only, and by the last passes only.
func TestR10OwnersAreCountedForADigest(t *testing.T) {
	for _, mode := range []desk.NotificationMode{desk.Digest, desk.Quiet} {
		r := apptest.New(t)
		var ids []string
		for i, owner := range []string{"bob", "bob", "ann", "cem", ""} {
			ids = append(ids, r.TakeIn("mail", fmt.Sprint(i)).ID)
			r.Edit(ids[i], desk.Edit{Owner: &owner})
		}
		choices := apptest.History("mail")
		choices.Notifications = mode
		m := fenced(r, choices)
		live := r.TakeIn("mail", "live").ID
		c, _ := converter(r, m)
		for _, b := range []move.Batch{
			{Job: m, Pass: "0", Kind: move.Convert}, {Job: m + ".audit", Pass: "0.1", Kind: move.Compare}, {Job: m, Pass: "0.1", Kind: move.Compare},
		} {
			b.Move, b.IDs = m, append(ids, live)
			found, err := c.Do(t.Context(), batch(r, b), 1)
			want := map[string]int64(nil)
			if mode == desk.Digest && b.Kind == move.Compare && b.Job == m {
				want = map[string]int64{"bob": 2, "ann": 1}
			}
			if !maps.Equal(found.Owners, want) || err != nil {
				t.Errorf("%s, %s of %s: owners %v, %v; want %v", mode, b.Kind, b.Job, found.Owners, err, want)
			}
			if b.Kind == move.Compare && (found.Found != 6 || found.OwnersLost != 1 || found.Inbox != found.Desk || found.Landed != 0) {
				t.Errorf("found %+v", found)
			}
		}
		got := map[string]int64{}
		err := r.Ledger.Owners(t.Context(), "acme", m, "0.1", func(some map[string]int64) error { maps.Copy(got, some); return nil })
		if want := map[string]int64{"bob": 2, "ann": 1}; err != nil || mode == desk.Digest && !maps.Equal(got, want) || mode != desk.Digest && len(got) > 0 {
			t.Errorf("the ledger has %v, %v", got, err)
		}
	}
}

// TestABatchThatIsNotCountedComesAgain.
func TestABatchThatIsNotCountedComesAgain(t *testing.T) {
	r := apptest.New(t)
	id := r.TakeIn("mail", "a").ID
	m := fenced(r, apptest.History("mail"))
	c, _ := converter(r, m)
	for _, kind := range []move.Kind{move.Convert, move.Compare, move.Rehearse} {
		b := batch(r, move.Batch{Move: m, Job: m, Pass: "0.1", Kind: kind, IDs: []string{id}})
		r.EngineErr = store.ErrThrottled
		if _, err := c.Do(t.Context(), b, 5); !errors.Is(err, store.ErrThrottled) {
			t.Errorf("%s on a busy engine = %v", kind, err)
		}
		r.EngineErr, r.WriteErr = nil, store.ErrThrottled
		if _, err := c.Do(t.Context(), b, 5); !errors.Is(err, store.ErrThrottled) {
			t.Errorf("%s on an engine too busy to write = %v", kind, err)
		}
		r.WriteErr = nil
	}
	if _, err := c.Do(t.Context(), move.Batch{Account: "acme", Move: "m0"}, 1); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("a batch of no move = %v", err)
	}
}
