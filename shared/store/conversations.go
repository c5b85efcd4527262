package store

import (
	"context"
	"errors"
	"fmt"

	"deskmove/shared/desk"
)

// ConversationStore keeps the headers of conversations.
type ConversationStore struct{ Engine Engine }

// Get reads one conversation, strongly; desk.ErrNotFound if there is none.
func (s ConversationStore) Get(ctx context.Context, account, id string) (desk.Conversation, error) {
	a, err := getOne(ctx, s.Engine, Conversations, HeaderKey(account, id))
	if err != nil {
		return desk.Conversation{}, fmt.Errorf("conversation %s: %w", id, err)
	}
	return readConversation(a), nil
}

// GetMany reads conversations in any order; those that do not exist are left
// out. Unless strong, the answer may be old.
func (s ConversationStore) GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Conversation, error) {
	return readMany(ctx, s.Engine, Conversations, keysOf(account, ids, HeaderKey), strong, readConversation)
}

// Mark sets the markers of conversations: each lives in the help desk now, on
// its ticket. A conversation whose version is no longer the one given has
// desk.ErrChanged in its place; nil means that all were marked.
func (s ConversationStore) Mark(ctx context.Context, cs []desk.Conversation) []error {
	writes := make([]Write, len(cs))
	for i, c := range cs {
		writes[i] = Write{
			Op: Update, Table: Conversations, Key: HeaderKey(c.Account, c.ID),
			Set: Attrs{}.str(AttrHome, string(c.Home)).str(AttrTicket, c.Ticket).str(AttrMove, c.Move),
			If:  Equals(Version, N(c.Version)),
		}
	}
	return translate(s.Engine.Write(ctx, writes), ErrCondition, desk.ErrChanged)
}

// Save stores a changed header if its version is still old; else
// desk.ErrChanged.
func (s ConversationStore) Save(ctx context.Context, c desk.Conversation, old int64) error {
	err := FirstError(s.Engine.Write(ctx, []Write{saveHeader(c, old)}))
	if errors.Is(err, ErrCondition) {
		return fmt.Errorf("conversation %s: %w", c.ID, desk.ErrChanged)
	}
	return err
}

// saveHeader replaces the header: everything in it follows from the version
// that is checked, the marker too, since setting the marker checks it as well
// and only ever happens once. A change that races with the marker must not
// take the marker back, so it checks that the home is the one it read.
func saveHeader(c desk.Conversation, old int64) Write {
	return Write{
		Op: Put, Table: Conversations, Key: HeaderKey(c.Account, c.ID), Set: writeConversation(c),
		If: Equals(Version, N(old)).And(Equals(AttrHome, S(string(c.Home)))),
	}
}

// translate replaces errors that are from by to, in place.
func translate(errs []error, from, to error) []error {
	for i, err := range errs {
		if errors.Is(err, from) {
			errs[i] = to
		}
	}
	return errs
}

// Attributes of conversations, messages and tickets.
const (
	aAccount    = "acct"
	aID         = "id"
	AttrHome    = "home"
	AttrTicket  = "ticket"
	AttrMove    = "move"
	aOrigin     = "origin"
	aChannel    = "channel"
	aSubject    = "subject"
	aCustomer   = "customer"
	AttrState   = "state"
	aOwner      = "owner"
	AttrStarted = "started"
	aTakenIn    = "taken"
	aJoined     = "joined"
	aChanged    = "changed"
	aCustVer    = "custver"
	aCustAt     = "custat"
	aFirst      = "first"
	aWaiting    = "waiting"
	aClosed     = "closed"
	aMessages   = "messages"
)

func writeConversation(c desk.Conversation) Attrs {
	a := make(Attrs, 0, 24)
	a = a.str(aAccount, c.Account).str(aID, c.ID).str(aOrigin, c.Origin).str(aChannel, c.Channel)
	a = a.str(aSubject, c.Subject).str(aCustomer, c.Customer).str(AttrState, string(c.Status)).str(aOwner, c.Owner)
	a = a.time(AttrStarted, c.Started).time(aTakenIn, c.TakenIn).time(aJoined, c.Joined).time(aChanged, c.ChangedAt)
	a = a.num(Version, c.Version).num(aCustVer, c.CustomerVersion).time(aCustAt, c.CustomerAt)
	a = a.time(aFirst, c.FirstReplyAt).time(aWaiting, c.WaitingSince).time(aClosed, c.ClosedAt).num(aMessages, c.Messages)
	a = a.str(AttrHome, string(c.Home)).str(AttrTicket, c.Ticket).str(AttrMove, c.Move)
	a = a.str(IndexPK, listPK(c.Account, c.Channel, shardOf(c.ID, ListShards)))
	return a.str(IndexSK, listSK(c.Joined, c.ID))
}

// ReadConversation reads a header's image from the change stream; false if
// the item is something else.
func ReadConversation(key Key, a Attrs) (desk.Conversation, bool) {
	if key.SK != "H" {
		return desk.Conversation{}, false
	}
	return readConversation(a), true
}

func readConversation(attrs Attrs) desk.Conversation {
	var c desk.Conversation
	for i := range attrs {
		v := &attrs[i].Value
		switch attrs[i].Name {
		case aAccount:
			c.Account = v.Str
		case aID:
			c.ID = v.Str
		case aOrigin:
			c.Origin = v.Str
		case aChannel:
			c.Channel = v.Str
		case aSubject:
			c.Subject = v.Str
		case aCustomer:
			c.Customer = v.Str
		case AttrState:
			c.Status = desk.ConversationStatus(v.Str)
		case aOwner:
			c.Owner = v.Str
		case AttrStarted:
			c.Started = v.time()
		case aTakenIn:
			c.TakenIn = v.time()
		case aJoined:
			c.Joined = v.time()
		case aChanged:
			c.ChangedAt = v.time()
		case Version:
			c.Version = v.Num
		case aCustVer:
			c.CustomerVersion = v.Num
		case aCustAt:
			c.CustomerAt = v.time()
		case aFirst:
			c.FirstReplyAt = v.time()
		case aWaiting:
			c.WaitingSince = v.time()
		case aClosed:
			c.ClosedAt = v.time()
		case aMessages:
			c.Messages = v.Num
		case AttrHome:
			c.Home = desk.Home(v.Str)
		case AttrTicket:
			c.Ticket = v.Str
		case AttrMove:
			c.Move = v.Str
		}
	}
	return c
}

// Import stores conversations without messages, for benchmarks and tests.
// Those that exist already stay as they are.
func (s ConversationStore) Import(ctx context.Context, cs []desk.Conversation) error {
	writes := make([]Write, len(cs))
	for i, c := range cs {
		writes[i] = Write{Op: Put, Table: Conversations, Key: HeaderKey(c.Account, c.ID), Set: writeConversation(c), If: Absent()}
	}
	for _, err := range s.Engine.Write(ctx, writes) {
		if err != nil && !errors.Is(err, ErrCondition) {
			return err
		}
	}
	return nil
}
