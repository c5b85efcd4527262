package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/local/clock"
)

// Story is what happened to one conversation: it began on a form and went on
// by e-mail, was closed long ago by somebody without help desk access, and
// its customer writes again in the middle of the move.
type Story struct {
	Conversation string           `json:"conversation"`
	Before       api.Conversation `json:"before"`
	RepliedAt    time.Time        `json:"repliedAt"` // acknowledged
	LandedAt     time.Time        `json:"landedAt"`  // on the ticket
	After        api.Conversation `json:"after"`
	Ticket       api.Ticket       `json:"ticket"`

	err    error         // of the reply
	landed chan struct{} // closed when the reply is on the ticket, or it failed
}

// without is the agent of the story, who has no help desk access.
const without = "lars"

// sampleWithStory makes a sample and casts the story in it. A small sample may have no
// conversation that fits, by the hour at which it is made: then it takes the next seed.
func sampleWithStory(n int, seed uint64, setup desk.Setup, now time.Time) (threads []Thread, hero int, err error) {
	for last := seed + 20; seed <= last; seed++ {
		if threads, err = Sample(n, seed, setup, now); err != nil {
			return nil, 0, err
		}
		if hero, err = cast(threads); err == nil {
			break
		}
	}
	return threads, hero, err
}

// cast chooses the story's conversation, and makes it fit.
func cast(threads []Thread) (int, error) {
	i := slices.IndexFunc(threads, func(t Thread) bool {
		last := len(t.Messages) - 1
		return last >= 2 && t.Messages[0].Channel != Moved && t.Messages[last].Channel == Moved
	})
	if i < 0 {
		return 0, errors.New("the sample has no form that went on by e-mail: make it larger")
	}
	threads[i].Owner, threads[i].Closed, threads[i].Ticket = without, true, ""
	return i, nil
}

// before reads the conversation before the move.
func (d *demo) before(ctx context.Context) (err error) {
	d.Story.Before, err = d.admin.Conversation(ctx, d.Story.Conversation)
	return err
}

// begin has the customer write, and measures until the ticket shows it.
func (s *Story) begin(ctx context.Context, d *demo) {
	s.landed = make(chan struct{})
	go func() {
		defer close(s.landed)
		_, s.err = d.admin.AddMessage(ctx, s.Conversation, api.AddedMessage{ChannelID: Moved, MessageContent: api.MessageContent{
			ExternalID: "story@fjordline.example", Author: string(desk.ByCustomer),
			From: &api.Address{Name: s.Before.CustomerName, Address: s.Before.Customer}, Subject: "Re: " + s.Before.Subject, Text: "The crack is back, in the new frame. What now?",
		}})
		s.RepliedAt = time.Now()
		for s.err == nil && s.LandedAt.IsZero() {
			if s.err = clock.Sleep(ctx, 5*time.Millisecond); s.err != nil {
				break
			}
			t, err := d.admin.Ticket(ctx, desk.TicketID(s.Conversation))
			switch {
			case err == nil && t.Status == "new":
				s.LandedAt = time.Now()
			case err != nil && !client.IsNotFound(err):
				s.err = err
			}
		}
	}()
}

// settle waits until the customer's reply is no longer on its way, which is
// soon once the demo's context is done.
func (s *Story) settle() {
	if s.landed != nil {
		<-s.landed
	}
}

// after reads the conversation and its ticket after the move.
func (d *demo) after(ctx context.Context) (err error) {
	s := &d.Story
	if s.landed == nil {
		return errors.New("the move has ended without a fence")
	}
	select {
	case <-s.landed:
	case <-time.After(2 * d.patience()):
		return fmt.Errorf("a customer's reply has not reopened its ticket within %v of the move's end", 2*d.patience())
	}
	if s.err != nil {
		return s.err
	}
	if s.After, err = d.admin.Conversation(ctx, s.Conversation); err != nil {
		return err
	}
	s.Ticket, err = d.admin.Ticket(ctx, s.After.TicketID)
	return err
}
