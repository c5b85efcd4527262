package handler_test

import (
	"errors"
	"testing"
	"time"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// These tests put the clock back, as when a computer's was ahead and deskmove
// is started again.

// TestDrainAfterTheClockWasPutBack: it waits no longer for the fence to be
// some time ago, and sends again what was sent in the future.
func TestDrainAfterTheClockWasPutBack(t *testing.T) {
	r := newRig(t)
	r.StartMove(t, apptest.History())
	fenced := r.step(t, r.Fence, r.LastRun(t))
	r.Time = r.Time.Add(-time.Hour)
	if run := r.step(t, r.Drain, fenced); run.Wait > 2 {
		t.Errorf("with nothing to do it waits for %d s", run.Wait)
	}

	r = newRig(t)
	r.put(t, "c1")
	r.StartMove(t, apptest.History())
	run := r.step(t, r.List, r.step(t, r.Fence, r.LastRun(t)))
	r.Sent = nil // lost
	r.step(t, r.Drain, run)
	if len(r.Sent) > 0 {
		t.Error("a batch of just now was sent again")
	}
	r.Time = r.Time.Add(-time.Hour)
	r.step(t, r.Drain, run)
	if len(r.Sent) != 1 {
		t.Error("a batch that was sent in the future is not sent again")
	}
}

// TestAuditAfterTheClockWasPutBack: the first audit is no later than it would
// have been.
func TestAuditAfterTheClockWasPutBack(t *testing.T) {
	r := newRig(t)
	r.StartMove(t, apptest.History())
	run := r.LastRun(t)
	for _, step := range []func() move.Run{
		func() move.Run { return r.step(t, r.Fence, run) }, func() move.Run { return r.step(t, r.List, run) },
		func() move.Run { return r.step(t, r.Drain, run) }, func() move.Run { return r.step(t, r.Reconcile, run) },
		func() move.Run { return r.step(t, r.Finish, run) },
	} {
		run = step()
	}
	r.Time = r.Time.Add(-time.Hour)
	if run = r.step(t, r.Audit, run); !run.More || run.Wait > 21 {
		t.Errorf("after the end, the next audit is in %d s: %+v", run.Wait, run)
	}
}

// TestSweepAfterTheClockWasPutBack: a move that was stored in the future, and
// has no execution, is started.
func TestSweepAfterTheClockWasPutBack(t *testing.T) {
	r := newRig(t)
	r.StartErr = errors.New("out of reach")
	m := r.StartMove(t, apptest.History())
	r.StartErr = nil
	r.Time = r.Time.Add(5 * time.Second)
	if err := r.sweep(t); err != nil || len(r.Runs) > 0 {
		t.Fatalf("a move of just now was started: %v, %v", r.Runs, err)
	}
	r.Time = r.Time.Add(-time.Hour)
	if err := r.sweep(t); err != nil {
		t.Fatal(err)
	}
	if len(r.Runs) != 1 || r.Runs[0].Move != m.ID {
		t.Error("the move waits for the clock")
	}
}

// TestR18LiveAfterTheClockWasPutBack: what comes after the fence is dated
// after it, so that it is live, and redirected if history was left behind. It
// may come by another channel than the one that was fenced (R14).
func TestR18LiveAfterTheClockWasPutBack(t *testing.T) {
	r := newRig(t)
	message := func(channel, external string) desk.Message {
		return desk.Message{
			Account: "acme", Channel: channel, External: external, Author: desk.ByCustomer, From: "jane@customer.example", At: r.Time, Text: "Hello?",
		}
	}
	joined, err := r.Intake.TakeIn(t.Context(), message("form", "x1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if joined, err = r.Intake.Append(t.Context(), message("mail", "x2"), joined.Conversation.ID); err != nil || joined.Conversation.Channel != "mail" {
		t.Fatalf("%+v, %v", joined, err)
	}
	choices := apptest.History()
	choices.History, choices.Statuses = desk.NoHistory, desk.StatusMap{}
	r.StartMove(t, choices)
	r.step(t, r.Fence, r.LastRun(t))
	c, err := r.Setups.Channel(t.Context(), "acme", "mail")
	if err != nil {
		t.Fatal(err)
	}
	r.Time = r.Time.Add(-time.Hour)
	taken, err := r.Intake.TakeIn(t.Context(), message("mail", "x3"), nil)
	if at := taken.Conversation.TakenIn; err != nil || at.Before(c.FenceAt) {
		t.Errorf("a conversation begun after the fence of %s is dated %s: %v", c.FenceAt, at, err)
	}
	replied, err := r.Intake.Append(t.Context(), message("form", "x4"), joined.Conversation.ID)
	if at := replied.Conversation.CustomerAt; err != nil || at.Before(c.FenceAt) {
		t.Errorf("a reply after the fence of %s is dated %s: %v", c.FenceAt, at, err)
	}
}
