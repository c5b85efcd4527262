package move_test

import (
	"slices"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"

	"deskmove/shared/admin"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

func (w *world) sweep(t *rapid.T) {
	w.wait(t)
	if _, err := w.Sweep.Handle(t.Context(), events.EventBridgeEvent{}); err != nil {
		t.Fatal(err)
	}
}

// step takes an execution a step further.
func (w *world) step(t *rapid.T) {
	w.wait(t)
	var names []string
	for name, e := range w.Executions {
		if !e.Ended() {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Skip("nothing runs")
	}
	slices.Sort(names)
	name := rapid.SampledFrom(names).Draw(t, "execution")
	e := w.Executions[name]
	w.zombies = append(w.zombies, e)
	w.Executions[name] = w.Advance(e)
}

// steps takes several.
func (w *world) steps(t *rapid.T) {
	for range rapid.IntRange(2, 10).Draw(t, "count") {
		w.step(t)
	}
}

// zombie takes a step that was taken before, whose answer nobody awaits.
func (w *world) zombie(t *rapid.T) {
	w.wait(t)
	if len(w.zombies) == 0 {
		t.Skip("no step was taken")
	}
	w.Advance(rapid.SampledFrom(w.zombies).Draw(t, "step"))
}

// stepped lets the model know what a step does.
func (w *world) stepped(t *rapid.T, name string, run move.Run) {
	switch {
	case name == "Fence" && w.home == desk.Inbox:
		w.home, w.fenceAt, w.move.Status = desk.Moving, w.Time, desk.Running
	case name == "Finish" && run.Late == "":
		w.ended(t)
	}
}

// ended looks whether the move has just ended: then nothing may be left behind but
// what the stream has yet to bring.
func (w *world) ended(t *rapid.T) {
	m, err := w.Moves.Get(t.Context(), "acme", w.move.ID)
	if err != nil {
		t.Fatal(err)
	}
	if m.EndedAt.IsZero() || !w.move.EndedAt.IsZero() {
		return
	}
	w.locked, w.move.EndedAt, w.move.Status = false, w.Time, desk.Attention
	if len(w.failed) == 0 {
		w.move.Status, w.home = desk.Done, desk.HelpDesk
	}
	coming := func(id string) bool {
		return slices.ContainsFunc(w.changes, func(c desk.Conversation) bool { return c.ID == id })
	}
	for id, k := range w.all {
		if k.Home == desk.Inbox && !k.stays(w) && !w.failed[id] && !coming(id) {
			t.Fatalf("the move has ended without %s, %+v", id, k)
		}
	}
	if open, err := w.Ledger.Open(t.Context(), "acme", m.ID, 10); len(open) > 0 || err != nil {
		t.Fatalf("the move has ended with %+v, %v", open, err)
	}
}

// repair has the admin repair the channel.
func (w *world) repair(t *rapid.T) {
	w.wait(t)
	w.StartErr = lost(t)
	_, err := w.Repairer.Repair(t.Context(), apptest.Admin, "mail")
	w.StartErr = nil
	switch {
	case w.home == desk.Inbox:
		wantError[*desk.RefusedError](t, err)
	case w.move.EndedAt.IsZero(): // or it runs again
		wantError[*admin.RunningError](t, err)
	case err != nil:
		t.Fatal(err)
	}
}

// deliver has the queue deliver a batch, lose has it forget one, and redeliver
// deliver one again.
func (w *world) deliver(t *rapid.T) {
	w.wait(t)
	if len(w.Sent) == 0 {
		t.Skip("the queue is empty")
	}
	i := rapid.IntRange(0, len(w.Sent)-1).Draw(t, "message")
	b := w.Sent[i]
	w.Sent = slices.Delete(w.Sent, i, i+1)
	w.delivered = append(w.delivered, b)
	w.convert(t, b)
}

func (w *world) redeliver(t *rapid.T) {
	w.wait(t)
	if len(w.delivered) == 0 {
		t.Skip("nothing was delivered")
	}
	w.convert(t, rapid.SampledFrom(w.delivered).Draw(t, "message"))
}

func (w *world) lose(t *rapid.T) {
	if len(w.Sent) == 0 {
		t.Skip("the queue is empty")
	}
	w.Sent = w.Sent[1:]
}

func (w *world) convert(t *rapid.T, b move.Batch) {
	receives := strconv.Itoa(rapid.IntRange(1, 4).Draw(t, "receives"))
	res, err := w.Convert.Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: "1", Body: b.JSON(), Attributes: map[string]string{"ApproximateReceiveCount": receives},
	}}})
	if err != nil || len(res.BatchItemFailures) > 0 {
		t.Fatalf("batch %+v: %+v, %v", b, res, err)
	}
	for _, id := range b.IDs {
		k := w.all[id]
		switch was := k.Home; {
		case !k.land(w):
			w.failed[id] = true
		case b.Kind == move.Retry, was != k.Home && (b.Kind == move.Compare || b.Again || receives != "1"):
			delete(w.failed, id)
		}
	}
}

// stream has the stream deliver a change, any of those that wait.
func (w *world) stream(t *rapid.T) {
	w.wait(t)
	if len(w.changes) == 0 {
		t.Skip("nothing has changed")
	}
	i := rapid.IntRange(0, len(w.changes)-1).Draw(t, "change")
	c := w.changes[i]
	if rapid.IntRange(0, 3).Draw(t, "again") > 0 {
		w.changes = slices.Delete(w.changes, i, i+1)
	}
	w.redirect(t, c)
}

func (w *world) redirect(t *rapid.T, c desk.Conversation) {
	if _, errs := w.Redirect.Use(t.Context(), []desk.Conversation{c}); len(errs) > 0 {
		t.Fatal(errs)
	}
	k := w.all[c.ID]
	if c.Channel != "mail" || w.home == desk.Inbox {
		return
	}
	switch was := k.Home; {
	case !k.land(w):
		w.failed[c.ID] = true
	case was != k.Home && k.Rev > 2: // one that was changed may have failed before
		delete(w.failed, c.ID)
	}
}
