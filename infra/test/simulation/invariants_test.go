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

// invariants checks, at every write, what must always hold.
type invariants struct {
	*world
	writer        invocation // whose write is checked
	moves         map[string]desk.Move
	passBegan     map[string]time.Duration // when an execution's last reconciling pass began
	passInherited map[string]time.Duration // the same, if the execution continues the pass of another one
	written       map[string]lastWrite     // conversations, by account and ID
}

func newInvariants(w *world) invariants {
	return invariants{
		world: w, moves: map[string]desk.Move{}, passBegan: map[string]time.Duration{}, passInherited: map[string]time.Duration{}, written: map[string]lastWrite{},
	}
}

// lastWrite is a conversation as it was last written.
type lastWrite struct {
	key store.Key
	is  desk.Conversation
	at  time.Duration
}

// Prefixes of sort keys, which tell the items of the control table apart.
var (
	lockSK    = store.LockKey("").SK
	moveSK    = store.MoveKey("", "").SK
	channelSK = store.ChannelKey("", "").SK
	accessSK  = store.AccessKey("", "").SK
)

// checkWrites checks a write, or all writes of a transaction.
func (w *world) checkWrites(changes []storetest.Written) {
	for _, f := range w.shards {
		f.wake()
	}
	for _, c := range changes {
		if w.trace != nil {
			w.log("  wrote %s %s/%s", c.Table, c.Key.PK, c.Key.SK)
		}
		w.invariants.checkRehearsal(c)
		switch c.Table {
		case store.Conversations:
			if is, ok := store.ReadConversation(c.Key, c.New); ok {
				was, _ := store.ReadConversation(c.Key, c.Old)
				w.invariants.written[is.Account+"#"+is.ID] = lastWrite{c.Key, is, w.now}
				w.invariants.checkConversation(was, is, c.Old != nil)
			}
		case store.Tickets:
			w.invariants.checkTicket(readTicket(c.Old), readTicket(c.New))
		case store.Control:
			w.invariants.checkControl(c)
		}
	}
}

// singleItem is an engine that holds one item, so that package store can read it.
type singleItem struct {
	store.Engine
	attrs store.Attrs
}

func (h singleItem) Get(context.Context, store.Table, []store.Key, store.Consistency) ([]store.Item, error) {
	return []store.Item{{Attrs: h.attrs}}, nil
}

// readTicket reads a ticket; its ID is "" without attributes.
func readTicket(attrs store.Attrs) desk.Ticket {
	if attrs == nil {
		return desk.Ticket{}
	}
	t, _ := store.TicketStore{Engine: singleItem{attrs: attrs}}.Get(context.Background(), "", "") // never fails
	return t
}

// checkConversation checks a change of a conversation: versions count up one by
// one; the marker is set once, together with a ticket of this version.
func (w *invariants) checkConversation(was, is desk.Conversation, existed bool) {
	unmarked := func(c desk.Conversation) desk.Conversation {
		c.Home, c.Ticket, c.Move = "", "", ""
		return c
	}
	marked := is.Home == desk.HelpDesk
	switch {
	case is.ID == "":
		w.violate("conversations kept: %s deletes %s", w.writer, was.ID)
	case !existed && (is.Version != 1 || marked):
		w.violate("edits kept: conversation %s starts with version %d, home %s", is.ID, is.Version, is.Home)
	case !existed:
	case is.Version == was.Version && unmarked(is) != unmarked(was):
		w.violate("edits kept: %s overwrites version %d of conversation %s", w.writer, was.Version, is.ID)
	case is.Version != was.Version && is.Version != was.Version+1:
		w.violate("edits kept: %s takes conversation %s from version %d to %d", w.writer, is.ID, was.Version, is.Version)
	case is.Version != was.Version && (is.Home != was.Home || is.Move != was.Move):
		w.violate("marker kept: %s changes the marker of conversation %s together with its version", w.writer, is.ID)
	case was.Home == desk.HelpDesk && !marked:
		w.violate("marker kept: %s removes the marker of conversation %s", w.writer, is.ID)
	}
	if is.Ticket == "" {
		return
	}
	t, err := w.stores.tickets.Get(context.Background(), is.Account, desk.TicketID(is.ID))
	switch {
	case !marked && err == nil:
	case !marked:
		w.violate("named has ticket: %s names a ticket of conversation %s that does not exist: %v", w.writer, is.ID, err)
	case err != nil || t.Home != desk.HelpDesk:
		w.violate("marker has ticket: %s marks conversation %s without a ticket in the help desk", w.writer, is.ID)
	case was.Home != desk.HelpDesk && t.SourceVersion < is.Version:
		w.violate("marker has ticket: %s marks conversation %s at version %d, its ticket shows %d", w.writer, is.ID, is.Version, t.SourceVersion)
	}
}

// checkTicket checks a change of a ticket: revisions count up one by one, what
// the move has decided stays, and agents' edits are kept.
func (w *invariants) checkTicket(was, is desk.Ticket) {
	id := was.Conversation
	if is.ID != "" {
		id = is.Conversation
	}
	c, err := w.stores.conversations.Get(context.Background(), cmp.Or(is.Account, was.Account), id)
	if err != nil {
		w.violate("one ticket: ticket %s%s belongs to no conversation", was.ID, is.ID)
		return
	}
	if is.Home != desk.HelpDesk && c.Home == desk.HelpDesk {
		w.violate("marker has ticket: %s removes the ticket of conversation %s", w.writer, id)
	}
	switch {
	case is.ID == "":
		if !was.Edited.At.IsZero() || was.Provenance == desk.Native {
			w.violate("edits kept: %s deletes ticket %s", w.writer, was.ID)
		}
		if c.Ticket != "" {
			w.violate("one ticket: %s deletes ticket %s, which its conversation names", w.writer, was.ID)
		}
		return
	case is.ID != desk.TicketID(is.Conversation):
		w.violate("one ticket: %s makes ticket %s for conversation %s", w.writer, is.ID, is.Conversation)
	case is.Provenance != desk.Native && !is.Created.Equal(c.Started):
		w.violate("created is started: %s dates ticket %s at %s", w.writer, is.ID, is.Created)
	case was.ID == "":
		return
	case is.Revision != was.Revision+1:
		w.violate("edits kept: %s takes ticket %s from revision %d to %d", w.writer, is.ID, was.Revision, is.Revision)
	case is.Provenance != was.Provenance || is.SourceVersion < was.SourceVersion:
		w.violate("edits kept: %s takes ticket %s from %s at version %d to %s at %d",
			w.writer, is.ID, was.Provenance, was.SourceVersion, is.Provenance, is.SourceVersion)
	}
	w.checkEdit(was, is, c)
}

// checkEdit checks that an agent's edit is kept.
func (w *invariants) checkEdit(was, is desk.Ticket, c desk.Conversation) {
	landed := was.Home == desk.Inbox && is.Home == desk.HelpDesk
	switch {
	case w.writer.isRequest():
	case landed && is.Owner != was.Owner, landed && is.Status != was.Status && c.CustomerVersion == 1 && c.Messages == 1:
		w.violate("moved unchanged: %s moves ticket %s from %s of %q to %s of %q", w.writer, is.ID, was.Status, was.Owner, is.Status, is.Owner)
	case !landed && was.Edited != is.Edited && is.Home == desk.HelpDesk:
		w.violate("edits kept: %s undoes an agent's edit of ticket %s", w.writer, is.ID)
	}
	if is.Home == desk.HelpDesk && !is.EditKept(c) {
		w.violate("edits kept: after %s ticket %s is %s of %q, an agent made it %s of %q",
			w.writer, is.ID, is.Status, is.Owner, is.Edited.Status, is.Edited.Owner)
	}
}

// checkControl checks a change of the control table.
func (w *invariants) checkControl(c storetest.Written) {
	switch {
	case c.Key.SK == lockSK && c.Old != nil && c.New != nil:
		w.violate("one lock: %s takes the lock that another move holds", w.writer)
	case strings.HasPrefix(c.Key.SK, moveSK):
		w.checkMove(c)
	case strings.HasPrefix(c.Key.SK, channelSK):
		w.checkChannel(c)
	case strings.HasPrefix(c.Key.SK, accessSK) && c.Old != nil:
		w.violate("one snapshot: %s writes %s again", w.writer, c.Key.SK)
	}
}

// checkRehearsal checks that a rehearsal writes nothing but its own records.
func (w *invariants) checkRehearsal(c storetest.Written) {
	id := w.writer.move
	if w.moves[id].Choices.Rehearsal && (c.Table != store.Control || !strings.Contains(c.Key.PK+c.Key.SK, id)) {
		w.violate("a rehearsal writes nothing: %s writes %s %s/%s", w.writer, c.Table, c.Key.PK, c.Key.SK)
	}
}

func (w *invariants) checkMove(c storetest.Written) {
	m, err := store.MoveStore{Engine: singleItem{attrs: c.New}}.Get(context.Background(), "", "")
	if err != nil {
		w.violate("move %s cannot be read: %v", c.Key.SK, err)
		return
	}
	was := w.moves[m.ID]
	w.moves[m.ID] = m
	for _, other := range w.moves {
		if other.ID != m.ID && other.Account == m.Account && isRunning(other) && isRunning(m) && !other.Choices.Rehearsal && !m.Choices.Rehearsal {
			w.violate("one move: %s runs beside %s", m.ID, other.ID)
		}
	}
	if isRunning(was) && !isRunning(m) && !m.Choices.Rehearsal {
		w.checkComplete(m)
	}
}

func isRunning(m desk.Move) bool { return m.Status == desk.Starting || m.Status == desk.Running }

// runningMoves returns the IDs of the running moves.
func (w *invariants) runningMoves() string {
	var ids []string
	for id, m := range w.moves {
		if isRunning(m) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// What the last pass may have missed, and checkComplete tolerates.
const (
	nearFence      = 4 * time.Minute  // without history, passes look at conversations that joined so near the fence
	maxStreamDelay = 20 * time.Second // a change may still be in the stream, and clocks may be wrong
)

// executionStarts notes when the pass began that a new execution continues.
func (w *invariants) executionStarts(name string, input json.RawMessage, by invocation) {
	var r move.Run
	must(json.Unmarshal(input, &r))
	if r.Step != move.StepReconcile || !r.More {
		return
	}
	begun, ok := w.passBegan[by.execution]
	if !ok { // started by the sweeper, it repeats what the last one has done
		r.Run--
		if begun, ok = w.passInherited[r.Name()]; !ok {
			begun = w.passBegan[r.Name()]
		}
	}
	w.passBegan[name], w.passInherited[name] = begun, begun
}

// checkComplete checks a move that ends: all conversations have moved that the
// index showed when the last reconciling pass began, and that had not changed
// just before. The late audits find the others.
func (w *invariants) checkComplete(m desk.Move) {
	begun, known := w.passBegan[w.writer.execution]
	if !known {
		w.violate("done is complete: %s ends move %s without a reconciling pass", w.writer, m.ID)
		return
	}
	failed := w.failed(m)
	for _, c := range w.conversations() {
		all := m.Choices.History == desk.AllHistory || !c.TakenIn.Before(m.FenceAt) && c.Joined.Sub(m.FenceAt).Abs() < nearFence
		if c.Account != m.Account || c.Channel != m.Choices.Channel || !all || failed[c.ID] || c.Home == desk.HelpDesk {
			continue
		}
		header := w.written[c.Account+"#"+c.ID]
		listed := !w.memory.Listed(store.Conversations, header.key).After(epoch.Add(begun))
		if listed && header.at+maxStreamDelay+w.maxSkew <= begun {
			w.violate("done is complete: move %s ends without conversation %s", m.ID, c.ID)
		}
	}
}

// conversations returns all conversations, ordered by account and ID.
func (w *world) conversations() []desk.Conversation {
	cs := make([]desk.Conversation, 0, len(w.invariants.written))
	for _, header := range w.invariants.written {
		cs = append(cs, header.is)
	}
	slices.SortFunc(cs, func(a, b desk.Conversation) int { return strings.Compare(a.Account+a.ID, b.Account+b.ID) })
	return cs
}

// failed returns the conversations that a move could not convert.
func (w *world) failed(m desk.Move) map[string]bool {
	fs, _, err := w.stores.ledger.Failures(context.Background(), m.Account, m.ID, "", 1000)
	if err != nil {
		w.violate("failures of %s: %v", m.ID, err)
	}
	failed := map[string]bool{}
	for _, f := range fs {
		failed[f.Conversation] = true
	}
	return failed
}

// checkChannel checks a change of a channel: its home only goes forward, its
// settings stay.
func (w *invariants) checkChannel(c storetest.Written) {
	is, err := store.SetupStore{Engine: singleItem{attrs: c.New}}.Channel(context.Background(), "", "")
	if err != nil || string(is.Settings) != string(settings) {
		w.violate("settings kept: %s writes channel %s: %q, %v", w.writer, c.Key.SK, is.Settings, err)
	}
	if c.Old == nil {
		return
	}
	was, _ := store.SetupStore{Engine: singleItem{attrs: c.Old}}.Channel(context.Background(), "", "")
	if homeOrder(is.Home) < homeOrder(was.Home) || was.Move != "" && (is.Move != was.Move || !is.FenceAt.Equal(was.FenceAt)) {
		w.violate("homes go forward: %s takes channel %s from %s (%s) to %s (%s)", w.writer, is.ID, was.Home, was.Move, is.Home, is.Move)
	}
}

func homeOrder(h desk.Home) int {
	return slices.Index([]desk.Home{desk.Inbox, desk.Moving, desk.HelpDesk}, h)
}

// describe names a conversation in messages.
func describe(c desk.Conversation) string {
	return fmt.Sprintf("%s of %s/%s", c.ID, c.Account, c.Channel)
}
