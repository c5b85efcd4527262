package simulation

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/store"
)

var everyPair = flag.Bool("pairs", false, "crash at every pair of calls, instead of some")

// The faults injected at each call in turn. A suspended process goes on after a
// minute, when others have done its work.
var (
	crashes              = []fault{crashBefore, crashAfter, answerLost}
	crashesAndSuspension = append(slices.Clone(crashes), suspended)
)

// faultAt is a fault of the call with that number, from 1.
type faultAt struct {
	call  int
	fault fault
}

// oneConversation is the move of one conversation. Meanwhile something happens
// between the read and the write that land it.
type oneConversation struct {
	ticket    bool   // it has one before the move
	meanwhile string // "", "reply", "edit", or "join": a reply by e-mail to a form (R14), then its ticket is edited or made
	moves     string // the channel that moves, if not its own
}

// channel returns the channel that moves.
func (s oneConversation) channel() string {
	if s.meanwhile == "join" {
		return "form"
	}
	return "mail"
}

func (s oneConversation) String() string {
	return fmt.Sprintf("ticket=%t,middle=%s", s.ticket, s.meanwhile)
}

func allOneConversations() (all []oneConversation) {
	for _, ticket := range []bool{false, true} {
		for _, middle := range []string{"", "reply", "edit", "join"} {
			all = append(all, oneConversation{ticket: ticket, meanwhile: middle})
		}
	}
	return all
}

// run moves the conversation with faults, and returns how many calls there were.
// WritesOnly counts only calls that write: a crash before a read is the same as
// one after the call before it.
func (s oneConversation) run(t *testing.T, writesOnly bool, faults ...faultAt) (calls int, violations []string) {
	script := func(w *world) func(*task, *call) fault {
		happened := false
		return func(t *task, c *call) fault {
			if c.writes && c.table == string(store.Conversations) && !t.isRequest() {
				c.slow = 100 * time.Millisecond // before it lands, time for what happens meanwhile
				if !happened {
					happened = true
					w.after(0, func() { s.happenMeanwhile(w) })
				}
			}
			if writesOnly && !c.writes || w.onlyAudits && t.function == w.sweep {
				return noFault
			}
			calls++
			for _, b := range faults {
				if b.call == calls {
					return b.fault
				}
			}
			return noFault
		}
	}
	violations = simulate(t, scenario{seed: 1, script: script, story: func(w *world) { s.story(w) }}).violations
	return calls, violations
}

// story is what people do.
func (s oneConversation) story(w *world) {
	at := epoch.Add(-time.Hour)
	c := desk.Conversation{
		Account: "acme", ID: "c-1", Origin: s.channel(), Channel: s.channel(), Status: desk.Open, Owner: "ann", Started: at, TakenIn: at, Joined: at,
		ChangedAt: at, Rev: 1, CustomerRev: 1, CustomerAt: at, Messages: 1, Home: desk.Inbox,
	}
	w.people.stop, w.people.imported = 2*time.Minute, map[string]int64{c.ID: 1}
	for _, account := range accounts {
		_, err := w.stores.setups.Replace(context.Background(), newSetup(account), time.Time{})
		must(err)
	}
	must(w.stores.conversations.Import(context.Background(), []desk.Conversation{c}))
	if s.ticket {
		w.createTicket("native", "acme", c.ID, "waiting")
	}
	choices := desk.Choices{
		Channel: cmp.Or(s.moves, s.channel()), History: desk.AllHistory, Statuses: desk.StatusMap{Open: "new", Closed: "solved"}, Notifications: desk.All,
		Acknowledged: []string{desk.CodeConnectedLeft},
	}
	w.after(30*time.Second, func() { w.startMove("acme", choices, "key", 1) })
}

// happenMeanwhile does what happens while the conversation lands.
func (s oneConversation) happenMeanwhile(w *world) {
	const id = "c-1"
	switch s.meanwhile {
	case "reply", "join":
		m := sentMessage{Message: desk.Message{Account: "acme", Channel: "mail", External: "x", Author: desk.ByCustomer, From: jane, At: w.date()}, to: id}
		w.people.sent[m.External] = m
		w.request("reply", func(ctx context.Context, p *process) error {
			taken, err := p.Intake.Append(ctx, m.Message, id)
			if err == nil {
				w.noteAcknowledged(m, taken, nil, false)
			}
			return err
		}, func(error) {
			switch {
			case s.meanwhile != "join":
			case s.ticket:
				w.editTicket(newRandom(3, ""), 1, conversationRef{account: "acme", id: id})
			default:
				w.createTicket("made", "acme", id, "waiting")
			}
		})
	case "edit":
		closed, bob := desk.Closed, "bob"
		w.request("edit", func(ctx context.Context, p *process) error {
			_, err := p.Editor.EditConversation(ctx, w.caller("acme", "bob"), id, "edit", desk.Edit{Status: &closed, Owner: &bob})
			return err
		}, func(err error) {
			if moved := new(desk.MovedError); errors.As(err, &moved) {
				w.editTicket(newRandom(3, ""), 1, conversationRef{account: "acme", id: id})
			}
		})
	}
}

// TestCrashAtEveryCall crashes before and after every call, and loses its
// answer.
func TestCrashAtEveryCall(t *testing.T) {
	for _, s := range allOneConversations() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			calls, violations := s.run(t, false)
			if len(violations) > 0 || calls < 50 {
				t.Fatalf("without a fault: %d calls, %v", calls, violations)
			}
			step := 1
			if testing.Short() || raceEnabled {
				step = 13
			}
			for at := 1; at <= calls; at += step {
				for _, f := range crashesAndSuspension {
					if _, violations := s.run(t, false, faultAt{at, f}); len(violations) > 0 {
						t.Errorf("%s at call %d of %d: %v", f, at, calls, violations)
					}
				}
			}
			t.Logf("%d calls", calls)
		})
	}
}

// TestCrashAtPairs does so at pairs of calls that write: all of them with
// -pairs, otherwise a sample.
func TestCrashAtPairs(t *testing.T) {
	for _, s := range allOneConversations() {
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
				for _, f := range crashes {
					after, _ := s.run(t, true, faultAt{at, f})
					for then := at + 1; then <= after; then++ {
						for _, g := range crashes {
							if n++; n%step != 0 {
								continue
							}
							made++
							if _, violations := s.run(t, true, faultAt{at, f}, faultAt{then, g}); len(violations) > 0 {
								t.Errorf("%s at change %d, %s at change %d: %v", f, at, g, then, violations)
							}
						}
					}
				}
			}
			t.Logf("%d changes, %d of %d pairs", calls, made, n)
		})
	}
}
