package store

import (
	"context"
	"errors"
	"fmt"

	"deskmove/shared/desk"
)

// TicketStore keeps the tickets.
type TicketStore struct{ Engine Engine }

// Create stores tickets that do not exist yet. One that does has
// desk.ErrExists in its place; nil means that all were stored.
func (s TicketStore) Create(ctx context.Context, ts []desk.Ticket) []error {
	writes := make([]Write, len(ts))
	for i, t := range ts {
		writes[i] = Write{Op: Put, Table: Tickets, Key: ticketKey(t.Account, t.ID), Set: writeTicket(t), If: Absent()}
	}
	return translate(s.Engine.Write(ctx, writes), ErrCondition, desk.ErrExists)
}

// Get reads one ticket, strongly; desk.ErrNotFound if there is none.
func (s TicketStore) Get(ctx context.Context, account, id string) (desk.Ticket, error) {
	a, err := getOne(ctx, s.Engine, Tickets, ticketKey(account, id))
	if err != nil {
		return desk.Ticket{}, fmt.Errorf("ticket %s: %w", id, err)
	}
	return readTicket(a), nil
}

// GetMany reads tickets in any order; those that do not exist are left out.
// Unless strong, the answer may be old.
func (s TicketStore) GetMany(ctx context.Context, account string, ids []string, strong bool) ([]desk.Ticket, error) {
	return readMany(ctx, s.Engine, Tickets, keysOf(account, ids, ticketKey), strong, readTicket)
}

// Replace stores a changed ticket if it still is as it was read; else
// desk.ErrChanged.
func (s TicketStore) Replace(ctx context.Context, t, old desk.Ticket) error {
	return s.one(ctx, t.ID, Write{Op: Put, Table: Tickets, Key: ticketKey(t.Account, t.ID), Set: writeTicket(t), If: still(old)})
}

// Delete takes a ticket away if it still is as it was read; else
// desk.ErrChanged.
func (s TicketStore) Delete(ctx context.Context, t desk.Ticket) error {
	return s.one(ctx, t.ID, Write{Op: Delete, Table: Tickets, Key: ticketKey(t.Account, t.ID), If: still(t)})
}

// still holds while a ticket is as it was read. The revision alone would not
// tell: when a move's ticket is taken back, an agent or another channel's move
// may make one in its place, which begins with the same revision.
func still(t desk.Ticket) Cond {
	return Equals(aRevision, N(t.Revision)).And(Equals(aChannel, S(t.Channel))).And(Equals(aProvenance, S(string(t.Provenance))))
}

func (s TicketStore) one(ctx context.Context, id string, w Write) error {
	err := FirstError(s.Engine.Write(ctx, []Write{w}))
	if errors.Is(err, ErrCondition) {
		err = desk.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("ticket %s: %w", id, err)
	}
	return nil
}

// List reads a stretch of the help desk's list of tickets with one of the
// statuses, from new to old by creation: positions after one, open if zero, at
// most about limit of them. More says that it goes on after the last one
// returned. Tickets that have not moved are not in it.
//
// The list is an index and may lag behind the tickets. A ticket whose status
// changes meanwhile keeps its position.
func (s TicketStore) List(ctx context.Context, account string, statuses []desk.Status, after desk.Position, limit int) (ps []desk.Position, more bool, err error) {
	parts := make([]part, 0, len(statuses)*statusShards)
	for _, status := range statuses {
		for i := range statusShards {
			parts = append(parts, part{pk: statusPK(account, status, i)})
		}
	}
	ps, more, err = descend(ctx, s.Engine, Tickets, parts, after, limit/statusShards+8)
	if err != nil {
		return nil, false, fmt.Errorf("list tickets of %s: %w", account, err)
	}
	return ps, more, nil
}

// Attributes of tickets that conversations do not have.
const (
	aConversation = "conv"
	aStatus       = "status"
	aCreated      = "created"
	aProvenance   = "prov"
	aImported     = "imported"
	aFrom         = "from"
	aLostOwner    = "lost"
	aMovedStatus  = "mstatus"
	aMovedOwner   = "mowner"
	aEditedAt     = "edat"
	aEditedBy     = "edby"
	aEditedStatus = "edstatus"
	aEditedOwner  = "edowner"
	aEditedSource = "edsrc"
	aOpened       = "opened"
	aPolicy       = "policy"
	aNextReply    = "next"
	aClose        = "close"
	aSource       = "src"
	aRevision     = "rev"
)

func writeTicket(t desk.Ticket) Attrs {
	a := make(Attrs, 0, 32)
	a = a.str(aAccount, t.Account).str(aID, t.ID).str(aConversation, t.Conversation).str(aChannel, t.Channel)
	a = a.str(aSubject, t.Subject).str(aCustomer, t.Customer).str(aStatus, string(t.Status)).str(aOwner, t.Owner)
	a = a.time(aCreated, t.Created).str(aProvenance, string(t.Provenance)).time(aImported, t.Imported)
	a = a.str(AttrMove, t.Move).str(aFrom, t.Origin).str(aLostOwner, t.LostOwner)
	a = a.str(aMovedStatus, string(t.MovedStatus)).str(aMovedOwner, t.MovedOwner)
	a = a.time(aEditedAt, t.Edited.At).str(aEditedBy, t.Edited.By).str(aEditedStatus, string(t.Edited.Status))
	a = a.str(aEditedOwner, t.Edited.Owner).num(aEditedSource, t.Edited.SourceVersion)
	a = a.time(aOpened, t.Opened).str(aPolicy, t.Clocks.Policy).time(aFirst, t.Clocks.FirstReply)
	a = a.time(aNextReply, t.Clocks.NextReply).time(aClose, t.Clocks.Close)
	a = a.str(AttrHome, string(t.Home)).num(aSource, t.SourceVersion).num(aRevision, t.Revision)
	if t.Home != desk.HelpDesk {
		return a
	}
	a = a.str(IndexPK, statusPK(t.Account, t.Status, shardOf(t.ID, statusShards)))
	return a.str(IndexSK, instant(t.Created)+t.ID)
}

func readTicket(attrs Attrs) desk.Ticket {
	var t desk.Ticket
	for i := range attrs {
		v := &attrs[i].Value
		switch attrs[i].Name {
		case aAccount:
			t.Account = v.Str
		case aID:
			t.ID = v.Str
		case aConversation:
			t.Conversation = v.Str
		case aChannel:
			t.Channel = v.Str
		case aSubject:
			t.Subject = v.Str
		case aCustomer:
			t.Customer = v.Str
		case aStatus:
			t.Status = desk.Status(v.Str)
		case aOwner:
			t.Owner = v.Str
		case aCreated:
			t.Created = v.time()
		case aProvenance:
			t.Provenance = desk.Provenance(v.Str)
		case aImported:
			t.Imported = v.time()
		case AttrMove:
			t.Move = v.Str
		case aFrom:
			t.Origin = v.Str
		case aLostOwner:
			t.LostOwner = v.Str
		case aMovedStatus:
			t.MovedStatus = desk.Status(v.Str)
		case aMovedOwner:
			t.MovedOwner = v.Str
		case aEditedAt:
			t.Edited.At = v.time()
		case aEditedBy:
			t.Edited.By = v.Str
		case aEditedStatus:
			t.Edited.Status = desk.Status(v.Str)
		case aEditedOwner:
			t.Edited.Owner = v.Str
		case aEditedSource:
			t.Edited.SourceVersion = v.Num
		case aOpened:
			t.Opened = v.time()
		case aPolicy:
			t.Clocks.Policy = v.Str
		case aFirst:
			t.Clocks.FirstReply = v.time()
		case aNextReply:
			t.Clocks.NextReply = v.time()
		case aClose:
			t.Clocks.Close = v.time()
		case AttrHome:
			t.Home = desk.Home(v.Str)
		case aSource:
			t.SourceVersion = v.Num
		case aRevision:
			t.Revision = v.Num
		}
	}
	return t
}
