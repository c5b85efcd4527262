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
	"deskmove/shared/support"
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

// ruleMutants break one rule of who writes what to whom, or of files, with the name of
// the invariant that must see it.
var ruleMutants = []struct {
	name, by string
	within   uint64
	mutant   mutant
}{
	{"a note that is a first reply", "first reply", 30, mistakes(func(m *desk.Message) {
		if m.Kind == desk.Note {
			m.Kind, m.Visibility = "", ""
		}
	})},
	{"internal mail that is a first reply", "first reply", 30, mistakes(func(m *desk.Message) { m.Visibility = desk.Public })},
	{"a bot that is an agent", "first reply", 30, mistakes(func(m *desk.Message) {
		if m.Author == desk.ByBot {
			m.Author, m.To = desk.ByAgent, nil
		}
	})},
	{"automatic mail that is a first reply", "first reply", 30, mistakes(func(m *desk.Message) {
		if m.Author == desk.ByAgent {
			m.Automatic, m.To = "", nil
		}
	})},
	{"forged mail that is an agent's", "first reply", 30, mistakes(func(m *desk.Message) { m.Forged = false })},
	{"an event that starts clocks", "questions start clocks", 30, mistakes(func(m *desk.Message) {
		if m.Kind == desk.Event && m.Author == desk.ByCustomer {
			m.Kind, m.Visibility = "", ""
		}
	})},
	{"a bot that starts clocks", "questions start clocks", 30, mistakes(func(m *desk.Message) {
		if m.Author == desk.ByBot {
			m.Author, m.From = desk.ByCustomer, desk.Address{}
		}
	})},
	{"automatic mail that starts clocks", "questions start clocks", 30, mistakes(func(m *desk.Message) {
		if m.Author == desk.ByCustomer {
			m.Automatic = ""
		}
	})},
	{"a question that is taken for a program's", "questions start clocks", 30, mistakes(func(m *desk.Message) {
		if m.Author == desk.ByCustomer {
			m.Automatic = desk.Bounce
		}
	})},
	{"a first reply that is due though nobody has asked", "questions start clocks", 60, breakWrites(func(_ string, w store.Write) store.Write {
		if closes, runs := w.Set.Find("due3"); runs && isHeader(w) && w.Set.Str(store.Home) == string(desk.HelpDesk) {
			w.Set = slices.Clone(w.Set).With("due1", closes)
		}
		return w
	})},
	// This was a bug of ours, which the simulation found.
	{"a note that starts the clocks of a ticket of the inbox", "questions start clocks", 300, breakMessages(func(b *brokenMessages) { b.follows = true })},
	{"what opens whoever wrote it", "questions open", 30, breakMessages(func(b *brokenMessages) { b.opens = true })},
	{"what reopens a ticket whoever wrote it", "questions open", 60, breakMessages(func(b *brokenMessages) { b.reopens = true })},
	{"what a program began is open", "programs open nothing", 30, breakMessages(func(b *brokenMessages) { b.opens = true })},
	{"automatic mail off its thread", "kept on its thread", 30, breakMessages(func(b *brokenMessages) { b.apart = "automatic" })},
	{"a form that is the customer", "customer", 30, mistakes(func(m *desk.Message) { m.ReplyTo = nil })},
	{"a copy that makes the customer", "customer", 30, mistakes(func(m *desk.Message) { m.To = append(slices.Clone(m.Cc), m.To...) })},
	{"strangers that are not marked", "strangers are marked", 30, breakMessages(func(b *brokenMessages) { b.knowsAll = true })},
	{"a note that customers see", "messages whole", 30, breakWrites(func(_ string, w store.Write) store.Write {
		if w.Op == store.Put && w.Set.Str(store.AttrExternal) != "" {
			w.Set = without(w.Set, "vis")
		}
		return w
	})},
	{"a message that drops its tags", "tags survive", 30, mistakes(func(m *desk.Message) { m.Tags = nil })},
	{"a landing that drops tags", "tags survive", 30, breakWrites(func(_ string, w store.Write) store.Write {
		if isHeader(w) && w.Set.Str(store.Home) == string(desk.HelpDesk) {
			w.Remove = append(w.Remove, "tag")
		}
		return w
	})},
	{"a landing that answers", "nothing said", 30, breakWrites(func(_ string, w store.Write) store.Write {
		if isHeader(w) && w.Set.Str(store.Home) == string(desk.HelpDesk) {
			w.Remove = append(w.Remove, "wai")
		}
		return w
	})},
	{"files that are named without a condition", "named files kept", 300, breakWrites(func(_ string, w store.Write) store.Write {
		if _, file := storetest.IsFile(w.Key); file && w.Op == store.Update && w.Set.Num("used") == 1 {
			w.If = nil
		}
		return w
	})},
	{"files that are named after the message", "named files kept", 30, breakEngines(func(b *brokenEngine) { b.namesLater = true })},
	{"a sweep that does not look again", "named files kept", 300, breakWrites(func(_ string, w store.Write) store.Write {
		if _, file := storetest.IsFile(w.Key); file && w.Op == store.Delete {
			w.If = nil
		}
		return w
	})},
	{"bytes that go by their hash alone", "named files kept", 600, breakBytes(func(b *brokenBytes) { b.all = true })},
	{"a sweep that comes an hour early", "unnamed files kept for a day", 30, mutant{handlers: func(_ string, a *app.App) {
		early := a.Files
		early.Now = func() time.Time { return a.Files.Now().Add(time.Hour) }
		a.Sweep.Files = early.Sweep
	}}},
	{"no sweep of files", "unnamed files go", 30, mutant{handlers: func(_ string, a *app.App) { a.Sweep.Files = nil }}},
	{"bytes that stay", "unnamed files go", 30, breakBytes(func(b *brokenBytes) { b.stay = true })},
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
			kill(t, m.mutant, m.within, "")
		})
	}
}

// TestRuleMutants requires that the invariant of each rule sees what breaks it.
func TestRuleMutants(t *testing.T) {
	for _, m := range ruleMutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			kill(t, m.mutant, m.within, m.by)
		})
	}
}

// kill requires that some world violates an invariant with a mutant: that of a name, if
// it is given.
func kill(t *testing.T, m mutant, within uint64, by string) {
	m.noRepair = true
	for seed := range within {
		for _, v := range simulate(t, scenario{seed: seed, mutant: m}).violations {
			if by == "" || strings.HasPrefix(v, by+":") {
				t.Logf("%d seeds: %.300s", seed+1, v)
				return
			}
		}
	}
	t.Errorf("no violation in %d seeds", within)
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
	namesLater bool // notes that a message names files after its transaction
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
	if b.namesLater {
		return b.nameLater(ctx, ws)
	}
	if last := ws[len(ws)-1]; b.tellsLater && storetest.IsNotice(last.Key) {
		if err := b.Engine.Transact(ctx, ws[:len(ws)-1]); err != nil {
			return err
		}
		ws = ws[len(ws)-1:]
	}
	return b.Engine.Transact(ctx, ws)
}

func (b *brokenEngine) nameLater(ctx context.Context, ws []store.Write) error {
	isFile := func(w store.Write) bool { _, ok := storetest.IsFile(w.Key); return ok }
	var later []store.Write
	for _, w := range ws {
		if isFile(w) {
			later = append(later, w)
		}
	}
	err := b.Engine.Transact(ctx, slices.DeleteFunc(slices.Clone(ws), isFile))
	if err == nil && len(later) > 0 {
		err = b.Engine.Transact(ctx, later)
	}
	return err
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

// brokenMessages store messages otherwise than the intake says.
type brokenMessages struct {
	store.MessageStore
	app      *app.App
	as       func(*desk.Message) // as what a message changes its conversation
	apart    string              // a prefix of external IDs: such messages refer to nothing
	knowsAll bool                // everybody has had a part in everything
	follows  bool                // whatever is said is applied to a ticket
	opens    bool                // whatever is said opens a conversation in the inbox
	reopens  bool                // or its ticket in the help desk
}

// breakMessages breaks how the intake stores messages.
func breakMessages(breakIt func(b *brokenMessages)) mutant {
	return mutant{handlers: func(_ string, a *app.App) {
		b := &brokenMessages{MessageStore: a.Messages, app: a}
		breakIt(b)
		a.Intake.Messages = b
	}}
}

// mistakes makes of conversations what another message would make of them than the one
// that is stored.
func mistakes(as func(*desk.Message)) mutant {
	return breakMessages(func(b *brokenMessages) { b.as = as })
}

func (b *brokenMessages) Resolve(ctx context.Context, account, channel string, externals []string) (map[string]support.External, error) {
	if b.apart != "" && strings.HasPrefix(externals[0], b.apart) {
		externals = externals[:1]
	}
	return b.MessageStore.Resolve(ctx, account, channel, externals)
}

func (b *brokenMessages) TakesPart(ctx context.Context, account, conversation, address string) (bool, error) {
	if b.knowsAll {
		return true, nil
	}
	return b.MessageStore.TakesPart(ctx, account, conversation, address)
}

func (b *brokenMessages) Begin(ctx context.Context, c desk.Conversation, m desk.Message, files []desk.File) error {
	if b.as != nil {
		by, err := b.app.Setups.Channel(ctx, m.Account, m.Channel)
		if err != nil {
			return err
		}
		as := m
		b.as(&as)
		if c, err = desk.StartConversation(c.ID, as, by, "", m.TakenIn); err != nil {
			return err
		}
	}
	if b.opens {
		c.Status, c.ClosedAt = desk.Open, time.Time{}
	}
	return b.MessageStore.Begin(ctx, c, m, files)
}

func (b *brokenMessages) Append(ctx context.Context, old, is desk.Conversation, m desk.Message, files []desk.File, notAppliedBy string) error {
	if b.as != nil {
		as := m
		b.as(&as)
		var err error
		if is, err = b.receive(ctx, old, as); err != nil {
			return err
		}
	}
	switch landed := is.Home == desk.HelpDesk; {
	case landed && b.reopens && is.Ticket.Closed:
		is.Ticket.Landed = is.Ticket.AtLanding()
		is.Ticket.Status, is.Ticket.Closed = "new", false
	case !landed && b.opens:
		is.Status, is.ClosedAt = desk.Open, time.Time{}
	}
	if b.follows && is.Home == desk.HelpDesk {
		rules, err := b.rules(ctx, old)
		if err != nil {
			return err
		}
		is = rules.Follow(is)
	}
	return b.MessageStore.Append(ctx, old, is, m, files, notAppliedBy)
}

// receive does as the intake does.
func (b *brokenMessages) receive(ctx context.Context, old desk.Conversation, m desk.Message) (desk.Conversation, error) {
	by, err := b.app.Setups.Channel(ctx, m.Account, m.Channel)
	if err != nil {
		return old, err
	}
	belongs, err := b.app.Setups.Channel(ctx, m.Account, old.Channel)
	if err != nil {
		return old, err
	}
	is, err := old.Receive(m, belongs, by, m.TakenIn)
	if err != nil || old.Home != desk.HelpDesk || belongs.Quiet(m) || !m.Complete(by).Counts() {
		return is, err
	}
	rules, err := b.rules(ctx, old)
	if err != nil {
		return old, err
	}
	return rules.Follow(is), nil
}

func (b *brokenMessages) rules(ctx context.Context, c desk.Conversation) (*desk.Rules, error) {
	belongs, err := b.app.Setups.Channel(ctx, c.Account, c.Channel)
	if err != nil {
		return nil, err
	}
	return b.app.Intake.Rulebook.Rules(ctx, c.Account, belongs.Move)
}

// brokenBytes keep bytes otherwise than they should.
type brokenBytes struct {
	*fileBytes
	all  bool // deletes those of all announcements of a file
	stay bool // deletes none
}

func breakBytes(breakIt func(b *brokenBytes)) mutant {
	return mutant{platform: func(_ string, p *app.Platform) {
		if bytes, ok := p.Files.(*fileBytes); ok {
			b := &brokenBytes{fileBytes: bytes}
			breakIt(b)
			p.Files = b
		}
	}}
}

func (b *brokenBytes) Delete(ctx context.Context, f desk.File) error {
	switch {
	case b.stay:
		return nil
	case b.all:
		for _, f.Since = range slices.Clone(b.since[nameOf(f)]) {
			if err := b.fileBytes.Delete(ctx, f); err != nil {
				return err
			}
		}
		return nil
	}
	return b.fileBytes.Delete(ctx, f)
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
