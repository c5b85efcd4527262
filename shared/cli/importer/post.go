package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
	"deskmove/shared/mail"
	"deskmove/shared/mail/thread"
)

// post hands the threads over, the oldest first, so that the newest are taken
// in last; those of one conversation in order.
func (r *run) post(ctx context.Context) error {
	p := &poster{run: r, memory: semaphore.NewWeighted(inMemory)}
	for _, t := range r.threads {
		p.total += int64(len(t.Items))
	}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(cmp.Or(r.options.Concurrency, 8))
	for i := range r.threads {
		if within.Err() != nil {
			break
		}
		g.Go(func() error { return p.thread(within, &r.threads[i]) })
	}
	err := g.Wait()
	if err == nil && p.done == p.total {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %d of %d messages are in, and stay; import the same files again to go on", p.done, p.total)
	}
	return fmt.Errorf("import stopped after %d of %d messages, which are kept; repeat the import to continue: %w", p.done, p.total, err)
}

// poster hands threads over, several at a time.
type poster struct {
	*run
	total  int64
	memory *semaphore.Weighted // of bytes

	mu   sync.Mutex // of done, the summary and the spool
	done int64
}

// thread hands one thread over, then sets its state.
func (p *poster) thread(ctx context.Context, t *thread.Thread) error {
	var o outcome
	was := p.past(t)
	for next := 0; next < len(t.Items); {
		ms, err := p.prepare(ctx, t, next, &o)
		if err != nil {
			return err
		}
		for i, m := range ms {
			item := t.Items[next+i]
			taken, err := p.take(ctx, t, next+i, m, o.conversation, was)
			if err == nil {
				o.add(taken, m, p.answers(item))
			}
			if err := p.count(item, m, taken, err); err != nil {
				return err
			}
		}
		next += len(ms)
	}
	p.apart(o)
	if o.conversation == "" || !p.options.States {
		return nil
	}
	return p.state(ctx, o)
}

// outcome is what has become of a thread so far.
type outcome struct {
	conversation string
	answered     bool   // an agent wrote last, but for what asks and answers nothing
	owner        string // the last agent known to have answered
	added, known bool
	last         time.Time // date of the last message that has one
	apart        []string  // other conversations that hold or await a part of it
}

func (o *outcome) add(t api.Taken, m api.MessageContent, w writes) {
	if o.conversation == "" {
		o.conversation = t.ConversationID
	}
	if w != nothing {
		o.answered = w == answer
	}
	if w == answer && m.Agent != "" {
		o.owner = m.Agent
	}
	o.added = o.added || !t.Known
	o.known = o.known || t.Known
	for _, id := range append(t.Apart, t.ConversationID) {
		if id != o.conversation && !slices.Contains(o.apart, id) {
			o.apart = append(o.apart, id)
		}
	}
}

// apart notes that a thread is in several conversations.
func (p *poster) apart(o outcome) {
	if len(o.apart) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.summary.Apart = append(p.summary.Apart, append([]string{o.conversation}, o.apart...))
}

// date is when a mail was written or received; if neither is known, that of the
// message before.
func date(h mail.Header, before time.Time) time.Time {
	switch {
	case !h.Date.IsZero():
		return h.Date
	case !h.Arrival.IsZero():
		return h.Arrival
	}
	return before
}

// past is what a thread was: when the import began or, if its channel was moving or
// had moved by then, before that.
func (p *poster) past(t *thread.Thread) *api.PastConversation {
	var was api.PastConversation
	var at time.Time
	for _, item := range t.Items {
		h := &p.spool.Headers()[item.Index]
		at = date(*h, at)
		switch w := p.answers(item); {
		case w == nothing, !p.fence.IsZero() && !at.Before(p.fence):
		case w == answer:
			if was.FirstReplyAt.IsZero() {
				was.FirstReplyAt = at
			}
			was.WaitingSince, was.Status = time.Time{}, string(desk.Closed)
			was.Owner = cmp.Or(p.people.agents[h.From.Address], was.Owner)
		default:
			if was.WaitingSince.IsZero() {
				was.WaitingSince = at
			}
			was.Status = string(desk.Open)
		}
	}
	if !p.options.States {
		was.Status, was.Owner = "", ""
	}
	return &was
}

// writes is what a message does to its thread.
type writes int

const (
	nothing writes = iota // a program wrote it, or a bot
	question
	answer
)

// answers tells what a message does to its thread, as the API will see it.
func (p *poster) answers(item thread.Item) writes {
	h := p.spool.Headers()[item.Index]
	m := desk.Message{From: desk.Address(h.From), Automatic: desk.Automatic(h.Automatic), ReplyTo: addresses(h.ReplyTo)}
	m.Author, _ = p.people.author(h)
	switch m = m.Complete(p.channel); {
	case m.Asks():
		return question
	case m.Answers():
		return answer
	}
	return nothing
}

// mostReferences is how many external IDs the API takes; the most telling
// come first.
const mostReferences = 1000

// references are the IDs by which the channel may know a thread.
func references(t *thread.Thread, h mail.Header, self string) []string {
	var refs []string
	seen := map[string]bool{self: true}
	for _, ids := range [][]string{h.InReplyTo, h.References, t.Aliases} {
		for _, id := range ids {
			if len(refs) == mostReferences {
				return refs
			}
			if !seen[id] {
				seen[id] = true
				refs = append(refs, id)
			}
		}
	}
	return refs
}

// take hands a message over. If it is too large, its HTML part stays behind, of which
// the text says the same; the source has both. A message that begins a conversation
// says what was.
func (p *poster) take(ctx context.Context, t *thread.Thread, i int, m api.MessageContent, conversation string, was *api.PastConversation) (api.Taken, error) {
	item := t.Items[i]
	send := func() (api.Taken, error) {
		if conversation != "" {
			return p.api.AddMessage(ctx, conversation, api.AddedMessage{ChannelID: p.options.Channel, MessageContent: m})
		}
		refs := references(t, p.spool.Headers()[item.Index], m.ExternalID)
		return p.api.TakeMessage(ctx, p.options.Channel, api.NewMessage{References: refs, Conversation: was, MessageContent: m})
	}
	taken, err := send()
	if p.options.Live && isNew(err) {
		m.History, was = false, nil
		taken, err = send()
	}
	if isStatus(err, http.StatusRequestEntityTooLarge) && m.HTML != "" {
		p.lessened(item, "its HTML part is left out, because together they are too large for the API; its source is whole")
		m.HTML = ""
		taken, err = send()
	}
	return taken, err
}

// isNew reports whether the API refused a mail as history, because it was written
// after the channel had begun to move.
func isNew(err error) bool {
	var problem *client.Problem
	return errors.As(err, &problem) && slices.ContainsFunc(problem.Errors, func(e api.FieldProblem) bool { return e.Code == desk.CodeNotHistory })
}

func (p *poster) lessened(item thread.Item, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.spool.Headers()[item.Index]
	p.summary.Lessened = append(p.summary.Lessened, Skipped{File: h.File, Number: h.Number, Reason: why})
}

// count accounts for a message. One that the API does not accept is skipped;
// any other error ends the import.
func (p *poster) count(item thread.Item, m api.MessageContent, t api.Taken, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.spool.Headers()[item.Index]
	var problem *client.Problem
	switch {
	case err == nil && t.Known:
		p.summary.Known++
	case err == nil:
		p.summary.Added++
		if t.Began {
			p.summary.Conversations++
		}
	case isNew(err):
		why := "it was written"
		if m.At.IsZero() {
			why = "it has no date, so that it would count as written"
		}
		p.summary.skip(Skipped{File: h.File, Number: h.Number, Reason: why + " after the channel began to move; --live brings it in as new mail, with a notification"})
	case isStatus(err, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity) && errors.As(err, &problem):
		p.summary.skip(Skipped{File: h.File, Number: h.Number, Reason: problem.Error()})
	default:
		return fmt.Errorf("message %d of %s: %w", h.Number, h.File, err)
	}
	p.done++
	if p.options.Posting != nil {
		p.options.Posting(p.done, p.total)
	}
	return nil
}

func isStatus(err error, statuses ...int) bool {
	var problem *client.Problem
	return errors.As(err, &problem) && slices.Contains(statuses, problem.Status)
}

// state closes a conversation that an agent answered last, and gives it to
// the agent who did. What people changed since an earlier import is theirs:
// unless messages were added now, only a conversation that nobody has touched
// is set. One that began now has been given its state, but not what later messages
// made of that.
func (p *poster) state(ctx context.Context, o outcome) error {
	var e desk.Edit
	if o.answered {
		e.Status = new(desk.Closed)
	}
	if o.owner != "" {
		e.Owner = &o.owner
	}
	if e == (desk.Edit{}) {
		return nil
	}
	c, err := p.api.Conversation(ctx, o.conversation)
	if err != nil {
		return fmt.Errorf("conversation %s: %w", o.conversation, err)
	}
	changes := c.Version - c.MessageCount // other than messages
	if c.Home != "inbox" {
		changes-- // the landing
	}
	asIs := (e.Status == nil || c.Status == string(desk.Closed)) && (e.Owner == nil || c.Owner == o.owner)
	switch {
	case asIs && !o.known:
		p.set(e)
		return nil
	case asIs, !o.added && changes != 0:
		return nil
	case c.Home != "inbox":
		p.moved()
		return nil
	}
	err = p.api.EditConversation(ctx, o.conversation, e)
	if isStatus(err, http.StatusConflict) { // it has moved meanwhile
		p.moved()
		return nil
	}
	if err != nil {
		return fmt.Errorf("conversation %s: %w", o.conversation, err)
	}
	p.set(e)
	return nil
}

// set counts what was set.
func (p *poster) set(e desk.Edit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Status != nil {
		p.summary.Closed++
	}
	if e.Owner != nil {
		p.summary.Owned++
	}
}

func (p *poster) moved() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.summary.Moved++
}
