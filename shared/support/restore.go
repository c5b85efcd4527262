package support

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"deskmove/shared/desk"
)

// Restorer brings a channel in as it was elsewhere: with its home, and with its conversations,
// their tickets and their messages, none of which it changes. That is for a
// channel without conversations, and ends for good; see desk.Channel.Restore.
type Restorer struct {
	Setups   SetupReader
	Channels interface {
		ChannelReader
		BeginRestoration(ctx context.Context, is desk.Channel, r desk.Restoration, entry desk.AuditEntry) error
		EndRestoration(ctx context.Context, c desk.Channel, m desk.Move, entry desk.AuditEntry) error
	}
	Moves   MoveReader
	Listing interface {
		List(ctx context.Context, account, channel string, after, until desk.Position, limit int) (ps []desk.Position, more bool, err error)
	}
	Conversations interface {
		Restored(ctx context.Context, account, id string) (c desk.Conversation, untouched bool, err error)
		Restore(ctx context.Context, old, is desk.Conversation) error
		Save(ctx context.Context, old, is desk.Conversation) error
	}
	Messages interface {
		Restore(ctx context.Context, channel string, ms []desk.Message, files []desk.File) (elsewhere []string, _ error)
		CountOf(ctx context.Context, account, conversation string) (int64, error)
	}
	Files Files
	Now   func() time.Time
}

// Begin begins to bring a channel in, or goes on. Until End it cannot move. Errors:
// *desk.RefusedError, *desk.InvalidErrors, desk.ErrNotFound for the channel,
// desk.ErrChanged if something else has begun with the channel at this moment.
func (r Restorer) Begin(ctx context.Context, caller desk.Caller, of desk.Restoration) error {
	setup, err := r.Setups.Setup(ctx, caller.Account)
	if err != nil {
		return err
	}
	c, ok := setup.Channel(of.Channel)
	if !ok {
		return fmt.Errorf("channel %s: %w", of.Channel, desk.ErrNotFound)
	}
	ps, more, err := r.Listing.List(ctx, c.Account, c.ID, desk.Position{}, desk.Position{}, 1)
	if err != nil {
		return err
	}
	if c, err = r.starting(ctx, c); err != nil {
		return err
	}
	now := r.Now().UTC().Truncate(time.Millisecond)
	is, resumed, err := c.Restore(of, setup, len(ps) == 0 && !more, now)
	if err != nil || resumed {
		return err
	}
	if m := &of.Move; m.ID != "" {
		m.Account, m.Choices.Channel, m.Status, m.Run, m.SettingsSum = c.Account, c.ID, desk.Done, 1, c.SettingsSum()
		m.FencedBy, m.RepairAt = m.FenceAt, now.Add(repairAfter)
	}
	entry := caller.Entry(desk.ActionRestore, fmt.Sprintf("%s-%d", c.ID, now.UnixNano()), now)
	entry.Channel, entry.Move, entry.Detail = c.ID, of.Move.ID, "from "+of.From+", into the "+string(is.Home)
	return r.Channels.BeginRestoration(ctx, is, of, entry)
}

// repairAfter is how long after the beginning of a restoration its channel is repaired for
// the first time, if that has moved: then what came in from a while before it on is looked at,
// since whoever took that in may have read the channel when it was still in the inbox.
const repairAfter = 24 * time.Hour

// starting returns c as moving if it is about to be fenced.
func (r Restorer) starting(ctx context.Context, c desk.Channel) (desk.Channel, error) {
	id, err := r.Moves.Locked(ctx, c.Account)
	if err != nil || id == "" {
		return c, err
	}
	m, err := r.Moves.Get(ctx, c.Account, id)
	if err == nil && m.Choices.Channel == c.ID && c.Home == desk.Inbox {
		c.Home, c.Move = desk.Moving, m.ID
	}
	return c, err
}

// End says that all of a channel is in. That none is being brought in is no error.
func (r Restorer) End(ctx context.Context, caller desk.Caller, channel string) error {
	for range attempts {
		c, err := r.Channels.Channel(ctx, caller.Account, channel)
		if err != nil || !c.Restoring {
			return err
		}
		var m desk.Move
		if c.Move != "" {
			if m, err = r.Moves.Get(ctx, c.Account, c.Move); err != nil {
				return err
			}
		}
		now := r.Now().UTC().Truncate(time.Millisecond)
		entry := caller.Entry(desk.ActionRestored, fmt.Sprintf("%s-%d", c.ID, now.UnixNano()), now)
		entry.Channel, entry.Move, entry.Detail = c.ID, c.Move, "from "+c.From
		if err = r.Channels.EndRestoration(ctx, c, m, entry); !errors.Is(err, desk.ErrChanged) {
			return err
		}
	}
	return &desk.BusyError{What: "channel " + channel, After: time.Second}
}

// Landing is what has become of a conversation that was brought in.
type Landing string

// What may become of one.
const (
	Part     Landing = "part"     // more messages are to come
	Added    Landing = "added"    // it is in
	Known    Landing = "known"    // it was there, and is the same
	Updated  Landing = "updated"  // it was there as it had been brought in, and is now as it was sent
	Diverged Landing = "diverged" // it was there, and people have changed it here: it is left alone
)

// Land brings a conversation in, with messages of it. All but the last request of one say
// that more comes: until then nobody sees it. A message that the channel has taken in by itself,
// since its restoration began, is in a conversation that people may work on by now, perhaps with a
// ticket. There it stays, the only one (R19). In its place comes an event that says so, and
// elsewhere is that conversation, for each such message. Requests may be repeated. Errors:
// *desk.RefusedError unless its channel is being brought in, *desk.InvalidErrors,
// *desk.BusyError.
func (r Restorer) Land(ctx context.Context, caller desk.Caller, channel string, c desk.Conversation, ms []desk.Message, more bool) (l Landing, elsewhere []string, _ error) {
	ch, err := r.Channels.Channel(ctx, caller.Account, channel)
	if err != nil {
		return "", nil, err
	}
	if !ch.Restoring {
		return "", nil, &desk.RefusedError{Code: desk.CodeNotRestoring, Problem: "the channel is not being brought in", Remedy: "begin with it: POST /v1/channels/{id}/restoration"}
	}
	old, untouched, err := r.Conversations.Restored(ctx, caller.Account, c.ID)
	isNew := errors.Is(err, desk.ErrNotFound)
	if err != nil && !isNew {
		return "", nil, err
	}
	c, err = r.complete(ctx, c, old, ch, ms)
	if err != nil {
		return "", nil, err
	}
	if !isNew && old.Channel != ch.ID {
		may, err := r.mayTake(ctx, old, ch)
		if err != nil {
			return "", nil, err
		}
		untouched = untouched && may
	}
	if !isNew && !untouched {
		if same(old, c) {
			return Known, nil, nil
		}
		return Diverged, nil, r.recount(ctx, old)
	}
	files, err := r.files(ctx, ms)
	if err != nil {
		return "", nil, err
	}
	elsewhere, err = r.Messages.Restore(ctx, ch.ID, ms, files)
	if errors.Is(err, desk.ErrChanged) {
		err = &desk.BusyError{What: "files or messages", After: time.Second}
	}
	if err != nil {
		return "", nil, err
	}
	if more {
		return Part, elsewhere, nil
	}
	n, err := r.Messages.CountOf(ctx, c.Account, c.ID)
	if err == nil && n < c.Messages {
		err = &desk.InvalidError{Field: "conversation.messageCount", Code: desk.CodeFacts, Problem: fmt.Sprintf("it says %d, but %d messages have come", c.Messages, n),
			Remedy: "send all messages of the conversation, and then again the last of them"}
	}
	if err != nil {
		return "", nil, err
	}
	c.Messages = n // what came once stays, also if there it is deleted by now
	landing := Added
	if !isNew {
		if same(old, c) {
			return Known, elsewhere, nil
		}
		landing, c.Rev = Updated, max(c.Rev, old.Rev+1)
	}
	return landing, elsewhere, busy(c.ID, r.Conversations.Restore(ctx, old, c))
}

// busy has a request be sent again if another one of the same, or people, have changed a
// conversation meanwhile.
func busy(conversation string, err error) error {
	if errors.Is(err, desk.ErrChanged) {
		err = &desk.BusyError{What: "conversation " + conversation, After: time.Second}
	}
	return err
}

// mayTake reports whether a conversation of another channel may come to the channel ch: it
// has joined that where both come from, and is in the inbox. If it comes from elsewhere, the
// error is an *InvalidError.
func (r Restorer) mayTake(ctx context.Context, c desk.Conversation, ch desk.Channel) (bool, error) {
	of, err := r.Channels.Channel(ctx, c.Account, c.Channel)
	if err != nil && !errors.Is(err, desk.ErrNotFound) {
		return false, err
	}
	if of.From != ch.From {
		return false, &desk.InvalidError{Field: "conversation.id", Code: desk.CodeTaken, Problem: "a conversation of another channel has this ID",
			Remedy: "give each conversation of the account an ID of its own"}
	}
	return of.Home == desk.Inbox && ch.Home == desk.Inbox, nil
}

// recount counts the messages of a conversation that people have changed since it was brought
// in. There are more than it says if that was while it was being brought in again, or if that
// was interrupted.
func (r Restorer) recount(ctx context.Context, c desk.Conversation) error {
	n, err := r.Messages.CountOf(ctx, c.Account, c.ID)
	if err != nil || n == c.Messages {
		return err
	}
	is := c
	is.Messages, is.Rev = n, c.Rev+1
	return busy(c.ID, r.Conversations.Save(ctx, c, is))
}

// complete gives a conversation what was not said of it: what it has, or else what it
// would have if it had come now. It also completes its messages, and checks all.
func (r Restorer) complete(ctx context.Context, c, old desk.Conversation, ch desk.Channel, ms []desk.Message) (desk.Conversation, error) {
	now := r.Now().UTC().Truncate(time.Millisecond)
	c.Account = ch.Account
	c.Origin = cmp.Or(c.Origin, c.Channel)
	for _, of := range []struct{ at, or *time.Time }{{&c.TakenIn, &old.TakenIn}, {&c.Joined, &old.Joined}, {&c.ChangedAt, &old.ChangedAt}} {
		if of.at.IsZero() {
			*of.at = *of.or
		}
	}
	if c.TakenIn.IsZero() {
		c.TakenIn = now
	}
	if c.Joined.IsZero() {
		c.Joined = c.TakenIn
	}
	if c.ChangedAt.IsZero() {
		c.ChangedAt = c.TakenIn
	}
	c.Rev = cmp.Or(c.Rev, max(c.Messages, c.CustomerRev))
	var errs []error
	for _, err := range desk.Invalid(c.Restorable(ch)) {
		err.Field = "conversation." + err.Field
		errs = append(errs, err)
	}
	for i := range ms {
		m := &ms[i]
		m.Account, m.Conversation, m.Channel = ch.Account, c.ID, cmp.Or(m.Channel, c.Origin)
		by, err := r.Channels.Channel(ctx, ch.Account, m.Channel)
		if errors.Is(err, desk.ErrNotFound) {
			errs = append(errs, &desk.InvalidError{Field: fmt.Sprintf("messages[%d].channelId", i), Code: desk.CodeUnknownID, Params: desk.Params{"kind": "channel", "value": desk.Truncate(m.Channel, 80)},
				Problem: fmt.Sprintf("channel %.80q is unknown", m.Channel), Remedy: "add it to the account's setup"})
			continue
		}
		if err != nil {
			return c, err
		}
		tags := m.Automatic
		*m = m.Complete(by)
		m.Automatic = tags // as it was judged
		if m.TakenIn.IsZero() {
			m.TakenIn = c.TakenIn
		}
		if err := desk.CheckID(fmt.Sprintf("messages[%d].id", i), m.ID); err != nil {
			errs = append(errs, err)
		}
	}
	return c, errors.Join(errs...)
}

// same reports whether a conversation is as it was, but for its revision and who asked
// for its last edit.
func same(old, c desk.Conversation) bool {
	old.Rev, old.LastEdit = c.Rev, c.LastEdit
	old.Ticket.Landed, c.Ticket.Landed = old.Ticket.AtLanding(), c.Ticket.AtLanding()
	return old == c
}

// files returns the files that messages name, if all are there.
func (r Restorer) files(ctx context.Context, ms []desk.Message) ([]desk.File, error) {
	intake := Intake{Files: r.Files}
	var all []desk.File
	var errs []error
	for i := range ms {
		files, err := intake.files(ctx, &ms[i])
		if invalid := desk.Invalid(err); len(invalid) > 0 {
			for _, e := range invalid {
				e.Field = fmt.Sprintf("messages[%d].%s", i, e.Field)
				errs = append(errs, e)
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	slices.SortFunc(all, func(a, b desk.File) int { return cmp.Compare(a.SHA256, b.SHA256) })
	return slices.CompactFunc(all, func(a, b desk.File) bool { return a.SHA256 == b.SHA256 }), errors.Join(errs...)
}
