package support

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"deskmove/shared/desk"
)

// Intake takes in the messages of customers and agents on all channels. It knows
// nothing of moves, but that a message to a conversation in the help desk changes
// its ticket: at once, and in the same transaction (R19).
type Intake struct {
	Setups        ChannelReader
	Conversations ConversationReader
	Messages      interface {
		Resolve(ctx context.Context, account, channel string, externals []string) (map[string]External, error)
		Claim(ctx context.Context, account, channel, external string, x External) error
		Awaited(ctx context.Context, account, channel string, externals []string) (map[string]string, error)
		Await(ctx context.Context, account, channel, conversation string, externals []string) error
		Begin(ctx context.Context, c desk.Conversation, m desk.Message, files []desk.File) error
		Append(ctx context.Context, old, is desk.Conversation, m desk.Message, files []desk.File, notAppliedBy string) error
		TakesPart(ctx context.Context, account, conversation, address string) (bool, error)
	}
	Files interface {
		Confirm(ctx context.Context, account string, named []NamedFile) (map[string]desk.File, error)
	}
	Rulebook Rulebook
	Now      func() time.Time
}

// External is the message that a channel's external ID stands for.
type External struct {
	Conversation string
	Message      string
	TakenIn      time.Time
	With         string // the channel with which it was brought in as it was elsewhere, if it was
}

// Receipt is the result of taking in a message.
type Receipt struct {
	Conversation desk.Conversation
	Message      string // its ID
	Began        bool   // it began the conversation
	Known        bool   // it had been taken in before, and nothing was changed
	// Apart are other conversations that have or await a message that it names, at
	// most mostApart. Conversations are never joined.
	Apart []string
}

const mostApart = 10

// TakeIn takes in a message of a channel, unless one with that m.External has
// been taken in there before. It joins the conversation of the first reference
// that is known, else it begins one. Of m, Account, Channel, External, Author,
// From, Agent, At, Subject, the bodies, History and Past are read.
//
// History comes in any order. So it also joins the conversation that awaits it or one
// of its references, and what it names itself is awaited from then on. If it was
// written at or after the channel's fence, the error is an *InvalidError, unless it
// has been taken in before.
//
// The external ID is claimed for a conversation before anything else is written,
// so that another attempt, after a crash or at the same time, continues with the
// same conversation.
func (i Intake) TakeIn(ctx context.Context, m desk.Message, references []string) (Receipt, error) {
	by, err := i.Setups.Channel(ctx, m.Account, m.Channel)
	if err != nil {
		return Receipt{}, err
	}
	files, err := i.files(ctx, &m)
	if err != nil {
		return Receipt{}, err
	}
	claim, apart, err := i.claim(ctx, m, by, append([]string{m.External}, references...))
	if err != nil {
		return Receipt{}, err
	}
	r, err := i.write(ctx, m, files, by, claim, nil, true)
	r.Apart = apart
	return r, err
}

// Append adds a message to a conversation, on the channel m.Channel or, if that
// is empty, on the one where the conversation began. Otherwise it is like TakeIn, but
// that nothing else is awaited.
func (i Intake) Append(ctx context.Context, m desk.Message, conversation string) (Receipt, error) {
	c, err := i.Conversations.Get(ctx, m.Account, conversation)
	if err != nil {
		return Receipt{}, err
	}
	if m.Channel == "" {
		m.Channel = c.Origin
	}
	by, err := i.Setups.Channel(ctx, m.Account, m.Channel)
	if err != nil {
		return Receipt{}, err
	}
	files, err := i.files(ctx, &m)
	if err != nil {
		return Receipt{}, err
	}
	claim := External{Conversation: conversation, Message: messageID(m)}
	refused, err := i.refused(ctx, m, by, c.Channel)
	if err == nil && refused == nil {
		err = i.Messages.Claim(ctx, m.Account, m.Channel, m.External, claim)
	}
	if errors.Is(err, desk.ErrExists) || refused != nil {
		var known map[string]External
		if known, err = i.Messages.Resolve(ctx, m.Account, m.Channel, []string{m.External}); err == nil {
			x, there := known[m.External]
			if claim = x; !there {
				err = cmp.Or(refused, error(&desk.BusyError{What: "external ID", After: time.Second}))
			} else if half, errHalf := i.half(ctx, m.Account, x); half || errHalf != nil {
				err = cmp.Or(errHalf, comesIn(x))
			}
		}
	}
	if err != nil {
		return Receipt{}, err
	}
	read := &c // before its channel was, as attempt would
	if c.Channel != by.ID || claim.Conversation != c.ID {
		read = nil
	}
	return i.write(ctx, m, files, by, claim, read, m.History)
}

// claim returns what the message's external ID stands for, and claims it if it is
// new: for the conversation that it joins, or for one that it begins. Externals are
// the external ID and the references. Apart are the other conversations that they
// belong to.
func (i Intake) claim(ctx context.Context, m desk.Message, by desk.Channel, externals []string) (x External, apart []string, err error) {
	for range attempts {
		known, err := i.Messages.Resolve(ctx, m.Account, m.Channel, externals)
		if err != nil {
			return External{}, nil, err
		}
		var awaited map[string]string
		if m.History {
			if awaited, err = i.Messages.Awaited(ctx, m.Account, m.Channel, externals); err != nil {
				return External{}, nil, err
			}
		}
		if err := i.whole(ctx, m, externals, known); err != nil {
			return External{}, nil, err
		}
		joins := related(externals, known, awaited)
		x, there := known[m.External]
		if !there {
			x = External{Message: messageID(m)}
			if len(joins) > 0 {
				x.Conversation = joins[0]
			}
			if err := i.mayJoin(ctx, m, by, x.Conversation); err != nil {
				return External{}, nil, err
			}
			if x.Conversation == "" {
				x.Conversation = desk.ConversationID(i.Now(), m)
			}
			err = i.Messages.Claim(ctx, m.Account, m.Channel, m.External, x)
			if errors.Is(err, desk.ErrExists) {
				continue
			}
		}
		if err == nil && m.History {
			err = i.await(ctx, m, externals[1:], known, awaited, x.Conversation)
		}
		apart = slices.DeleteFunc(joins, func(id string) bool { return id == x.Conversation })
		return x, apart[:min(len(apart), mostApart)], err
	}
	return External{}, nil, &desk.BusyError{What: "external ID", After: time.Second}
}

// whole takes away what is known of references to conversations that are only half there:
// nobody sees them yet, and perhaps never will. If m itself is of one, the error is a *BusyError.
func (i Intake) whole(ctx context.Context, m desk.Message, externals []string, known map[string]External) error {
	half := make(map[string]bool) // by conversation
	for _, ref := range externals {
		x, ok := known[ref]
		if _, asked := half[x.Conversation]; ok && !asked {
			var err error
			if half[x.Conversation], err = i.half(ctx, m.Account, x); err != nil {
				return err
			}
		}
		switch {
		case !ok || !half[x.Conversation]:
		case ref == m.External:
			return comesIn(x)
		default:
			delete(known, ref)
		}
	}
	return nil
}

// half reports whether an external ID is of a conversation that is being brought in as it was
// elsewhere, and of which only messages have come. Whoever began it would keep the
// rest from coming in.
func (i Intake) half(ctx context.Context, account string, x External) (bool, error) {
	if x.With == "" {
		return false, nil
	}
	_, err := i.Conversations.Get(ctx, account, x.Conversation)
	if !errors.Is(err, desk.ErrNotFound) {
		return false, err
	}
	with, err := i.Setups.Channel(ctx, account, x.With)
	if errors.Is(err, desk.ErrNotFound) { // it was taken away
		err = nil
	}
	return with.Restoring, err
}

// comesIn says that a message is about to come in by another way.
func comesIn(x External) error {
	return &desk.BusyError{What: "conversation " + x.Conversation, After: time.Second}
}

// mayJoin returns an *InvalidError if m may not join a conversation, or begin one if
// that is "".
func (i Intake) mayJoin(ctx context.Context, m desk.Message, by desk.Channel, conversation string) error {
	channel := by.ID
	if m.History && conversation != "" {
		c, err := i.Conversations.Get(ctx, m.Account, conversation)
		if err == nil {
			channel = c.Channel
		} else if !errors.Is(err, desk.ErrNotFound) { // it was claimed, but not begun
			return err
		}
	}
	refused, err := i.refused(ctx, m, by, channel)
	return cmp.Or(err, refused)
}

// refused returns an *InvalidError as refused if m claims to be history but is not,
// for the channel by which it comes or the one to which its conversation belongs.
func (i Intake) refused(ctx context.Context, m desk.Message, by desk.Channel, belongs string) (refused, err error) {
	refused = by.TakesHistory(m)
	if refused != nil || !m.History || belongs == by.ID {
		return refused, nil
	}
	c, err := i.Setups.Channel(ctx, m.Account, belongs)
	if err != nil {
		return nil, err
	}
	return c.TakesHistory(m), nil
}

// related returns the conversations of external IDs, each once: those that have a
// message of a reference first, in the order of the references.
func related(externals []string, known map[string]External, awaited map[string]string) (ids []string) {
	add := func(id string) {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, x := range externals {
		add(known[x].Conversation)
	}
	for _, x := range externals {
		add(awaited[x])
	}
	return ids
}

// await records the references that nobody has, for a conversation.
func (i Intake) await(ctx context.Context, m desk.Message, references []string, known map[string]External, awaited map[string]string, conversation string) error {
	var missing []string
	for _, ref := range references {
		if _, there := known[ref]; !there && awaited[ref] == "" {
			missing = append(missing, ref)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return i.Messages.Await(ctx, m.Account, m.Channel, conversation, slices.Compact(missing))
}

// files returns the files that m names, in order, and fills in how large they are;
// *InvalidErrors if they have not been uploaded, or are others than m says.
func (i Intake) files(ctx context.Context, m *desk.Message) ([]desk.File, error) {
	if m.Source.SHA256 == "" && len(m.Attachments) == 0 {
		return nil, nil
	}
	var named []NamedFile
	for n, a := range m.Attachments {
		named = append(named, NamedFile{Field: fmt.Sprintf("attachments[%d].sha256", n), SHA256: a.SHA256, Size: sizeSaid(a)})
	}
	if m.Source.SHA256 != "" {
		named = append(named, NamedFile{Field: "source", SHA256: m.Source.SHA256, Size: sizeSaid(m.Source)})
	}
	known, err := i.Files.Confirm(ctx, m.Account, named)
	if err != nil {
		return nil, err
	}
	m.Attachments = slices.Clone(m.Attachments)
	for n := range m.Attachments {
		m.Attachments[n].Size = known[m.Attachments[n].SHA256].Size
	}
	m.Source.Size = known[m.Source.SHA256].Size
	return slices.SortedFunc(maps.Values(known), func(a, b desk.File) int { return cmp.Compare(a.SHA256, b.SHA256) }), nil
}

// sizeSaid is the size that a message says a file has, -1 if it says none.
func sizeSaid(a desk.Attachment) int64 {
	if a.Size == 0 {
		return -1
	}
	return a.Size
}

// write stores the message in the conversation that it was claimed for, to which
// perhaps only its references have led. Read is that conversation, of the channel by, if it
// has been read just now.
func (i Intake) write(ctx context.Context, m desk.Message, files []desk.File, by desk.Channel, claim External, read *desk.Conversation, referred bool) (Receipt, error) {
	m = m.Complete(by)
	m.Conversation, m.ID = claim.Conversation, claim.Message
	for _, at := range []*time.Time{&m.At, &m.Past.FirstReplyAt, &m.Past.WaitingSince} {
		*at = at.UTC().Truncate(time.Millisecond)
	}
	for range attempts {
		m.TakenIn = since(by, i.Now().UTC().Truncate(time.Millisecond))
		taken, err := i.attempt(ctx, m, files, by, read, referred)
		read = nil // or it is no longer so
		switch {
		case errors.Is(err, desk.ErrChanged):
			var gone error
			if files, gone = i.files(ctx, &m); gone != nil { // or one is used by now
				return Receipt{}, gone
			}
			continue
		case errors.Is(err, desk.ErrExists):
			c, err := i.Conversations.Get(ctx, m.Account, m.Conversation)
			if errors.Is(err, desk.ErrNotFound) {
				continue
			}
			return Receipt{Conversation: c, Message: m.ID, Known: true}, err
		}
		return taken, err
	}
	return Receipt{}, &desk.BusyError{What: "conversation " + m.Conversation, After: time.Second}
}

func (i Intake) attempt(ctx context.Context, m desk.Message, files []desk.File, by desk.Channel, read *desk.Conversation, referred bool) (Receipt, error) {
	c, belongs, err := desk.Conversation{}, by, error(nil)
	if read != nil {
		c = *read
	} else {
		c, err = i.Conversations.Get(ctx, m.Account, m.Conversation)
	}
	if errors.Is(err, desk.ErrNotFound) {
		c, err = desk.StartConversation(m.Conversation, m, by, "", m.TakenIn)
		if err != nil {
			return Receipt{}, err
		}
		err = i.Messages.Begin(ctx, c, m, files)
		if errors.Is(err, desk.ErrExists) { // another message began it meanwhile
			err = desk.ErrChanged
		}
		return Receipt{Conversation: c, Message: m.ID, Began: true}, err
	}
	if err == nil && read == nil {
		belongs, err = i.Setups.Channel(ctx, m.Account, c.Channel)
	}
	if err != nil {
		return Receipt{}, err
	}
	if referred {
		if m.Stranger, err = i.stranger(ctx, c, m); err != nil {
			return Receipt{}, err
		}
	}
	m.TakenIn = since(belongs, m.TakenIn)
	is, err := c.Receive(m, belongs, by, m.TakenIn)
	if err != nil {
		return Receipt{}, err
	}
	notAppliedBy := ""
	if c.Home == desk.HelpDesk && m.Counts() && !belongs.Quiet(m) {
		rules, err := i.Rulebook.Rules(ctx, m.Account, belongs.Move)
		switch {
		case err == nil:
			is = rules.Follow(is)
		case desk.Temporary(err):
			return Receipt{}, err
		default: // a message is never refused for the sake of its ticket
			is, notAppliedBy = is.CannotFollow(), belongs.Move
		}
	}
	return Receipt{Conversation: is, Message: m.ID}, i.Messages.Append(ctx, c, is, m, files, notAppliedBy)
}

// stranger reports whether the sender of m has had no part in c: has written nothing
// of it, and was sent nothing. Whoever knows a Message-ID can refer to it.
func (i Intake) stranger(ctx context.Context, c desk.Conversation, m desk.Message) (bool, error) {
	from := m.From.Address
	if m.Author != desk.ByCustomer || from == "" || strings.EqualFold(desk.Truncate(from, desk.MaxCustomer), c.Customer) {
		return false, nil
	}
	known, err := i.Messages.TakesPart(ctx, c.Account, c.ID, from)
	return !known, err
}

// since returns now, or the time of the channel's fence if another clock set that
// later: what is written after the fence must be dated after it.
func since(c desk.Channel, now time.Time) time.Time {
	if fenced := c.FenceAt.UTC(); fenced.After(now) {
		return fenced
	}
	return now
}

// messageID is the ID that is claimed for a message: one that is sent again with another
// date keeps it.
func messageID(m desk.Message) string { return desk.MessageID(m.Channel, m.External, m.At) }
