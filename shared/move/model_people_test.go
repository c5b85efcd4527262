package move_test

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"deskmove/shared/admin"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
)

// wait lets some time pass, often none at all.
func (w *world) wait(t *rapid.T) {
	w.Time = w.Time.Add(time.Duration(max(rapid.IntRange(-2000, 2000).Draw(t, "milliseconds"), 0)) * time.Millisecond)
}

// pick draws a conversation; none if there is none.
func (w *world) pick(t *rapid.T) (string, *known) {
	ids := slices.Sorted(maps.Keys(w.all))
	if len(ids) == 0 {
		t.Skip("no conversation")
	}
	id := rapid.SampledFrom(ids).Draw(t, "conversation")
	return id, w.all[id]
}

// changed tells the stream of a change.
func (w *world) changed(t *rapid.T, id string) {
	c, err := w.Conversations.Get(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	if c.Home == desk.Inbox { // the filter drops the rest
		w.changes = append(w.changes, c)
	}
}

func (w *world) message(t *rapid.T, channel string) desk.Message {
	w.externals++
	m := desk.Message{
		Account: "acme", Channel: channel, External: strconv.Itoa(w.externals), From: desk.Address{Address: "jane@customer.example"}, Text: "Where is it?",
		Author: rapid.SampledFrom([]desk.Author{desk.ByCustomer, desk.ByCustomer, desk.ByAgent}).Draw(t, "author"),
		At:     w.Time.Add(-time.Duration(rapid.IntRange(0, 90).Draw(t, "age")) * time.Minute),
	}
	switch rapid.IntRange(0, 9).Draw(t, "aside") {
	case 0:
		m.Automatic = desk.Bounce
	case 1:
		m.Author, m.Kind = desk.ByAgent, desk.Note
	case 2:
		m.Author = desk.ByBot
	case 3:
		m.Kind, m.Visibility = desk.Event, desk.Public
	case 4:
		m.Author, m.Forged = desk.ByAgent, true
	}
	return m
}

// asks says whether a customer waits for an answer to m.
func asks(m desk.Message) bool {
	return m.Author == desk.ByCustomer && m.Automatic == "" && m.Kind == ""
}

// write has somebody begin a conversation.
func (w *world) write(t *rapid.T) {
	if len(w.all) > 7 {
		t.Skip("enough conversations")
	}
	w.wait(t)
	m := w.message(t, aChannel.Draw(t, "channel"))
	started := m.At
	if rapid.IntRange(0, 3).Draw(t, "undated") == 0 {
		m.At, started = time.Time{}, time.Time{}
	}
	taken, err := w.Intake.TakeIn(t.Context(), m, nil)
	if err != nil || !taken.Began {
		t.Fatalf("%+v, %v", taken, err)
	}
	k := &known{Channel: m.Channel, Status: desk.Open, Home: desk.Inbox, Rev: 1, started: started, takenIn: w.Time}
	if asks(m) {
		k.CustomerRev, k.customerAt = 1, w.Time
	}
	if m.Automatic != "" { // a program wrote it: nobody has to answer
		k.Status = desk.Closed
	}
	w.all[taken.Conversation.ID] = k
	w.changed(t, taken.Conversation.ID)
}

// reply has somebody answer a conversation, perhaps by another channel.
func (w *world) reply(t *rapid.T) {
	w.wait(t)
	id, k := w.pick(t)
	m := w.message(t, rapid.SampledFrom([]string{k.Channel, "mail"}).Draw(t, "by"))
	if _, err := w.Intake.Append(t.Context(), m, id); err != nil {
		t.Fatal(err)
	}
	if k.Rev++; asks(m) {
		k.CustomerRev, k.customerAt = k.Rev, w.Time
		if k.Home == desk.Inbox {
			k.Status = desk.Open
		} else { // at once: R19
			k.reopen(w)
		}
	}
	if k.Channel == "form" && m.Channel == "mail" && k.Home == desk.Inbox {
		k.Channel = "mail" // R14
	}
	w.changed(t, id)
}

// decide lets the moment pass that an agent needs for an edit: the same one again
// at once would be the same edit.
func (w *world) decide(t *rapid.T) {
	w.wait(t)
	w.Time = w.Time.Add(time.Millisecond)
}

// edit has an agent edit a conversation, which is refused once it has moved.
func (w *world) edit(t *rapid.T) {
	w.decide(t)
	id, k := w.pick(t)
	status, owner := aConversationStatus.Draw(t, "status"), anOwner.Draw(t, "owner")
	_, err := w.Editor.EditConversation(t.Context(), apptest.Admin, id, "", desk.Edit{Status: &status, Owner: &owner})
	if k.Home == desk.HelpDesk {
		wantError[*desk.MovedError](t, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	k.Status, k.Owner = status, owner
	k.Rev++
	w.changed(t, id)
}

func wantError[E error](t *rapid.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[E](err); !ok {
		t.Fatalf("%v, want %T", err, *new(E))
	}
}

// makeTicket has an agent make a ticket in the inbox.
func (w *world) makeTicket(t *rapid.T) {
	w.wait(t)
	id, k := w.pick(t)
	status := aStatus.Draw(t, "status")
	_, err := w.Editor.NewTicket(t.Context(), apptest.Admin, id, status)
	if k.Home == desk.HelpDesk {
		wantError[*desk.MovedError](t, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if k.Ticket == (knownTicket{}) {
		k.Ticket = knownTicket{status, k.Owner, desk.Native, w.Time}
		k.Rev++
		k.edited = k.Rev
		w.changed(t, id)
	}
}

// editTicket has an agent edit a ticket.
func (w *world) editTicket(t *rapid.T) {
	w.decide(t)
	id, k := w.pick(t)
	if k.Ticket == (knownTicket{}) {
		t.Skip("no ticket")
	}
	status, owner := aStatus.Draw(t, "status"), anOwner.Draw(t, "owner")
	_, err := w.Editor.EditTicket(t.Context(), apptest.Admin, id, "", desk.TicketEdit{Status: &status, Owner: &owner})
	if owner != "" && !access[owner] {
		wantError[*desk.InvalidError](t, err) // R21
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	k.Rev++
	k.Ticket.Status, k.Ticket.Owner, k.edited = status, owner, k.Rev
	w.changed(t, id)
}

// mend has somebody find out when a conversation began.
func (w *world) mend(t *rapid.T) {
	var bad []string
	for id, k := range w.all {
		if !k.convertible() {
			bad = append(bad, id)
		}
	}
	if bad == nil {
		t.Skip("nothing to mend")
	}
	slices.Sort(bad)
	id := rapid.SampledFrom(bad).Draw(t, "conversation")
	k := w.all[id]
	c, err := w.Conversations.Get(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	k.started = w.Time.Add(-time.Hour)
	k.Rev++
	mended := c
	mended.Started, mended.Rev = k.started, k.Rev
	if err := w.Conversations.Save(t.Context(), c, mended); err != nil {
		t.Fatal(err)
	}
	w.changed(t, id)
}

// again mends something, and tries what has failed again.
func (w *world) again(t *rapid.T) {
	if len(w.failed) == 0 {
		return
	}
	for id := range w.failed {
		if !w.all[id].convertible() {
			w.mend(t)
			break
		}
	}
	w.retry(t)
	w.finish(t)
	for id := range w.failed {
		if w.all[id].convertible() {
			t.Fatalf("after a retry %s is still a failure", id)
		}
	}
}

// lost is what starting an execution may answer.
func lost(t *rapid.T) error {
	if rapid.IntRange(0, 3).Draw(t, "lost") == 0 {
		return errors.New("lost")
	}
	return nil
}

// start has the admin move the channel mail.
func (w *world) start(t *rapid.T) {
	w.wait(t)
	choices := desk.Choices{Channel: "mail", History: desk.NoHistory,
		Acknowledged: []string{desk.CodeNoSLAPolicy, desk.CodeAgentsNoAccess, desk.CodeRoutingNoAccess, desk.CodeConnectedLeft}}
	if rapid.IntRange(0, 3).Draw(t, "history") > 0 {
		choices.History, choices.Statuses = desk.AllHistory, desk.StatusMap{Open: "waiting", Closed: "solved"}
	}
	idem := desk.Idempotency{Key: rapid.SampledFrom([]string{"", "k"}).Draw(t, "key"), Hash: rapid.SampledFrom([]string{"h", "i"}).Draw(t, "hash")}
	w.StartErr = lost(t)
	m, err := w.Starter.Start(t.Context(), apptest.Admin, choices, idem)
	w.StartErr = nil
	before, repeated := w.keys[idem.Key]
	switch {
	case repeated && before[1] != idem.Hash:
		wantError[*admin.KeyReusedError](t, err)
	case repeated:
		if m.ID != before[0] || err != nil {
			t.Fatalf("repeated: %s, %v; want %s", m.ID, err, before[0])
		}
	case w.home != desk.Inbox:
		wantError[*desk.RefusedError](t, err)
	case w.locked:
		wantError[*admin.RunningError](t, err)
	case err != nil:
		t.Fatal(err)
	default:
		w.move, w.locked = m, true
		if idem.Key != "" {
			w.keys[idem.Key] = [2]string{m.ID, idem.Hash}
		}
	}
}

// retry has the admin try again what failed.
func (w *world) retry(t *rapid.T) {
	w.wait(t)
	if w.move.ID == "" {
		t.Skip("no move")
	}
	w.StartErr = lost(t)
	_, err := w.Retrier.Retry(t.Context(), apptest.Admin, w.move.ID)
	w.StartErr = nil
	if w.move.EndedAt.IsZero() || len(w.failed) == 0 && w.move.Status != desk.Attention {
		wantError[*desk.RefusedError](t, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	w.locked = true
	w.move.Status, w.move.EndedAt = desk.Running, time.Time{}
}
