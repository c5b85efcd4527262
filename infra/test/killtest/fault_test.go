package killtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/cli/demo"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// strike has a channel moved under traffic, with a fault in the middle, and
// reports whatever is not as promised. Rounds of one test run side by side.
func (g rig) strike(t *testing.T, i int, a aim, set func(*round)) {
	t.Helper()
	g.strikeIn(t, t.TempDir(), i, a, set)
}

// strikeIn is strike with the data in a folder that there is.
func (g rig) strikeIn(t *testing.T, dir string, i int, a aim, set func(*round)) {
	t.Helper()
	r, err := g.round(dir, i)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.log.Close(); err != nil {
			t.Error(err)
		}
	}()
	set(r)
	hit := r.hit
	r.hit = func(ctx context.Context, s *shot) error {
		if s.phase == ended {
			return errors.New("the move had ended before the fault began")
		}
		t.Logf("fault %s: in %s with %d of %d converted", a, s.phase, s.done, s.planned)
		return hit(ctx, s)
	}
	s, err := r.run(t.Context(), &a)
	if err == nil && len(s.stored) > 0 {
		t.Logf("%d conversations begun meanwhile are where they belong", len(s.stored))
	}
	if err != nil {
		words, _ := r.lastWords()
		t.Fatalf("%v\nlog:\n%s", err, words)
	}
	t.Logf("the move took %s, %s of it after the fault; %d changes, %d repeated, slowest answer %s; checked %d conversations, %d messages, %d edits",
		s.whole.Round(time.Millisecond), s.recovery.Round(time.Millisecond), s.stats.Changes(), s.stats.Lost,
		s.stats.Answer.Max.Round(time.Millisecond), s.checked.Conversations, s.checked.Messages, s.checked.Edits)
}

// write has a customer begin a conversation on the channel that moves, and
// returns how long the answer took. What is acknowledged is kept in mind: in
// the end it must have a ticket. A server that is busy is asked again, as on a
// machine that does much else.
func (r *round) write(ctx context.Context, s *shot) (took time.Duration, err error) {
	s.written++
	for until := time.Now().Add(2 * time.Minute); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		began := time.Now()
		var taken api.Taken
		taken, err = r.customer.TakeMessage(ctx, demo.Moved, api.NewMessage{MessageContent: api.MessageContent{
			ExternalID: fmt.Sprintf("<probe-%d@customer.example>", s.written), Author: string(desk.ByCustomer),
			From: &api.Address{Address: "jane@customer.example"}, At: began, Subject: "Where is my order?", Text: "It has not come.",
		}})
		took = time.Since(began)
		if err == nil {
			s.stored = append(s.stored, taken.ConversationID)
			return took, nil
		}
		var problem *client.Problem
		if !errors.As(err, &problem) || problem.Status != http.StatusServiceUnavailable {
			break
		}
	}
	return took, err
}

// tickets checks that what was acknowledged since the fence has its ticket,
// whatever the server's clock said when it was taken in.
func (r *round) tickets(ctx context.Context, s *shot) error {
	var errs []error
	for _, id := range s.stored {
		for until := time.Now().Add(2 * time.Minute); ; time.Sleep(250 * time.Millisecond) {
			ticket, err := r.api.Ticket(ctx, desk.TicketID(id))
			if err == nil && ticket.Home == string(desk.HelpDesk) {
				break
			}
			if time.Now().After(until) {
				errs = append(errs, fmt.Errorf("conversation %s was acknowledged after the fence, but has no ticket: %w", id, err))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// alive reports how the server ended, if it has.
func (r *round) alive() error {
	select {
	case <-r.server.Ended():
		return fmt.Errorf("the server has ended: %w", r.server.Stop())
	default:
		return nil
	}
}

// span returns the shortest and the longest of some durations, for logs.
func span(ds []time.Duration) string {
	if len(ds) == 0 {
		return "none"
	}
	return fmt.Sprintf("%s to %s", slices.Min(ds).Round(time.Millisecond), slices.Max(ds).Round(time.Millisecond))
}
