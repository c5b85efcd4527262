package simulation

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

var everyPair = flag.Bool("pairs", false, "crash at every pair of calls, instead of some")

// blows are what befalls a call in turn. A sleeper goes on after a minute,
// when others have done its work.
var (
	blows   = []fate{crashBefore, crashAfter, lost}
	oneBlow = append(slices.Clone(blows), asleep)
)

// blow is what befalls the call of that number, from 1.
type blow struct {
	at   int
	fate fate
}

// single is a move of one conversation, while something happens just between
// its ticket and its marker.
type single struct {
	ticket bool   // it has one before
	middle string // "", "reply", "edit", or "join": a form goes on by e-mail (R14), then its ticket is edited or made
	mutant mutant
}

// channel is the one that moves.
func (s single) channel() string {
	if s.middle == "join" {
		return "form"
	}
	return "mail"
}

func (s single) String() string { return fmt.Sprintf("ticket=%t,middle=%s", s.ticket, s.middle) }

func singles() (all []single) {
	for _, ticket := range []bool{false, true} {
		for _, middle := range []string{"", "reply", "edit", "join"} {
			all = append(all, single{ticket: ticket, middle: middle})
		}
	}
	return all
}

// run moves the conversation under blows, and returns how many calls there
// were. WritesOnly numbers only calls that change something: a crash before a
// call that reads is one after the call before it.
func (s single) run(t *testing.T, writesOnly bool, blows ...blow) (calls int, broken []string) {
	script := func(w *world) func(*task, *call) fate {
		return func(t *task, c *call) fate {
			if c.verb == "write" && c.table == string(store.Conversations) && !strings.HasPrefix(t.name, "api ") {
				c.slow = 100 * time.Millisecond // the marker leaves time for the middle
			}
			if writesOnly && !c.writes || w.quiet && strings.HasPrefix(t.name, "sweep") {
				return fine
			}
			calls++
			for _, b := range blows {
				if b.at == calls {
					return b.fate
				}
			}
			return fine
		}
	}
	broken = live(t, plan{seed: 1, mutant: s.mutant, script: script, story: func(w *world) { s.story(w) }}).broken
	return calls, broken
}

// story is what people do.
func (s single) story(w *world) {
	at := epoch.Add(-time.Hour)
	c := desk.Conversation{
		Account: "acme", ID: "c-1", Origin: s.channel(), Channel: s.channel(), Status: desk.Open, Owner: "ann", Started: at, TakenIn: at, Joined: at,
		ChangedAt: at, Version: 1, CustomerVersion: 1, CustomerAt: at, Messages: 1, Home: desk.Inbox,
	}
	w.people.until, w.people.imported = 2*time.Minute, map[string]int64{c.ID: 1}
	for _, account := range accounts {
		must(w.cases.setups.Replace(context.Background(), setupOf(account)))
	}
	must(w.cases.conversations.Import(context.Background(), []desk.Conversation{c}))
	if s.ticket {
		w.makes("native", "acme", c.ID, "waiting")
	}
	choices := desk.Choices{
		Channel: s.channel(), History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "solved"}, Notifications: desk.All,
		Acknowledged: []string{desk.CodeConnectedLeft},
	}
	w.after(30*time.Second, func() { w.begins("acme", choices, "key", 1) })
	saw, first := w.mem.Wrote, true
	w.mem.Wrote = func(changes []storetest.Written) {
		saw(changes)
		if first && changes[0].Table == store.Tickets && !strings.HasPrefix(w.watch.writer, "api ") {
			first = false
			w.after(0, func() { s.happens(w, c) })
		}
	}
}

// happens does what happens in the middle.
func (s single) happens(w *world, c desk.Conversation) {
	switch s.middle {
	case "reply", "join":
		m := desk.Message{Account: "acme", Channel: "mail", External: "x", Author: desk.ByCustomer, From: "jane@c.example", At: w.date()}
		w.request("reply", func(ctx context.Context, p *process) error {
			taken, err := p.Intake.Append(ctx, m, c.ID)
			if err == nil {
				w.took(m, taken, nil, false)
			}
			return err
		}, func(error) {
			switch {
			case s.middle != "join":
			case s.ticket:
				w.editTicket(newChance(3, ""), 1, thread{account: "acme", id: c.ID})
			default:
				w.makes("made", "acme", c.ID, "waiting")
			}
		})
	case "edit":
		closed, bob := desk.Closed, "bob"
		w.request("edit", func(ctx context.Context, p *process) error {
			_, err := p.Editor.EditConversation(ctx, w.who("acme", "bob"), c.ID, desk.Edit{Status: &closed, Owner: &bob})
			return err
		}, func(err error) {
			if moved := new(desk.MovedError); errors.As(err, &moved) {
				w.editTicket(newChance(3, ""), 1, thread{account: "acme", id: c.ID})
			}
		})
	}
}

// TestCrashAtEveryCall crashes before and after every call, and loses its
// answer.
func TestCrashAtEveryCall(t *testing.T) {
	for _, s := range singles() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			calls, broken := s.run(t, false)
			if len(broken) > 0 || calls < 50 {
				t.Fatalf("without a blow: %d calls, %v", calls, broken)
			}
			step := 1
			if testing.Short() || raceEnabled {
				step = 13
			}
			for at := 1; at <= calls; at += step {
				for _, f := range oneBlow {
					if _, broken := s.run(t, false, blow{at, f}); len(broken) > 0 {
						t.Errorf("%s at call %d of %d: %v", f, at, calls, broken)
					}
				}
			}
			t.Logf("%d calls", calls)
		})
	}
}

// TestCrashAtPairs does so at pairs of calls that change something: all of
// them with -pairs, else some.
func TestCrashAtPairs(t *testing.T) {
	for _, s := range singles() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			step := 1
			switch {
			case *everyPair:
			case testing.Short(), raceEnabled:
				step = 101
			default:
				step = 11
			}
			calls, _ := s.run(t, true)
			n, made := 0, 0
			for at := 1; at <= calls; at++ {
				for _, f := range blows {
					after, _ := s.run(t, true, blow{at, f})
					for then := at + 1; then <= after; then++ {
						for _, g := range blows {
							if n++; n%step != 0 {
								continue
							}
							made++
							if _, broken := s.run(t, true, blow{at, f}, blow{then, g}); len(broken) > 0 {
								t.Errorf("%s at change %d, %s at change %d: %v", f, at, g, then, broken)
							}
						}
					}
				}
			}
			t.Logf("%d changes, %d of %d pairs", calls, made, n)
		})
	}
}
