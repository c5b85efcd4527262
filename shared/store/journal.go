package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"deskmove/shared/desk"
)

// JournalStore keeps the audit log, to which entries are only ever added (see
// audit.go), and the outbox of notifications.
type JournalStore struct{ Engine Engine }

// Attributes of the outbox.
const (
	aRecipient = "to"
	aNotice    = "kind"
	aTickets   = "tickets"
	aTicketID  = "ticket"
	aAt        = "at"
	aSent      = "sent"
)

func writeNotification(account string, n desk.Notification) Write {
	return Write{
		Op: Put, Table: Control, Key: noticeKey(account, n.ID),
		Set: Attrs{}.str(aID, n.ID).str(aNotice, n.Kind).str(aRecipient, n.Agent).str(aTicketID, n.Ticket).
			str(aMoveID, n.Move).str(aChannel, n.Channel).num(aTickets, n.Tickets).time(aAt, n.At),
	}
}

// Notify puts notifications into the outbox. One that is there, sent or not,
// stays as it is: its ID derives from what it tells.
func (s JournalStore) Notify(ctx context.Context, account string, ns []desk.Notification) error {
	ws := make([]Write, len(ns))
	for i, n := range ns {
		ws[i] = writeNotification(account, n)
		ws[i].If = Absent()
	}
	for _, err := range s.Engine.Write(ctx, ws) {
		if err != nil && !errors.Is(err, ErrCondition) {
			return fmt.Errorf("%d notifications: %w", len(ns), err)
		}
	}
	return nil
}

// Outbox reads one page of notifications, sent or not, after the one with an ID, in
// the order of their IDs: the greatest first. Next is the last one's ID if there are
// more.
func (s JournalStore) Outbox(ctx context.Context, account, after string, limit int) (_ []desk.Notification, next string, _ error) {
	parts := make([]part, noticeShards)
	for i := range parts {
		parts[i] = part{pk: noticesPK(account, i)}
	}
	items, more, err := merged(ctx, s.Engine, Query{Table: Control, Read: Strong, Limit: limit/noticeShards + 8}, parts, after)
	if err != nil {
		return nil, "", fmt.Errorf("outbox of %s: %w", account, err)
	}
	if len(items) > limit {
		items, more = items[:limit], true
	}
	ns := make([]desk.Notification, len(items))
	for i, item := range items {
		ns[i] = readNotification(item.Attrs)
		if more {
			next = item.Key.SK
		}
	}
	return ns, next, nil
}

func readNotification(a Attrs) desk.Notification {
	return desk.Notification{
		ID: a.Str(aID), Kind: a.Str(aNotice), Agent: a.Str(aRecipient), Ticket: a.Str(aTicketID), Move: a.Str(aMoveID),
		Channel: a.Str(aChannel), Tickets: a.Num(aTickets), At: a.Time(aAt), SentAt: a.Time(aSent),
	}
}

// Notification reads one notification; desk.ErrNotFound if there is none.
func (s JournalStore) Notification(ctx context.Context, account, id string) (desk.Notification, error) {
	a, err := getOne(ctx, s.Engine, Control, noticeKey(account, id))
	if err != nil {
		return desk.Notification{}, fmt.Errorf("notification %s: %w", id, err)
	}
	return readNotification(a), nil
}

// Delivered records that a notification was sent; desk.ErrNotFound if there is
// none.
func (s JournalStore) Delivered(ctx context.Context, account, id string, at time.Time) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Update, Table: Control, Key: noticeKey(account, id), Set: Attrs{}.time(aSent, at), If: Exists(),
	}}))
	if errors.Is(err, ErrCondition) {
		err = desk.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("notification %s: %w", id, err)
	}
	return nil
}
