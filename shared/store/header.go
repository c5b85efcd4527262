package store

import (
	"strings"

	"deskmove/shared/desk"
)

// Attributes of a header. Names are short, and nothing is stored that follows
// from the key, is empty or equals its default, because a write costs a unit for
// each kilobyte of the whole item. Times are milliseconds since 1970.
const (
	aRev          = "rev"
	aOrigin       = "org" // default: the channel
	aSubject      = "sub"
	aCustomer     = "cus"
	aCustomerName = "nam"
	aState        = "st" // default: open
	aOwner        = "own"
	aStarted      = "sta"
	aTakenIn      = "tak" // default: when it joined its channel
	aPast         = "past"
	aChanged      = "cha" // default: when it was taken in
	aCustomerRev  = "cur"
	aCustomerAt   = "cua" // default, if there is a customer's message: when it was taken in
	aFirstReply   = "fst"
	aWaiting      = "wai"
	aClosed       = "clo"
	aMessages     = "num" // default: 1
	aTags         = "tag"
	aEdits        = "log"
	aLastEdit     = "tok"
	aProvenance   = "prov"
	aTicketStatus = "tst"
	aTicketOwner  = "tow"
	aCreated      = "cre" // default: when the conversation started
	aImported     = "imp"
	aMove         = "mov"
	aLostOwner    = "lost"
	aOpened       = "opn"
	aPolicy       = "pol"
	aDueFirst     = "due1"
	aDueNext      = "due2"
	aDueClose     = "due3"
	aDue          = "due" // the earliest of the three
	aBreached     = "bre"
	aLandedStatus = "lst"
	aLandedOwner  = "low"
	aEditedAt     = "edat"
	aEditedBy     = "edby"
	aEditedStatus = "edst"
	aEditedOwner  = "edow"
	aEditedRev    = "edrv"
	aBehind       = "beh"
)

// writeHeader returns all attributes of a conversation and its ticket.
func writeHeader(c desk.Conversation) Attrs {
	a := appendHeader(make(Attrs, 0, maxHeader), &c)
	a = a.str(ByChannel.PK, channelOf(&c)).str(ByChannel.SK, positionOf(&c))
	if owner, open := openFor(&c); open {
		a = a.str(ByOwner.PK, ownerOf(&c, owner))
	}
	return a
}

// maxHeader is more attributes than a header has.
const maxHeader = 48

// The keys of a header in the indexes.
func channelOf(c *desk.Conversation) string {
	return channelPK(c.Account, c.Channel, shardOf(c.ID, ListShards))
}
func positionOf(c *desk.Conversation) string { return instant(c.Joined) + c.ID }
func ownerOf(c *desk.Conversation, owner string) string {
	return ownerPK(c.Account, owner, shardOf(c.ID, ownerShards))
}

// appendHeader appends the attributes of a header but for its keys in the indexes.
func appendHeader(a Attrs, c *desk.Conversation) Attrs {
	a = a.str(Home, string(c.Home)).num(aRev, c.Rev)
	if c.Origin != c.Channel {
		a = a.str(aOrigin, c.Origin)
	}
	a = a.str(aSubject, c.Subject).str(aCustomer, c.Customer).str(aCustomerName, c.CustomerName).str(aOwner, c.Owner).time(aStarted, c.Started)
	if c.Status != desk.Open {
		a = a.str(aState, string(c.Status))
	}
	switch {
	case c.TakenIn.IsZero():
		a = append(a, Attr{aTakenIn, N(0)})
	case !c.TakenIn.Equal(c.Joined):
		a = a.time(aTakenIn, c.TakenIn)
	}
	a = a.num(aPast, flag(c.Past))
	if !c.ChangedAt.Equal(c.TakenIn) {
		a = a.time(aChanged, c.ChangedAt)
	}
	if a = a.num(aCustomerRev, c.CustomerRev); c.CustomerRev > 0 && !c.CustomerAt.Equal(c.TakenIn) {
		a = a.time(aCustomerAt, c.CustomerAt)
	}
	a = a.time(aFirstReply, c.FirstReplyAt).time(aWaiting, c.WaitingSince).time(aClosed, c.ClosedAt).str(aLastEdit, c.LastEdit)
	a = a.str(aTags, string(c.Tags)).str(aEdits, string(c.Edits))
	if c.Messages != 1 {
		a = append(a, Attr{aMessages, N(c.Messages)})
	}
	if c.HasTicket() {
		a = appendTicket(a, c)
	}
	return a
}

// openFor returns who has to work on a conversation, and whether anybody has.
func openFor(c *desk.Conversation) (owner string, open bool) {
	if c.Home == desk.HelpDesk {
		return c.Ticket.Owner, !c.Ticket.Closed
	}
	return c.Owner, c.Status != desk.Closed
}

func appendTicket(a Attrs, c *desk.Conversation) Attrs {
	t := &c.Ticket
	a = a.str(aProvenance, string(t.Provenance)).str(aTicketStatus, string(t.Status)).str(aTicketOwner, t.Owner)
	if t.Provenance == desk.Native || !t.Created.Equal(c.Started) {
		a = a.time(aCreated, t.Created)
	}
	a = a.time(aImported, t.Imported).str(aMove, t.Move).str(aLostOwner, t.LostOwner).time(aOpened, t.Opened)
	a = a.str(aPolicy, t.Clocks.Policy).time(aDueFirst, t.Clocks.FirstReply).time(aDueNext, t.Clocks.NextReply)
	a = a.time(aDueClose, t.Clocks.Close).time(aDue, t.Clocks.Due()).num(aBreached, flag(t.Breached))
	a = a.str(aLandedStatus, string(t.Landed.Status)).str(aLandedOwner, t.Landed.Owner)
	a = a.time(aEditedAt, t.Edited.At).str(aEditedBy, t.Edited.By).str(aEditedStatus, string(t.Edited.Status))
	return a.str(aEditedOwner, t.Edited.Owner).num(aEditedRev, t.Edited.Rev).num(aBehind, t.Behind)
}

// ReadConversation reads a header; false if the item is something else.
func ReadConversation(key Key, a Attrs) (desk.Conversation, bool) {
	account, id, ok := ofHeader(key)
	if !ok {
		return desk.Conversation{}, false
	}
	return readHeader(account, id, a), true
}

func readItem(item Item) desk.Conversation {
	c, _ := ReadConversation(item.Key, item.Attrs)
	return c
}

func readHeader(account, id string, attrs Attrs) desk.Conversation {
	c := desk.Conversation{Account: account, ID: id, Status: desk.Open, Messages: 1}
	takenIn, open := false, false
	for i := range attrs {
		v := &attrs[i].Value
		switch attrs[i].Name {
		case Home:
			c.Home = desk.Home(v.Str)
		case aRev:
			c.Rev = v.Num
		case ByChannel.PK:
			c.Channel = ofChannelPK(v.Str)
		case ByChannel.SK:
			if p, err := readPosition(v.Str); err == nil {
				c.Joined = p.Joined
			}
		case ByOwner.PK:
			open = true
		case aOrigin:
			c.Origin = v.Str
		case aSubject:
			c.Subject = v.Str
		case aCustomer:
			c.Customer = v.Str
		case aCustomerName:
			c.CustomerName = v.Str
		case aState:
			c.Status = desk.ConversationStatus(v.Str)
		case aOwner:
			c.Owner = v.Str
		case aStarted:
			c.Started = v.time()
		case aTakenIn:
			if takenIn = true; v.Num != 0 {
				c.TakenIn = v.time()
			}
		case aPast:
			c.Past = v.Num != 0
		case aChanged:
			c.ChangedAt = v.time()
		case aCustomerRev:
			c.CustomerRev = v.Num
		case aCustomerAt:
			c.CustomerAt = v.time()
		case aFirstReply:
			c.FirstReplyAt = v.time()
		case aWaiting:
			c.WaitingSince = v.time()
		case aClosed:
			c.ClosedAt = v.time()
		case aMessages:
			c.Messages = v.Num
		case aLastEdit:
			c.LastEdit = v.Str
		case aTags:
			c.Tags = desk.Tags(v.Str)
		case aEdits:
			c.Edits = desk.EditLog(v.Str)
		default:
			readTicket(&c.Ticket, attrs[i].Name, v)
		}
	}
	if c.Origin == "" {
		c.Origin = c.Channel
	}
	if !takenIn {
		c.TakenIn = c.Joined
	}
	if c.ChangedAt.IsZero() {
		c.ChangedAt = c.TakenIn
	}
	if c.CustomerRev > 0 && c.CustomerAt.IsZero() {
		c.CustomerAt = c.TakenIn
	}
	if c.HasTicket() {
		if c.Ticket.Created.IsZero() {
			c.Ticket.Created = c.Started
		}
		c.Ticket.Closed = c.Home == desk.HelpDesk && !open
	}
	return c
}

func readTicket(t *desk.Ticket, name string, v *Value) {
	switch name {
	case aProvenance:
		t.Provenance = desk.Provenance(v.Str)
	case aTicketStatus:
		t.Status = desk.Status(v.Str)
	case aTicketOwner:
		t.Owner = v.Str
	case aCreated:
		t.Created = v.time()
	case aImported:
		t.Imported = v.time()
	case aMove:
		t.Move = v.Str
	case aLostOwner:
		t.LostOwner = v.Str
	case aOpened:
		t.Opened = v.time()
	case aPolicy:
		t.Clocks.Policy = v.Str
	case aDueFirst:
		t.Clocks.FirstReply = v.time()
	case aDueNext:
		t.Clocks.NextReply = v.time()
	case aDueClose:
		t.Clocks.Close = v.time()
	case aBreached:
		t.Breached = v.Num != 0
	case aLandedStatus:
		t.Landed.Status = desk.Status(v.Str)
	case aLandedOwner:
		t.Landed.Owner = v.Str
	case aEditedAt:
		t.Edited.At = v.time()
	case aEditedBy:
		t.Edited.By = v.Str
	case aEditedStatus:
		t.Edited.Status = desk.Status(v.Str)
	case aEditedOwner:
		t.Edited.Owner = v.Str
	case aEditedRev:
		t.Edited.Rev = v.Num
	case aBehind:
		t.Behind = v.Num
	}
}

// ofChannelPK returns the channel of a partition of ByChannel.
func ofChannelPK(pk string) string {
	_, rest, _ := strings.Cut(pk, "#CH#")
	channel, _, _ := strings.Cut(rest, "#")
	return channel
}

// changeHeader is the write of what a conversation has become, if its revision
// still is the one that was read. It sets and takes away only what has changed: an
// attribute that this program does not know survives it.
func changeHeader(old, is desk.Conversation) Write {
	w := Write{Op: Update, Table: Conversations, Key: HeaderKey(is.Account, is.ID), If: Equals(aRev, N(old.Rev)), Set: make(Attrs, 0, 16)}
	var a, b [maxHeader]Attr
	was := appendHeader(a[:0], &old)
	for _, x := range appendHeader(b[:0], &is) {
		if v, ok := was.Find(x.Name); !ok || v != x.Value {
			w.Set = append(w.Set, x)
		}
		was = was.Without(x.Name)
	}
	for _, x := range was {
		w.Remove = append(w.Remove, x.Name)
	}
	if old.Channel != is.Channel {
		w.Set = w.Set.str(ByChannel.PK, channelOf(&is))
	}
	if !old.Joined.Equal(is.Joined) {
		w.Set = w.Set.str(ByChannel.SK, positionOf(&is))
	}
	owned, wasOpen := openFor(&old)
	switch owner, open := openFor(&is); {
	case open && (!wasOpen || owned != owner && ownerGroup(owned) != ownerGroup(owner)):
		w.Set = w.Set.str(ByOwner.PK, ownerOf(&is, owner))
	case !open && wasOpen:
		w.Remove = append(w.Remove, ByOwner.PK)
	}
	return w
}
