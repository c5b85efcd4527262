package simulation

import (
	"context"
	"maps"
	"slices"

	"deskmove/shared/desk"
	"deskmove/shared/move"
	"deskmove/shared/store"
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
	w.finalFiles()
}

// finalPhases checks that a move's phases are whole and in order, whatever steps came
// twice or late: once through, and for each retry from the listing on.
func (w *world) finalPhases(m desk.Move) {
	want := []desk.Phase{desk.PhaseRedirect, desk.PhaseList, desk.PhaseConvert, desk.PhaseCompare, desk.PhaseReport}
	if m.Choices.Rehearsal {
		want = []desk.Phase{desk.PhaseRehearse, desk.PhaseReport}
	}
	var got []desk.Phase
	for _, s := range m.Phases {
		if got = append(got, s.Phase); s.EndedAt.IsZero() || s.EndedAt.Before(s.StartedAt) {
			w.violate("phases end: %s of move %s from %s to %s", s.Phase, m.ID, s.StartedAt, s.EndedAt)
		}
	}
	for len(want) < len(got) {
		want = append(want, desk.PhaseList, desk.PhaseConvert, desk.PhaseCompare, desk.PhaseReport)
	}
	if !slices.Equal(got, want) {
		w.violate("phases go forward: move %s went through %v, not %v", m.ID, got, want)
	}
}

// finalMove checks a move's status, ledger, counters and report.
func (w *world) finalMove(m desk.Move, c desk.Channel) {
	ctx := context.Background()
	if isRunning(m) {
		w.violate("every move ends: %s is %s", m.ID, m.Status)
		return
	}
	w.finalPhases(m)
	if m.Choices.Rehearsal {
		return
	}
	if c.Move != m.ID || m.Status == desk.Done && c.Home != desk.HelpDesk {
		w.violate("move and channel agree: move %s is %s, channel %s is %s by %q", m.ID, m.Status, c.ID, c.Home, c.Move)
	}
	if lock, err := w.stores.moves.Locked(ctx, m.Account); err != nil || lock != "" {
		w.violate("one lock: %s is locked by %s at rest: %v", m.Account, lock, err)
	}
	w.finalLedger(m)
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

// finalLedger checks that a move has no open batches, and that its counters add
// up, pass by pass.
func (w *world) finalLedger(m desk.Move) {
	ctx := context.Background()
	open, err := w.stores.ledger.Open(ctx, m.Account, m.ID, 100)
	if err != nil || len(open) > 0 {
		w.violate("ledger empty: move %s has %d open batches at rest: %v", m.ID, len(open), err)
	}
	last, err := w.stores.ledger.Cursor(ctx, m.Account, m.ID)
	if err != nil || !last.Closed {
		w.violate("ledger closed: move %s lists at %+v: %v", m.ID, last, err)
	}
	for pass := range last.Pass + 1 {
		p, err := w.stores.ledger.Progress(ctx, m.Account, m.ID, move.Run{Began: last.Began, Pass: pass}.PassID())
		parts := p.Created + p.AsIs + p.Live + p.Stayed + p.Failed
		if err != nil || p.Planned != p.Done || parts != p.Done || pass > 0 && p.Found+p.Stayed != p.Done {
			w.violate("counters: pass %d of move %s has %d planned, %d done, %d by kind, %d found: %v", pass, m.ID, p.Planned, p.Done, parts, p.Found, err)
		}
	}
}

// finalConversation checks a conversation and its ticket.
func (w *world) finalConversation(c desk.Conversation, channel desk.Channel, failed map[string]bool) {
	landed := c.Home == desk.HelpDesk
	if channel.Home == desk.Inbox {
		if landed {
			w.violate("other channels untouched: %s has moved, its channel has not", describe(c))
		}
		return
	}
	m := w.invariants.moves[channel.Move]
	switch {
	case m.Choices.History == desk.NoHistory && c.TakenIn.Before(channel.FenceAt):
		if landed {
			w.violate("history stays: %s came before the fence, but has moved", describe(c))
		}
	case !landed && !failed[c.ID]:
		w.violate("complete: %s has not moved", describe(c))
	}
	if landed {
		w.finalTicket(c, m)
	}
}

// finalTicket checks a ticket in the help desk: what it was at its landing is what
// the move's rules make of the frozen conversation.
func (w *world) finalTicket(c desk.Conversation, m desk.Move) {
	t, was := c.Ticket, c.Ticket.AtLanding()
	if t.Behind != 0 {
		w.violate("replies reopen: %s has messages since revision %d that its ticket does not know", describe(c), t.Behind)
	}
	if t.Provenance == desk.Native {
		return
	}
	live := !c.TakenIn.Before(m.FenceAt) && !c.Past
	if live != (t.Provenance == desk.Live) {
		w.violate("provenance: %s is %s", describe(c), t.Provenance)
	}
	access, err := w.stores.moves.Access(context.Background(), m.Account, m.ID)
	if err != nil {
		w.violate("one snapshot: of move %s: %v", m.ID, err)
	}
	if t.Move == "" { // it landed after the end, by the access of then
		access = map[string]bool{c.Owner: t.LostOwner == ""}
	}
	lost := ""
	if !access[c.Owner] {
		lost = c.Owner
	}
	if t.LostOwner != lost {
		w.violate("owner: %s is %q's, its ticket lost %q", describe(c), c.Owner, t.LostOwner)
	}
	if owner := c.Owner; owner != "" && lost == "" && was.Owner != owner || t.Provenance == desk.History && lost == owner && was.Owner != "" {
		w.violate("owner: %s is %q's, its ticket landed as %q's", describe(c), owner, was.Owner)
	}
	if t.Provenance != desk.History || t.Move == "" || m.Choices.History == desk.NoHistory {
		return
	}
	if want, _ := m.Choices.Statuses.Status(c.Status); was.Status != want {
		w.violate("status: %s is %s, the move gave it %s", describe(c), c.Status, was.Status)
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

// messagesOf reads a conversation's messages page by page.
func (w *world) messagesOf(c desk.Conversation) (all []store.Message, err error) {
	for more, after := true, ""; more && err == nil; {
		var ms []store.Message
		if ms, more, err = w.stores.messages.Page(context.Background(), c.Account, c.ID, after, 3); len(ms) > 0 {
			all, after = append(all, ms...), ms[len(ms)-1].ID
		}
	}
	return all, err
}

// finalMessages checks that every message is stored once, in the conversation
// that its sender was told.
func (w *world) finalMessages() {
	where := map[string][]string{} // by account, channel and external ID
	for _, c := range w.conversations() {
		ms, err := w.messagesOf(c)
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
