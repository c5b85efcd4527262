package simulation

import (
	"context"
	"maps"
	"slices"

	"deskmove/shared/desk"
)

// checkFinal checks a world at rest.
func (w *world) checkFinal() {
	homes := map[string]desk.Channel{}
	for _, account := range accounts {
		setup, err := w.stores.setups.Setup(context.Background(), account)
		if err != nil {
			w.violate("setup of %s: %v", account, err)
		}
		for _, c := range setup.Channels {
			homes[account+"#"+c.ID] = c
		}
	}
	failed := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(w.invariants.moves)) {
		m := w.invariants.moves[id]
		maps.Copy(failed, w.failed(m))
		w.finalMove(m, homes[m.Account+"#"+m.Choices.Channel])
	}
	for _, c := range w.conversations() {
		w.finalConversation(c, homes[c.Account+"#"+c.Channel], failed)
	}
	w.finalStarts()
	w.finalMessages()
}

// finalMove checks a move's status, ledger, counters and report.
func (w *world) finalMove(m desk.Move, c desk.Channel) {
	ctx := context.Background()
	if isRunning(m) {
		w.violate("every move ends: %s is %s", m.ID, m.Status)
		return
	}
	if m.Choices.Rehearsal {
		return
	}
	if c.Move != m.ID || m.Status == desk.Done && c.Home != desk.HelpDesk {
		w.violate("move and channel agree: move %s is %s, channel %s is %s by %q", m.ID, m.Status, c.ID, c.Home, c.Move)
	}
	if lock, err := w.stores.moves.Locked(ctx, m.Account); err != nil || lock != "" {
		w.violate("one lock: %s is locked by %s at rest: %v", m.Account, lock, err)
	}
	open, err := w.stores.ledger.Open(ctx, m.Account, m.ID, 100)
	if err != nil || len(open) > 0 {
		w.violate("ledger empty: move %s has %d open batches at rest: %v", m.ID, len(open), err)
	}
	p, err := w.stores.ledger.Progress(ctx, m.Account, m.ID)
	if parts := p.Created + p.AsIs + p.Live + p.Stayed + p.Failed; err != nil || p.Planned != p.Done || parts != p.Done {
		w.violate("counters: move %s has %d planned, %d done, %d by kind: %v", m.ID, p.Planned, p.Done, parts, err)
	}
	for id := range w.failed(m) {
		if c, err := w.stores.conversations.Get(ctx, m.Account, id); err != nil || !c.Started.IsZero() {
			w.violate("failures: move %s lists %s as failed, which can be converted: %v", m.ID, id, err)
		}
	}
	r := m.Report
	if r.Found != r.Created+r.AsIs+r.Redirected+r.Failed || r.InboxSum != r.DeskSum {
		w.violate("report: move %s: %+v", m.ID, r)
	}
}

// finalConversation checks a conversation and its ticket.
func (w *world) finalConversation(c desk.Conversation, channel desk.Channel, failed map[string]bool) {
	t := desk.Ticket{}
	found, err := w.stores.tickets.GetMany(context.Background(), c.Account, []string{desk.TicketID(c.ID)}, true)
	if err != nil {
		w.violate("ticket of %s: %v", describe(c), err)
	}
	if len(found) > 0 {
		t = found[0]
	}
	marked := c.Home == desk.HelpDesk
	if marked != (t.Home == desk.HelpDesk) {
		w.violate("ticket has marker: %s is in the %s, its ticket in the %q", describe(c), c.Home, t.Home)
	}
	if channel.Home == desk.Inbox {
		if marked {
			w.violate("other channels untouched: %s has moved, its channel has not", describe(c))
		}
		return
	}
	m := w.invariants.moves[channel.Move]
	switch {
	case m.Choices.History == desk.NoHistory && c.TakenIn.Before(channel.FenceAt):
		if marked {
			w.violate("history stays: %s came before the fence, but has moved", describe(c))
		}
	case !marked && !failed[c.ID]:
		w.violate("complete: %s has not moved", describe(c))
	}
	if marked {
		w.finalTicket(c, t, m)
	}
}

// finalTicket checks a ticket in the help desk.
func (w *world) finalTicket(c desk.Conversation, t desk.Ticket, m desk.Move) {
	if t.SourceVersion != c.Version {
		w.violate("version at rest: %s is at version %d, its ticket shows %d", describe(c), c.Version, t.SourceVersion)
	}
	if t.Provenance != desk.Native && t.Channel != c.Channel {
		w.violate("other channels untouched: %s has a ticket of channel %s", describe(c), t.Channel)
	}
	if !t.EditKept(c) {
		w.violate("edits kept: ticket of %s", describe(c))
	}
	if t.Provenance != desk.History {
		return
	}
	if want, _ := m.Choices.Statuses.Status(c.Status); t.MovedStatus != want {
		w.violate("status: %s is %s, the move gave it %s", describe(c), c.Status, t.MovedStatus)
	}
	access, err := w.stores.moves.Access(context.Background(), m.Account, m.ID)
	if err != nil {
		w.violate("one snapshot: of move %s: %v", m.ID, err)
	}
	owner, lost := c.Owner, ""
	if !access[owner] {
		owner, lost = "", c.Owner
	}
	if t.MovedOwner != owner || t.LostOwner != lost {
		w.violate("owner: %s is %q's, its ticket %q's, lost %q", describe(c), c.Owner, t.MovedOwner, t.LostOwner)
	}
}

// finalStarts checks that every move exists whose start was acknowledged.
func (w *world) finalStarts() {
	for _, s := range w.people.moves {
		if _, ok := w.invariants.moves[s.id]; !ok {
			w.violate("every move ends: %s does not exist", s.id)
		}
	}
	if w.failures.dead > 0 {
		w.violate("stream: %d changes were given up", w.failures.dead)
	}
}

// finalMessages checks that every message is stored once, in the conversation
// that its sender was told.
func (w *world) finalMessages() {
	where := map[string][]string{} // by account, channel and external ID
	for _, c := range w.conversations() {
		ms, err := w.stores.messages.Messages(context.Background(), c.Account, c.ID)
		if err != nil || c.Messages != w.people.imported[c.ID]+int64(len(ms)) {
			w.violate("messages: %s counts %d messages, has %d: %v", describe(c), c.Messages, len(ms), err)
		}
		for _, m := range ms {
			of := m.Account + "#" + m.Channel + "#" + m.External
			where[of] = append(where[of], c.ID+"/"+m.ID)
		}
	}
	for _, a := range w.people.acknowledged {
		at := where[a.account+"#"+a.channel+"#"+a.external]
		if len(at) != 1 || at[0] != a.conversation+"/"+a.message {
			w.violate("messages: %s of %s was acknowledged as %s/%s, but is in %v", a.external, a.channel, a.conversation, a.message, at)
		}
	}
}
