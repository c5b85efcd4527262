package simulation

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"deskmove/shared/app"
	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// mutants are ways to break the write path, with the number of seeds within
// which the simulation must see each. The daily repair is off, because it would
// make up for most of them, but for the last one's own.
var mutants = []struct {
	name   string
	within uint64
	mutant mutant
}{
	{"landing without the revision check", 300, breakWrites(func(_ string, w store.Write) store.Write {
		if isHeader(w) && w.Set.Str(store.Home) == string(desk.HelpDesk) {
			w.If = nil
		}
		return w
	})},
	{"a put that drops what it does not know", 10, breakEngines(func(b *brokenEngine) { b.replaces = true })},
	{"an edit without the revision check", 100, breakWrites(func(function string, w store.Write) store.Write {
		if isHeader(w) && function == "api" {
			w.If = nil
		}
		return w
	})},
	{"a message that does not reach the ticket", 60, breakReplies(func(w store.Write) store.Write {
		w.Set = without(w.Set, "tst", store.ByOwner.PK, "opn", "due", "due1", "due2", "due3")
		return w
	})},
	{"an intake that thaws the source", 60, breakReplies(func(w store.Write) store.Write {
		w.Remove = append(w.Remove, "st")
		return w
	})},
	{"a reply that does not keep what the ticket was", 60, breakReplies(func(w store.Write) store.Write {
		w.Set = without(w.Set, "lst", "low")
		return w
	})},
	{"entries without the cursor's condition", 300, breakWrites(func(_ string, w store.Write) store.Write {
		if w.Key.SK == cursorSK && w.Set.Str(store.AttrCursor) != "" {
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
	{"cached inbox", 60, breakEngineOf("redirect", func(b *brokenEngine) { b.cached = map[store.Key][]store.Item{} })},
	{"plain counter", 60, breakWrites(func(_ string, w store.Write) store.Write {
		if w.Op == store.Delete && storetest.IsEntry(w.Key) {
			w.If = nil
		}
		return w
	})},
	{"history that is not marked", 30, breakWrites(func(_ string, w store.Write) store.Write {
		if w.Op == store.Put && w.Table == store.Conversations {
			w.Set = without(w.Set, "past")
		}
		return w
	})},
	{"history that is live to a ticket", 60, mutant{handlers: func(_ string, a *app.App) { a.Intake.Messages = noHistory{a.Messages} }}},
	{"no sweeper", 60, mutant{noSweeper: true}},
	{"notification outside the transaction", 10, breakEngines(func(b *brokenEngine) { b.tellsLater = true })},
	{"list before fence without compare", 400, listFirst()},
	{"no compare", 400, listsNothing(func(r move.Run) bool { return r.Late == "" && r.Pass > 0 })},
	{"no late audit", 1000, listsNothing(func(r move.Run) bool { return r.Late == move.LateAudit })},
	{"no daily repair", 60, mutant{losesChanges: true}},
	// These two were bugs of ours, which the simulation found.
	{"late step makes the move run again", 100, breakWrites(func(_ string, w store.Write) store.Write {
		if w.Op == store.Update && strings.HasPrefix(w.Key.SK, moveSK) && w.Set.Str(store.AttrPhases) != "" {
			w.If = store.Exists()
		}
		return w
	})},
	{"plan that does not follow", 400, breakWrites(func(_ string, w store.Write) store.Write {
		if more, done := w.Add.Num(store.AttrPlanned), w.Add.Num(store.AttrDone); done > 0 && more != 0 {
			w.Add = slices.Clone(w.Add).With(store.AttrPlanned, store.N(0)).With(store.AttrDone, store.N(done-more))
		}
		return w
	})},
}

func isHeader(w store.Write) bool {
	_, ok := store.ReadConversation(w.Key, nil)
	return ok && w.Table == store.Conversations && w.Op == store.Update
}

func without(set store.Attrs, names ...string) store.Attrs {
	set = slices.Clone(set)
	for _, name := range names {
		set = set.Without(name)
	}
	return set
}

// TestMutants requires that some world violates an invariant with each mutant.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.mutant.noRepair = true
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

// TestNoMutant requires that worlds whose daily repairs are off are right without a
// mutant: it is the mutants that the simulation sees, not that.
func TestNoMutant(t *testing.T) {
	for seed := range uint64(300) {
		if r := simulate(t, scenario{seed: seed, mutant: mutant{noRepair: true}}); len(r.violations) > 0 {
			t.Fatalf("seed %d: %v", seed, r.violations)
		}
	}
}

// TestStaleChannel requires that one world sees what few seeds see: a form's
// conversation joins an e-mail channel just before its fence, and the converter's
// eventual reads still show it on the form. A mutant takes that as final.
func TestStaleChannel(t *testing.T) {
	final := breakEngineOf("convert", func(b *brokenEngine) { b.eventual = true })
	if violations := staleChannel(t, mutant{}); len(violations) > 0 {
		t.Error(violations)
	}
	if violations := staleChannel(t, final); len(violations) == 0 {
		t.Error("a stale 'of another channel' taken as final: no violation")
	} else {
		t.Log(violations[0])
	}
}

func staleChannel(t *testing.T, m mutant) []string {
	form := oneConversation{meanwhile: "join", moves: "mail"}
	script := func(w *world) func(*task, *call) fault {
		joined := false
		return func(t *task, c *call) fault {
			if t.function == w.fence && c.writes && storetest.IsChannel(store.Key{PK: c.pk}) && !joined {
				joined = true
				c.slow = time.Second
				w.after(0, func() { form.happenMeanwhile(w) })
			}
			return noFault
		}
	}
	story := func(w *world) {
		form.story(w)
		w.memory.Age = func(ctx context.Context, _ store.Table, _ store.Key, _ time.Time) time.Duration {
			if t := taskOf(ctx); t != nil && t.function == w.convert {
				return storetest.MaxAge
			}
			return 0
		}
	}
	return simulate(t, scenario{seed: 1, mutant: m, script: script, story: story}).violations
}

// brokenEngine is an engine that does something else than it is asked.
type brokenEngine struct {
	store.Engine
	function   string
	each       func(function string, w store.Write) store.Write
	replaces   bool // puts whole headers, of what it knows, instead of changing them
	tellsLater bool // puts a notification after its transaction
	transact   func([]store.Write) []store.Write
	cached     map[store.Key][]store.Item // channels, as they were first read
	eventual   bool                       // strong reads of headers are not
	hidden     func(ctx context.Context, q store.Query) bool
}

func (b *brokenEngine) all(ctx context.Context, ws []store.Write) []store.Write {
	broken := slices.Clone(ws)
	for i, w := range ws {
		if b.each != nil {
			broken[i] = b.each(b.function, w)
		}
		if b.replaces && isHeader(w) {
			broken[i] = b.replace(ctx, w)
		}
	}
	return broken
}

// replace makes a put of an update.
func (b *brokenEngine) replace(ctx context.Context, w store.Write) store.Write {
	items, err := b.Get(ctx, w.Table, []store.Key{w.Key}, store.Strong)
	if err != nil || len(items) == 0 {
		return w
	}
	w.Op, w.Set, w.Remove = store.Put, without(w.Apply(nil, items[0].Attrs), unknown), nil
	return w
}

func (b *brokenEngine) Write(ctx context.Context, ws []store.Write) []error {
	return b.Engine.Write(ctx, b.all(ctx, ws))
}

func (b *brokenEngine) Transact(ctx context.Context, ws []store.Write) error {
	ws = b.all(ctx, ws)
	if b.transact != nil {
		ws = b.transact(ws)
	}
	if last := ws[len(ws)-1]; b.tellsLater && storetest.IsNotice(last.Key) {
		if err := b.Engine.Transact(ctx, ws[:len(ws)-1]); err != nil {
			return err
		}
		ws = ws[len(ws)-1:]
	}
	return b.Engine.Transact(ctx, ws)
}

func (b *brokenEngine) Get(ctx context.Context, t store.Table, keys []store.Key, c store.Consistency) ([]store.Item, error) {
	channel := b.cached != nil && len(keys) == 1 && storetest.IsChannel(keys[0])
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
	return items, err
}

func (b *brokenEngine) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if b.hidden != nil && b.hidden(ctx, q) {
		return store.Page{}, nil
	}
	return b.Engine.Query(ctx, q)
}

// breakEngines breaks the engine of every function.
func breakEngines(breakIt func(b *brokenEngine)) mutant { return breakEngineOf("", breakIt) }

// breakEngineOf breaks the engine of one function.
func breakEngineOf(name string, breakIt func(b *brokenEngine)) mutant {
	return mutant{platform: func(function string, platform *app.Platform) {
		if name == "" || name == function {
			b := &brokenEngine{Engine: platform.Engine, function: function}
			breakIt(b)
			platform.Engine = b
		}
	}}
}

// breakWrites changes every write.
func breakWrites(breakIt func(function string, w store.Write) store.Write) mutant {
	return breakEngines(func(b *brokenEngine) { b.each = breakIt })
}

// breakReplies changes what the intake makes of conversations that have landed: it
// is a change of a header together with a message.
func breakReplies(breakIt func(store.Write) store.Write) mutant {
	return breakEngineOf("api", func(b *brokenEngine) {
		b.transact = func(ws []store.Write) []store.Write {
			ws = slices.Clone(ws)
			if _, closes := ws[0].Set.Find("lst"); closes && isHeader(ws[0]) {
				ws[0] = breakIt(ws[0])
			}
			return ws
		}
	})
}

// noHistory stores history as if the customer had written it now.
type noHistory struct{ store.MessageStore }

func (n noHistory) Append(ctx context.Context, old, is desk.Conversation, m desk.Message, files []desk.File, notAppliedBy string) error {
	if m.History && m.Author == desk.ByCustomer && is.Home == desk.HelpDesk {
		is.CustomerRev, is.CustomerAt = is.Rev, is.ChangedAt
		is = is.CannotFollow()
	}
	return n.MessageStore.Append(ctx, old, is, m, files, notAppliedBy)
}

type hidesListing struct{}

// listsNothing has some passes list nothing.
func listsNothing(of func(move.Run) bool) mutant {
	m := breakEngineOf("list", func(b *brokenEngine) {
		b.hidden = func(ctx context.Context, q store.Query) bool {
			return q.Index == store.ByChannel && ctx.Value(hidesListing{}) != nil
		}
	})
	m.handlers = func(_ string, h *app.App) {
		list := h.List.Do
		h.List.Do = func(ctx context.Context, r move.Run) (move.Run, error) {
			if of(r) {
				ctx = context.WithValue(ctx, hidesListing{}, true)
			}
			return list(ctx, r)
		}
	}
	return m
}

// listFirst lists before the fence, and does not compare.
func listFirst() mutant {
	m := listsNothing(func(r move.Run) bool { return r.Late == "" && r.Pass > 0 })
	breakIt := m.handlers
	m.handlers = func(function string, h *app.App) {
		breakIt(function, h)
		list, fence := h.List.Do, h.Fence.Do
		h.Fence.Do = func(ctx context.Context, r move.Run) (move.Run, error) {
			if _, err := list(ctx, r); err != nil {
				return r, err
			}
			return fence(ctx, r)
		}
	}
	return m
}
