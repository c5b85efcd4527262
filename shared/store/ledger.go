package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// LedgerStore keeps account of the batches of a move: an entry for each that
// is not done, counters of those that are, tallies and failures.
type LedgerStore struct{ Engine Engine }

// Attributes of the ledger.
const (
	aAfter      = "after"
	aUntil      = "until"
	AttrCount   = "count"
	aSent       = "sent"
	AttrPlanned = "planned"
	AttrDone    = "done"
	aTally      = "tally"
	aCode       = "code"
	aReason     = "reason"
	aAt         = "at"
	aIDs        = "ids"
	aRetry      = "retry"
)

// Add enters a batch and counts it as planned, once: an entry that is open
// already stays as it is.
func (s LedgerStore) Add(ctx context.Context, e move.Entry) error {
	err := s.Engine.Transact(ctx, []Write{
		{
			Op: Put, Table: Control, Key: entryKey(e),
			Set: Attrs{}.str(aID, e.ID).str(aChannel, e.Channel).str(aAfter, position(e.After)).str(aUntil, position(e.Until)).
				str(aIDs, strings.Join(e.IDs, ",")).num(AttrCount, int64(e.Count)).num(aRetry, flag(e.Retry)).time(aSent, e.SentAt),
			If: Absent(),
		},
		{
			Op: Update, Table: Control, Key: counterKey(e.Account, e.Move, shardOf(e.ID, counterShards)),
			Add: Attrs{}.num(AttrPlanned, int64(e.Count)),
		},
	})
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("ledger entry %s: %w", e.ID, err)
	}
	return nil
}

func entryKey(e move.Entry) Key {
	return Key{ledgerPK(e.Account, e.Move, shardOf(e.ID, ledgerShards)), e.ID}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func position(p desk.Position) string {
	if p.IsZero() {
		return ""
	}
	return listSK(p.Joined, p.ID)
}

// Done deletes a batch's entry and adds its counts to the counters, in one
// transaction. A batch without an entry is a duplicate and done already. One
// that was sent again may hold other conversations than were planned, since
// its stretch was listed anew; the plan follows, so that the sums agree.
func (s LedgerStore) Done(ctx context.Context, b move.Batch, n move.Counts) error {
	e := move.Entry{Account: b.Account, Move: b.Move, ID: b.Entry}
	held := int64(len(b.IDs))
	err := s.Engine.Transact(ctx, []Write{
		{Op: Delete, Table: Control, Key: entryKey(e), If: Exists()},
		{
			Op: Update, Table: Control, Key: counterKey(b.Account, b.Move, shardOf(b.Entry, counterShards)),
			Add: Attrs{}.num(AttrDone, held).num(AttrPlanned, held-int64(b.Count)).num("created", n.Created).num("asis", n.AsIs).
				num("live", n.Live).num("stayed", n.Stayed).num("failed", n.Failed),
		},
	})
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("batch %s done: %w", b.Entry, err)
	}
	return nil
}

// Open reads entries that are not done, at most limit of each shard.
func (s LedgerStore) Open(ctx context.Context, account, id string, limit int) ([]move.Entry, error) {
	var pages [ledgerShards][]Item
	g, ctx := errgroup.WithContext(ctx)
	for i := range ledgerShards {
		g.Go(func() error {
			page, err := s.Engine.Query(ctx, Query{Table: Control, PK: ledgerPK(account, id, i), Limit: limit, Read: Strong})
			pages[i] = page.Items
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", id, err)
	}
	var es []move.Entry
	for _, page := range pages {
		for _, item := range page {
			e := move.Entry{
				Account: account, Move: id, ID: item.Attrs.Str(aID), Channel: item.Attrs.Str(aChannel),
				Count: int(item.Attrs.Num(AttrCount)), Retry: item.Attrs.Num(aRetry) != 0, SentAt: item.Attrs.Time(aSent),
			}
			if ids := item.Attrs.Str(aIDs); ids != "" {
				e.IDs = strings.Split(ids, ",")
			}
			after, err1 := readOpenPosition(item.Attrs.Str(aAfter))
			until, err2 := readOpenPosition(item.Attrs.Str(aUntil))
			if err := errors.Join(err1, err2); err != nil {
				return nil, fmt.Errorf("ledger entry %s: %w", e.ID, err)
			}
			e.After, e.Until = after, until
			es = append(es, e)
		}
	}
	return es, nil
}

func readOpenPosition(s string) (desk.Position, error) {
	if s == "" {
		return desk.Position{}, nil
	}
	return readPosition(s)
}

// Sent records that a batch was sent again.
func (s LedgerStore) Sent(ctx context.Context, e move.Entry, at time.Time) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Update, Table: Control, Key: entryKey(e), Set: Attrs{}.time(aSent, at), If: Exists(),
	}}))
	if err != nil && !errors.Is(err, ErrCondition) { // done meanwhile
		return fmt.Errorf("ledger entry %s: %w", e.ID, err)
	}
	return nil
}

// Progress sums the counters up.
func (s LedgerStore) Progress(ctx context.Context, account, id string) (p move.Progress, err error) {
	keys := make([]Key, counterShards)
	for i := range keys {
		keys[i] = counterKey(account, id, i)
	}
	items, err := s.Engine.Get(ctx, Control, keys, Strong)
	if err != nil {
		return p, fmt.Errorf("counters of %s: %w", id, err)
	}
	for _, item := range items {
		p.Planned += item.Attrs.Num(AttrPlanned)
		p.Done += item.Attrs.Num(AttrDone)
		p.Created += item.Attrs.Num("created")
		p.AsIs += item.Attrs.Num("asis")
		p.Live += item.Attrs.Num("live")
		p.Stayed += item.Attrs.Num("stayed")
		p.Failed += item.Attrs.Num("failed")
	}
	return p, nil
}

// Tally keeps what one page of a pass found; a page that is counted again
// replaces itself.
func (s LedgerStore) Tally(ctx context.Context, account, id string, pass, page int, t move.Tally) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	err = FirstError(s.Engine.Write(ctx, []Write{{
		Op: Put, Table: Control, Key: Key{tallyPK(account, id, pass), fmt.Sprintf("%08d", page)}, Set: Attrs{}.str(aTally, string(b)),
	}}))
	if err != nil {
		return fmt.Errorf("tally of %s, pass %d, page %d: %w", id, pass, page, err)
	}
	return nil
}

func tallyPK(account, id string, pass int) string {
	return key(account, "TALLY", id, strconv.Itoa(pass))
}

// Tallies reads the first pages of a pass.
func (s LedgerStore) Tallies(ctx context.Context, account, id string, pass, pages int) ([]move.Tally, error) {
	items, err := queryAll(ctx, s.Engine, Query{Table: Control, PK: tallyPK(account, id, pass), Limit: 1000, Read: Strong})
	if err != nil {
		return nil, fmt.Errorf("tallies of %s, pass %d: %w", id, pass, err)
	}
	if len(items) < pages {
		return nil, fmt.Errorf("tallies of %s, pass %d: %d pages of %d: %w", id, pass, len(items), pages, desk.ErrNotFound)
	}
	ts := make([]move.Tally, pages)
	for i := range ts {
		if err := json.Unmarshal([]byte(items[i].Attrs.Str(aTally)), &ts[i]); err != nil {
			return nil, fmt.Errorf("tally of %s, pass %d, page %d: %w", id, pass, i, err)
		}
	}
	return ts, nil
}

func failurePK(account, id string) string { return key(account, "FAIL", id) }

// Fail records why a conversation could not be converted; the last reason
// stays.
func (s LedgerStore) Fail(ctx context.Context, account, id string, f move.Failure) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Put, Table: Control, Key: Key{failurePK(account, id), f.Conversation},
		Set: Attrs{}.str(aConversation, f.Conversation).str(aCode, f.Code).str(aReason, f.Reason).time(aAt, f.At),
	}}))
	if err != nil {
		return fmt.Errorf("failure of %s: %w", f.Conversation, err)
	}
	return nil
}

// Mend takes a failure away, whether there is one or not.
func (s LedgerStore) Mend(ctx context.Context, account, id, conversation string) error {
	return FirstError(s.Engine.Write(ctx, []Write{{
		Op: Delete, Table: Control, Key: Key{failurePK(account, id), conversation},
	}}))
}

// Failures reads one page of failures.
func (s LedgerStore) Failures(ctx context.Context, account, id, cursor string, limit int) ([]move.Failure, string, error) {
	page, err := s.Engine.Query(ctx, Query{Table: Control, PK: failurePK(account, id), After: cursor, Limit: limit, Read: Strong})
	if err != nil {
		return nil, "", fmt.Errorf("failures of %s: %w", id, err)
	}
	fs := make([]move.Failure, len(page.Items))
	for i, item := range page.Items {
		a := item.Attrs
		fs[i] = move.Failure{Conversation: a.Str(aConversation), Code: a.Str(aCode), Reason: a.Str(aReason), At: a.Time(aAt)}
	}
	return fs, page.Next, nil
}
