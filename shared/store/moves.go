package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// MoveStore keeps moves, the lock, and what executions need to go on.
type MoveStore struct{ Engine Engine }

// Attributes of moves.
const (
	aAccount   = "acct"
	aMoveID    = "move"
	aChoices   = "choices"
	AttrStatus = "status"
	aStartedAt = "started"
	aFencedBy  = "fencedby"
	aRepair    = "repair" // when the next daily repair is due
	AttrPhases = "phases"
	aBy        = "by"
	aEnded     = "ended"
	aRun       = "run"
	aExpected  = "expect"
	aLosers    = "losers"
	AttrReport = "report"
	aSum       = "sum"
	aAgents    = "agents"
	aNext      = "state"
	aHash      = "hash"
)

// keptKeys is how long an idempotency key is kept at least. Whoever repeats a
// request does so within minutes; one who comes later starts a new move, if
// the account may move something.
const keptKeys = 30 * 24 * time.Hour

// The index partitions of the moves that somebody must look after: now, and when
// their channel is to be repaired.
const (
	due       = "DUE"
	repairDue = "REPAIR"
)

func dueSK(at time.Time, account, id string) string { return instant(at) + "#" + account + "#" + id }

func writeMove(m desk.Move, dueAt time.Time) (Attrs, error) {
	choices, err := json.Marshal(m.Choices)
	if err != nil {
		return nil, err
	}
	report, err := json.Marshal(m.Report)
	if err != nil {
		return nil, err
	}
	a := Attrs{}.str(aAccount, m.Account).str(aID, m.ID).str(aChoices, string(choices)).str(aChannel, m.Choices.Channel)
	a = a.str(AttrStatus, string(m.Status)).str(AttrPhases, writePhases(m.Phases)).str(aBy, m.By).time(aStartedAt, m.StartedAt)
	a = a.time(AttrFence, m.FenceAt).time(aFencedBy, m.FencedBy).time(aRepair, m.RepairAt).time(aEnded, m.EndedAt).str(aSum, m.SettingsSum).num(aRun, int64(m.Run)).num(aExpected, m.Expected).str(aLosers, strings.Join(m.Losers, ",")).str(AttrReport, string(report))
	if !dueAt.IsZero() {
		a = a.str(ByDueTime.PK, due).str(ByDueTime.SK, dueSK(dueAt, m.Account, m.ID))
	}
	return a, nil
}

func readMove(a Attrs) (desk.Move, error) {
	m := desk.Move{
		Account: a.Str(aAccount), ID: a.Str(aID), Status: desk.MoveStatus(a.Str(AttrStatus)),
		By: a.Str(aBy), StartedAt: a.Time(aStartedAt), FenceAt: a.Time(AttrFence), FencedBy: a.Time(aFencedBy), RepairAt: a.Time(aRepair), EndedAt: a.Time(aEnded), SettingsSum: a.Str(aSum), Run: int(a.Num(aRun)), Expected: a.Num(aExpected), Losers: strings.FieldsFunc(a.Str(aLosers), func(c rune) bool { return c == ',' }),
	}
	err := errors.Join(json.Unmarshal([]byte(a.Str(aChoices)), &m.Choices), json.Unmarshal([]byte(a.Str(AttrReport)), &m.Report))
	m.Phases = readPhases(a.Str(AttrPhases))
	if err != nil {
		return m, fmt.Errorf("move %s: %w", m.ID, err)
	}
	return m, nil
}

// Start stores a new move and what belongs to it: the account's lock unless
// it is a rehearsal, the idempotency key if there is one, and the audit
// entry. It is due at once until its execution has started. If another move
// holds the lock, the channel has left the inbox, the account's setup is no longer the
// version by which the move was planned, or the move exists, the error is desk.ErrExists.
func (s MoveStore) Start(ctx context.Context, m desk.Move, setup string, idem desk.Idempotency, entry desk.AuditEntry) error {
	item, err := writeMove(m, m.StartedAt)
	if err != nil {
		return err
	}
	ws := []Write{
		{Op: Put, Table: Control, Key: MoveKey(m.Account, m.ID), Set: item, If: Absent()},
	}
	if !m.Choices.Rehearsal {
		inbox := S(string(desk.Inbox)) // another move may have taken it away since it was read, or a restoration begun
		ws = append(ws, takeLock(m.Account, m.ID), setupIs(m.Account, setup), Write{
			Op: Update, Table: Control, Key: ChannelKey(m.Account, m.Choices.Channel), Set: Attrs{{Home, inbox}, {aStarts, N(1)}},
			If: Equals(Home, inbox).And(Differs(aRestoring, N(1))),
		})
	}
	if idem.Key != "" {
		ws = append(ws, Write{
			Op: Put, Table: Control, Key: idempotencyKey(m.Account, idem.Key),
			Set: Attrs{}.str(aMoveID, m.ID).str(aHash, idem.Hash).num(Expires, m.StartedAt.Add(keptKeys).Unix()),
			If:  Absent(),
		})
	}
	return s.transact(ctx, "start move "+m.ID, ws, desk.ErrExists, entry)
}

func takeLock(account, id string) Write {
	return Write{Op: Put, Table: Control, Key: LockKey(account), Set: Attrs{}.str(aMoveID, id), If: Absent()}
}

func dropLock(account, id string) Write {
	return Write{Op: Delete, Table: Control, Key: LockKey(account), If: Equals(aMoveID, S(id))}
}

// transact does a transaction, with entries of the audit log if there are any.
func (s MoveStore) transact(ctx context.Context, what string, ws []Write, conflict error, entries ...desk.AuditEntry) error {
	err := transactAudited(ctx, s.Engine, ws, entries...)
	if errors.Is(err, ErrCondition) {
		err = conflict
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Idempotent finds the move that an idempotency key started; ID is "" if it
// started none.
func (s MoveStore) Idempotent(ctx context.Context, account, idemKey string) (id, hash string, err error) {
	items, err := s.Engine.Get(ctx, Control, []Key{idempotencyKey(account, idemKey)}, Strong)
	if err != nil || len(items) == 0 {
		return "", "", err
	}
	return items[0].Attrs.Str(aMoveID), items[0].Attrs.Str(aHash), nil
}

// Locked returns the ID of the account's running move, "" if there is none.
func (s MoveStore) Locked(ctx context.Context, account string) (string, error) {
	items, err := s.Engine.Get(ctx, Control, []Key{LockKey(account)}, Strong)
	if err != nil || len(items) == 0 {
		return "", err
	}
	return items[0].Attrs.Str(aMoveID), nil
}

// Get reads a move, strongly; desk.ErrNotFound if there is none.
func (s MoveStore) Get(ctx context.Context, account, id string) (desk.Move, error) {
	a, err := getOne(ctx, s.Engine, Control, MoveKey(account, id))
	if err != nil {
		return desk.Move{}, fmt.Errorf("move %s: %w", id, err)
	}
	return readMove(a)
}

// List reads a page of those of an account's moves that are to be kept, the newest
// first, after one with that ID; from the newest on if it is "". More says that
// there are others. An account has few moves, so that all are looked at.
func (s MoveStore) List(ctx context.Context, account, after string, limit int, keep func(desk.Move) bool) (moves []desk.Move, more bool, _ error) {
	q := Query{Table: Control, PK: movesPK(account), From: "MOVE#", To: "MOVE$", Descending: true, Limit: 100, Read: Strong}
	if after != "" {
		q.To = MoveKey(account, after).SK
	}
	for {
		page, err := s.Engine.Query(ctx, q)
		if err != nil {
			return nil, false, fmt.Errorf("moves of %s: %w", account, err)
		}
		for _, item := range page.Items {
			m, err := readMove(item.Attrs)
			switch {
			case err != nil:
				return nil, false, err
			case m.ID == after || !keep(m):
			case len(moves) == limit:
				return moves, true, nil
			default:
				moves = append(moves, m)
			}
		}
		if q.After = page.Next; q.After == "" {
			return moves, false, nil
		}
	}
}

// Snapshot keeps the agents who have help desk access, once for a move; the
// first snapshot stays.
func (s MoveStore) Snapshot(ctx context.Context, account, id string, agents []string) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Put, Table: Control, Key: AccessKey(account, id),
		Set: Attrs{}.str(aAgents, strings.Join(agents, ",")), If: Absent(),
	}}))
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("snapshot of access for %s: %w", id, err)
	}
	return nil
}

// Access reads the snapshot; desk.ErrNotFound before there is one.
func (s MoveStore) Access(ctx context.Context, account, id string) (map[string]bool, error) {
	a, err := getOne(ctx, s.Engine, Control, AccessKey(account, id))
	if err != nil {
		return nil, fmt.Errorf("access at move %s: %w", id, err)
	}
	access := make(map[string]bool)
	for agent := range strings.SplitSeq(a.Str(aAgents), ",") {
		if agent != "" {
			access[agent] = true
		}
	}
	return access, nil
}

// Proceed records what a move does now, and its fence once there is one. If its
// status and phases are no longer those of from, nothing is recorded: a step that
// wakes up late must not put the move back.
func (s MoveStore) Proceed(ctx context.Context, from, to desk.Move) error {
	as := Equals(AttrStatus, S(string(from.Status)))
	if len(from.Phases) > 0 {
		as = as.And(Equals(AttrPhases, S(writePhases(from.Phases))))
	}
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Update, Table: Control, Key: MoveKey(to.Account, to.ID), If: as,
		Set: Attrs{}.str(AttrStatus, string(to.Status)).str(AttrPhases, writePhases(to.Phases)).time(AttrFence, to.FenceAt).time(aFencedBy, to.FencedBy),
	}}))
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("move %s, phase %s: %w", to.ID, to.Phase(), err)
	}
	return nil
}

// Phases are "phase start end", separated by commas; the last may have no end.
func writePhases(stages []desk.Stage) string {
	parts := make([]string, len(stages))
	for i, s := range stages {
		parts[i] = string(s.Phase) + " " + instant(s.StartedAt)
		if !s.EndedAt.IsZero() {
			parts[i] += " " + instant(s.EndedAt)
		}
	}
	return strings.Join(parts, ",")
}

func readPhases(s string) (stages []desk.Stage) {
	for part := range strings.SplitSeq(s, ",") {
		words := strings.Fields(part)
		if len(words) < 2 {
			continue
		}
		stage := desk.Stage{Phase: desk.Phase(words[0]), StartedAt: readInstant(words[1])}
		if len(words) > 2 {
			stage.EndedAt = readInstant(words[2])
		}
		stages = append(stages, stage)
	}
	return stages
}

func readInstant(s string) time.Time {
	ms, _ := strconv.ParseInt(s, 10, 64)
	return time.UnixMilli(ms).UTC()
}

// Finish ends a move in one transaction: its status and report, its listing;
// when it is done, the channel's home; unless it was a rehearsal, the lock. It is
// due again at dueAt, unless that is zero. If it has ended already, another holds
// the lock, or its listing is not as given, the error is desk.ErrChanged.
func (s MoveStore) Finish(ctx context.Context, m desk.Move, listed move.Cursor, dueAt time.Time, entry desk.AuditEntry) error {
	item, err := writeMove(m, dueAt)
	if err != nil {
		return err
	}
	closed := listed
	closed.Closed = true
	ws := []Write{
		{
			Op: Put, Table: Control, Key: MoveKey(m.Account, m.ID), Set: item,
			If: Equals(AttrStatus, S(string(desk.Running))).And(Equals(aRun, N(int64(m.Run)))),
		},
		advance(m.Account, m.ID, listed, closed),
	}
	if !m.Choices.Rehearsal {
		ws = append(ws, dropLock(m.Account, m.ID))
		if m.Status == desk.Done {
			ws = append(ws, Write{
				Op: Update, Table: Control, Key: ChannelKey(m.Account, m.Choices.Channel),
				Set: Attrs{}.str(Home, string(desk.HelpDesk)), If: Equals(aMoveID, S(m.ID)),
			})
		}
	}
	return s.transact(ctx, "finish move "+m.ID, ws, desk.ErrChanged, entry)
}

// Resume makes an ended move run again, for a retry: it takes the lock and opens
// the listing. If another move holds it, or this one was resumed meanwhile, the
// error is desk.ErrExists. M is the new state of the move, with its next run.
func (s MoveStore) Resume(ctx context.Context, m desk.Move, entry desk.AuditEntry) error {
	item, err := writeMove(m, entry.At)
	if err != nil {
		return err
	}
	return s.transact(ctx, "resume move "+m.ID, []Write{
		{
			Op: Put, Table: Control, Key: MoveKey(m.Account, m.ID), Set: item,
			If: Equals(aRun, N(int64(m.Run-1))),
		},
		takeLock(m.Account, m.ID),
		setCursor(m.Account, m.ID, move.Cursor{Began: m.Run}),
	}, desk.ErrExists, entry)
}

// HandOver records that the next execution goes on, if the one given is still the
// last; else desk.ErrChanged. Of a repair it also records the state from which.
func (s MoveStore) HandOver(ctx context.Context, r move.Run, from int) error {
	state, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if r.Late == move.LateRepair {
		return s.transact(ctx, "hand over repair "+r.Job(), []Write{{
			Op: Update, Table: Control, Key: repairKey(r.Account, r.Move),
			Set: Attrs{}.num(aRun, int64(r.Run)).str(aNext, string(state)),
			If:  Equals(aRun, N(int64(from))).And(Equals(aID, S(r.Repair))),
		}}, desk.ErrChanged)
	}
	return s.transact(ctx, "hand over move "+r.Move, []Write{{
		Op: Update, Table: Control, Key: MoveKey(r.Account, r.Move),
		Set: Attrs{}.num(aRun, int64(r.Run)), If: Equals(aRun, N(int64(from))),
	}}, desk.ErrChanged)
}

func (s MoveStore) readRun(ctx context.Context, k Key) (r move.Run, ok bool, err error) {
	items, err := s.Engine.Get(ctx, Control, []Key{k}, Strong)
	if err != nil || len(items) == 0 {
		return r, false, err
	}
	err = json.Unmarshal([]byte(items[0].Attrs.Str(aNext)), &r)
	return r, true, err
}

// Alive records that a move is not due before a time, unless it has ended or another
// execution goes on.
func (s MoveStore) Alive(ctx context.Context, m desk.Move, until time.Time) error {
	err := FirstError(s.Engine.Write(ctx, []Write{{
		Op: Update, Table: Control, Key: MoveKey(m.Account, m.ID), Set: Attrs{}.str(ByDueTime.SK, dueSK(until, m.Account, m.ID)),
		If: Equals(AttrStatus, S(string(desk.Running))).And(Equals(aRun, N(int64(m.Run)))),
	}}))
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("move %s is alive: %w", m.ID, err)
	}
	return nil
}

// How far ahead a due time may be: that of a move whose steps have just reported, and
// that of a daily repair.
const (
	maxFutureDue    = 12 * time.Minute
	maxFutureRepair = 25 * time.Hour
)

// Due reads the moves that are due by now, the longest due first. One that is due
// later than it may be was entered before the clock was put back: it is due now.
func (s MoveStore) Due(ctx context.Context, now time.Time) (moves []move.Ref, _ error) {
	for _, q := range []Query{
		{PK: due, To: instant(now) + "$"}, {PK: due, From: instant(now.Add(maxFutureDue)) + "$"},
		{PK: repairDue, To: instant(now) + "$"}, {PK: repairDue, From: instant(now.Add(maxFutureRepair)) + "$"},
	} {
		q.Table, q.Index, q.Limit = Control, ByDueTime, 1000
		items, err := queryAll(ctx, s.Engine, q)
		if err != nil {
			return nil, fmt.Errorf("moves due: %w", err)
		}
		for _, item := range items {
			if parts := strings.SplitN(item.Attrs.Str(ByDueTime.SK), "#", 3); len(parts) == 3 {
				moves = append(moves, move.Ref{Account: parts[1], Move: parts[2]})
			}
		}
	}
	return moves, nil
}

// AwaitRepair records that nobody need look after an ended move until its channel
// is to be repaired.
func (s MoveStore) AwaitRepair(ctx context.Context, m desk.Move, repairAt time.Time) error {
	err := FirstError(s.Engine.Write(ctx, []Write{scheduleRepair(m, repairAt, repairDue, repairAt)}))
	if err != nil && !errors.Is(err, ErrCondition) { // resumed meanwhile: then it is due anyway
		return fmt.Errorf("schedule the repair by move %s: %w", m.ID, err)
	}
	return nil
}

// scheduleRepair sets when the channel of an ended move is to be repaired, unless
// that is zero, and when the move is due.
func scheduleRepair(m desk.Move, repairAt time.Time, pk string, dueAt time.Time) Write {
	return Write{
		Op: Update, Table: Control, Key: MoveKey(m.Account, m.ID),
		Set: Attrs{}.time(aRepair, repairAt).str(ByDueTime.PK, pk).str(ByDueTime.SK, dueSK(dueAt, m.Account, m.ID)),
		If:  Equals(AttrStatus, S(string(m.Status))).And(Equals(aRun, N(int64(m.Run)))),
	}
}

// StartRepair records a repair of a moved channel, when the next one is to follow,
// and in the audit log who started it. Its move is due until it has ended. If one
// is running, it is returned, and nothing is recorded; desk.ErrChanged if it has
// just ended, or the move was resumed.
func (s MoveStore) StartRepair(ctx context.Context, r move.Run, m desk.Move, next time.Time, entry desk.AuditEntry) (move.Run, error) {
	state, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	err = s.transact(ctx, "repair by move "+r.Move, []Write{
		{
			Op: Put, Table: Control, Key: repairKey(r.Account, r.Move), If: Absent(),
			Set: Attrs{}.str(aID, r.Repair).num(aRun, int64(r.Run)).str(aNext, string(state)),
		},
		scheduleRepair(m, next, due, entry.At),
	}, desk.ErrExists, entry)
	if !errors.Is(err, desk.ErrExists) {
		return r, err
	}
	running, ok, err := s.Repairing(ctx, r.Account, r.Move)
	if err == nil && !ok {
		err = fmt.Errorf("repair by move %s: %w", r.Move, desk.ErrChanged)
	}
	return running, err
}

// Repairing reads the running repair by a move; ok is false if there is none.
func (s MoveStore) Repairing(ctx context.Context, account, id string) (r move.Run, ok bool, err error) {
	return s.readRun(ctx, repairKey(account, id))
}

// EndRepair records that a repair has ended and what it found, once.
func (s MoveStore) EndRepair(ctx context.Context, r move.Run, entry desk.AuditEntry) error {
	err := transactAudited(ctx, s.Engine, []Write{
		{Op: Delete, Table: Control, Key: repairKey(r.Account, r.Move), If: Equals(aID, S(r.Repair))},
	}, entry)
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("end repair by move %s: %w", r.Move, err)
	}
	return nil
}
