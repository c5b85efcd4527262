package move_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
)

// TestModel lets customers, agents, an admin, the state machine, the queue and
// the stream act in any order, one at a time, and after each action compares
// all there is with a plain map that knows what should be. Whoever acts at the
// same time, and what fails, is for the simulation to try.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		inbox := map[string]func(*rapid.T){
			"write": w.write, "reply": w.reply, "edit": w.edit, "ticket": w.makeTicket, "edit ticket": w.editTicket, "": w.check,
		}
		all := maps.Clone(inbox)
		maps.Copy(all, map[string]func(*rapid.T){
			"mend": w.mend, "start": w.start, "retry": w.retry, "sweep": w.sweep, "step": w.step, "steps": w.steps, "zombie": w.zombie,
			"deliver": w.deliver, "redeliver": w.redeliver, "lose": w.lose, "stream": w.stream, "repair": w.repair,
		})
		t.Repeat(inbox)
		w.start(t)
		for range rapid.IntRange(0, 3).Draw(t, "rounds") {
			t.Repeat(all)
			w.finish(t)
			w.again(t)
		}
	})
}

// world is the product, and the model of it.
type world struct {
	*apptest.Rig
	zombies   []asl.Execution // as they were before some step
	delivered []move.Batch
	changes   []desk.Conversation // that the stream has not delivered
	externals int

	all     map[string]*known
	failed  map[string]bool
	keys    map[string][2]string // of requests: the move's ID and the hash
	move    desk.Move            // zero before the start
	home    desk.Home            // of the channel mail
	fenceAt time.Time
	locked  bool
}

var (
	access = map[string]bool{"ann": true, "bob": true} // cem has none
	closes = map[desk.Status]bool{"solved": true}

	aChannel            = rapid.SampledFrom([]string{"mail", "mail", "mail", "form", "chat"})
	anOwner             = rapid.SampledFrom([]string{"", "ann", "bob", "cem"})
	aConversationStatus = rapid.SampledFrom([]desk.ConversationStatus{desk.Open, desk.Closed})
	aStatus             = rapid.SampledFrom([]desk.Status{"new", "waiting", "solved"})
)

func newWorld(t *rapid.T) *world {
	w := &world{
		Rig: apptest.New(t), all: map[string]*known{}, failed: map[string]bool{}, keys: map[string][2]string{}, home: desk.Inbox,
	}
	w.Change(func(s *desk.Setup) { s.Channels[0].Settings = json.RawMessage(`{"routing":{"agents":["cem","ann"]}}`) })
	w.OnTask = func(name string, run move.Run) { w.stepped(t, name, run) }
	return w
}
