package simulation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
	"deskmove/shared/store/storetest"
)

// watch checks at every write what must hold at every instant.
type watch struct {
	*world
	writer  string // the task that writes
	states  map[string]desk.Move
	begun   map[string]time.Duration // when the last pass of an execution began
	first   map[string]time.Duration // the same, of the pass in the middle of which it took over
	headers map[string]header        // of conversations, by account and ID
}

func newWatch(w *world) watch {
	return watch{
		world: w, states: map[string]desk.Move{}, begun: map[string]time.Duration{}, first: map[string]time.Duration{}, headers: map[string]header{},
	}
}

// header is a conversation as it was last written.
type header struct {
	key store.Key
	is  desk.Conversation
	at  time.Duration
}

// The beginnings of sort keys by which the control table's items are told
// apart.
var (
	lockSK    = store.LockKey("").SK
	moveSK    = store.MoveKey("", "").SK
	channelSK = store.ChannelKey("", "").SK
	accessSK  = store.AccessKey("", "").SK
)

// saw judges what was written, once all of it is.
func (w *world) saw(changes []storetest.Written) {
	for _, f := range w.feeders {
		f.wake()
	}
	for _, c := range changes {
		if w.trace != nil {
			w.log("  wrote %s %s/%s", c.Table, c.Key.PK, c.Key.SK)
		}
		w.watch.rehearsal(c)
		switch c.Table {
		case store.Conversations:
			if is, ok := store.ReadConversation(c.Key, c.New); ok {
				was, _ := store.ReadConversation(c.Key, c.Old)
				w.watch.headers[is.Account+"#"+is.ID] = header{c.Key, is, w.now}
				w.watch.conversation(was, is, c.Old != nil)
			}
		case store.Tickets:
			w.watch.ticket(readTicket(c.Old), readTicket(c.New))
		case store.Control:
			w.watch.control(c)
		}
	}
}

// held is an engine that holds one item: by it, package store reads what was
// written.
type held struct {
	store.Engine
	attrs store.Attrs
}

func (h held) Get(context.Context, store.Table, []store.Key, store.Consistency) ([]store.Item, error) {
	return []store.Item{{Attrs: h.attrs}}, nil
}

// readTicket reads a ticket; its ID is "" if there is none.
func readTicket(attrs store.Attrs) desk.Ticket {
	if attrs == nil {
		return desk.Ticket{}
	}
	t, _ := store.TicketStore{Engine: held{attrs: attrs}}.Get(context.Background(), "", "") // never fails
	return t
}

// conversation judges a change of a conversation: versions count up one by
// one, the marker comes once and stays, and only with a ticket that shows this
// version.
func (w *watch) conversation(was, is desk.Conversation, existed bool) {
	unmarked := func(c desk.Conversation) desk.Conversation {
		c.Home, c.Ticket, c.Move = "", "", ""
		return c
	}
	marked := is.Home == desk.HelpDesk
	switch {
	case is.ID == "":
		w.violated("conversation %s is gone", was.ID)
	case !existed && (is.Version != 1 || marked):
		w.violated("conversation %s begins with version %d, home %s", is.ID, is.Version, is.Home)
	case !existed:
	case is.Version == was.Version && unmarked(is) != unmarked(was):
		w.violated("edits kept: %s overwrites version %d of conversation %s", w.writer, was.Version, is.ID)
	case is.Version != was.Version && is.Version != was.Version+1:
		w.violated("edits kept: %s takes conversation %s from version %d to %d", w.writer, is.ID, was.Version, is.Version)
	case is.Version != was.Version && (is.Home != was.Home || is.Move != was.Move):
		w.violated("marker: %s changes the marker of conversation %s with its version", w.writer, is.ID)
	case was.Home == desk.HelpDesk && !marked:
		w.violated("marker: %s takes the marker of conversation %s back", w.writer, is.ID)
	}
	if is.Ticket == "" {
		return
	}
	t, err := w.cases.tickets.Get(context.Background(), is.Account, desk.TicketID(is.ID))
	switch {
	case !marked && err == nil:
	case !marked:
		w.violated("one ticket: %s names a ticket of conversation %s that is not there: %v", w.writer, is.ID, err)
	case err != nil || t.Home != desk.HelpDesk:
		w.violated("marker has ticket: %s marks conversation %s without a ticket in the help desk", w.writer, is.ID)
	case was.Home != desk.HelpDesk && t.SourceVersion < is.Version:
		w.violated("marker has version: %s marks conversation %s at version %d, its ticket shows %d", w.writer, is.ID, is.Version, t.SourceVersion)
	}
}

// ticket judges a change of a ticket: revisions count up one by one, what the
// move decided once stays, and agents' edits are theirs.
func (w *watch) ticket(was, is desk.Ticket) {
	id := was.Conversation
	if is.ID != "" {
		id = is.Conversation
	}
	c, err := w.cases.conversations.Get(context.Background(), cmp.Or(is.Account, was.Account), id)
	if err != nil {
		w.violated("one ticket: ticket %s%s is of no conversation", was.ID, is.ID)
		return
	}
	if is.Home != desk.HelpDesk && c.Home == desk.HelpDesk {
		w.violated("marker has ticket: %s takes the ticket of conversation %s away", w.writer, id)
	}
	switch {
	case is.ID == "":
		if !was.Edited.At.IsZero() || was.Provenance == desk.Native {
			w.violated("edits kept: %s deletes ticket %s", w.writer, was.ID)
		}
		if c.Ticket != "" {
			w.violated("one ticket: %s deletes ticket %s, which its conversation names", w.writer, was.ID)
		}
		return
	case is.ID != desk.TicketID(is.Conversation):
		w.violated("one ticket: %s makes ticket %s for conversation %s", w.writer, is.ID, is.Conversation)
	case is.Provenance != desk.Native && !is.Created.Equal(c.Started):
		w.violated("created is started: %s dates ticket %s at %s", w.writer, is.ID, is.Created)
	case was.ID == "":
		return
	case is.Revision != was.Revision+1:
		w.violated("edits kept: %s takes ticket %s from revision %d to %d", w.writer, is.ID, was.Revision, is.Revision)
	case is.Provenance != was.Provenance || is.SourceVersion < was.SourceVersion:
		w.violated("edits kept: %s takes ticket %s from %s at version %d to %s at %d",
			w.writer, is.ID, was.Provenance, was.SourceVersion, is.Provenance, is.SourceVersion)
	}
	w.edit(was, is, c)
}

// edit judges what became of an agent's edit.
func (w *watch) edit(was, is desk.Ticket, c desk.Conversation) {
	landed := was.Home == desk.Inbox && is.Home == desk.HelpDesk
	agent := strings.HasPrefix(w.writer, "api ")
	switch {
	case agent:
	case landed && is.Owner != was.Owner, landed && is.Status != was.Status && c.CustomerVersion == 1 && c.Messages == 1:
		w.violated("as it is: %s moves ticket %s from %s of %q to %s of %q", w.writer, is.ID, was.Status, was.Owner, is.Status, is.Owner)
	case !landed && was.Edited != is.Edited && is.Home == desk.HelpDesk:
		w.violated("edits kept: %s undoes an agent's edit of ticket %s", w.writer, is.ID)
	}
	if is.Home == desk.HelpDesk && !is.EditKept(c) {
		w.violated("edits kept: after %s ticket %s is %s of %q, an agent made it %s of %q",
			w.writer, is.ID, is.Status, is.Owner, is.Edited.Status, is.Edited.Owner)
	}
}

// control judges a change of the control table.
func (w *watch) control(c storetest.Written) {
	switch {
	case c.Key.SK == lockSK && c.Old != nil && c.New != nil:
		w.violated("one lock holder: %s takes the lock that another has", w.writer)
	case strings.HasPrefix(c.Key.SK, moveSK):
		w.move(c)
	case strings.HasPrefix(c.Key.SK, channelSK):
		w.channel(c)
	case strings.HasPrefix(c.Key.SK, accessSK) && c.Old != nil:
		w.violated("one snapshot: %s writes %s again", w.writer, c.Key.SK)
	}
}

// rehearsal judges a change by a step of a rehearsal, which writes nothing but
// its own records.
func (w *watch) rehearsal(c storetest.Written) {
	id, _, _ := strings.Cut(execution(w.writer), ".")
	if w.states[id].Choices.Rehearsal && (c.Table != store.Control || !strings.Contains(c.Key.PK+c.Key.SK, id)) {
		w.violated("a rehearsal writes nothing: %s writes %s %s/%s", w.writer, c.Table, c.Key.PK, c.Key.SK)
	}
}

func (w *watch) move(c storetest.Written) {
	m, err := store.MoveStore{Engine: held{attrs: c.New}}.Get(context.Background(), "", "")
	if err != nil {
		w.violated("move %s cannot be read: %v", c.Key.SK, err)
		return
	}
	was := w.states[m.ID]
	w.states[m.ID] = m
	for _, other := range w.states {
		if other.ID != m.ID && other.Account == m.Account && runs(other) && runs(m) && !other.Choices.Rehearsal && !m.Choices.Rehearsal {
			w.violated("one move: %s runs beside %s", m.ID, other.ID)
		}
	}
	if runs(was) && !runs(m) && !m.Choices.Rehearsal {
		w.completed(m)
	}
}

func runs(m desk.Move) bool { return m.Status == desk.Starting || m.Status == desk.Running }

// running returns the IDs of the moves that run.
func (w *watch) running() string {
	var ids []string
	for id, m := range w.states {
		if runs(m) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// Of completed's patience with what the last pass was too early for.
const (
	aroundFence = 4 * time.Minute  // joined so near the fence, audits and passes look at all moves
	settled     = 20 * time.Second // since a change; with a younger one, by a clock that may be wrong, the stream may be on its way
)

// goesOn notes that an execution takes over in the middle of a pass: that one
// began when its predecessor's did.
func (w *watch) goesOn(name string, input json.RawMessage, by string) {
	var r move.Run
	must(json.Unmarshal(input, &r))
	if r.Step != move.StepReconcile || !r.More {
		return
	}
	begun, ok := w.begun[execution(by)]
	if !ok { // the sweeper's, which goes back to where the last one began
		r.Run--
		if begun, ok = w.first[r.Name()]; !ok {
			begun = w.begun[r.Name()]
		}
	}
	w.begun[name], w.first[name] = begun, begun
}

// completed judges a move that ends: what the listing showed when the last
// reconciling pass began, and had not changed just before, has moved. Only
// what an index hid is left to the late audits.
func (w *watch) completed(m desk.Move) {
	begun, known := w.begun[execution(w.writer)]
	if !known {
		w.violated("done is complete: %s ends move %s without a reconciling pass", w.writer, m.ID)
		return
	}
	failed := w.failed(m)
	for _, c := range w.conversations() {
		all := m.Choices.History == desk.AllHistory || !c.TakenIn.Before(m.FenceAt) && c.Joined.Sub(m.FenceAt).Abs() < aroundFence
		if c.Account != m.Account || c.Channel != m.Choices.Channel || !all || failed[c.ID] || c.Home == desk.HelpDesk {
			continue
		}
		header := w.headers[c.Account+"#"+c.ID]
		listed := !w.mem.Listed(store.Conversations, header.key).After(epoch.Add(begun))
		if listed && header.at+settled+w.skew <= begun {
			w.violated("done is complete: move %s ends without conversation %s", m.ID, c.ID)
		}
	}
}

// execution is the one of which a task is a step.
func execution(task string) string {
	if words := strings.Fields(task); len(words) > 1 {
		name, _, _ := strings.Cut(words[1], "@")
		return name
	}
	return ""
}

// conversations are all there are, in order.
func (w *world) conversations() []desk.Conversation {
	cs := make([]desk.Conversation, 0, len(w.watch.headers))
	for _, header := range w.watch.headers {
		cs = append(cs, header.is)
	}
	slices.SortFunc(cs, func(a, b desk.Conversation) int { return strings.Compare(a.Account+a.ID, b.Account+b.ID) })
	return cs
}

// failed are the conversations that a move could not convert.
func (w *world) failed(m desk.Move) map[string]bool {
	fs, _, err := w.cases.ledger.Failures(context.Background(), m.Account, m.ID, "", 1000)
	if err != nil {
		w.violated("failures of %s: %v", m.ID, err)
	}
	failed := map[string]bool{}
	for _, f := range fs {
		failed[f.Conversation] = true
	}
	return failed
}

// channel judges a change of a channel: its home goes forward, its settings
// stay.
func (w *watch) channel(c storetest.Written) {
	is, err := store.SetupStore{Engine: held{attrs: c.New}}.Channel(context.Background(), "", "")
	if err != nil || string(is.Settings) != string(settings) {
		w.violated("settings kept: %s writes channel %s: %q, %v", w.writer, c.Key.SK, is.Settings, err)
	}
	if c.Old == nil {
		return
	}
	was, _ := store.SetupStore{Engine: held{attrs: c.Old}}.Channel(context.Background(), "", "")
	if order(is.Home) < order(was.Home) || was.Move != "" && (is.Move != was.Move || !is.FenceAt.Equal(was.FenceAt)) {
		w.violated("homes go forward: %s takes channel %s from %s (%s) to %s (%s)", w.writer, is.ID, was.Home, was.Move, is.Home, is.Move)
	}
}

func order(h desk.Home) int {
	return slices.Index([]desk.Home{desk.Inbox, desk.Moving, desk.HelpDesk}, h)
}

// name is a conversation for people.
func name(c desk.Conversation) string { return fmt.Sprintf("%s of %s/%s", c.ID, c.Account, c.Channel) }
