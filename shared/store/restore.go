package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// BeginRestoration gives a channel of the inbox the home that it had elsewhere, with the
// move that brought it there if it had one, and notes that its conversations are being
// brought in. If a move of it has started, or another restoration has begun, the error is
// desk.ErrChanged.
func (s SetupStore) BeginRestoration(ctx context.Context, is desk.Channel, r desk.Restoration, entry desk.AuditEntry) error {
	ws := []Write{{
		Op: Update, Table: Control, Key: ChannelKey(is.Account, is.ID),
		Set: Attrs{}.str(Home, string(is.Home)).time(AttrFence, is.FenceAt).str(aMoveID, is.Move).str(aFrom, is.From).num(aRestoring, 1),
		If:  Equals(Home, S(string(desk.Inbox))).And(Differs(aStarts, N(1))).And(Differs(aRestoring, N(1))),
	}}
	if m := r.Move; m.ID != "" {
		item, err := writeMove(m, time.Time{})
		if err != nil {
			return err
		}
		cursor := setCursor(m.Account, m.ID, move.Cursor{Listed: true, Closed: true})
		cursor.If = Absent()
		ws = append(ws,
			Write{Op: Put, Table: Control, Key: MoveKey(m.Account, m.ID), Set: item, If: Absent()},
			Write{Op: Put, Table: Control, Key: AccessKey(m.Account, m.ID), Set: Attrs{}.str(aAgents, strings.Join(r.Access, ",")), If: Absent()},
			cursor)
	}
	err := transactAudited(ctx, s.Engine, ws, entry)
	if errors.Is(err, ErrCondition) {
		err = desk.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("restore channel %s: %w", is.ID, err)
	}
	return nil
}

// EndRestoration notes that all of a channel has been brought in. If it has come with a move
// m, somebody is to look after its repairs, unless the move runs again: then its end sees to
// that. If the restoration has ended, or m is no longer as it was read, the error is
// desk.ErrChanged.
func (s SetupStore) EndRestoration(ctx context.Context, c desk.Channel, m desk.Move, entry desk.AuditEntry) error {
	ws := []Write{{
		Op: Update, Table: Control, Key: ChannelKey(c.Account, c.ID), Remove: []string{aRestoring}, If: Equals(aRestoring, N(1)),
	}}
	if !m.RepairAt.IsZero() {
		ws = append(ws, scheduleRepair(m, m.RepairAt, due, entry.At))
	}
	err := transactAudited(ctx, s.Engine, ws, entry)
	if errors.Is(err, ErrCondition) {
		err = desk.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("end the restoration of channel %s: %w", c.ID, err)
	}
	return nil
}

const (
	aRestored = "res"  // the revision with which a conversation was brought in
	aWith     = "with" // of an external ID: the channel with which its message was brought in
)

// Restored reads a conversation, and whether it is as it was brought in; desk.ErrNotFound
// if there is none.
func (s ConversationStore) Restored(ctx context.Context, account, id string) (c desk.Conversation, untouched bool, err error) {
	a, err := getOne(ctx, s.Engine, Conversations, HeaderKey(account, id))
	if err != nil {
		return c, false, fmt.Errorf("conversation %s: %w", id, err)
	}
	c = readHeader(account, id, a)
	return c, a.Num(aRestored) == c.Rev, nil
}

// Restore stores a conversation as it was elsewhere, in place of one that was brought in
// before and is as it was read, or of none if old is the zero Conversation. If it is not so,
// the error is desk.ErrChanged.
func (s ConversationStore) Restore(ctx context.Context, old, is desk.Conversation) error {
	w := newHeader(is)
	if old.Rev != 0 {
		w = changeHeader(old, is)
		w.If = w.If.And(Equals(aRestored, N(old.Rev)))
	}
	w.Set = w.Set.num(aRestored, is.Rev)
	err := FirstError(s.Engine.Write(ctx, []Write{w}))
	if errors.Is(err, ErrCondition) {
		err = desk.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("restore conversation %s: %w", is.ID, err)
	}
	return nil
}

// CountOf counts the messages of a conversation.
func (s MessageStore) CountOf(ctx context.Context, account, conversation string) (int64, error) {
	n, err := s.Engine.Count(ctx, Query{
		Table: Conversations, PK: HeaderKey(account, conversation).PK, From: messagePrefix, To: messagePrefix + "~", Limit: 1 << 30, Read: Strong,
	})
	if err != nil {
		return 0, fmt.Errorf("messages of %s: %w", conversation, err)
	}
	return int64(n), nil
}

// restoredAtOnce is how many messages are written at the same time.
const restoredAtOnce = 25

// Restore stores messages of one conversation, which need not be there yet, and that they
// name files. They are brought in with a channel. Messages that are there become what these
// are; of one that the channel has taken in by itself there is a desk.Message.CameTo instead, and
// elsewhere is the conversation of each such. An external ID that another message has which was
// brought in is an *desk.InvalidError; if a file is no longer as it was read, or a message is just
// being taken in, the error is desk.ErrChanged.
func (s MessageStore) Restore(ctx context.Context, channel string, ms []desk.Message, files []desk.File) (elsewhere []string, _ error) {
	ms, elsewhere, err := s.claimAll(ctx, channel, ms)
	if err != nil {
		return nil, err
	}
	return elsewhere, s.restore(ctx, ms, files)
}

func (s MessageStore) restore(ctx context.Context, ms []desk.Message, files []desk.File) error {
	// Files first: one that no message names would be deleted, and one that is kept for
	// a message that never comes harms nobody.
	if uses := (FileStore{}).UseWrites(files); len(uses) > 0 {
		if err := FirstError(s.Engine.Write(ctx, uses)); errors.Is(err, ErrCondition) {
			return desk.ErrChanged
		} else if err != nil {
			return fmt.Errorf("files of %d messages: %w", len(ms), err)
		}
	}
	for some := range slices.Chunk(ms, restoredAtOnce) {
		ws := make([]Write, len(some))
		for i, m := range some {
			var err error
			if ws[i], err = s.message(ctx, m); err != nil {
				return err
			}
			ws[i].If = nil // its parts have been written, too
		}
		for i, err := range s.Engine.Write(ctx, ws) {
			if err != nil {
				return fmt.Errorf("message %s: %w", some[i].ID, err)
			}
		}
	}
	return nil
}

// claimAll records what the external IDs of messages stand for that are brought in with a
// channel. It returns what is to be written, which is something else for those that came live:
// elsewhere are their conversations.
func (s MessageStore) claimAll(ctx context.Context, channel string, ms []desk.Message) (_ []desk.Message, elsewhere []string, _ error) {
	ws := make([]Write, 0, len(ms))
	of := make(map[Key]int)
	for i, m := range ms {
		k := externalKey(m.Account, m.Channel, m.External)
		if _, twice := of[k]; twice {
			return nil, nil, taken(i)
		}
		of[k] = i
		ws = append(ws, Write{
			Op: Put, Table: Conversations, Key: k, If: Absent(),
			Set: Attrs{}.str(aOfConversation, m.Conversation).str(aID, m.ID).time(aArrived, m.TakenIn).str(aWith, channel),
		})
	}
	var known []Key
	for i, err := range s.Engine.Write(ctx, ws) {
		if errors.Is(err, ErrCondition) {
			known = append(known, ws[i].Key)
		} else if err != nil {
			return nil, nil, fmt.Errorf("external IDs of %d messages: %w", len(ms), err)
		}
	}
	if known == nil {
		return ms, nil, nil
	}
	items, err := s.Engine.Get(ctx, Conversations, known, Strong)
	if err != nil {
		return nil, nil, fmt.Errorf("look up %d external IDs: %w", len(known), err)
	}
	var live []int
	var there []Key
	for _, item := range items {
		i := of[item.Key]
		conversation, id := item.Attrs.Str(aOfConversation), item.Attrs.Str(aID)
		switch {
		case conversation == ms[i].Conversation && id == ms[i].ID:
		case item.Attrs.Str(aWith) != "", ms[i].External == ms[i].CameTo("").External: // that is in its place already
			return nil, nil, taken(i)
		default:
			live, elsewhere = append(live, i), append(elsewhere, conversation)
			there = append(there, messageKey(ms[i].Account, conversation, id))
		}
	}
	if live == nil {
		return ms, nil, nil
	}
	// An external ID is claimed before its message is there: whoever did that is about to write it.
	if items, err = s.Engine.Get(ctx, Conversations, there, Strong); err == nil && len(items) < len(there) {
		err = desk.ErrChanged
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look up %d messages: %w", len(there), err)
	}
	ms = slices.Clone(ms)
	notes := make([]desk.Message, len(live))
	for n, i := range live {
		ms[i] = ms[i].CameTo(elsewhere[n])
		notes[n] = ms[i]
	}
	_, _, err = s.claimAll(ctx, channel, notes)
	return ms, elsewhere, err
}

func taken(i int) error {
	return &desk.InvalidError{Field: fmt.Sprintf("messages[%d].externalId", i), Code: desk.CodeTaken, Problem: "another message of the channel has this ID",
		Remedy: "give each message of a channel an ID of its own"}
}
