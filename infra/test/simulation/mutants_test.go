package simulation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"deskmove/shared/app"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// mutants are the ways to break the write path that the harness must see, each
// within so many seeds.
var mutants = []struct {
	name   string
	within uint64
	mutant mutant
}{
	{"marker before ticket", 5, mutant{below: func(function string, below *app.Platform) {
		if function != "api" { // whose tickets have no marker
			b := &bent{Engine: below.Engine}
			b.write, below.Engine = b.markerFirst, b
		}
	}}},
	{"random ticket IDs", 5, each(func(w store.Write) store.Write {
		if w.Table != store.Tickets || !slices.Equal(w.If, store.Absent()) {
			return w
		}
		t := readTicket(w.Set)
		if t.Provenance == desk.Native {
			return w
		}
		t.ID = fmt.Sprintf("t-%d", random.Add(1))
		made := storetest.Items(func(e store.Engine) { store.TicketStore{Engine: e}.Create(context.Background(), []desk.Ticket{t}) })[0]
		w.Key, w.Set = made.Key, made.New
		return w
	})},
	{"no version check", 300, each(func(w store.Write) store.Write {
		if w.Table == store.Conversations && w.Op == store.Update {
			w.If = nil
		}
		return w
	})},
	{"no revision check", 60, each(func(w store.Write) store.Write {
		if w.Table == store.Tickets && w.Op == store.Put && !slices.Equal(w.If, store.Absent()) {
			w.If = nil
		}
		return w
	})},
	{"no lock", 30, engine(func(b *bent) {
		b.transact = func(ws []store.Write) []store.Write {
			return slices.DeleteFunc(slices.Clone(ws), func(w store.Write) bool { return w.Key.SK == lockSK })
		}
	})},
	{"stream inserts only", 30, mutant{unstreamed: func(c store.Change) bool { return c.Old != nil }}},
	{"no stream", 10, mutant{unstreamed: func(store.Change) bool { return true }}},
	{"unconditional put", 30, each(func(w store.Write) store.Write {
		if w.Table == store.Tickets && slices.Equal(w.If, store.Absent()) {
			w.If = nil
		}
		return w
	})},
	{"cached inbox", 60, of("redirect", func(b *bent) { b.cached = map[store.Key][]store.Item{} })},
	{"eventual read on the stream path", 150, of("redirect", func(b *bent) { b.eventual = true })},
	{"plain counter", 40, each(func(w store.Write) store.Write {
		if w.Op == store.Delete && slices.Equal(w.If, store.Exists()) { // the ledger's entry
			w.If = nil
		}
		return w
	})},
	{"list before fence without reconcile", 400, listFirst()},
	{"no reconcile", 400, noReconcile()},
	{"no sweeper", 60, mutant{sweepless: true}},
	{"no late audit", 300, of("audit", func(b *bent) { // it sees no conversation
		b.hidden = func(q store.Query, _ store.Item) bool { return q.Index && q.Table == store.Conversations }
	})},
	// Found by this harness: a step that woke up after the end made the move
	// run again.
	{"late step makes the move run again", 100, each(func(w store.Write) store.Write {
		if w.Op == store.Update && strings.HasPrefix(w.Key.SK, moveSK) && w.Set.Str(store.AttrPhase) != "" {
			w.If = store.Exists()
		}
		return w
	})},
	// A stretch that was listed anew held other conversations than were
	// planned, which the counters did not follow.
	{"plan that does not follow", 400, each(func(w store.Write) store.Write {
		if more, done := w.Add.Num(store.AttrPlanned), w.Add.Num(store.AttrDone); done > 0 && more != 0 {
			w.Add = replaced(replaced(w.Add, store.AttrPlanned, store.N(0)), store.AttrDone, store.N(done-more))
		}
		return w
	})},
	// Batches that a step entered after the end of the move stayed open.
	{"audit that does not drain", 2000, of("audit", func(b *bent) {
		b.hidden = func(_ store.Query, i store.Item) bool { return i.Attrs.Num(store.AttrCount) > 0 }
	})},
}

// random numbers tickets.
var random atomic.Int64

// TestMutants requires that the harness sees every mutant.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for seed := range m.within {
				if r := live(t, plan{seed: seed, mutant: m.mutant}); len(r.broken) > 0 {
					t.Logf("%s: %d seeds: %s", m.name, seed+1, r.broken[0])
					return
				}
			}
			t.Errorf("it survives %d seeds", m.within)
		})
	}
}

// TestCrashSees requires that the move of one conversation, with one blow at
// every call, sees what few of many seeds come upon: both happen while a form's
// conversation joins another channel, just when it is moved.
func TestCrashSees(t *testing.T) {
	for _, test := range []struct {
		name string
		single
		blow fate
	}{
		// An agent edited a ticket that had landed, but was to be taken back.
		{"edit before the marker", single{ticket: true, middle: "join", mutant: of("api", func(b *bent) { b.early = true })}, fine},
		// A ticket that was taken back and made anew has the same revision: a
		// sleeping worker took it for the old one.
		{"revision alone", single{middle: "join", mutant: each(func(w store.Write) store.Write {
			if w.Table == store.Tickets && len(w.If) > 1 {
				w.If = w.If[:1]
			}
			return w
		})}, asleep},
	} {
		calls, broken := test.run(t, false)
		for at := 1; at <= calls && len(broken) == 0; at++ {
			if _, broken = test.run(t, false, blow{at, test.blow}); len(broken) > 0 {
				t.Logf("%s: %s at call %d of %d: %s", test.name, test.blow, at, calls, broken[0])
			}
		}
		if len(broken) == 0 {
			t.Errorf("%s survives", test.name)
		}
	}
}

// bent is an engine that does not do what it is told.
type bent struct {
	store.Engine
	write    func(ctx context.Context, ws []store.Write) []error
	each     func(store.Write) store.Write
	transact func([]store.Write) []store.Write
	cached   map[store.Key][]store.Item // channels, as they were first read
	eventual bool
	hidden   func(q store.Query, i store.Item) bool // items that a query does not find
	early    bool                                   // to who edits a ticket, its conversation seems marked as soon as that has landed
	held     []store.Write                          // tickets that wait for their markers
}

func (b *bent) Write(ctx context.Context, ws []store.Write) []error {
	if b.each != nil {
		ws = b.all(ws)
	}
	if b.write != nil {
		return b.write(ctx, ws)
	}
	return b.Engine.Write(ctx, ws)
}

func (b *bent) all(ws []store.Write) []store.Write {
	bent := make([]store.Write, len(ws))
	for i, w := range ws {
		bent[i] = b.each(w)
	}
	return bent
}

func (b *bent) Transact(ctx context.Context, ws []store.Write) error {
	if b.each != nil {
		ws = b.all(ws)
	}
	if b.transact != nil {
		ws = b.transact(ws)
	}
	return b.Engine.Transact(ctx, ws)
}

func (b *bent) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	channel := b.cached != nil && len(keys) == 1 && strings.HasPrefix(keys[0].SK, channelSK)
	if channel && b.cached[keys[0]] != nil {
		return b.cached[keys[0]], nil
	}
	if b.eventual && t == store.Conversations {
		c = store.Eventual
	}
	items, err := b.Engine.Get(ctx, t, keys, c)
	if channel && err == nil {
		b.cached[keys[0]] = items
	}
	if by, ok := ctx.Value(taskKey{}).(*task); b.early && ok && strings.HasPrefix(by.name, "api ticket") && t == store.Conversations && len(items) == 1 {
		of, _ := store.ReadConversation(keys[0], items[0].Attrs)
		if ticket, err := (store.TicketStore{Engine: b.Engine}).Get(ctx, of.Account, desk.TicketID(of.ID)); err == nil {
			items[0].Attrs = replaced(items[0].Attrs, store.AttrHome, store.S(string(ticket.Home)))
		}
	}
	return items, err
}

// replaced returns attributes, one of which has another value.
func replaced(attrs store.Attrs, name string, v store.Value) store.Attrs {
	others := slices.DeleteFunc(slices.Clone(attrs), func(a store.Attr) bool { return a.Name == name })
	return append(others, store.Attr{Name: name, Value: v})
}

func (b *bent) Query(ctx context.Context, q store.Query) (store.Page, error) {
	page, err := b.Engine.Query(ctx, q)
	if b.hidden != nil {
		page.Items = slices.DeleteFunc(page.Items, func(i store.Item) bool { return b.hidden(q, i) })
	}
	return page, err
}

// markerFirst holds new tickets back until their markers are set.
func (b *bent) markerFirst(ctx context.Context, ws []store.Write) []error {
	if len(ws) == 0 {
		return b.Engine.Write(ctx, ws)
	}
	switch first := ws[0]; {
	case first.Table == store.Tickets && slices.Equal(first.If, store.Absent()):
		b.held = append(b.held, ws...)
		return nil
	case first.Table == store.Conversations && first.Op == store.Update:
		errs := b.Engine.Write(ctx, ws)
		b.Engine.Write(ctx, b.held)
		b.held = nil
		return errs
	}
	return b.Engine.Write(ctx, ws)
}

// engine bends the engine of every function.
func engine(bend func(b *bent)) mutant { return of("", bend) }

// of bends the engine of one function.
func of(name string, bend func(b *bent)) mutant {
	return mutant{below: func(function string, below *app.Platform) {
		if name == "" || name == function {
			b := &bent{Engine: below.Engine}
			bend(b)
			below.Engine = b
		}
	}}
}

// each bends every write.
func each(bend func(store.Write) store.Write) mutant {
	return engine(func(b *bent) { b.each = bend })
}

// nowhere is a queue that loses everything.
type nowhere struct{}

func (nowhere) Send(context.Context, []move.Batch) error { return nil }

// noReconcile surveys, but does nothing about what is missing.
func noReconcile() mutant {
	m := of("reconcile", func(b *bent) {
		b.transact = func([]store.Write) []store.Write { return nil } // the ledger's
	})
	bend := m.below
	m.below = func(function string, below *app.Platform) {
		bend(function, below)
		if function == "reconcile" {
			below.Queue = nowhere{}
		}
	}
	m.handlers = func(_ string, h *app.App) {
		do := h.Reconcile.Do
		h.Reconcile.Do = func(ctx context.Context, r move.Run) (move.Run, error) {
			next, err := do(ctx, r)
			next.Found = 0
			return next, err
		}
	}
	return m
}

// listFirst lists before the fence, and does not reconcile.
func listFirst() mutant {
	m := noReconcile()
	bend := m.handlers
	m.handlers = func(function string, h *app.App) {
		bend(function, h)
		list, fence := h.List.Do, h.Fence.Do
		h.Fence.Do = func(ctx context.Context, r move.Run) (move.Run, error) {
			if r.History {
				early := r
				early.Cursor = desk.Position{Joined: epoch.AddDate(1, 0, 0)}
				if _, err := list(ctx, early); err != nil {
					return r, err
				}
			}
			return fence(ctx, r)
		}
		h.List.Do = func(ctx context.Context, r move.Run) (move.Run, error) {
			if r.Retry {
				return list(ctx, r)
			}
			return r, nil
		}
	}
	return m
}
