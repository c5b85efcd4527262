package move_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"deskmove/shared/app"
	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/local/asl"
	"deskmove/shared/move"
	"deskmove/shared/store/storetest"
)

// TestModel lets customers, agents, an admin, the state machine, the queue and
// the stream act in any order, one at a time, and after each action compares
// all there is with a plain map that knows what should be. Whoever acts at the
// same time, and what fails, is for the simulation to try.
func TestModel(t *testing.T) {
	machine, err := asl.Parse(move.StateMachine)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, machine)
		inbox := map[string]func(*rapid.T){
			"write": w.write, "reply": w.reply, "edit": w.edit, "ticket": w.makeTicket, "edit ticket": w.editTicket, "": w.check,
		}
		all := maps.Clone(inbox)
		maps.Copy(all, map[string]func(*rapid.T){
			"mend": w.mend, "start": w.start, "retry": w.retry, "sweep": w.sweep, "step": w.step, "steps": w.steps, "zombie": w.zombie,
			"deliver": w.deliver, "redeliver": w.redeliver, "lose": w.lose, "stream": w.stream,
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
	*app.App
	machine *asl.Machine
	ctx     context.Context
	now     time.Time

	executions map[string]asl.Execution
	zombies    []asl.Execution // as they were before some step
	lost       bool            // the next start of an execution
	queue      []move.Batch
	delivered  []move.Batch
	changes    []desk.Conversation // that the stream has not delivered
	externals  int

	all     map[string]*known
	failed  map[string]bool
	keys    map[string][2]string // of requests: the move's ID and the hash
	move    desk.Move            // zero before the start
	home    desk.Home            // of the channel mail
	fenceAt time.Time
	locked  bool
}

var (
	admin  = apptest.Admin
	access = map[string]bool{"ann": true, "bob": true} // cem has none
	closes = map[desk.Status]bool{"solved": true}

	aChannel            = rapid.SampledFrom([]string{"mail", "mail", "mail", "form", "chat"})
	anOwner             = rapid.SampledFrom([]string{"", "ann", "bob", "cem"})
	aConversationStatus = rapid.SampledFrom([]desk.ConversationStatus{desk.Open, desk.Closed})
	aStatus             = rapid.SampledFrom([]desk.Status{"new", "waiting", "solved"})
)

func newWorld(t *rapid.T, m *asl.Machine) *world {
	w := &world{
		machine: m, ctx: context.Background(), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), executions: map[string]asl.Execution{},
		all: map[string]*known{}, failed: map[string]bool{}, keys: map[string][2]string{}, home: desk.Inbox,
	}
	w.App = app.New(app.Platform{Engine: &storetest.Memory{}, Queue: w, Machine: w, Now: func() time.Time { return w.now }})
	if _, err := w.Accounts.Replace(w.ctx, apptest.Setup()); err != nil {
		t.Fatal(err)
	}
	return w
}

// Start, Running and Send make a world the machine and the queue.
func (w *world) Start(_ context.Context, name string, r move.Run) error {
	if w.lost {
		return errors.New("lost")
	}
	if _, there := w.executions[name]; there {
		return nil
	}
	input, err := json.Marshal(r)
	if err != nil {
		return err
	}
	w.executions[name], err = w.machine.Start(name, input, w.now)
	return err
}

func (w *world) Running(_ context.Context, name string) (bool, error) {
	e, ok := w.executions[name]
	return ok && !e.Ended(), nil
}

func (w *world) Send(_ context.Context, bs []move.Batch) error {
	w.queue = append(w.queue, bs...)
	return nil
}
