package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// keptSent is how long a notification is kept once it was delivered, so that what it tells is
// not told again: longer than anything is tried again that tells it.
const keptSent = 30 * 24 * time.Hour

// writeNotification writes one that has not been delivered: until then it is in the
// index, in the partition in which the table has it.
func writeNotification(account string, n desk.Notification) Write {
	k := noticeKey(account, n.ID)
	return Write{
		Op: Put, Table: Control, Key: k,
		Set: Attrs{}.str(ByDueTime.PK, k.PK).str(ByDueTime.SK, k.SK).str(aID, n.ID).str(aNotice, n.Kind).str(aRecipient, n.Agent).str(aTicketID, n.Ticket).
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
	items, next, err := s.outbox(ctx, account, after, Query{Table: Control, Read: Strong}, limit)
	return readNotifications(items), next, err
}

// Unsent is Outbox without those that were sent, which it does not read. One that was
// written a moment ago may be missing; a page may have fewer than limit, and none,
// though there are more.
func (s JournalStore) Unsent(ctx context.Context, account, after string, limit int) (_ []desk.Notification, next string, _ error) {
	found, next, err := s.outbox(ctx, account, after, Query{Table: Control, Index: ByDueTime}, limit)
	if err != nil || len(found) == 0 {
		return nil, next, err
	}
	keys := make([]Key, len(found))
	for i, item := range found {
		keys[i] = item.Key
	}
	items, err := s.Engine.Get(ctx, Control, keys, Strong) // the index may not know yet what was sent
	if err != nil {
		return nil, "", fmt.Errorf("outbox of %s: %w", account, err)
	}
	ns := slices.DeleteFunc(readNotifications(items), func(n desk.Notification) bool { return !n.SentAt.IsZero() })
	slices.SortFunc(ns, func(a, b desk.Notification) int { return strings.Compare(b.ID, a.ID) })
	return ns, next, nil
}

func (s JournalStore) outbox(ctx context.Context, account, after string, q Query, limit int) (_ []Item, next string, _ error) {
	parts := make([]part, noticeShards)
	for i := range parts {
		parts[i] = part{pk: noticesPK(account, i)}
	}
	q.Limit = limit/noticeShards + 8
	items, more, err := merged(ctx, s.Engine, q, parts, after)
	if err != nil {
		return nil, "", fmt.Errorf("outbox of %s: %w", account, err)
	}
	if len(items) > limit {
		items, more = items[:limit], true
	}
	if more && len(items) > 0 {
		next = items[len(items)-1].Key.SK
	}
	return items, next, nil
}

func readNotifications(items []Item) []desk.Notification {
	ns := make([]desk.Notification, len(items))
	for i, item := range items {
		ns[i] = readNotification(item.Attrs)
	}
	return ns
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

// Delivered records that a notification was sent, which the engine may delete thirty
// days later; desk.ErrNotFound if there is
// none.
func (s JournalStore) Delivered(ctx context.Context, account, id string, at time.Time) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Update, Table: Control, Key: noticeKey(account, id), If: Exists(),
		Set: Attrs{}.time(aSent, at).num(Expires, at.Add(keptSent).Unix()), Remove: []string{ByDueTime.PK, ByDueTime.SK},
	}}))
	if errors.Is(err, ErrCondition) {
		err = desk.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("notification %s: %w", id, err)
	}
	return nil
}
