package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// Attributes of the audit log. The head of a chain has the number and the hash of
// its last entry.
const (
	aAction      = "action"
	aWhat        = "what"
	aAddress     = "address"
	aRole        = "role"
	aNumber      = "number"
	AttrPrevious = "previous"
)

// auditAttempts is how often entries are appended, each time to another chain, while
// others append to the same. One of those who meet has succeeded, so that a hundred
// writers at once are done long before.
const auditAttempts = 40

// transactAudited does a transaction together with entries of the audit log of one
// account: all is written, or nothing. If conditions of ws fail the error is a
// *ConditionError about ws alone. Ws has at most 99 writes less the entries. Entries
// alone are written once even if an answer is lost; whatever else is to be written
// once needs a condition in ws.
func transactAudited(ctx context.Context, e Engine, ws []Write, entries ...desk.AuditEntry) error {
	if len(entries) == 0 {
		return e.Transact(ctx, ws)
	}
	for attempt := range auditAttempts {
		chain := shardOf(entries[0].ID+strconv.Itoa(attempt), AuditChains)
		head, err := auditHead(ctx, e, entries[0].Account, chain)
		if err != nil {
			return fmt.Errorf("audit log: %w", err)
		}
		err = e.Transact(ctx, append(slices.Clip(ws), appendAudit(head, entries)...))
		if err == nil {
			return nil
		}
		lost, ok := errors.AsType[*ConditionError](err)
		if !ok {
			return err
		}
		if of := lost.among(len(ws)); of != nil {
			return of
		}
		if done, err := isAudited(ctx, e, head, entries[0]); done || err != nil {
			return err
		}
	}
	return &desk.BusyError{What: "audit log of " + entries[0].Account, After: time.Second}
}

// among returns what failed of a transaction's first n writes; nil if nothing of
// them did.
func (e *ConditionError) among(n int) *ConditionError {
	var of ConditionError
	for i, failed := range e.Failed {
		if failed >= n {
			continue
		}
		if of.Failed = append(of.Failed, failed); e.Old != nil {
			of.Old = append(of.Old, e.Old[i])
		}
	}
	if of.Failed == nil {
		return nil
	}
	return &of
}

// appendAudit writes entries after a head, and the head that is then. The condition
// on the head, not only on the entries' keys, keeps a chain from going on after an
// end that is not the one that its head tells.
func appendAudit(head desk.ChainHead, entries []desk.AuditEntry) (ws []Write) {
	if len(entries) == 0 {
		return nil
	}
	is := Absent()
	if head.Number > 0 {
		is = Equals(aHash, S(head.Hash)).And(Equals(aNumber, N(head.Number)))
	}
	for _, e := range entries {
		var c desk.ChainedEntry
		c, head = head.Append(e)
		ws = append(ws, Write{
			Op: Put, Table: Control, Key: AuditKey(c.Account, c.Chain, c.Number), If: Absent(),
			Set: Attrs{}.str(aID, c.ID).time(aAt, c.At).str(aBy, c.By).str(aRole, string(c.Role)).str(aAction, c.Action).str(aMoveID, c.Move).
				str(aChannel, c.Channel).str(aWhat, c.Detail).str(aAddress, c.Address).str(AttrPrevious, c.Previous).str(aHash, c.Hash),
		})
	}
	// A put and no update: nobody needs the right to update what is in the log.
	return append(ws, Write{
		Op: Put, Table: Control, Key: AuditHeadKey(entries[0].Account, head.Chain), If: is,
		Set: Attrs{}.num(aNumber, head.Number).str(aHash, head.Hash),
	})
}

func readAudit(account string, chain int, item Item) desk.ChainedEntry {
	a := item.Attrs
	number, _ := strconv.ParseInt(item.Key.SK, 10, 64) // 0 is no number of an entry, and verifying says so
	return desk.ChainedEntry{
		AuditEntry: desk.AuditEntry{
			Account: account, ID: a.Str(aID), At: a.Time(aAt), By: a.Str(aBy), Role: desk.Role(a.Str(aRole)), Action: a.Str(aAction),
			Move: a.Str(aMoveID), Channel: a.Str(aChannel), Detail: a.Str(aWhat), Address: a.Str(aAddress),
		},
		Chain: chain, Number: number, Previous: a.Str(AttrPrevious), Hash: a.Str(aHash),
	}
}

// isAudited reports whether an entry follows a head: an attempt whose answer was lost
// has written it.
func isAudited(ctx context.Context, e Engine, after desk.ChainHead, entry desk.AuditEntry) (bool, error) {
	items, err := e.Get(ctx, Control, []Key{AuditKey(entry.Account, after.Chain, after.Number+1)}, Strong)
	return err == nil && len(items) == 1 && items[0].Attrs.Str(aID) == entry.ID, err
}

func auditHead(ctx context.Context, e Engine, account string, chain int) (desk.ChainHead, error) {
	items, err := e.Get(ctx, Control, []Key{AuditHeadKey(account, chain)}, Strong)
	head := desk.ChainHead{Chain: chain}
	if len(items) == 1 {
		head.Number, head.Hash = items[0].Attrs.Num(aNumber), items[0].Attrs.Str(aHash)
	}
	return head, err
}

// Audit adds an entry to the audit log.
func (s JournalStore) Audit(ctx context.Context, e desk.AuditEntry) error {
	if err := transactAudited(ctx, s.Engine, nil, e); err != nil {
		return fmt.Errorf("audit entry %s: %w", e.ID, err)
	}
	return nil
}

// AuditHeads reads the heads of all chains of an account's audit log, also of those
// that have no entries.
func (s JournalStore) AuditHeads(ctx context.Context, account string) ([]desk.ChainHead, error) {
	heads := make([]desk.ChainHead, AuditChains)
	for i := range heads {
		var err error
		if heads[i], err = auditHead(ctx, s.Engine, account, i); err != nil {
			return nil, fmt.Errorf("heads of the audit log of %s: %w", account, err)
		}
	}
	return heads, nil
}

// AuditLog reads one page of the audit log: each chain from its newest entry to its
// first, and of all chains the newest first. The cursor is "" at first, and next is
// "" on the last page.
func (s JournalStore) AuditLog(ctx context.Context, account, cursor string, limit int) (es []desk.ChainedEntry, next string, err error) {
	at, err := readAuditCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	var chains [AuditChains][]desk.ChainedEntry
	var more [AuditChains]bool
	g, gctx := errgroup.WithContext(ctx)
	for i := range chains {
		if at[i] == 0 {
			continue
		}
		g.Go(func() error {
			q := Query{
				Table: Control, PK: AuditPK(account, i), From: auditSK(0), To: auditSK(at[i]), Descending: true, Limit: limit/AuditChains + 8, Read: Strong,
			}
			for {
				page, err := s.Engine.Query(gctx, q)
				if err != nil {
					return err
				}
				for _, item := range page.Items {
					chains[i] = append(chains[i], readAudit(account, i, item))
				}
				if more[i] = page.Next != ""; !more[i] || len(chains[i]) > 0 {
					return nil
				}
				q.After = page.Next
			}
		})
	}
	if err := g.Wait(); err != nil {
		return nil, "", fmt.Errorf("audit log of %s: %w", account, err)
	}
	for len(es) < limit {
		i, ok := newest(chains[:])
		if !ok {
			break
		}
		es, chains[i] = append(es, chains[i][0]), chains[i][1:]
		if len(chains[i]) == 0 && more[i] {
			at[i] = es[len(es)-1].Number - 1
			break // what follows may be newer than what the others have
		}
	}
	for i, rest := range chains {
		switch {
		case len(rest) > 0:
			at[i] = rest[0].Number
		case !more[i]:
			at[i] = 0
		}
	}
	return es, writeAuditCursor(at), nil
}

// newestAudit is above the number of any entry.
const newestAudit = 999_999_999_999

// A cursor has for each chain the number of the entry that comes next, 0 if none
// does.
func writeAuditCursor(at [AuditChains]int64) string {
	if at == ([AuditChains]int64{}) {
		return ""
	}
	numbers := make([]string, len(at))
	for i, n := range at {
		numbers[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(numbers, ".")
}

func readAuditCursor(cursor string) (at [AuditChains]int64, err error) {
	if cursor == "" {
		for i := range at {
			at[i] = newestAudit
		}
		return at, nil
	}
	numbers := strings.Split(cursor, ".")
	if len(numbers) != len(at) {
		return at, ErrCursor
	}
	for i, n := range numbers {
		if at[i], err = strconv.ParseInt(n, 10, 64); err != nil || at[i] < 0 || at[i] > newestAudit {
			return at, ErrCursor
		}
	}
	return at, nil
}

// newest returns the number of the chain whose first entry is the newest; false if
// none has any.
func newest(chains [][]desk.ChainedEntry) (of int, ok bool) {
	for i, es := range chains {
		if len(es) > 0 && (!ok || es[0].At.After(chains[of][0].At)) {
			of, ok = i, true
		}
	}
	return of, ok
}
