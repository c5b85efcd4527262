package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"deskmove/shared/api"
	"deskmove/shared/client"
	"deskmove/shared/desk"
)

// joined is what has become of a conversation whose messages were brought in one by one,
// as old ones that come later: into the conversation that knows the first of them, or a new one.
type joined struct {
	conversation   string    // "" if nothing was taken
	is             api.Taken // what it is since the last message of it
	began          bool
	added, known   int64     // messages
	apart          []string  // other conversations that hold or await a part of it
	left, lessened []LeftOut // messages, by their IDs in the file
	edit           desk.Edit // of its state
	moved          bool      // it is in the help desk, where its state is left alone
}

// join brings the messages of a conversation in, and then, if that is wanted, its state.
func (p *poster) join(ctx context.Context, c api.ConversationFacts, ms iter.Seq2[api.MessageFacts, error], state bool) (j joined, err error) {
	for m, err := range ms {
		if err != nil {
			return j, err
		}
		if err := p.take(ctx, c, m, &j); err != nil {
			return j, fmt.Errorf("message %s: %w", m.ID, err)
		}
	}
	if j.conversation == "" || !state || !p.options.States {
		return j, nil
	}
	return j, p.state(ctx, c, &j)
}

// take hands a message over. If it is too large for the API, its HTML part stays behind, of
// which the text says the same. One that is refused is left out.
func (p *poster) take(ctx context.Context, c api.ConversationFacts, m api.MessageFacts, j *joined) error {
	content := m.MessageContent
	content.History, content.Agent, content.Tags = true, p.agentHere(m.Agent), c.Tags
	channel := cmp.Or(m.ChannelID, c.OriginID, c.ChannelID)
	was := &api.PastConversation{Status: c.Status, Owner: p.agentHere(c.Owner), FirstReplyAt: c.FirstReplyAt, WaitingSince: c.WaitingSince}
	send := func() (api.Taken, error) {
		if j.conversation != "" {
			return p.server.AddMessage(ctx, j.conversation, api.AddedMessage{ChannelID: channel, MessageContent: content})
		}
		return p.server.TakeMessage(ctx, channel, api.NewMessage{References: m.References, Conversation: was, MessageContent: content})
	}
	t, err := send()
	if p.options.Live && isNew(err) {
		content.History, was = false, nil
		t, err = send()
	}
	if isStatus(err, http.StatusRequestEntityTooLarge) && content.HTML != "" {
		content.HTML = ""
		if t, err = send(); err == nil {
			j.lessened = leaveOut(j.lessened, c.ID+"/"+m.ID, "its HTML part is left out, because together with its text it is too large for the API; its source is whole")
		}
	}
	switch problem := refusal(err); {
	case problem != nil:
		j.left = leaveOut(j.left, c.ID+"/"+m.ID, problem.Error())
		return nil
	case err != nil:
		return err
	}
	j.add(t)
	return nil
}

func (j *joined) add(t api.Taken) {
	if j.conversation == "" {
		j.conversation = t.ConversationID
	}
	if t.ConversationID == j.conversation {
		j.is = t
	}
	j.began = j.began || t.Began
	if t.Known {
		j.known++
	} else {
		j.added++
	}
	for _, id := range append(t.Apart, t.ConversationID) {
		if id != j.conversation && !slices.Contains(j.apart, id) {
			j.apart = append(j.apart, id)
		}
	}
}

// isNew reports whether the API refused a message as history, because it was written after
// the channel had begun to move.
func isNew(err error) bool {
	var problem *client.Problem
	return errors.As(err, &problem) && slices.ContainsFunc(problem.Errors, func(e api.FieldProblem) bool { return e.Code == desk.CodeNotHistory })
}

func isStatus(err error, status int) bool {
	var problem *client.Problem
	return errors.As(err, &problem) && problem.Status == status
}

// state closes a conversation that is closed in the file, and gives it to its owner there.
// What people changed since an earlier import is theirs: unless messages were added
// now, only a conversation that nobody has touched is set. One that began now has been given its
// state, but not what later messages made of that.
func (p *poster) state(ctx context.Context, c api.ConversationFacts, j *joined) error {
	var e desk.Edit
	if c.Status == string(desk.Closed) {
		e.Status = new(desk.Closed)
	}
	if owner := p.agentHere(c.Owner); owner != "" {
		e.Owner = &owner
	}
	if e == (desk.Edit{}) {
		return nil
	}
	is := j.is
	changes := is.Version - is.MessageCount // other than messages
	if is.Home != string(desk.Inbox) {
		changes-- // the landing
	}
	asIs := (e.Status == nil || is.Status == string(desk.Closed)) && (e.Owner == nil || is.Owner == *e.Owner)
	switch {
	case asIs && j.known == 0:
		j.edit = e
		return nil
	case asIs, j.added == 0 && changes != 0:
		return nil
	case is.Home != string(desk.Inbox):
		j.moved = true
		return nil
	}
	err := p.server.EditConversation(ctx, j.conversation, e)
	if isStatus(err, http.StatusConflict) { // it has moved meanwhile
		j.moved = true
		return nil
	}
	if err == nil {
		j.edit = e
	}
	return err
}

// agentHere returns who an agent of the file is, if that is an agent of the account.
func (p *poster) agentHere(id string) string {
	is := p.agents[id]
	if is == "" || !has(p.setup.Agents, is, func(a api.Agent) string { return a.ID }) {
		return ""
	}
	return is
}

// join adds what has become of a conversation.
func (s *Imported) join(j joined) {
	s.Messages += j.added
	s.KnownMessages += j.known
	if len(j.apart) > 0 {
		s.Apart = append(s.Apart, append([]string{j.conversation}, j.apart...))
	}
	for _, l := range j.left {
		for _, id := range l.IDs {
			s.LeftOut = leaveOut(s.LeftOut, id, l.Why)
		}
	}
	for _, l := range j.lessened {
		for _, id := range l.IDs {
			s.Lessened = leaveOut(s.Lessened, id, l.Why)
		}
	}
	if j.edit.Status != nil {
		s.Closed++
	}
	if j.edit.Owner != nil {
		s.Owned++
	}
	if j.moved {
		s.Moved++
	}
}
