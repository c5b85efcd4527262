package move_test

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
	r := apptest.New(t)
	r.StartMove(apptest.History("mail"))
	fenced := r.FenceLast()
	r.Time = r.Time.Add(-time.Hour)
	if run := r.Step(r.Drain, r.Step(r.List, fenced)); run.Wait > 2 {
		t.Errorf("with nothing to do it waits for %d s", run.Wait)
	}

	r = apptest.New(t)
	r.TakeIn("mail", "a")
	r.StartMove(apptest.History("mail"))
	run := r.ListLast()
	r.Sent = nil // lost
	r.Step(r.Drain, run)
	if len(r.Sent) > 0 {
		t.Error("a batch of just now was sent again")
	}
	r.Time = r.Time.Add(-time.Hour)
	r.Step(r.Drain, run)
	if len(r.Sent) != 1 {
		t.Error("a batch that was sent in the future is not sent again")
	}
}

// TestAuditAfterTheClockWasPutBack: the first audit is no later than it would
// have been.
func TestAuditAfterTheClockWasPutBack(t *testing.T) {
	r := apptest.New(t)
	r.StartMove(apptest.History("mail"))
	r.Run()
	r.Time = r.Time.Add(-time.Hour)
	run := r.LastRun()
	run.Late, run.Pass = move.LateAudit, 0 // as if the next one were the first
	if run = r.Step(r.Finish, run); !run.More || run.Wait > 21 {
		t.Errorf("after the end, the next audit is in %d s: %+v", run.Wait, run)
	}
}

// TestSweepAfterTheClockWasPutBack: a move that was stored in the future, and
// has no execution, is started.
func TestSweepAfterTheClockWasPutBack(t *testing.T) {
	r := apptest.New(t)
	r.StartErr = errors.New("out of reach")
	r.StartMove(apptest.History("mail"))
	r.StartErr = nil
	r.Time = r.Time.Add(5 * time.Second)
	if n, err := r.Sweep.Use(t.Context()); err != nil || n > 0 {
		t.Fatalf("a move of just now was started: %v, %v", r.Runs, err)
	}
	r.Time = r.Time.Add(-time.Hour)
	if n, err := r.Sweep.Use(t.Context()); err != nil || n != 1 || len(r.Runs) != 1 {
		t.Errorf("the move waits for the clock: %v, %v", r.Runs, err)
	}
}

// TestR18LiveAfterTheClockWasPutBack: what comes after the fence is dated
// after it, so that it is live, and redirected if history was left behind. It
// may come by another channel than the one that was fenced (R14).
func TestR18LiveAfterTheClockWasPutBack(t *testing.T) {
	r := apptest.New(t)
	joined := r.TakeIn("form", "x1")
	if joined = r.Append(joined.ID, "mail", "x2"); joined.Channel != "mail" {
		t.Fatalf("%+v", joined)
	}
	r.StartMove(desk.Choices{Channel: "mail", History: desk.NoHistory, Acknowledged: []string{desk.CodeConnectedLeft}})
	r.FenceLast()
	fence := r.Time
	r.Time = r.Time.Add(-time.Hour)
	if at := r.TakeIn("mail", "x3").TakenIn; at.Before(fence) {
		t.Errorf("a conversation begun after the fence of %s is dated %s", fence, at)
	}
	if at := r.Append(joined.ID, "form", "x4").CustomerAt; at.Before(fence) {
		t.Errorf("a reply after the fence of %s is dated %s", fence, at)
	}
}
