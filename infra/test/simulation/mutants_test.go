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

// mutants are ways to break the write path, with the number of seeds within
// which the simulation must see each.
var mutants = []struct {
	name   string
	within uint64
	mutant mutant
}{
	{"marker before ticket", 5, mutant{platform: func(function string, platform *app.Platform) {
		if function != "api" { // whose tickets have no marker
			b := &brokenEngine{Engine: platform.Engine}
			b.write, platform.Engine = b.markerFirst, b
		}
	}}},
	{"random ticket IDs", 5, breakWrites(func(w store.Write) store.Write {
		if w.Table != store.Tickets || !slices.Equal(w.If, store.Absent()) {
			return w
		}
		t := readTicket(w.Set)
		if t.Provenance == desk.Native {
			return w
		}
		t.ID = fmt.Sprintf("t-%d", ticketNumber.Add(1))
		made := storetest.Items(func(e store.Engine) { store.TicketStore{Engine: e}.Create(context.Background(), []desk.Ticket{t}) })[0]
		w.Key, w.Set = made.Key, made.New
		return w
	})},
	{"no version check", 300, breakWrites(func(w store.Write) store.Write {
		if w.Table == store.Conversations && w.Op == store.Update {
			w.If = nil
		}
		return w
	})},
	{"no revision check", 60, breakWrites(func(w store.Write) store.Write {
		if w.Table == store.Tickets && w.Op == store.Put && !slices.Equal(w.If, store.Absent()) {
			w.If = nil
		}
		return w
	})},
	{"no lock", 30, breakEngines(func(b *brokenEngine) {
		b.transact = func(ws []store.Write) []store.Write {
			return slices.DeleteFunc(slices.Clone(ws), func(w store.Write) bool { return w.Key.SK == lockSK })
		}
	})},
	{"stream inserts only", 30, mutant{hidesChange: func(c store.Change) bool { return c.Old != nil }}},
	{"no stream", 10, mutant{hidesChange: func(store.Change) bool { return true }}},
	{"unconditional put", 30, breakWrites(func(w store.Write) store.Write {
		if w.Table == store.Tickets && slices.Equal(w.If, store.Absent()) {
			w.If = nil
		}
		return w
	})},
	{"cached inbox", 60, breakEngineOf("redirect", func(b *brokenEngine) { b.cached = map[store.Key][]store.Item{} })},
	{"eventual read on the stream path", 150, breakEngineOf("redirect", func(b *brokenEngine) { b.eventual = true })},
	{"plain counter", 40, breakWrites(func(w store.Write) store.Write {
		if w.Op == store.Delete && slices.Equal(w.If, store.Exists()) { // the entry of the ledger
			w.If = nil
		}
		return w
	})},
	{"list before fence without reconcile", 400, listFirst()},
	{"no reconcile", 400, noReconcile()},
	{"no sweeper", 60, mutant{noSweeper: true}},
	{"no late audit", 300, breakEngineOf("audit", func(b *brokenEngine) { // its listing is empty
		b.hidden = func(q store.Query, _ store.Item) bool { return q.Index && q.Table == store.Conversations }
	})},
	// This and the next two were bugs of ours, which the simulation found.
	{"late step makes the move run again", 100, breakWrites(func(w store.Write) store.Write {
		if w.Op == store.Update && strings.HasPrefix(w.Key.SK, moveSK) && w.Set.Str(store.AttrPhase) != "" {
			w.If = store.Exists()
		}
		return w
	})},
	{"plan that does not follow", 400, breakWrites(func(w store.Write) store.Write {
		if more, done := w.Add.Num(store.AttrPlanned), w.Add.Num(store.AttrDone); done > 0 && more != 0 {
			w.Add = withAttr(withAttr(w.Add, store.AttrPlanned, store.N(0)), store.AttrDone, store.N(done-more))
		}
		return w
	})},
	{"audit that does not drain", 2000, breakEngineOf("audit", func(b *brokenEngine) {
		b.hidden = func(_ store.Query, i store.Item) bool { return i.Attrs.Num(store.AttrCount) > 0 }
	})},
}

// ticketNumber counts the tickets with random IDs.
var ticketNumber atomic.Int64

// TestMutants requires that some world violates an invariant with each mutant.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for seed := range m.within {
				if r := simulate(t, scenario{seed: seed, mutant: m.mutant}); len(r.violations) > 0 {
					t.Logf("%s: %d seeds: %s", m.name, seed+1, r.violations[0])
					return
				}
			}
			t.Errorf("no violation in %d seeds", m.within)
		})
	}
}

// TestMutantsOfOneConversation requires that the move of one conversation, with
// one fault at every call, sees mutants that few seeds see: both need a form's
// conversation that joins another channel just when it is moved.
func TestMutantsOfOneConversation(t *testing.T) {
	for _, test := range []struct {
		name string
		oneConversation
		fault fault
	}{
		// An agent edited a ticket that had landed, but was to be taken back.
		{"edit before the marker", oneConversation{ticket: true, meanwhile: "join", mutant: breakEngineOf("api", func(b *brokenEngine) { b.early = true })}, noFault},
		// A ticket that was taken back and made anew has the same revision: a
		// suspended worker took it for the old one.
		{"revision alone", oneConversation{meanwhile: "join", mutant: breakWrites(func(w store.Write) store.Write {
			if w.Table == store.Tickets && len(w.If) > 1 {
				w.If = w.If[:1]
			}
			return w
		})}, suspended},
	} {
		calls, violations := test.run(t, false)
		for at := 1; at <= calls && len(violations) == 0; at++ {
			if _, violations = test.run(t, false, faultAt{at, test.fault}); len(violations) > 0 {
				t.Logf("%s: %s at call %d of %d: %s", test.name, test.fault, at, calls, violations[0])
			}
		}
		if len(violations) == 0 {
			t.Errorf("%s: no violation", test.name)
		}
	}
}

// brokenEngine is an engine that does something else than it is asked.
type brokenEngine struct {
	store.Engine
	write    func(ctx context.Context, ws []store.Write) []error
	each     func(store.Write) store.Write
	transact func([]store.Write) []store.Write
	cached   map[store.Key][]store.Item // channels, as they were first read
	eventual bool
	hidden   func(q store.Query, i store.Item) bool // items that a query does not find
	early    bool                                   // requests to edit a ticket see its conversation as marked once the ticket has landed
	held     []store.Write                          // tickets that wait for their markers
}

func (b *brokenEngine) Write(ctx context.Context, ws []store.Write) []error {
	if b.each != nil {
		ws = b.all(ws)
	}
	if b.write != nil {
		return b.write(ctx, ws)
	}
	return b.Engine.Write(ctx, ws)
}

func (b *brokenEngine) all(ws []store.Write) []store.Write {
	broken := make([]store.Write, len(ws))
	for i, w := range ws {
		broken[i] = b.each(w)
	}
	return broken
}

func (b *brokenEngine) Transact(ctx context.Context, ws []store.Write) error {
	if b.each != nil {
		ws = b.all(ws)
	}
	if b.transact != nil {
		ws = b.transact(ws)
	}
	return b.Engine.Transact(ctx, ws)
}

func (b *brokenEngine) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
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
	if b.early && ctx.Value(editsTicket{}) != nil && t == store.Conversations && len(items) == 1 {
		of, _ := store.ReadConversation(keys[0], items[0].Attrs)
		if ticket, err := (store.TicketStore{Engine: b.Engine}).Get(ctx, of.Account, desk.TicketID(of.ID)); err == nil {
			items[0].Attrs = withAttr(items[0].Attrs, store.AttrHome, store.S(string(ticket.Home)))
		}
	}
	return items, err
}

// withAttr returns attrs with another value of one attribute.
func withAttr(attrs store.Attrs, name string, v store.Value) store.Attrs {
	others := slices.DeleteFunc(slices.Clone(attrs), func(a store.Attr) bool { return a.Name == name })
	return append(others, store.Attr{Name: name, Value: v})
}

func (b *brokenEngine) Query(ctx context.Context, q store.Query) (store.Page, error) {
	page, err := b.Engine.Query(ctx, q)
	if b.hidden != nil {
		page.Items = slices.DeleteFunc(page.Items, func(i store.Item) bool { return b.hidden(q, i) })
	}
	return page, err
}

// markerFirst writes new tickets after their markers.
func (b *brokenEngine) markerFirst(ctx context.Context, ws []store.Write) []error {
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

// breakEngines breaks the engine of every function.
func breakEngines(breakIt func(b *brokenEngine)) mutant { return breakEngineOf("", breakIt) }

// breakEngineOf breaks the engine of one function.
func breakEngineOf(name string, breakIt func(b *brokenEngine)) mutant {
	return mutant{platform: func(function string, platform *app.Platform) {
		if name == "" || name == function {
			b := &brokenEngine{Engine: platform.Engine}
			breakIt(b)
			platform.Engine = b
		}
	}}
}

// breakWrites changes every write.
func breakWrites(breakIt func(store.Write) store.Write) mutant {
	return breakEngines(func(b *brokenEngine) { b.each = breakIt })
}

// lostQueue is a queue that loses everything.
type lostQueue struct{}

func (lostQueue) Send(context.Context, []move.Batch) error { return nil }

// noReconcile lists what is missing, but does nothing about it.
func noReconcile() mutant {
	m := breakEngineOf("reconcile", func(b *brokenEngine) {
		b.transact = func([]store.Write) []store.Write { return nil } // which enter batches into the ledger
	})
	breakIt := m.platform
	m.platform = func(function string, platform *app.Platform) {
		breakIt(function, platform)
		if function == "reconcile" {
			platform.Queue = lostQueue{}
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
	breakIt := m.handlers
	m.handlers = func(function string, h *app.App) {
		breakIt(function, h)
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
