package cli_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/verify"
	"deskmove/shared/desk"
	"deskmove/shared/store"
)

// TestVerifyUnderTraffic: verify cries wolf neither while a channel moves nor
// while customers and agents go on writing, and still sees what is wrong.
func TestVerifyUnderTraffic(t *testing.T) {
	t.Parallel()
	e := ready(t)
	e.imports(t, smallMbox)
	server := e.api(t)
	var traffic sync.WaitGroup
	var stop atomic.Bool
	var changes atomic.Int64
	end := func() {
		stop.Store(true)
		traffic.Wait()
	}
	defer end()
	for w := range 3 {
		traffic.Go(func() {
			for i := 0; !stop.Load(); i++ {
				taken, err := server.TakeMessage(t.Context(), "support", api.NewMessage{References: []string{fmt.Sprintf("%d-%d", w, i-i%3)}, MessageContent: api.MessageContent{
					ExternalID: fmt.Sprintf("%d-%d", w, i), Author: "customer", From: &api.Address{Address: fmt.Sprintf("c%d@customer.example", i%7)},
					At: time.Now(), Text: "hello",
				}})
				if err != nil {
					t.Error(err)
					return
				}
				changes.Add(1)
				if i%4 == 0 { // an agent edits where the conversation lives
					status, solved := desk.Closed, desk.Status("solved")
					if server.EditConversation(t.Context(), taken.ConversationID, desk.Edit{Status: &status}) != nil {
						who := desk.Caller{Account: "demo", Agent: "cleo", Role: desk.AgentRole}
						_, _ = e.stack.App.Editor.EditTicket(t.Context(), who, taken.ConversationID, "", desk.TicketEdit{Status: &solved})
					}
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	check := func(when string) {
		t.Helper()
		r, err := verify.Run(t.Context(), server, verify.Options{})
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		t.Logf("%s: %.1f s, %d conversations, %d tickets", when, r.Seconds, r.Conversations, r.Tickets)
		for _, c := range r.Checks {
			if c.Violations > 0 {
				t.Errorf("%s: %s: %+v", when, c.Name, c.First)
			}
		}
	}
	check("before the move")
	var started api.ChannelMove
	e.run(t, "move", "--channel", "support", "--history", "all", "--open-status", "new", "--closed-status", "solved",
		"--ack", "agents-without-access,connected-left-behind", "--json").ok(t, &started)
	for range 5 {
		check("while it moves")
	}
	e.run(t, "status", started.ID, "--watch").ok(t, nil)
	for range 3 {
		check("after the move")
	}

	// A ticket that goes wrong and stays wrong is seen, though its
	// conversation has changed just now.
	taken, err := server.TakeMessage(t.Context(), "support", api.NewMessage{MessageContent: api.MessageContent{
		ExternalID: "last", Author: "customer", From: &api.Address{Address: "z@customer.example"}, At: time.Now(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	id := desk.TicketID(taken.ConversationID)
	conversations := store.ConversationStore{Engine: e.store}
	var old desk.Conversation
	for range 6000 { // two minutes: the machine may be busy
		if old, err = conversations.Get(t.Context(), "demo", taken.ConversationID); err != nil || old.Home == desk.HelpDesk {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	wrong := old
	wrong.Ticket.Created = wrong.Ticket.Created.Add(time.Hour)
	if err := conversations.Save(t.Context(), old, wrong); err != nil {
		t.Fatal(err)
	}
	r, err := verify.Run(t.Context(), server, verify.Options{Grace: 2 * time.Second})
	if err != nil || r.OK {
		t.Fatalf("a wrong date was not seen: %v, %+v", err, r)
	}
	for _, c := range r.Checks {
		if c.Name == "created-is-started" && (c.Violations != 1 || c.First[0].ID != id) {
			t.Errorf("%+v, want %s", c, id)
		}
	}
	end()
	t.Logf("%d changes", changes.Load())
}
