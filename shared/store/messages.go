package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/support"
)

// MessageStore keeps messages and finds conversations by external IDs.
type MessageStore struct{ Engine Engine }

// partSize is the most that one item holds of a message: DynamoDB takes
// 400 KB an item, names and keys included.
const partSize = 300 << 10

// Resolve returns what was recorded for external IDs of a channel; unknown
// ones are left out.
func (s MessageStore) Resolve(ctx context.Context, account, channel string, externals []string) (map[string]support.External, error) {
	byKey := make(map[Key]string, len(externals))
	keys := make([]Key, 0, len(externals))
	for _, x := range externals {
		k := externalKey(account, channel, x)
		if _, twice := byKey[k]; !twice {
			byKey[k] = x
			keys = append(keys, k)
		}
	}
	items, err := s.Engine.Get(ctx, Conversations, keys, Strong)
	if err != nil {
		return nil, fmt.Errorf("look up %d external IDs: %w", len(externals), err)
	}
	found := make(map[string]support.External, len(items))
	for _, item := range items {
		found[byKey[item.Key]] = support.External{
			Conversation: item.Attrs.Str(aOfConversation), Message: item.Attrs.Str(aID), TakenIn: item.Attrs.Time(aArrived),
		}
	}
	return found, nil
}

// Claim records what an external ID stands for, once; if it is recorded
// already, the error is desk.ErrExists.
func (s MessageStore) Claim(ctx context.Context, account, channel, external string, x support.External) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Put, Table: Conversations, Key: externalKey(account, channel, external),
		Set: Attrs{}.str(aOfConversation, x.Conversation).str(aID, x.Message).time(aArrived, x.TakenIn),
		If:  Absent(),
	}}))
	if errors.Is(err, ErrCondition) {
		return desk.ErrExists
	}
	return err
}

// Begin stores a new conversation with its first message, both or neither;
// desk.ErrExists if the conversation is there.
func (s MessageStore) Begin(ctx context.Context, c desk.Conversation, m desk.Message) error {
	return s.store(ctx, m, newHeader(c), desk.ErrExists)
}

// Append stores a message and what it makes of its conversation and ticket, all or
// nothing; desk.ErrChanged if the conversation is no longer the old one. If the
// message could not be applied to the ticket, by the rules of that move, a failure
// says so, from which the daily repair knows.
func (s MessageStore) Append(ctx context.Context, old, is desk.Conversation, m desk.Message, notAppliedBy string) error {
	header := changeHeader(old, is)
	if notAppliedBy == "" {
		return s.store(ctx, m, header, desk.ErrChanged)
	}
	f := move.Failure{Conversation: is.ID, Code: move.CodeNotApplied, At: is.ChangedAt,
		Reason: "a message could not be applied to its ticket, because the rules of its channel cannot be read; mend the setup"}
	return s.store(ctx, m, header, desk.ErrChanged, writeFailure(is.Account, notAppliedBy, f))
}

// store writes what is long first, beside the message: parts without a
// message are never read, and written again are the same.
func (s MessageStore) store(ctx context.Context, m desk.Message, header Write, conflict error, more ...Write) error {
	body, err := json.Marshal(wireBody{m.Subject, m.Text, m.HTML, m.Raw})
	if err != nil {
		return fmt.Errorf("message %s: %w", m.ID, err)
	}
	head, rest := string(body), ""
	if len(head) > partSize {
		head, rest = "", head
	}
	n := 0
	for ; len(rest) > 0; n++ {
		part := rest[:min(partSize, len(rest))]
		rest = rest[len(part):]
		err := FirstError(s.Engine.Write(ctx, []Write{{
			Op: Put, Table: Conversations, Key: partKey(m.Account, m.Conversation, m.ID, n), Set: Attrs{}.bin(aBody, part),
		}}))
		if err != nil {
			return fmt.Errorf("message %s, part %d: %w", m.ID, n, err)
		}
	}
	a := Attrs{}.str(aID, m.ID).str(aExternal, m.External).str(aChannel, m.Channel).str(aAuthor, string(m.Author))
	a = a.str(aFrom, m.From).str(aAgent, m.Agent).time(aWritten, m.At).time(aArrived, m.TakenIn)
	a = a.bin(aBody, head).num(aParts, int64(n))
	message := Write{Op: Put, Table: Conversations, Key: messageKey(m.Account, m.Conversation, m.ID), Set: a, If: Absent()}
	err = s.Engine.Transact(ctx, append([]Write{header, message}, more...))
	var failed *ConditionError
	if errors.As(err, &failed) {
		if failed.Failed[0] == 0 {
			return conflict
		}
		return desk.ErrExists // the message is there already
	}
	if err != nil {
		return fmt.Errorf("message %s: %w", m.ID, err)
	}
	return nil
}

// wireBody is what a message's parts hold together.
type wireBody struct {
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	HTML    string `json:"html,omitempty"`
	Raw     string `json:"raw,omitempty"`
}

// Messages reads a conversation's messages in the order in which they were
// written, bodies included.
func (s MessageStore) Messages(ctx context.Context, account, conversation string) ([]desk.Message, error) {
	var ms []desk.Message
	q := Query{Table: Conversations, PK: HeaderKey(account, conversation).PK, From: "M#", To: "M$", Limit: 100, Read: Strong}
	for {
		page, err := s.Engine.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("messages of %s: %w", conversation, err)
		}
		for _, item := range page.Items {
			m, err := s.read(ctx, account, conversation, item.Attrs)
			if err != nil {
				return nil, err
			}
			ms = append(ms, m)
		}
		if page.Next == "" {
			break
		}
		q.After = page.Next
	}
	sort.SliceStable(ms, func(i, j int) bool { return ms[i].At.Before(ms[j].At) })
	return ms, nil
}

func (s MessageStore) read(ctx context.Context, account, conversation string, a Attrs) (desk.Message, error) {
	m := desk.Message{
		Account: account, Conversation: conversation, ID: a.Str(aID), External: a.Str(aExternal),
		Channel: a.Str(aChannel), Author: desk.Author(a.Str(aAuthor)), From: a.Str(aFrom), Agent: a.Str(aAgent),
		At: a.Time(aWritten), TakenIn: a.Time(aArrived),
	}
	body := a.Str(aBody)
	for n := range int(a.Num(aParts)) {
		part, err := s.Engine.Get(ctx, Conversations, []Key{partKey(account, conversation, m.ID, n)}, Strong)
		if err == nil && len(part) == 0 {
			err = desk.ErrNotFound
		}
		if err != nil {
			return m, fmt.Errorf("message %s, part %d: %w", m.ID, n, err)
		}
		body += part[0].Attrs.Str(aBody)
	}
	var w wireBody
	if err := json.Unmarshal([]byte(body), &w); err != nil {
		return m, fmt.Errorf("message %s: %w", m.ID, err)
	}
	m.Subject, m.Text, m.HTML, m.Raw = w.Subject, w.Text, w.HTML, w.Raw
	return m, nil
}

// Attributes of messages and external IDs.
const (
	aID             = "id"
	aOfConversation = "conv"
	aChannel        = "channel"
	aFrom           = "from"
	aAgent          = "agent"
	aArrived        = "taken"
	aExternal       = "ext"
	aAuthor         = "author"
	aWritten        = "at"
	aBody           = "body"
	aParts          = "parts"
)
