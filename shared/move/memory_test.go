package move_test

import (
	"runtime"
	"testing"

	"deskmove/shared/app/apptest"
	"deskmove/shared/desk"
	"deskmove/shared/move"
)

// allocated returns how much memory something asks for, in bytes.
func allocated(r *apptest.Rig, do func() error) uint64 {
	r.Helper()
	r.Written = nil
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := do()
	runtime.ReadMemStats(&after)
	if err != nil {
		r.Fatal(err)
	}
	return after.TotalAlloc - before.TotalAlloc
}

// TestMemoryDoesNotGrowWithTheChannel: the end of a move of 25,000 stretches of 300
// owners' conversations, and the comparison of one more, take no more memory than
// those of a small one. (An owner is counted in 16 items.)
func TestMemoryDoesNotGrowWithTheChannel(t *testing.T) {
	cost := func(stretches int) (compare, finish uint64) {
		r := apptest.New(t)
		run := digested(r, stretches, 300)
		c, _ := converter(r, run.Move)
		b := batch(r, move.Batch{Move: run.Move, Job: run.Move, Pass: run.PassID(), Kind: move.Compare})
		for _, x := range r.Import("mail", 90) {
			b.IDs = append(b.IDs, x.ID)
		}
		compare = allocated(r, func() error { _, err := c.Do(t.Context(), b, 1); return err })
		finish = allocated(r, func() error { _, err := r.Finish.Do(t.Context(), run); return err })
		m, err := r.Moves.Get(t.Context(), "acme", run.Move)
		if err != nil || m.Status != desk.Done || m.Report.Found != int64(90*(stretches+1)) || m.Report.InboxSum == "" {
			t.Fatalf("move = %+v, %v", m, err)
		}
		return compare, finish
	}
	compare, finish := cost(300)
	compareMany, finishMany := cost(25_000)
	t.Logf("to compare %d and %d KiB, to finish %d and %d KiB", compare>>10, compareMany>>10, finish>>10, finishMany>>10)
	if most := uint64(8 << 20); compareMany > min(most, 2*compare) || finishMany > min(most, 2*finish) {
		t.Error("it grows with the channel")
	}
}
