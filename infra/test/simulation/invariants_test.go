package simulation

import (
	"context"
	"errors"
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
	writer    invocation // whose write is checked
	moves     map[string]desk.Move
	repairs   map[string]int           // that have ended, by move
	fenced    map[string]time.Duration // when a channel's fence was committed, by account and channel
	passBegan map[string]time.Duration // when a move's last comparing pass began
	written   map[string]lastWrite     // conversations, by account and ID
	threads   map[string]thread        // of conversations, by account and ID
	named     map[fileName]bool        // by a message
}

func newInvariants(w *world) invariants {
	return invariants{
		world: w, moves: map[string]desk.Move{}, repairs: map[string]int{}, fenced: map[string]time.Duration{},
		passBegan: map[string]time.Duration{}, written: map[string]lastWrite{}, threads: map[string]thread{}, named: map[fileName]bool{},
	}
}

// lastWrite is a conversation as it was last written.
type lastWrite struct {
	key store.Key
	is  desk.Conversation
	at  time.Duration
}

// Sort keys and prefixes of them, which tell the items of the control table apart.
var (
	lockSK   = store.LockKey("").SK
	moveSK   = store.MoveKey("", "").SK
	accessSK = store.AccessKey("", "").SK
	cursorSK = store.CursorKey("", "").SK
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
				w.invariants.checkConversation(was, is, c)
				w.invariants.checkTold(was, is, changes)
				m, said := messageIn(changes, is)
				w.invariants.checkHistory(was, is, c, m)
				w.invariants.checkAuthors(was, is, c, m, said)
			} else if hash, ok := storetest.IsFile(c.Key); ok {
				w.invariants.checkFile(hash, c)
			}
		case store.Control:
			w.invariants.checkControl(c)
		}
	}
	w.invariants.checkNotifications(changes)
}

// singleItem is an engine that holds one item, so that package store can read it.
type singleItem struct {
	store.Engine
	key   store.Key
	attrs store.Attrs
}

func (h singleItem) Get(context.Context, store.Table, []store.Key, store.Consistency) ([]store.Item, error) {
	return []store.Item{{Key: h.key, Attrs: h.attrs}}, nil
}

func (h singleItem) Query(context.Context, store.Query) (store.Page, error) {
	return store.Page{Items: []store.Item{{Key: h.key, Attrs: h.attrs}}}, nil
}

// checkConversation checks a change of a conversation with its ticket: revisions
// rise one by one, what has landed stays in the help desk and is frozen, agents'
// edits are kept, and so is what another program has added.
func (w *invariants) checkConversation(was, is desk.Conversation, c storetest.Written) {
	landed := is.Home == desk.HelpDesk
	switch {
	case c.New == nil:
		w.violate("conversations kept: %s deletes %s", w.writer, was.ID)
		return
	case c.Old == nil:
		if is.Rev != 1 || landed || is.HasTicket() {
			w.violate("edits kept: conversation %s starts with revision %d in the %s", is.ID, is.Rev, is.Home)
		}
		return
	case w.writer.function == nil && was == is: // another program
		return
	case is.Rev != was.Rev+1:
		w.violate("edits kept: %s takes conversation %s from revision %d to %d", w.writer, is.ID, was.Rev, is.Rev)
	case was.Home == desk.HelpDesk && !landed:
		w.violate("landed stays: %s takes conversation %s back", w.writer, is.ID)
	case landed && !is.HasTicket(), was.HasTicket() && !is.HasTicket():
		w.violate("one ticket: %s leaves conversation %s in the %s without a ticket", w.writer, is.ID, is.Home)
	}
	if c.Old.Str(unknown) != c.New.Str(unknown) {
		w.violate("unknown attributes kept: %s drops one of conversation %s", w.writer, is.ID)
	}
	if !is.HasTicket() {
		return
	}
	w.checkTicket(was, is)
	if landed {
		w.checkLanded(was, is)
	}
}

// checkTicket checks a change of a ticket.
func (w *invariants) checkTicket(was, is desk.Conversation) {
	t, old := is.Ticket, was.Ticket
	if t.Provenance != desk.Native && !t.Created.Equal(is.Started) {
		w.violate("created is started: %s dates the ticket of %s at %s", w.writer, is.ID, t.Created)
	}
	if is.Home == desk.Inbox && t.Landed != (desk.Landed{}) {
		w.violate("landed as it was: %s notes a landing of %s, which is in the inbox", w.writer, is.ID)
	}
	if was.HasTicket() && (t.Provenance != old.Provenance || !t.Created.Equal(old.Created) || !t.Imported.Equal(old.Imported) ||
		t.Move != old.Move || t.LostOwner != old.LostOwner) {
		w.violate("one ticket: %s makes another ticket of %s: %+v, was %+v", w.writer, is.ID, t, old)
	}
	if !w.writer.isRequest() && t.Edited != old.Edited {
		w.violate("edits kept: %s undoes an agent's edit of the ticket of %s", w.writer, is.ID)
	}
	if !is.EditKept() {
		w.violate("edits kept: after %s the ticket of %s is %s of %q, an agent made it %s of %q",
			w.writer, is.ID, t.Status, t.Owner, t.Edited.Status, t.Edited.Owner)
	}
}

// checkLanded checks a conversation that lands, or has landed.
func (w *invariants) checkLanded(was, is desk.Conversation) {
	source := func(c desk.Conversation) desk.Conversation {
		return desk.Conversation{Status: c.Status, Owner: c.Owner, ClosedAt: c.ClosedAt, Channel: c.Channel, Joined: c.Joined, Started: c.Started, TakenIn: c.TakenIn, Past: c.Past}
	}
	if source(was) != source(is) {
		w.violate("source is frozen: %s changes conversation %s, which lands or has landed", w.writer, is.ID)
	}
	t, old := is.Ticket, was.Ticket
	if was.Home == desk.HelpDesk {
		if t.AtLanding() != old.AtLanding() {
			w.violate("landed as it was: %s makes %+v of %+v, as which the ticket of %s landed", w.writer, t.AtLanding(), old.AtLanding(), is.ID)
		}
		if is.CustomerRev > was.CustomerRev && t.Status == "solved" && t.Behind == 0 { // no channel keeps tickets closed
			w.violate("replies reopen: %s leaves the ticket of %s closed", w.writer, is.ID)
		}
		return
	}
	wrote := !is.CustomerAt.Before(w.fenceOf(is).Add(-w.maxSkew))
	if was.HasTicket() && (t.Owner != old.Owner || t.Status != old.Status && !wrote) {
		w.violate("moved unchanged: %s lands the ticket of %s, %s of %q, as %s of %q", w.writer, is.ID, old.Status, old.Owner, t.Status, t.Owner)
	}
	if w.writer.isRequest() {
		w.violate("requests do not land: %s lands %s", w.writer, is.ID)
	}
}

// fenceOf returns when a conversation's channel was fenced, by the clock that dated
// the fence.
func (w *invariants) fenceOf(c desk.Conversation) time.Time {
	channel, err := w.stores.setups.Channel(context.Background(), c.Account, c.Channel)
	must(err)
	return channel.FenceAt
}

// checkHistory checks that old mail changes no ticket and tells nobody, and that a
// conversation that begins with it is marked as history, but no other.
func (w *invariants) checkHistory(was, is desk.Conversation, c storetest.Written, m desk.Message) {
	old := w.people.sent[m.External].History
	switch {
	case m.ID != "" && c.Old == nil && is.Past != old:
		w.violate("history: %s begins conversation %s, of history: %t", w.writer, is.ID, is.Past)
	case old && (is.CustomerRev != was.CustomerRev || is.Ticket != was.Ticket):
		w.violate("history: %s changes %s by old mail: its ticket is %+v, was %+v", w.writer, is.ID, is.Ticket, was.Ticket)
	}
}

// checkTold checks that a live ticket lands together with its notification.
func (w *invariants) checkTold(was, is desk.Conversation, changes []storetest.Written) {
	if was.Home == desk.HelpDesk || is.Home != desk.HelpDesk || is.Ticket.Provenance != desk.Live {
		return
	}
	for _, c := range changes {
		if storetest.IsNotice(c.Key) && c.Key.SK == desk.KindLive+"-"+is.TicketID() {
			return
		}
	}
	w.violate("told: %s lands the live ticket of %s, and tells nobody in the same transaction", w.writer, is.ID)
}

// checkNotifications checks that nobody is told of a ticket that does not land.
func (w *invariants) checkNotifications(changes []storetest.Written) {
	lands := map[string]bool{}
	for _, c := range changes {
		if is, ok := store.ReadConversation(c.Key, c.New); ok && c.Table == store.Conversations && is.Home == desk.HelpDesk {
			lands[is.TicketID()] = true
		}
	}
	for _, c := range changes {
		kind, ticket, _ := strings.Cut(c.Key.SK, "-")
		if c.Table == store.Control && storetest.IsNotice(c.Key) && kind != desk.KindDigest && c.Old == nil && !lands[ticket] {
			w.violate("told: %s tells of %s, which it does not land in the same transaction", w.writer, ticket)
		}
	}
}

// notSettled says what is wrong with a conversation of a fenced channel with which
// the move has dealt, "" if it has landed, or has a reason not to.
func (w *world) notSettled(account, id, channel string) string {
	ctx := context.Background()
	c, err := w.stores.conversations.Get(ctx, account, id)
	if err != nil || c.Home == desk.HelpDesk || c.Channel != channel {
		return ""
	}
	fenced, err := w.stores.setups.Channel(ctx, account, channel)
	must(err)
	m := w.invariants.moves[fenced.Move]
	if m.Choices.History == desk.NoHistory && c.TakenIn.Before(fenced.FenceAt) || w.failed(m)[id] {
		return ""
	}
	return fmt.Sprintf("is in the inbox at revision %d", c.Rev)
}

// checkDone checks that a batch that is done leaves none of its conversations
// behind.
func (w *invariants) checkDone(c storetest.Written) {
	b := w.writer.batch
	switch {
	case b == nil:
		w.violate("ledger: %s takes entry %s away", w.writer, c.Key.SK)
		return
	case b.Kind == move.Rehearse:
		return
	}
	m := w.moves[b.Move]
	for _, id := range b.IDs {
		if why := w.notSettled(b.Account, id, m.Choices.Channel); why != "" {
			w.violate("left behind: %s is done with conversation %s, which %s", w.writer, id, why)
		}
	}
}

// checkCursor notes when a comparing pass of a move begins.
func (w *invariants) checkCursor(c storetest.Written) {
	for id := range w.moves {
		if !strings.HasSuffix(c.Key.PK, "#"+id) {
			continue
		}
		old, is := singleCursor(c.Old), singleCursor(c.New)
		if is.Closed && !old.Listed {
			w.violate("ledger: %s closes the listing of %s before its end", w.writer, id)
		}
		if is.Pass > 0 && !is.Closed && (old.Began != is.Began || old.Pass != is.Pass) {
			w.passBegan[id] = w.now
		}
	}
}

func singleCursor(attrs store.Attrs) move.Cursor {
	if attrs == nil {
		return move.Cursor{}
	}
	c, err := store.LedgerStore{Engine: singleItem{attrs: attrs}}.Cursor(context.Background(), "", "")
	must(err)
	return c
}

// checkControl checks a change of the control table.
func (w *invariants) checkControl(c storetest.Written) {
	switch {
	case c.Key.SK == lockSK && c.Old != nil && c.New != nil:
		w.violate("one lock: %s takes the lock that another move holds", w.writer)
	case strings.HasPrefix(c.Key.SK, moveSK):
		w.checkMove(c)
	case storetest.IsChannel(c.Key):
		w.checkChannel(c)
	case storetest.IsSetup(c.Key):
		w.checkSetup(storetest.AccountOf(c.Key))
	case c.Key.SK == cursorSK:
		w.checkCursor(c)
	case storetest.IsEntry(c.Key) && c.New == nil:
		w.checkDone(c)
	case strings.HasPrefix(c.Key.SK, accessSK) && c.Old != nil:
		w.violate("one snapshot: %s writes %s again", w.writer, c.Key.SK)
	}
}

// checkRehearsal checks that a rehearsal writes nothing but its own records.
func (w *invariants) checkRehearsal(c storetest.Written) {
	id := w.writer.move
	audit := strings.HasPrefix(c.Key.PK, strings.TrimSuffix(store.AuditPK(w.moves[id].Account, 0), "0")) // its end
	if w.moves[id].Choices.Rehearsal && (c.Table != store.Control || !audit && !strings.Contains(c.Key.PK+c.Key.SK, id)) {
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
	if !was.RepairAt.IsZero() && m.RepairAt.After(was.RepairAt) {
		w.repairs[m.ID]++
	}
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

// checkComplete checks a move that ends: all conversations have moved that the
// index showed when the last comparing pass began, and that had not changed
// just before. The late audits find the others.
func (w *invariants) checkComplete(m desk.Move) {
	begun, known := w.passBegan[m.ID]
	if !known {
		w.violate("done is complete: %s ends move %s without a comparing pass", w.writer, m.ID)
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
	fs, _, err := w.stores.ledger.Failures(context.Background(), m.Account, m.ID, "", "", 1000)
	if err != nil {
		w.violate("failures of %s: %v", m.ID, err)
	}
	failed := map[string]bool{}
	for _, f := range fs {
		failed[f.Conversation] = true
	}
	return failed
}

// checkChannel checks a change of a channel's home: it only goes forward.
func (w *invariants) checkChannel(c storetest.Written) {
	is, ok := store.ReadHome(store.Item{Key: c.Key, Attrs: c.New})
	if !ok {
		w.violate("homes stay: %s takes %v away", w.writer, c.Key)
	}
	if is.Move != "" {
		if _, ok := w.fenced[is.Account+"#"+is.ID]; !ok {
			w.fenced[is.Account+"#"+is.ID] = w.now
		}
	}
	if c.Old == nil {
		return
	}
	was, _ := store.ReadHome(store.Item{Key: c.Key, Attrs: c.Old})
	if homeOrder(is.Home) < homeOrder(was.Home) || was.Move != "" && (is.Move != was.Move || !is.FenceAt.Equal(was.FenceAt)) {
		w.violate("homes go forward: %s takes channel %s from %s (%s) to %s (%s)", w.writer, is.ID, was.Home, was.Move, is.Home, is.Move)
	}
}

// checkSetup checks that an account's setup is whole whatever has been written of it,
// and that settings are kept.
func (w *invariants) checkSetup(account string) {
	setup, err := w.stores.setups.Setup(context.Background(), account)
	switch {
	case errors.Is(err, desk.ErrNotFound):
		return
	case err != nil:
		w.violate("a setup is whole: %s writes that of %s: %v", w.writer, account, err)
	}
	for _, c := range setup.Channels {
		if string(c.Settings) != string(settings) || c.Home == "" {
			w.violate("settings kept: %s writes channel %s: %q, %q", w.writer, c.ID, c.Settings, c.Home)
		}
	}
	if len(setup.Agents) != 3 || len(setup.Channels) != 3 {
		w.violate("a setup is whole: %s writes that of %s: %+v", w.writer, account, setup)
	}
}

func homeOrder(h desk.Home) int {
	return slices.Index([]desk.Home{desk.Inbox, desk.Moving, desk.HelpDesk}, h)
}

// describe names a conversation in messages.
func describe(c desk.Conversation) string {
	return fmt.Sprintf("%s of %s/%s", c.ID, c.Account, c.Channel)
}
