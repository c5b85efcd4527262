package simulation

import (
	"context"
	"maps"
	"slices"

	"deskmove/shared/desk"
)

// check judges a world at rest.
func (w *world) check() {
	homes := map[string]desk.Channel{}
	for _, account := range accounts {
		setup, err := w.cases.setups.Setup(context.Background(), account)
		if err != nil {
			w.violated("setup of %s: %v", account, err)
		}
		for _, c := range setup.Channels {
			homes[account+"#"+c.ID] = c
		}
	}
	failed := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(w.watch.states)) {
		m := w.watch.states[id]
		maps.Copy(failed, w.failed(m))
		w.checkMove(m, homes[m.Account+"#"+m.Choices.Channel])
	}
	for _, c := range w.conversations() {
		w.checkConversation(c, homes[c.Account+"#"+c.Channel], failed)
	}
	w.checkStarts()
	w.checkMessages()
}

// checkMove judges a move's books.
func (w *world) checkMove(m desk.Move, c desk.Channel) {
	ctx := context.Background()
	if runs(m) {
		w.violated("every move ends: %s is %s", m.ID, m.Status)
		return
	}
	if m.Choices.Rehearsal {
		return
	}
	if c.Move != m.ID || m.Status == desk.Done && c.Home != desk.HelpDesk {
		w.violated("channel agrees: move %s is %s, channel %s is %s by %q", m.ID, m.Status, c.ID, c.Home, c.Move)
	}
	if lock, err := w.cases.moves.Locked(ctx, m.Account); err != nil || lock != "" {
		w.violated("one lock holder: %s is locked by %s at rest: %v", m.Account, lock, err)
	}
	open, err := w.cases.ledger.Open(ctx, m.Account, m.ID, 100)
	if err != nil || len(open) > 0 {
		w.violated("ledger empty: move %s has %d open batches at rest: %v", m.ID, len(open), err)
	}
	p, err := w.cases.ledger.Progress(ctx, m.Account, m.ID)
	if parts := p.Created + p.AsIs + p.Live + p.Stayed + p.Failed; err != nil || p.Planned != p.Done || parts != p.Done {
		w.violated("counters: move %s has %d planned, %d done, %d by kind: %v", m.ID, p.Planned, p.Done, parts, err)
	}
	for id := range w.failed(m) {
		if c, err := w.cases.conversations.Get(ctx, m.Account, id); err != nil || !c.Started.IsZero() {
			w.violated("failures: move %s has failed for %s, which nothing ails: %v", m.ID, id, err)
		}
	}
	r := m.Report
	if r.Found != r.Created+r.AsIs+r.Redirected+r.Failed || r.InboxSum != r.DeskSum {
		w.violated("report: move %s: %+v", m.ID, r)
	}
}

// checkConversation judges a conversation and its ticket.
func (w *world) checkConversation(c desk.Conversation, channel desk.Channel, failed map[string]bool) {
	t := desk.Ticket{}
	found, err := w.cases.tickets.GetMany(context.Background(), c.Account, []string{desk.TicketID(c.ID)}, true)
	if err != nil {
		w.violated("ticket of %s: %v", name(c), err)
	}
	if len(found) > 0 {
		t = found[0]
	}
	marked := c.Home == desk.HelpDesk
	if marked != (t.Home == desk.HelpDesk) {
		w.violated("ticket has marker: %s is in the %s, its ticket in the %q", name(c), c.Home, t.Home)
	}
	if channel.Home == desk.Inbox {
		if marked {
			w.violated("foreign untouched: %s has moved, its channel has not", name(c))
		}
		return
	}
	m := w.watch.states[channel.Move]
	switch {
	case m.Choices.History == desk.NoHistory && c.TakenIn.Before(channel.FenceAt):
		if marked {
			w.violated("history left: %s came before the fence, but has moved", name(c))
		}
	case !marked && !failed[c.ID]:
		w.violated("complete: %s has not moved", name(c))
	}
	if marked {
		w.checkTicket(c, t, m)
	}
}

// checkTicket judges a ticket in the help desk.
func (w *world) checkTicket(c desk.Conversation, t desk.Ticket, m desk.Move) {
	if t.SourceVersion != c.Version {
		w.violated("version at rest: %s is at version %d, its ticket shows %d", name(c), c.Version, t.SourceVersion)
	}
	if t.Provenance != desk.Native && t.Channel != c.Channel {
		w.violated("foreign untouched: %s has a ticket of channel %s", name(c), t.Channel)
	}
	if !t.EditKept(c) {
		w.violated("edits kept: ticket of %s", name(c))
	}
	if t.Provenance != desk.History {
		return
	}
	if want, _ := m.Choices.Statuses.Status(c.Status); t.MovedStatus != want {
		w.violated("status: %s is %s, the move gave it %s", name(c), c.Status, t.MovedStatus)
	}
	access, err := w.cases.moves.Access(context.Background(), m.Account, m.ID)
	if err != nil {
		w.violated("one snapshot: of move %s: %v", m.ID, err)
	}
	owner, lost := c.Owner, ""
	if !access[owner] {
		owner, lost = "", c.Owner
	}
	if t.MovedOwner != owner || t.LostOwner != lost {
		w.violated("owner: %s is %q's, its ticket %q's, lost %q", name(c), c.Owner, t.MovedOwner, t.LostOwner)
	}
}

// checkStarts judges whether every move that an admin was told of is there.
func (w *world) checkStarts() {
	for _, s := range w.people.moves {
		if _, ok := w.watch.states[s.id]; !ok {
			w.violated("every move ends: %s is not there", s.id)
		}
	}
	if w.failures.dead > 0 {
		w.violated("the stream: %d changes are given up", w.failures.dead)
	}
}

// checkMessages judges whether every message is there once, and where its
// sender was told.
func (w *world) checkMessages() {
	where := map[string][]string{} // by account, channel and external ID
	for _, c := range w.conversations() {
		ms, err := w.cases.messages.Messages(context.Background(), c.Account, c.ID)
		if err != nil || c.Messages != w.people.imported[c.ID]+int64(len(ms)) {
			w.violated("messages: %s counts %d messages, has %d: %v", name(c), c.Messages, len(ms), err)
		}
		for _, m := range ms {
			of := m.Account + "#" + m.Channel + "#" + m.External
			where[of] = append(where[of], c.ID+"/"+m.ID)
		}
	}
	for _, a := range w.people.acked {
		at := where[a.account+"#"+a.channel+"#"+a.external]
		if len(at) != 1 || at[0] != a.conversation+"/"+a.message {
			w.violated("messages: %s of %s was taken into %s/%s, but is in %v", a.external, a.channel, a.conversation, a.message, at)
		}
	}
}
