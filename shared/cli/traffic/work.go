package traffic

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// do carries out a change until it is acknowledged, or ctx is done.
func (t *Traffic) do(ctx context.Context, o op) {
	s := span{begin: t.clock.Add(1)}
	if o.kind == change {
		t.edit(ctx, o, s)
		return
	}
	var references []string
	if o.refer != "" {
		references = []string{o.refer}
	}
	var posted Posted
	err := t.insist(ctx, func(ctx context.Context) (err error) {
		posted, err = t.api.Post(ctx, o.message, references)
		return err
	})
	s.end = t.clock.Add(1)
	switch {
	case err != nil:
		t.failed(o, err)
	case o.kind == begin:
		t.noteBegin(o, s, posted)
		t.watch(ctx, o.message.Channel, posted.Conversation)
	case posted.Conversation != o.record.id:
		t.violated(Violation{CodeStrayMessage, o.record.id,
			fmt.Sprintf("message %s was taken to conversation %s", o.message.External, posted.Conversation)})
	default:
		t.noteMessage(o, s)
	}
}

// insist makes a request again and again until it is answered.
func (t *Traffic) insist(ctx context.Context, request func(context.Context) error) error {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		begun := time.Now()
		err := request(ctx)
		var refused *Refused
		if err == nil || errors.As(err, &refused) {
			t.mu.Lock()
			t.answers.add(time.Since(begun))
			t.mu.Unlock()
			return err
		}
		t.count(func(s *Stats) { s.Lost++ })
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// failed deals with a change that was refused, or never answered.
func (t *Traffic) failed(o op, err error) {
	t.noteUnsure(o)
	var refused *Refused
	if !errors.As(err, &refused) {
		return
	}
	id := ""
	if o.record != nil {
		id = o.record.id
	}
	t.violated(Violation{CodeRefused, id, fmt.Sprintf("%s was refused: %v", o.message.External, err)})
}

// edit edits where the conversation lives: in the inbox until the answer is
// that it has moved, then on its ticket.
func (t *Traffic) edit(ctx context.Context, o op, s span) {
	r := o.record
	t.mu.Lock()
	ticket := r.ticket
	t.mu.Unlock()
	var err error
	if ticket == "" {
		err = t.insist(ctx, func(ctx context.Context) error { return t.api.EditConversation(ctx, r.id, o.edit.conversation()) })
		var refused *Refused
		if errors.As(err, &refused) && refused.Status == conflict {
			ticket = refused.Ticket
		}
	}
	if ticket != "" {
		err = t.insist(ctx, func(ctx context.Context) error { return t.api.EditTicket(ctx, ticket, o.edit.ticket()) })
	}
	if s.end = t.clock.Add(1); err != nil {
		t.failed(o, err)
		return
	}
	t.mu.Lock()
	r.ticket = ticket
	t.mu.Unlock()
	t.noteEdit(o, s, ticket != "")
}

func (w wish) conversation() (e desk.Edit) {
	if w.state != "" {
		e.Status = &w.state
	}
	if w.owns {
		e.Owner = &w.owner
	}
	return e
}

func (w wish) ticket() (e desk.TicketEdit) {
	if w.state != "" {
		e.Status = &w.status
	}
	if w.owns {
		e.Owner = &w.able
	}
	return e
}

// watched is how many tickets are waited for at a time.
const watched = 8

// watch measures from now until a conversation's ticket can be read.
func (t *Traffic) watch(ctx context.Context, channel, conversation string) {
	sampled := t.sampled.Load()
	if sampled == nil || *sampled != channel {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.queued == watched {
		return
	}
	t.queued++
	begun := time.Now()
	t.watches.Go(func() {
		took := t.await(ctx, begun, conversation)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.queued--
		t.redirects.add(took)
	})
}

// await polls for a conversation's ticket, a minute at most.
func (t *Traffic) await(ctx context.Context, begun time.Time, conversation string) time.Duration {
	for time.Since(begun) < time.Minute && ctx.Err() == nil {
		if c, _, err := t.api.Conversation(ctx, conversation); err == nil && c.HasTicket() {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(begun)
}
