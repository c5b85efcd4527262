package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"deskmove/infra/samlocal/tables"
	"deskmove/infra/test/peers"
	"deskmove/shared/aws/dynamo"
	"deskmove/shared/desk"
	"deskmove/shared/local/sqlite"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// onEngines runs a test on each engine, with nothing else on it.
func onEngines(t *testing.T, test func(*testing.T, store.Engine)) {
	t.Run("sqlite", func(t *testing.T) {
		e, err := sqlite.Open(t.TempDir(), sqlite.Options{Unsynced: true})
		if err != nil {
			t.Fatal(err)
		}
		test(t, e)
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("dynamodb", func(t *testing.T) {
		client, streams := dynamo.Clients(aws.Config{
			Region: "us-east-1", BaseEndpoint: aws.String(peers.DynamoDB(t)),
			Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		})
		prefix := "history-" + rand.Text() + "-"
		names := dynamo.Tables{Conversations: prefix + "conversations", Control: prefix + "control"}
		if err := tables.Create(t.Context(), client, names); err != nil {
			t.Fatal(err)
		}
		test(t, dynamo.New(client, streams, names))
	})
}

// history records what callers did, and when.
type history struct {
	store.MoveStore
	store.SetupStore
	ctx    context.Context
	begun  time.Time
	setups sync.Map // versions, by account

	mu  sync.Mutex
	ops []porcupine.Operation
}

func newHistory(t *testing.T, e store.Engine) *history {
	return &history{MoveStore: store.MoveStore{Engine: e}, SetupStore: store.SetupStore{Engine: e}, ctx: t.Context(), begun: time.Now()}
}

// What a caller does, and its result.
type (
	call struct {
		account, do, move string
		run               int
	}
	// result: ok says that it was done, known that this is certain; the rest
	// is what was read.
	result struct {
		ok, known bool
		holder    string
		home      desk.Home
	}
)

// record does something. An error that leaves open whether it happened makes
// it an operation that may take effect at any later time, or so late that
// nobody sees it.
func (h *history) record(client int, c call, refused error, do func() (result, error)) bool {
	from := time.Since(h.begun).Nanoseconds()
	r, err := do()
	until := time.Since(h.begun).Nanoseconds()
	r.ok, r.known = err == nil, err == nil || errors.Is(err, refused)
	if !r.known {
		if until = math.MaxInt64; c.do == "read" {
			return false // what was not read says nothing
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: c, Output: r, Call: from, Return: until})
	return r.ok
}

func moveOf(account, id string, status desk.MoveStatus) desk.Move {
	return desk.Move{Account: account, ID: id, Run: 1, Status: status, StartedAt: time.UnixMilli(1), EndedAt: time.UnixMilli(2),
		Choices: desk.Choices{Channel: "mail"}}
}

func (h *history) start(client int, account, id string) bool {
	return h.record(client, call{account, "take", id, 1}, desk.ErrExists, func() (result, error) {
		return result{}, h.MoveStore.Start(h.ctx, moveOf(account, id, desk.Starting), h.version(account), desk.Idempotency{}, entry(account, "start", id))
	})
}

// resume starts a retry, the second run of a move.
func (h *history) resume(client int, account, id string) bool {
	return h.record(client, call{account, "take", id, 2}, desk.ErrExists, func() (result, error) {
		m := moveOf(account, id, desk.Running)
		m.Run, m.EndedAt = 2, time.Time{}
		return result{}, h.Resume(h.ctx, m, entry(account, "retry", id))
	})
}

func entry(account, action, id string) desk.AuditEntry {
	return desk.AuditEntry{Account: account, ID: action + id + rand.Text(), At: time.UnixMilli(1), Action: action, Move: id}
}

func (h *history) finish(client int, account, id string, run int, status desk.MoveStatus) {
	h.record(client, call{account, "finish", id, run}, desk.ErrChanged, func() (result, error) {
		m := moveOf(account, id, status)
		m.Run = run
		var listed move.Cursor
		if run > 1 {
			listed.Began = run // by resume
		}
		return result{}, h.Finish(h.ctx, m, listed, time.Time{}, entry(account, "end", id))
	})
}

func (h *history) locked(client int, account string) {
	h.record(client, call{account: account, do: "read"}, nil, func() (result, error) {
		holder, err := h.Locked(h.ctx, account)
		return result{holder: holder}, err
	})
}

func (h *history) fence(client int, account, id string) {
	h.record(client, call{account: account, do: "fence", move: id}, nil, func() (result, error) {
		c, err := h.Fence(h.ctx, account, "mail", id, time.UnixMilli(1))
		return result{holder: c.Move, home: c.Home}, err
	})
}

func (h *history) read(client int, account string) desk.Home {
	var home desk.Home
	h.record(client, call{account: account, do: "read"}, nil, func() (result, error) {
		c, err := h.Channel(h.ctx, account, "mail")
		home = c.Home
		return result{holder: c.Move, home: c.Home}, err
	})
	return home
}

// holder is a run of a move.
type holder struct {
	move string
	run  int
}

// lock is what the lock promises: its state is who holds it.
var lock = porcupine.Model{
	Partition: byAccount,
	Init:      func() any { return holder{} },
	Step: func(state, input, output any) (bool, any) {
		held, c, r := state.(holder), input.(call), output.(result)
		caller := holder{c.move, c.run}
		switch c.do {
		case "read":
			return r.holder == held.move, held
		case "take":
			if free := held == (holder{}); r.known && r.ok != free {
				return false, held
			} else if free {
				return true, caller
			}
		case "finish":
			if r.known && r.ok != (held == caller) {
				return false, held
			} else if held == caller {
				return true, holder{}
			}
		}
		return true, held
	},
}

// place is where a channel is, and by which move.
type place struct {
	home desk.Home
	move string
}

// home is what a channel promises: from the inbox it is fenced by the first
// who comes, and only that move brings it to the help desk.
var home = porcupine.Model{
	Partition: byAccount,
	Init:      func() any { return place{home: desk.Inbox} },
	Step: func(state, input, output any) (bool, any) {
		at, c, r := state.(place), input.(call), output.(result)
		switch c.do {
		case "read":
			return r.holder == at.move && r.home == at.home, at
		case "fence": // it reads after it writes: the home may be a later one by then
			if at.home == desk.Inbox {
				at = place{desk.Moving, c.move}
			}
			return !r.known || r.holder == at.move && r.home != desk.Inbox, at
		case "finish":
			may := at == place{desk.Moving, c.move}
			if r.known && r.ok && !may {
				return false, at
			}
			if may && (r.ok || !r.known) {
				at.home = desk.HelpDesk
			}
		}
		return true, at
	},
}

func byAccount(ops []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	for _, op := range ops {
		account := op.Input.(call).account
		parts[account] = append(parts[account], op)
	}
	var all [][]porcupine.Operation
	for _, part := range parts {
		all = append(all, part)
	}
	return all
}

// want checks whether the history is one that the model allows.
func (h *history) want(t *testing.T, m porcupine.Model, want porcupine.CheckResult) {
	t.Helper()
	if got := porcupine.CheckOperationsTimeout(m, h.ops, 20*time.Second); got != want {
		t.Errorf("%d operations are %s, want %s", len(h.ops), got, want)
	}
}

// TestHistoryOfTheLock has six people start moves of an account as fast as
// they can, finish each twice at once and retry it, and look who has the lock.
func TestHistoryOfTheLock(t *testing.T) {
	onEngines(t, func(t *testing.T, e store.Engine) {
		h := newHistory(t, e)
		const people, tries = 6, 12
		var wg sync.WaitGroup
		for _, account := range []string{"a", "b"} {
			h.setUp(t, account)
			for person := range people {
				wg.Go(func() {
					for try := range tries {
						id := fmt.Sprintf("m%d.%d", person, try)
						h.locked(person, account)
						if !h.start(person, account, id) {
							continue
						}
						if err := h.Proceed(h.ctx, moveOf(account, id, desk.Starting), moveOf(account, id, desk.Starting).Begin(desk.PhaseList, time.UnixMilli(3))); err != nil {
							t.Error(err)
						}
						var zombie sync.WaitGroup
						zombie.Go(func() { h.finish(people+person, account, id, 1, desk.Attention) })
						h.finish(person, account, id, 1, desk.Attention)
						if h.resume(person, account, id) {
							h.finish(person, account, id, 2, desk.Attention)
						}
						zombie.Wait()
					}
				})
			}
		}
		wg.Wait()
		h.want(t, lock, porcupine.Ok)
		if n := h.count("take"); n < 10 {
			t.Errorf("the lock was only taken %d times", n)
		}
	})
}

// count is how many operations of a kind succeeded.
func (h *history) count(do string) (n int) {
	for _, op := range h.ops {
		if op.Input.(call).do == do && op.Output.(result).ok {
			n++
		}
	}
	return n
}

// TestHistoryOfAHome has two moves fence a channel, of which one has the lock,
// and both finish, twice, while others read where the channel is.
func TestHistoryOfAHome(t *testing.T) {
	onEngines(t, func(t *testing.T, e store.Engine) {
		h := newHistory(t, e)
		var wg sync.WaitGroup
		for i := range 12 {
			account := fmt.Sprint("a", i)
			h.open(t, account)
			for client, id := range []string{"m1", "m1", "m2"} {
				wg.Go(func() {
					if client == 2 {
						time.Sleep(time.Millisecond) // lets m1 win more often than not
					}
					h.fence(client, account, id)
					h.finish(client, account, id, 1, desk.Done)
				})
			}
			for client := range 3 {
				wg.Go(func() {
					for n := 0; n < 15 && h.read(3+client, account) != desk.HelpDesk; n++ {
					}
				})
			}
		}
		wg.Wait()
		h.want(t, home, porcupine.Ok)
		if n := h.count("finish"); n < 3 {
			t.Errorf("only %d channels came to the help desk", n)
		}
	})
}

// setUp makes an account whose channel mail is in the inbox.
func (h *history) setUp(t *testing.T, account string) {
	t.Helper()
	version, err := h.Replace(h.ctx, desk.Setup{Account: desk.Account{ID: account}, Channels: []desk.Channel{{Account: account, ID: "mail", Type: desk.Email}}},
		time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	h.setups.Store(account, version)
}

// version is that of an account's setup.
func (h *history) version(account string) string {
	v, _ := h.setups.Load(account)
	version, _ := v.(string)
	return version
}

// open makes an account whose channel mail is in the inbox and whose lock the
// move m1 has.
func (h *history) open(t *testing.T, account string) {
	t.Helper()
	h.setUp(t, account)
	var err error
	for _, id := range []string{"m1", "m2"} {
		m := moveOf(account, id, desk.Starting)
		m.Choices.Rehearsal = id != "m1" // takes no lock
		err = errors.Join(err, h.MoveStore.Start(h.ctx, m, h.version(account), desk.Idempotency{}, entry(account, "start", id)),
			h.Proceed(h.ctx, moveOf(account, id, desk.Starting), moveOf(account, id, desk.Starting).Begin(desk.PhaseRedirect, time.UnixMilli(3))))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sick is an engine that breaks a promise.
type sick struct {
	store.Engine
	noLock bool // everybody gets it
	stale  bool // strong reads of channels are of before the first one
	old    []store.Item
}

func (s *sick) Transact(ctx context.Context, ws []store.Write) error {
	ws = slices.Clone(ws)
	for i := range ws {
		if s.noLock && ws[i].Key.SK == "LOCK" {
			ws[i].If = nil
		}
	}
	return s.Engine.Transact(ctx, ws)
}

func (s *sick) Get(ctx context.Context, table store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	items, err := s.Engine.Get(ctx, table, keys, c)
	if s.stale && slices.ContainsFunc(keys, storetest.IsChannel) {
		if s.old == nil {
			s.old = items
		}
		return s.old, err
	}
	return items, err
}

// TestHistoriesCanBeWrong: the checker refuses what engines without a lock, or
// with stale reads, make of the same calls that it accepts from others.
func TestHistoriesCanBeWrong(t *testing.T) {
	for name, c := range map[string]struct {
		sick       sick
		lock, home porcupine.CheckResult
	}{
		"healthy":     {sick{}, porcupine.Ok, porcupine.Ok},
		"lost lock":   {sick{noLock: true}, porcupine.Illegal, porcupine.Ok},
		"stale reads": {sick{stale: true}, porcupine.Ok, porcupine.Illegal},
	} {
		t.Run(name, func(t *testing.T) {
			c.sick.Engine = &storetest.Memory{}
			locks := newHistory(t, &c.sick)
			locks.setUp(t, "a")
			locks.start(0, "a", "m1")
			locks.start(1, "a", "m2")
			locks.locked(0, "a")
			locks.want(t, lock, c.lock)

			homes := newHistory(t, &c.sick)
			homes.open(t, "b")
			homes.read(0, "b")
			homes.fence(1, "b", "m1")
			homes.read(0, "b")
			homes.finish(1, "b", "m1", 1, desk.Done)
			homes.read(0, "b")
			homes.want(t, home, c.home)
		})
	}
}
