package traffic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// Codes of violations.
const (
	CodeRefused        = "refused"         // a change was refused that should not have been
	CodeGone           = "gone"            // an acknowledged conversation does not exist
	CodeLostMessage    = "lost-message"    // an acknowledged message is not there
	CodeDoubledMessage = "doubled-message" // a message is there twice
	CodeAlteredMessage = "altered-message" // a message is not what was sent
	CodeStrayMessage   = "stray-message"   // a message is where it was never sent
	CodeNoTicket       = "no-ticket"       // a conversation of a moved channel has no ticket
	CodeNotMoved       = "not-moved"       // it is in the inbox although its channel moved
	CodeMovedAstray    = "moved-astray"    // it has moved although its channel did not, or left it behind
	CodeEditLost       = "edit-lost"       // an agent's edit does not hold, though nobody replaced it
	CodeNotReopened    = "not-reopened"    // a customer's reply left it closed
)

// Violation is one broken promise.
type Violation struct {
	Code         string `json:"code"`
	Conversation string `json:"conversation"`
	Problem      string `json:"problem"`
}

func (v Violation) String() string {
	return v.Code + ": conversation " + v.Conversation + ": " + v.Problem
}

// most is how many violations are kept.
const most = 200

// Checked is what a check has looked at, and what it found.
type Checked struct {
	Conversations int         `json:"conversations"`
	Messages      int         `json:"messages"`
	Tickets       int         `json:"tickets"`
	Edits         int         `json:"edits"`
	Violations    []Violation `json:"violations"` // the first 200
}

// Check compares what was acknowledged with what is there, given the moves
// that have ended since. What the stream may still be working on is looked at
// again until patience is over. Call it when Run has returned.
func (t *Traffic) Check(ctx context.Context, moves []desk.Move, patience time.Duration) (Checked, error) {
	t.mu.Lock()
	pending := slices.Clone(t.records)
	result := Checked{Violations: slices.Clone(t.bad)}
	t.mu.Unlock()
	pending = slices.DeleteFunc(pending, (*record).untouched)
	result.Conversations = len(pending)
	for _, r := range pending {
		result.Messages += len(r.acked)
		for _, f := range []fact{r.status, r.owner} {
			if f.known() {
				result.Edits++
			}
		}
	}
	c := &checker{Traffic: t, moves: moves}
	until := time.Now().Add(patience)
	for {
		bad, err := c.all(ctx, pending)
		if err != nil {
			return result, err
		}
		if len(bad) > 0 && time.Now().Before(until) {
			pending = nil
			for r := range bad {
				pending = append(pending, r)
			}
			time.Sleep(250 * time.Millisecond)
			continue
		}
		for _, r := range pending {
			result.Violations = append(result.Violations, bad[r]...)
		}
		result.Tickets = c.tickets
		result.Violations = result.Violations[:min(len(result.Violations), most)]
		return result, nil
	}
}

func (r *record) untouched() bool {
	return len(r.acked)+len(r.unsure) == 0 && !r.status.known() && !r.owner.known()
}

// checker checks conversations, some at a time.
type checker struct {
	*Traffic

	moves   []desk.Move
	tickets int // found
}

func (c *checker) all(ctx context.Context, records []*record) (map[*record][]Violation, error) {
	var mu sync.Mutex
	bad := make(map[*record][]Violation)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, r := range records {
		g.Go(func() error {
			f, err := c.read(ctx, r)
			if err != nil {
				return fmt.Errorf("check conversation %s: %w", r.id, err)
			}
			found := f.violations()
			mu.Lock()
			defer mu.Unlock()
			if len(found) > 0 {
				bad[r] = found
			} else if f.ticket != nil {
				c.tickets++
			}
			return nil
		})
	}
	return bad, g.Wait()
}

// found is a conversation as it is, beside its journal.
type found struct {
	*Traffic
	*record

	exists       bool
	conversation desk.Conversation
	messages     []desk.Message
	ticket       *desk.Ticket // that of conversation, nil if it has none
	move         *desk.Move   // that of its channel, nil if that did not move
}

func (c *checker) read(ctx context.Context, r *record) (*found, error) {
	f := &found{Traffic: c.Traffic, record: r}
	var refused *Refused
	err := c.insist(ctx, func(ctx context.Context) (err error) {
		f.conversation, f.messages, err = c.api.Conversation(ctx, r.id)
		return err
	})
	if errors.As(err, &refused) && refused.Status == notFound {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f.exists = true
	for i := range c.moves {
		if c.moves[i].Choices.Channel == f.conversation.Channel {
			f.move = &c.moves[i]
		}
	}
	if f.conversation.HasTicket() {
		f.ticket = &f.conversation.Ticket
	}
	return f, nil
}

// violations are the promises that are broken.
func (f *found) violations() []Violation {
	if !f.exists {
		return []Violation{{CodeGone, f.id, "it was acknowledged, but does not exist"}}
	}
	v := f.content()
	v = append(v, f.place()...)
	if f.vague {
		return v
	}
	return append(append(v, f.keptStatus()...), f.keptOwner()...)
}

func (f *found) bad(code, format string, args ...any) []Violation {
	return []Violation{{code, f.id, fmt.Sprintf(format, args...)}}
}

// content checks that every message is there once, as it was sent.
func (f *found) content() (v []Violation) {
	there := make(map[string]int, len(f.messages))
	for _, m := range f.messages {
		there[m.External]++
		n, ours := f.number(m.External)
		if !ours {
			continue
		}
		switch {
		case !slices.Contains(f.acked, number32(n)) && !slices.Contains(f.unsure, number32(n)):
			v = append(v, f.bad(CodeStrayMessage, "message %s was never sent to it", m.External)...)
		case m.Text != f.text(n):
			v = append(v, f.bad(CodeAlteredMessage, "message %s has another text", m.External)...)
		}
	}
	for _, n := range f.acked {
		if there[f.external(int(n))] == 0 {
			v = append(v, f.bad(CodeLostMessage, "message %s is not there", f.external(int(n)))...)
		}
	}
	for external, n := range there {
		if n > 1 {
			v = append(v, f.bad(CodeDoubledMessage, "message %s is there %d times", external, n)...)
		}
	}
	if n := f.conversation.Messages; n != int64(len(f.messages)) && len(v) == 0 {
		v = append(v, f.bad(CodeDoubledMessage, "it counts %d messages and has %d", n, len(f.messages))...)
	}
	return v
}

// place checks that it is where its channel is, with a ticket if it has moved
// and no earlier.
func (f *found) place() []Violation {
	c := f.conversation
	stays := f.move != nil && f.move.Choices.History == desk.NoHistory && c.TakenIn.Before(f.move.FenceAt)
	switch moved := c.Home == desk.HelpDesk; {
	case !moved && f.move != nil && !stays:
		return f.bad(CodeNotMoved, "its channel has moved, but not it")
	case moved && (f.move == nil || stays):
		return f.bad(CodeMovedAstray, "it has moved, but should have stayed in the inbox")
	case moved && f.ticket == nil:
		return f.bad(CodeNoTicket, "it has moved, but there is no ticket")
	case moved && f.ticket.Provenance != desk.Native && !f.ticket.Created.Equal(c.Started):
		return f.bad(CodeNoTicket, "its ticket is dated %s, not %s", f.ticket.Created, c.Started)
	}
	return nil
}

// expected says whether it should be closed, as far as that is sure: not if a
// customer wrote while an agent closed it.
func (f *found) expected(edit fact) (closed, sure bool) {
	settings, err := f.channelOf(f.conversation.Channel).ParsedSettings()
	replied := err != nil || !settings.Automation.KeepClosed
	native := f.ticket != nil && f.ticket.Provenance == desk.Native
	switch {
	case !edit.known():
		return false, f.began || replied && f.spoke.end > 0
	case !f.closes(edit):
		return false, true
	case !replied || f.spoke.end < edit.begin:
		return true, true
	}
	// What was written before the fence does not open a ticket that an agent
	// made in the inbox.
	return false, f.spoke.begin > edit.end && !native
}

// keptStatus checks the last edit of the status, or that it is open if
// nobody closed it.
func (f *found) keptStatus() []Violation {
	edit, closed := f.status, f.conversation.Status == desk.Closed
	native := f.ticket != nil && f.ticket.Provenance == desk.Native
	if native && !edit.onTicket || edit.onTicket && f.ticket == nil {
		return nil // not its status, or place has said so
	}
	if edit.onTicket || f.conversation.Home == desk.HelpDesk && f.ticket != nil {
		closed = f.isClosed[f.ticket.Status]
	}
	switch want, sure := f.expected(edit); {
	case sure && closed && f.closes(edit):
		if !want {
			return f.bad(CodeNotReopened, "a customer replied after an agent had closed it")
		}
	case sure && closed && !want:
		return f.bad(CodeEditLost, "nobody closed it since it was opened, and it is closed")
	case sure && !closed && want:
		return f.bad(CodeEditLost, "an agent closed it, and it is open")
	}
	if edit.onTicket && f.closes(edit) == closed && edit.value != string(f.ticket.Status) {
		return f.bad(CodeEditLost, "an agent set its ticket to %s, and it is %s", edit.value, f.ticket.Status)
	}
	return f.mappedStatus()
}

// mappedStatus checks the very status that the move gave to what no agent
// edited since.
func (f *found) mappedStatus() []Violation {
	if f.ticket == nil || f.move == nil || f.ticket.Provenance != desk.History || !f.ticket.Edited.At.IsZero() {
		return nil
	}
	want := f.move.Choices.Statuses.Open
	if f.isClosed[f.ticket.Status] {
		want = f.move.Choices.Statuses.Closed
	}
	if f.ticket.Status != want {
		return f.bad(CodeEditLost, "its ticket is %s, not %s", f.ticket.Status, want)
	}
	return nil
}

// keptOwner checks the last edit of the owner. An owner without help desk
// access is lost on the way; a live conversation without owner is routed.
func (f *found) keptOwner() []Violation {
	edit := f.owner
	if !edit.known() || f.ticket == nil && edit.onTicket {
		return nil
	}
	if edit.onTicket {
		if f.ticket.Owner != edit.value {
			return f.bad(CodeEditLost, "an agent gave its ticket to %q, and it is %q's", edit.value, f.ticket.Owner)
		}
		return nil
	}
	if f.conversation.Owner != edit.value {
		return f.bad(CodeEditLost, "an agent gave it to %q, and it is %q's", edit.value, f.conversation.Owner)
	}
	if f.conversation.Home != desk.HelpDesk || f.ticket == nil || f.ticket.Provenance == desk.Native {
		return nil
	}
	switch able := slices.Contains(f.able, edit.value); {
	case able && f.ticket.Owner != edit.value,
		!able && f.ticket.Provenance == desk.History && f.ticket.Owner != "":
		return f.bad(CodeEditLost, "an agent gave it to %q in the inbox, and its ticket is %q's", edit.value, f.ticket.Owner)
	}
	return nil
}
