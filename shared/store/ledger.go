package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// LedgerStore keeps account of the batches of a job, which is a move, the audits
// after it or a repair: how far it has listed, an entry for each batch that is not
// done, counters of those that are, and failures.
type LedgerStore struct{ Engine Engine }

// Attributes of the ledger.
const (
	AttrCursor  = "cursor"
	aBegan      = "began"
	aPass       = "pass"
	aAfter      = "after"
	aUntil      = "until"
	AttrCount   = "count"
	AttrPlanned = "planned"
	AttrDone    = "done"
	aCode       = "code"
	aReason     = "reason"
)

// Cursor reads how far a job has listed; zero if it has not begun.
func (s LedgerStore) Cursor(ctx context.Context, account, job string) (move.Cursor, error) {
	items, err := s.Engine.Get(ctx, Control, []Key{CursorKey(account, job)}, Strong)
	if err != nil || len(items) == 0 {
		return move.Cursor{}, err
	}
	c, err := readCursor(items[0].Attrs.Str(AttrCursor))
	if err != nil {
		return c, fmt.Errorf("cursor of %s: %w", job, err)
	}
	return c, nil
}

// A cursor is "began.pass.state.position", so that it is compared as a whole.
func writeCursor(c move.Cursor) string {
	state := "listing"
	switch {
	case c.Closed:
		state = "closed"
	case c.Listed:
		state = "listed"
	}
	return fmt.Sprintf("%d.%d.%s.%s", c.Began, c.Pass, state, position(c.After))
}

func readCursor(s string) (c move.Cursor, err error) {
	parts := strings.SplitN(s, ".", 4)
	if len(parts) != 4 {
		return c, fmt.Errorf("%q is no cursor", s)
	}
	var errs [3]error
	c.Began, errs[0] = strconv.Atoi(parts[0])
	c.Pass, errs[1] = strconv.Atoi(parts[1])
	c.Closed = parts[2] == "closed"
	c.Listed = c.Closed || parts[2] == "listed"
	c.After, errs[2] = readPosition(parts[3])
	return c, errors.Join(errs[:]...)
}

// advance moves a job's cursor, if it is as it was read.
func advance(account, job string, from, to move.Cursor) Write {
	w := setCursor(account, job, to)
	w.If = Absent()
	if from != (move.Cursor{}) {
		w.If = Equals(AttrCursor, S(writeCursor(from)))
	}
	return w
}

func setCursor(account, job string, to move.Cursor) Write {
	return Write{Op: Put, Table: Control, Key: CursorKey(account, job), Set: Attrs{}.str(AttrCursor, writeCursor(to))}
}

// Advance moves a job's cursor and enters the batches of the stretches between,
// at most move.MaxEntries, all or nothing. If the cursor is no longer as it was
// read, the error is desk.ErrChanged.
func (s LedgerStore) Advance(ctx context.Context, account, job string, from, to move.Cursor, entries []move.Entry) error {
	ws := []Write{advance(account, job, from, to)}
	planned := int64(0)
	for _, e := range entries {
		planned += int64(e.Count)
		ws = append(ws, Write{
			Op: Put, Table: Control, Key: entryKey(account, job, e.ID),
			Set: Attrs{}.num(aBegan, int64(e.Began)).num(aPass, int64(e.Pass)).str(aAfter, position(e.After)).str(aUntil, position(e.Until)).
				num(AttrCount, int64(e.Count)).time(aSent, e.SentAt),
		})
	}
	if planned > 0 {
		ws = append(ws, Write{
			Op: Update, Table: Control, Key: counterKey(account, job, passID(to), shardOf(entries[0].ID, counterShards)),
			Add: Attrs{}.num(AttrPlanned, planned),
		})
	}
	err := s.Engine.Transact(ctx, ws)
	if errors.Is(err, ErrCondition) {
		return fmt.Errorf("cursor of %s: %w", job, desk.ErrChanged)
	}
	if err != nil {
		return fmt.Errorf("%d ledger entries of %s: %w", len(entries), job, err)
	}
	return nil
}

func passID(c move.Cursor) string { return move.Run{Began: c.Began, Pass: c.Pass}.PassID() }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Done deletes a batch's entry and adds what was found to the counters, in one
// transaction. A batch without an entry is a duplicate and done already. One
// that was sent again may hold other conversations than were planned, since
// its stretch was listed anew; the plan follows, so that the sums agree.
func (s LedgerStore) Done(ctx context.Context, b move.Batch, f move.Found) error {
	job, held := b.Job, int64(len(b.IDs))
	ws := []Write{
		{Op: Delete, Table: Control, Key: entryKey(b.Account, job, b.Entry), If: Exists()},
		{
			Op: Update, Table: Control, Key: counterKey(b.Account, job, b.Pass, shardOf(b.Entry, counterShards)),
			Add: writeCounts(f.Counts).num(AttrDone, held).num(AttrPlanned, held-int64(b.Count)),
		},
	}
	for _, owner := range slices.Sorted(maps.Keys(f.Owners)) {
		ws = append(ws, Write{
			Op: Update, Table: Control, Key: Key{ownersPK(b.Account, job, b.Pass, shardOf(b.Entry, ownerCountShards)), owner},
			Add: Attrs{}.num(AttrCount, f.Owners[owner]),
		})
	}
	err := s.Engine.Transact(ctx, ws)
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("batch %s done: %w", b.Entry, err)
	}
	return nil
}

// What the names of counters of tickets by status, and of owners lost, begin with.
const (
	statusPrefix = "status:"
	loserPrefix  = "lost:"
)

// counter is a number of move.Counts and the attribute that counts it.
type counter struct {
	attr string
	n    *int64
}

// counters are a pass's counters. Checksums are counted in two halves beside them,
// because the sum of many would not fit into a number.
func counters(c *move.Counts) [9]counter {
	return [...]counter{
		{"found", &c.Found}, {"created", &c.Created}, {"asis", &c.AsIs}, {"live", &c.Live}, {"stayed", &c.Stayed}, {"failed", &c.Failed},
		{"landed", &c.Landed}, {"lost", &c.OwnersLost}, {"breaches", &c.Breaches},
	}
}

func writeCounts(c move.Counts) Attrs {
	a := make(Attrs, 0, 16)
	for _, x := range counters(&c) {
		a = a.num(x.attr, *x.n)
	}
	for status, n := range c.ByStatus {
		a = a.num(statusPrefix+string(status), n)
	}
	for agent, n := range c.LostBy {
		a = a.num(loserPrefix+agent, n)
	}
	const low = 1<<32 - 1
	a = a.num("inbox1", int64(c.Inbox>>32)).num("inbox0", int64(c.Inbox&low)) // #nosec G115 -- half a number
	return a.num("desk1", int64(c.Desk>>32)).num("desk0", int64(c.Desk&low))  // #nosec G115
}

func addCounts(to *move.Counts, a Attrs) {
	for _, x := range counters(to) {
		*x.n += a.Num(x.attr)
	}
	for _, attr := range a {
		if status, ok := strings.CutPrefix(attr.Name, statusPrefix); ok {
			addTo(&to.ByStatus, desk.Status(status), attr.Value.Num)
		}
		if agent, ok := strings.CutPrefix(attr.Name, loserPrefix); ok {
			addTo(&to.LostBy, agent, attr.Value.Num)
		}
	}
	to.Inbox += uint64(a.Num("inbox1"))<<32 + uint64(a.Num("inbox0")) // #nosec G115 -- sums of halves, modulo 2^64
	to.Desk += uint64(a.Num("desk1"))<<32 + uint64(a.Num("desk0"))    // #nosec G115
}

func addTo[K comparable](m *map[K]int64, key K, n int64) {
	if *m == nil {
		*m = make(map[K]int64)
	}
	(*m)[key] += n
}

// Progress sums the counters of a pass up.
func (s LedgerStore) Progress(ctx context.Context, account, job, pass string) (p move.Progress, err error) {
	keys := make([]Key, counterShards)
	for i := range keys {
		keys[i] = counterKey(account, job, pass, i)
	}
	items, err := s.Engine.Get(ctx, Control, keys, Strong)
	if err != nil {
		return p, fmt.Errorf("counters of %s: %w", job, err)
	}
	for _, item := range items {
		p.Planned += item.Attrs.Num(AttrPlanned)
		p.Done += item.Attrs.Num(AttrDone)
		addCounts(&p.Counts, item.Attrs)
	}
	return p, nil
}

// Owners calls do once for each owner that a pass has counted, a few at a time.
func (s LedgerStore) Owners(ctx context.Context, account, job, pass string, do func(owners map[string]int64) error) error {
	parts := make([]part, ownerCountShards)
	for i := range parts {
		parts[i] = part{pk: ownersPK(account, job, pass, i)}
	}
	for after, more := "", true; more; {
		var items []Item
		var err error
		items, more, err = mergedAll(ctx, s.Engine, Query{Table: Control, Limit: 100, Read: Strong}, parts, after)
		if err != nil {
			return fmt.Errorf("owners of %s: %w", job, err)
		}
		some := make(map[string]int64)
		for _, item := range items {
			after = item.Key.SK
			some[after] += item.Attrs.Num(AttrCount)
		}
		if len(some) > 0 {
			if err := do(some); err != nil {
				return err
			}
		}
	}
	return nil
}

// Mark marks a job by a name, such as that of a pass which found something to land.
func (s LedgerStore) Mark(ctx context.Context, account, job, name string, at time.Time) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Put, Table: Control, Key: markKey(account, job, name), Set: Attrs{}.time(aAt, at),
	}}))
	if err != nil {
		return fmt.Errorf("mark %s of %s: %w", name, job, err)
	}
	return nil
}

// Marked returns when a job was last marked by a name; zero if it is not.
func (s LedgerStore) Marked(ctx context.Context, account, job, name string) (time.Time, error) {
	items, err := s.Engine.Get(ctx, Control, []Key{markKey(account, job, name)}, Strong)
	if err != nil || len(items) == 0 {
		return time.Time{}, err
	}
	return items[0].Attrs.Time(aAt), nil
}

// Open reads entries that are not done, at most limit of each shard.
func (s LedgerStore) Open(ctx context.Context, account, job string, limit int) ([]move.Entry, error) {
	var pages [ledgerShards][]Item
	g, ctx := errgroup.WithContext(ctx)
	for i := range ledgerShards {
		g.Go(func() error {
			page, err := s.Engine.Query(ctx, Query{Table: Control, PK: ledgerPK(account, job, i), Descending: true, Limit: limit, Read: Strong})
			pages[i] = page.Items
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("ledger of %s: %w", job, err)
	}
	var es []move.Entry
	for _, page := range pages {
		for _, item := range page {
			e, err := readEntry(item)
			if err != nil {
				return nil, err
			}
			es = append(es, e)
		}
	}
	return es, nil
}

func readEntry(item Item) (move.Entry, error) {
	after, err1 := readPosition(item.Attrs.Str(aAfter))
	until, err2 := readPosition(item.Attrs.Str(aUntil))
	e := move.Entry{ID: item.Key.SK, Began: int(item.Attrs.Num(aBegan)), Pass: int(item.Attrs.Num(aPass)), After: after, Until: until, Count: int(item.Attrs.Num(AttrCount)), SentAt: item.Attrs.Time(aSent)}
	if err := errors.Join(err1, err2); err != nil {
		return e, fmt.Errorf("ledger entry %s: %w", e.ID, err)
	}
	return e, nil
}

// Frontier returns the position above which a move's conversion has settled
// everything but failures; more is false once it has done so everywhere.
func (s LedgerStore) Frontier(ctx context.Context, account, id string) (below desk.Position, more bool, err error) {
	cursor, err := s.Cursor(ctx, account, id) // before the entries: what it enters later is below it
	if err != nil || cursor.Began > 0 || cursor.Pass > 0 || cursor.Closed {
		return below, false, err
	}
	below, more = cursor.After, !cursor.Listed
	prefix := fmt.Sprintf("%d.%d-", cursor.Began, cursor.Pass) // of move.EntryID
	var first [ledgerShards]Page
	g, ctx := errgroup.WithContext(ctx)
	for shard := range ledgerShards {
		g.Go(func() (err error) {
			first[shard], err = s.Engine.Query(ctx, Query{
				Table: Control, PK: ledgerPK(account, id, shard), From: prefix, To: prefix + "~", Descending: true, Limit: 1, Read: Strong,
			})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return below, false, fmt.Errorf("ledger of %s: %w", id, err)
	}
	for _, page := range first {
		for _, item := range page.Items {
			e, err := readEntry(item)
			if err != nil {
				return below, false, err
			}
			if !more || position(e.After) == "" || position(below) != "" && position(e.After) > position(below) {
				below = e.After
			}
			more = true
		}
	}
	return below, more, nil
}

// FailedIDs returns conversations of a move that have failed, at most about limit.
func (s LedgerStore) FailedIDs(ctx context.Context, account, id string, limit int) ([]string, error) {
	fs, _, err := s.Failures(ctx, account, id, "", "", limit)
	ids := make([]string, len(fs))
	for i, f := range fs {
		ids[i] = f.Conversation
	}
	return ids, err
}

// Sent records that a batch was sent again.
func (s LedgerStore) Sent(ctx context.Context, account, job, entry string, at time.Time) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Update, Table: Control, Key: entryKey(account, job, entry), Set: Attrs{}.time(aSent, at), If: Exists(),
	}}))
	if err != nil && !errors.Is(err, ErrCondition) { // done meanwhile
		return fmt.Errorf("ledger entry %s: %w", entry, err)
	}
	return nil
}

// Fail records why a conversation could not be converted; the last reason
// stays.
func (s LedgerStore) Fail(ctx context.Context, account, id string, f move.Failure) error {
	if err := FirstError(s.Engine.Write(ctx, []Write{writeFailure(account, id, f)})); err != nil {
		return fmt.Errorf("failure of %s: %w", f.Conversation, err)
	}
	return nil
}

func writeFailure(account, id string, f move.Failure) Write {
	return Write{
		Op: Put, Table: Control, Key: failureKey(account, id, f.Conversation),
		Set: Attrs{}.str(aCode, f.Code).str(aReason, f.Reason).time(aAt, f.At),
	}
}

// Settle takes failures away, whether they are there or not.
func (s LedgerStore) Settle(ctx context.Context, account, id string, conversations []string) error {
	ws := make([]Write, len(conversations))
	for i, c := range conversations {
		ws[i] = Write{Op: Delete, Table: Control, Key: failureKey(account, id, c)}
	}
	if err := FirstError(s.Engine.Write(ctx, ws)); err != nil {
		return fmt.Errorf("settle %d failures of %s: %w", len(ws), id, err)
	}
	return nil
}

// Failures reads a page of failures, at most about limit, in the order of their
// conversations' IDs: the greatest first, after one and down to another, both open
// if "". More says that it goes on after the last one.
func (s LedgerStore) Failures(ctx context.Context, account, id, after, until string, limit int) (fs []move.Failure, more bool, err error) {
	parts := make([]part, failureShards)
	for i := range parts {
		parts[i] = part{pk: failurePK(account, id, i), until: until}
	}
	items, more, err := merged(ctx, s.Engine, Query{Table: Control, Read: Strong, Limit: limit/failureShards + 8}, parts, after)
	if err != nil {
		return nil, false, fmt.Errorf("failures of %s: %w", id, err)
	}
	for _, item := range items {
		a := item.Attrs
		fs = append(fs, move.Failure{Conversation: item.Key.SK, Code: a.Str(aCode), Reason: a.Str(aReason), At: a.Time(aAt)})
	}
	return fs, more, nil
}
