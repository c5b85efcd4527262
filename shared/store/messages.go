package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/support"
)

// MessageStore keeps messages and finds conversations by external IDs.
type MessageStore struct{ Engine Engine }

// Limits of what one item holds of a message.
const (
	// shortSize is how long a message's text and HTML part may be together to be kept
	// in the message's item. Pages of a thread read these items.
	shortSize = 16 << 10
	// PartSize is how much a part holds of what is longer.
	PartSize = 128 << 10
	// partsAtOnce are the parts that are written or read at the same time.
	partsAtOnce = 8
)

// Resolve returns what was recorded for external IDs of a channel; unknown
// ones are left out.
func (s MessageStore) Resolve(ctx context.Context, account, channel string, externals []string) (map[string]support.External, error) {
	keys, byKey := externalKeys(account, channel, externals, externalKey)
	items, err := s.Engine.Get(ctx, Conversations, keys, Strong)
	if err != nil {
		return nil, fmt.Errorf("look up %d external IDs: %w", len(externals), err)
	}
	found := make(map[string]support.External, len(items))
	for _, item := range items {
		found[byKey[item.Key]] = support.External{
			Conversation: item.Attrs.Str(aOfConversation), Message: item.Attrs.Str(aID), TakenIn: item.Attrs.Time(aArrived), With: item.Attrs.Str(aWith),
		}
	}
	return found, nil
}

// externalKeys returns the keys of external IDs, each once, and the ID of each.
func externalKeys(account, channel string, externals []string, of func(account, channel, external string) Key) (keys []Key, byKey map[Key]string) {
	byKey = make(map[Key]string, len(externals))
	for _, x := range externals {
		k := of(account, channel, x)
		if _, twice := byKey[k]; !twice {
			byKey[k] = x
			keys = append(keys, k)
		}
	}
	return keys, byKey
}

// Holding returns the conversations that have a message with an external ID by one of
// the channels, or are to have it.
func (s MessageStore) Holding(ctx context.Context, account string, channels []string, external string) ([]string, error) {
	keys := make([]Key, len(channels))
	for i, channel := range channels {
		keys[i] = externalKey(account, channel, external)
	}
	items, err := s.Engine.Get(ctx, Conversations, keys, Strong)
	if err != nil {
		return nil, fmt.Errorf("look up an external ID in %d channels: %w", len(keys), err)
	}
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.Attrs.Str(aOfConversation)
	}
	return ids, nil
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

// Awaited returns the conversations that await messages with external IDs of a
// channel, by ID; others are left out.
func (s MessageStore) Awaited(ctx context.Context, account, channel string, externals []string) (map[string]string, error) {
	keys, byKey := externalKeys(account, channel, externals, awaitedKey)
	items, err := s.Engine.Get(ctx, Conversations, keys, Strong)
	if err != nil {
		return nil, fmt.Errorf("look up %d awaited IDs: %w", len(externals), err)
	}
	found := make(map[string]string, len(items))
	for _, item := range items {
		found[byKey[item.Key]] = item.Attrs.Str(aOfConversation)
	}
	return found, nil
}

// Await records that a conversation awaits messages with external IDs of a channel,
// which it names. The first that awaits one keeps it.
func (s MessageStore) Await(ctx context.Context, account, channel, conversation string, externals []string) error {
	ws := make([]Write, len(externals))
	for i, x := range externals {
		ws[i] = Write{Op: Put, Table: Conversations, Key: awaitedKey(account, channel, x), Set: Attrs{}.str(aOfConversation, conversation), If: Absent()}
	}
	for _, err := range s.Engine.Write(ctx, ws) {
		if err != nil && !errors.Is(err, ErrCondition) {
			return fmt.Errorf("await %d IDs: %w", len(externals), err)
		}
	}
	return nil
}

// Begin stores a new conversation with its first message and that it names files, all
// or nothing; desk.ErrExists if the conversation is there, desk.ErrChanged if a file is
// no longer as it was read.
func (s MessageStore) Begin(ctx context.Context, c desk.Conversation, m desk.Message, files []desk.File) error {
	return s.store(ctx, m, newHeader(c), desk.ErrExists, FileStore{}.UseWrites(files)...)
}

// Append stores a message, what it makes of its conversation and ticket, and that it
// names files, all or nothing; desk.ErrChanged if the conversation or a file is no
// longer as it was read. If the message could not be applied to the ticket, by the rules
// of that move, a failure says so, from which the daily repair knows.
func (s MessageStore) Append(ctx context.Context, old, is desk.Conversation, m desk.Message, files []desk.File, notAppliedBy string) error {
	header, uses := changeHeader(old, is), FileStore{}.UseWrites(files)
	if notAppliedBy == "" {
		return s.store(ctx, m, header, desk.ErrChanged, uses...)
	}
	f := move.Failure{Conversation: is.ID, Code: move.CodeNotApplied, At: is.ChangedAt,
		Reason: "a message could not be applied to its ticket, because the rules of its channel cannot be read; mend the setup"}
	return s.store(ctx, m, header, desk.ErrChanged, append(uses, writeFailure(is.Account, notAppliedBy, f))...)
}

// Content is one of the contents of a message.
type Content byte

// The contents of a message.
const (
	Subject Content = iota
	Text
	HTML
)

// contents says how each content is kept: by which attribute of the message's item
// what it begins with, by which its length if the whole of it is in parts, the name
// that it has in the keys of parts, and the length of such a beginning.
var contents = [...]struct {
	head, size, part string
	headSize         int
}{
	Subject: {aSubject, "nsub", "s", 1 << 10},
	Text:    {"text", "ntext", "t", 16 << 10},
	HTML:    {"html", "nhtml", "h", 0},
}

// message returns the write of a message, for which it writes what is long, beside the
// message: parts without a message are never read, and written again are the same.
func (s MessageStore) message(ctx context.Context, m desk.Message) (Write, error) {
	a, err := writeMessage(m)
	if err != nil {
		return Write{}, err
	}
	short := len(m.Text)+len(m.HTML) <= shortSize
	for of, whole := range [...]string{Subject: m.Subject, Text: m.Text, HTML: m.HTML} {
		c, head := contents[of], whole
		if len(whole) > c.headSize && (!short || Content(of) == Subject) { // #nosec G115 -- four
			if err := s.storeParts(ctx, m, c.part, whole); err != nil {
				return Write{}, err
			}
			head, a = desk.Truncate(whole, c.headSize), a.num(c.size, int64(len(whole)))
		}
		a = a.bin(c.head, head)
	}
	return Write{Op: Put, Table: Conversations, Key: messageKey(m.Account, m.Conversation, m.ID), Set: a, If: Absent()}, nil
}

// store writes a message with the header that it makes, and more.
func (s MessageStore) store(ctx context.Context, m desk.Message, header Write, conflict error, more ...Write) error {
	message, err := s.message(ctx, m)
	if err != nil {
		return err
	}
	if header.Op == Put { // a message of a conversation that is not there is what an import has left
		message.If = nil
	}
	err = s.Engine.Transact(ctx, append([]Write{header, message}, more...))
	var failed *ConditionError
	if errors.As(err, &failed) {
		switch first := failed.Failed[0]; {
		case first == 0:
			return conflict
		case first > 1:
			return desk.ErrChanged // a file
		}
		return desk.ErrExists // the message is there already
	}
	if err != nil {
		return fmt.Errorf("message %s: %w", m.ID, err)
	}
	return nil
}

// storeParts writes a long content in parts.
func (s MessageStore) storeParts(ctx context.Context, m desk.Message, content, whole string) error {
	var ws []Write
	for n := 0; len(whole) > 0; n++ {
		part := whole[:min(PartSize, len(whole))]
		whole = whole[len(part):]
		ws = append(ws, Write{Op: Put, Table: Conversations, Key: partKey(m.Account, m.Conversation, m.ID, content, n), Set: Attrs{}.bin(aBody, part)})
		if len(ws) < partsAtOnce && len(whole) > 0 {
			continue
		}
		if err := FirstError(s.Engine.Write(ctx, ws)); err != nil {
			return fmt.Errorf("message %s, parts to %d: %w", m.ID, n, err)
		}
		ws = ws[:0]
	}
	return nil
}

// Message is a message as a page of its conversation has it: with what its subject
// and its text begin with, at most 1 KB and 16 KB if either goes on, and without its
// HTML part.
type Message struct {
	desk.Message
	Sizes [len(contents)]int64 // of each Content, in bytes
}

// Cut reports whether the message's Subject or Text is only the beginning.
func (m Message) Cut(of Content) bool {
	return m.Sizes[of] > int64(len([...]string{Subject: m.Subject, Text: m.Text}[of]))
}

// messagesOf is the query for all messages of a conversation.
func messagesOf(account, conversation string) Query {
	return Query{Table: Conversations, PK: HeaderKey(account, conversation).PK, From: messagePrefix, To: messagePrefix + "~", Read: Strong}
}

// Page reads at most limit messages of a conversation, those written last first, of
// those written before the message after, or from the last one on if that is "". It
// reads about 1 MB at most, so that a page may be shorter before the last.
func (s MessageStore) Page(ctx context.Context, account, conversation, after string, limit int) (ms []Message, more bool, err error) {
	q := messagesOf(account, conversation)
	if q.Descending = true; after != "" {
		q.To = messagePrefix + after
	}
	return s.page(ctx, account, conversation, after, limit, q)
}

// Forward is Page from the first message on: those written after one, first.
func (s MessageStore) Forward(ctx context.Context, account, conversation, after string, limit int) (ms []Message, more bool, err error) {
	q := messagesOf(account, conversation)
	q.From = messagePrefix + after
	return s.page(ctx, account, conversation, after, limit, q)
}

// page reads at most limit messages that a query finds, but for the one named after,
// which is its bound.
func (s MessageStore) page(ctx context.Context, account, conversation, after string, limit int, q Query) (ms []Message, more bool, err error) {
	if q.Limit = limit; after != "" {
		q.Limit++
	}
	for len(ms) == 0 {
		page, err := s.Engine.Query(ctx, q)
		if err != nil {
			return nil, false, fmt.Errorf("messages of %s: %w", conversation, err)
		}
		more, q.After = page.Next != "", page.Next
		for _, item := range page.Items {
			if m := readMessage(account, conversation, item); m.ID == after {
				continue
			} else if len(ms) < limit {
				ms = append(ms, m)
			} else {
				more = true
			}
		}
		if !more {
			break
		}
	}
	return ms, more, nil
}

// How many messages TakesPart looks at, and at how many first: most people who write have
// part in the last few.
const (
	latest      = 50
	latestFirst = 5
)

// TakesPart reports whether an address is among the senders and recipients of the
// latest messages of a conversation. Those of strangers, and forged ones, do not count:
// nobody comes to belong by writing twice.
func (s MessageStore) TakesPart(ctx context.Context, account, conversation, address string) (bool, error) {
	q := messagesOf(account, conversation)
	q.Descending, q.Limit = true, latestFirst
	for read := 0; read < latest; q.Limit = latest - read {
		page, err := s.Engine.Query(ctx, q)
		if err != nil {
			return false, fmt.Errorf("messages of %s: %w", conversation, err)
		}
		if slices.ContainsFunc(page.Items, func(item Item) bool {
			m := readWritten(account, conversation, item)
			return !m.Stranger && !m.Forged && m.Names(address)
		}) {
			return true, nil
		}
		if read, q.After = read+len(page.Items), page.Next; page.Next == "" {
			break
		}
	}
	return false, nil
}

func readMessage(account, conversation string, item Item) Message {
	a := item.Attrs
	m := Message{Message: readWritten(account, conversation, item)}
	m.Subject, m.Text = a.Str(contents[Subject].head), a.Str(contents[Text].head)
	for i, c := range contents {
		m.Sizes[i] = cmp.Or(a.Num(c.size), int64(len(a.Str(c.head))))
	}
	return m
}

// Get reads a message without its subject, text and HTML part; desk.ErrNotFound if there
// is no such message.
func (s MessageStore) Get(ctx context.Context, account, conversation, message string) (desk.Message, error) {
	k := messageKey(account, conversation, message)
	a, err := getOne(ctx, s.Engine, Conversations, k)
	if err != nil {
		return desk.Message{}, fmt.Errorf("message %s: %w", message, err)
	}
	return readWritten(account, conversation, Item{Key: k, Attrs: a}), nil
}

// Body is a content of a message, which may be long.
type Body struct {
	Size  int64
	whole string // of a short one
	key   func(part int) Key
	from  Engine
}

// Body finds a content of a message; desk.ErrNotFound if there is no such message.
func (s MessageStore) Body(ctx context.Context, account, conversation, message string, of Content) (Body, error) {
	a, err := getOne(ctx, s.Engine, Conversations, messageKey(account, conversation, message))
	if err != nil {
		return Body{}, fmt.Errorf("message %s: %w", message, err)
	}
	c := contents[of]
	if size := a.Num(c.size); size > 0 {
		return Body{Size: size, from: s.Engine, key: func(n int) Key { return partKey(account, conversation, message, c.part, n) }}, nil
	}
	whole := a.Str(c.head)
	return Body{Size: int64(len(whole)), whole: whole}, nil
}

// Read reads at most n bytes from a place on; "" at the end. No more than the parts
// that hold them are read.
func (b Body) Read(ctx context.Context, from int64, n int) (string, error) {
	if from < 0 || from >= b.Size || n <= 0 {
		return "", nil
	}
	to := min(b.Size, from+int64(n))
	if b.from == nil {
		return b.whole[from:to], nil
	}
	first, last := int(from/PartSize), int((to-1)/PartSize)
	keys := make([]Key, 0, last-first+1)
	for i := first; i <= last; i++ {
		keys = append(keys, b.key(i))
	}
	items, err := b.from.Get(ctx, Conversations, keys, Strong)
	if err == nil && len(items) < len(keys) {
		err = fmt.Errorf("%d of %d parts are missing", len(keys)-len(items), len(keys))
	}
	if err != nil {
		return "", fmt.Errorf("parts from %q: %w", keys[0], err)
	}
	slices.SortFunc(items, func(a, b Item) int { return cmp.Compare(a.Key.SK, b.Key.SK) })
	var text strings.Builder
	for _, item := range items {
		text.WriteString(item.Attrs.Str(aBody))
	}
	from -= int64(first) * PartSize
	to -= int64(first) * PartSize
	if int64(text.Len()) < to {
		return "", fmt.Errorf("parts from %q are too short", keys[0])
	}
	return text.String()[from:to], nil
}

// Attributes of messages and external IDs.
const (
	aID             = "id"
	aOfConversation = "conv"
	aChannel        = "channel"
	aKind           = "kind"
	aAuthor         = "author"
	aAgent          = "agent"
	aVisibility     = "vis" // default: public
	aAutomatic      = "auto"
	aForged         = "forged"
	aStranger       = "stranger"
	aEnvelope       = "env"
	aArrived        = "taken"
	AttrExternal    = "ext"
	aWritten        = "at"
	aBody           = "body"
)
